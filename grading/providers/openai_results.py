"""Reads one line of an OpenAI result file into a `ResultLine`. Pure; the order of the checks is the decision table."""

import json
import re
from typing import Any

from grading.providers.base import Outcome, ResultLine, Usage

_CODE = re.compile(r"[A-Za-z0-9_.\[\]-]{1,64}")


def parse_line(line: str) -> ResultLine:
    """Normalize one line. A line that is not as documented becomes `unreadable`, never an exception."""
    raw = line.encode()
    try:
        content = json.loads(line)
        custom_id = str(content["custom_id"])
    except (ValueError, KeyError, TypeError):
        return ResultLine(custom_id="", outcome=Outcome.UNREADABLE, raw=raw)
    error, response = content.get("error"), content.get("response")
    if error is not None:
        return ResultLine(custom_id, _unanswered(_code(error)), error_code=_code(error), raw=raw)
    if not isinstance(response, dict):
        return ResultLine(custom_id, Outcome.UNREADABLE, raw=raw)
    found, status = response.get("body"), response.get("status_code")
    body: dict[str, Any] = found if isinstance(found, dict) else {}
    if not isinstance(status, int) or status >= 300:
        busy = isinstance(status, int) and (status == 429 or status >= 500)
        return ResultLine(
            custom_id,
            Outcome.BUSY if busy else Outcome.REJECTED,
            error_code=_code(body.get("error")),
            usage=_usage(body),
            raw=raw,
        )
    return _answer(custom_id, body, raw)


def _answer(custom_id: str, body: dict[str, Any], raw: bytes) -> ResultLine:
    usage, model = _usage(body), str(body.get("model") or "")
    try:
        choice = body["choices"][0]
        message, reason = choice["message"], choice["finish_reason"]
        text, refusal = message.get("content"), message.get("refusal")
    except (KeyError, IndexError, TypeError, AttributeError):
        return ResultLine(custom_id, Outcome.UNREADABLE, model=model, usage=usage, raw=raw)
    if refusal:
        outcome = Outcome.REFUSED
    elif reason == "length":
        outcome = Outcome.TRUNCATED
    elif reason == "content_filter":
        outcome = Outcome.CONTENT_FILTER
    elif isinstance(text, str) and text:
        return ResultLine(custom_id, Outcome.ANSWERED, text=text, model=model, usage=usage, raw=raw)
    else:
        outcome = Outcome.UNREADABLE
    return ResultLine(custom_id, outcome, model=model, usage=usage, raw=raw)


def _unanswered(code: str) -> Outcome:
    """What it means that there is an error in place of a response."""
    if code == "batch_expired":
        return Outcome.NOT_EXECUTED
    return Outcome.CANCELLED if "cancel" in code else Outcome.BUSY


def _code(error: object) -> str:
    return machine_code(error.get("code")) if isinstance(error, dict) else ""


def machine_code(code: object) -> str:
    """A code as a provider gave it, if it is one: words could repeat what was sent, and codes are kept in the clear."""
    if not code:
        return ""
    return str(code) if _CODE.fullmatch(str(code)) else "unclear_code"


def _usage(body: dict[str, Any]) -> Usage:
    usage = body.get("usage")
    if not isinstance(usage, dict):
        return Usage()
    found = usage.get("prompt_tokens_details")
    details = found if isinstance(found, dict) else {}
    return Usage(
        input_tokens=_count(usage.get("prompt_tokens")),
        cached_tokens=_count(details.get("cached_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        cache_write_tokens=_count(details.get("cache_write_tokens")),
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
