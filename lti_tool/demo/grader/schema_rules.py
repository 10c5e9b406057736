"""The rules of strict structured output: what a schema may and must say."""

import re
from typing import Any, Final

from lti_tool.demo.grader.errors import ApiError

DEEPEST: Final = 10
MOST_PROPERTIES: Final = 5000
MOST_ENUM: Final = 1000
MOST_NAME_CHARACTERS: Final = 120_000
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check_response_format(value: Any) -> None:
    """Refuse a `response_format` that strict mode would refuse."""
    if not isinstance(value, dict) or value.get("type") not in ("text", "json_object", "json_schema"):
        raise ApiError("Invalid value for response_format.", param="response_format", code="invalid_value")
    if value["type"] != "json_schema":
        return
    wrapped = value.get("json_schema")
    if not isinstance(wrapped, dict) or not _NAME.fullmatch(str(wrapped.get("name", ""))):
        raise _bad("'name' must match [A-Za-z0-9_-]{1,64}")
    schema = wrapped.get("schema")
    if not isinstance(schema, dict) or schema.get("type") != "object" or "anyOf" in schema:
        raise _bad("the root must be an object without anyOf")
    if wrapped.get("strict") is True:
        counts = {"properties": 0, "enum": 0, "characters": 0}
        _walk(schema, 1, counts)


def _walk(node: Any, depth: int, counts: dict[str, int]) -> None:
    if not isinstance(node, dict):
        raise _bad("every schema must be an object")
    if depth > DEEPEST:
        raise _bad(f"nesting is limited to {DEEPEST} levels")
    properties = node.get("properties", {})
    if node.get("type") == "object":
        if node.get("additionalProperties") is not False:
            raise _bad("'additionalProperties' is required to be supplied and to be false")
        if sorted(node.get("required", [])) != sorted(properties):
            raise _bad("'required' is required to be supplied and to be an array including every key in properties")
    counts["properties"] += len(properties)
    counts["enum"] += len(node.get("enum", ()))
    counts["characters"] += sum(len(name) for name in properties)
    if (
        counts["properties"] > MOST_PROPERTIES
        or counts["enum"] > MOST_ENUM
        or counts["characters"] > MOST_NAME_CHARACTERS
    ):
        raise _bad("the schema is too large")
    for child in properties.values():
        _walk(child, depth + 1, counts)
    if "items" in node:
        _walk(node["items"], depth + 1, counts)
    for child in node.get("anyOf", ()):
        _walk(child, depth + 1, counts)


def _bad(why: str) -> ApiError:
    return ApiError(f"Invalid schema for response_format: {why}.", param="response_format", code="invalid_json_schema")
