"""Checks of a chat completion request: what the API would answer 400 to at run time."""

import json
import math
from typing import Any, Final

from lti_tool.demo.grader.errors import ApiError
from lti_tool.demo.grader.models import available, reasons
from lti_tool.demo.grader.schema_rules import check_response_format

LONGEST_CONTEXT: Final = 128_000
_KNOWN: Final = frozenset(
    [
        "model",
        "messages",
        "max_completion_tokens",
        "max_tokens",
        "temperature",
        "top_p",
        "response_format",
        "store",
        "metadata",
        "reasoning_effort",
        "seed",
        "n",
        "stop",
        "stream",
        "user",
        "safety_identifier",
        "presence_penalty",
        "frequency_penalty",
        "logprobs",
        "top_logprobs",
    ]
)
_ROLES: Final = frozenset({"developer", "system", "user", "assistant"})


def check_completion(body: Any, now: float) -> None:
    """Refuse a request body as the API would.

    Raises:
        ApiError: the first thing that is wrong.
    """
    if not isinstance(body, dict):
        raise ApiError("The body must be an object.")
    for name in body:
        if name not in _KNOWN:
            raise ApiError(f"Unrecognized request argument supplied: {name}", param=name, code="unknown_parameter")
    model = body.get("model")
    if not isinstance(model, str) or model not in available(now):
        raise ApiError(
            f"The model `{model}` does not exist or you do not have access to it.",
            status=404,
            param="model",
            code="model_not_found",
        )
    _check_messages(body.get("messages"))
    _check_numbers(body, model)
    if body.get("stream"):
        raise ApiError("Streaming is not offered here.", param="stream", code="unsupported_value")
    if "response_format" in body:
        check_response_format(body["response_format"])
    if prompt_tokens(body) > LONGEST_CONTEXT:
        raise ApiError(
            f"This model's maximum context length is {LONGEST_CONTEXT} tokens.",
            param="messages",
            code="context_length_exceeded",
        )


def prompt_tokens(body: dict[str, Any]) -> int:
    """About the tokens of a request: a quarter of its characters, schema included."""
    characters = sum(len(_content(message)) for message in body["messages"])
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    return math.ceil((characters + (len(json.dumps(schema)) if schema else 0)) / 4) + 4 * len(body["messages"])


def _check_messages(messages: Any) -> None:
    if not isinstance(messages, list) or not messages:
        raise ApiError("Missing required parameter: 'messages'.", param="messages", code="missing_required_parameter")
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            raise ApiError("Invalid value for a message's role.", param="messages", code="invalid_value")
        if not isinstance(message.get("content"), str):
            raise ApiError("A message needs content.", param="messages", code="invalid_type")


def _check_numbers(body: dict[str, Any], model: str) -> None:
    if "max_tokens" in body and reasons(model):
        raise ApiError(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'.",
            param="max_tokens",
            code="unsupported_parameter",
        )
    if body.get("temperature", 1) != 1 and reasons(model):
        raise ApiError(
            "Unsupported value: 'temperature' does not support this value with this model.",
            param="temperature",
            code="unsupported_value",
        )
    temperature = body.get("temperature", 1)
    if isinstance(temperature, bool) or not isinstance(temperature, int | float) or not 0 <= temperature <= 2:
        raise ApiError("Invalid 'temperature'.", param="temperature", code="invalid_value")
    limit = body.get("max_completion_tokens")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise ApiError("Invalid 'max_completion_tokens'.", param="max_completion_tokens", code="invalid_value")


def _content(message: dict[str, Any]) -> str:
    return str(message["content"])
