"""One chat completion: checked, answered, counted."""

import hashlib
import json
import math
from typing import Any, Final

from lti_tool.demo.grader.assess import assess, plain_answer
from lti_tool.demo.grader.models import SUFFIX
from lti_tool.demo.grader.requests import check_completion, prompt_tokens

USUAL_LIMIT: Final = 4096


def complete(body: Any, now: float) -> dict[str, Any]:
    """Answer a request.

    Raises:
        ApiError: the request is not one that the API takes.
    """
    check_completion(body, now)
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    content = json.dumps(assess(body["messages"], schema), ensure_ascii=False) if schema else plain_answer()
    limit = body.get("max_completion_tokens") or USUAL_LIMIT
    tokens, reason = math.ceil(len(content) / 4), "stop"
    if tokens > limit:
        content, tokens, reason = content[: limit * 4], limit, "length"
    asked = prompt_tokens(body)
    mark = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:24]
    return {
        "id": f"chatcmpl-{mark}",
        "object": "chat.completion",
        "created": int(now),
        "model": body["model"] + SUFFIX,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, "refusal": None},
                "logprobs": None,
                "finish_reason": reason,
            }
        ],
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": tokens,
            "total_tokens": asked + tokens,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        "system_fingerprint": "fp_demonstration",
    }
