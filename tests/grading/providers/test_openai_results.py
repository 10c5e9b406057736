"""Result lines: each row of the decision table, and lines that are not as documented."""

import json
from typing import Any

import pytest

from grading.providers.base import Outcome, Usage
from grading.providers.openai_results import machine_code, parse_line


def line(**values: Any) -> str:
    return json.dumps({"id": "batch_req_1", "custom_id": "r_1", "response": None, "error": None} | values)


def answered(message: dict[str, Any] | None = None, reason: str = "stop", status: int = 200) -> str:
    body = {
        "model": "gpt-6-luna",
        "choices": [{"message": {"content": "{}", "refusal": None} | (message or {}), "finish_reason": reason}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}},
    }
    return line(response={"status_code": status, "body": body})


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        (answered(), Outcome.ANSWERED),
        (answered({"refusal": "no"}), Outcome.REFUSED),
        (answered(reason="length"), Outcome.TRUNCATED),
        (answered(reason="content_filter"), Outcome.CONTENT_FILTER),
        (answered({"content": None}), Outcome.UNREADABLE),
        (line(error={"code": "batch_expired", "message": "late"}), Outcome.NOT_EXECUTED),
        (line(response={"status_code": 429, "body": {}}), Outcome.BUSY),
        (line(response={"status_code": 503, "body": None}), Outcome.BUSY),
        (line(response={"status_code": 400, "body": {"error": {"code": "x"}}}), Outcome.REJECTED),
        (line(), Outcome.UNREADABLE),
        (line(response={"status_code": 200, "body": {"choices": []}}), Outcome.UNREADABLE),
        ("not json", Outcome.UNREADABLE),
        ("[]", Outcome.UNREADABLE),
        ("{}", Outcome.UNREADABLE),
    ],
)
def test_every_line_has_one_outcome(raw: str, outcome: Outcome) -> None:
    assert parse_line(raw).outcome is outcome


def test_tokens_are_counted_also_for_answers_that_are_not_usable() -> None:
    assert parse_line(answered({"refusal": "no"})).usage == Usage(10, 4, 5)


def test_the_line_is_kept_as_it_came() -> None:
    assert parse_line(answered()).raw == answered().encode()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("token_limit_exceeded", "token_limit_exceeded"),
        ("body.messages[0].content", "body.messages[0].content"),
        ("Anna Apfel wrote: a lie is a debt", "unclear_code"),
        ("x" * 65, "unclear_code"),
        (404, "404"),
        (None, ""),
    ],
)
def test_words_in_the_place_of_a_code_are_not_kept(given: object, kept: str) -> None:
    assert machine_code(given) == kept
    assert parse_line(line(error={"code": given})).error_code == kept
