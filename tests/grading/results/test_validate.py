"""Answers: accepted when they fit rubric and text, failed with a reason when they don't, never bent into shape."""

import json
from typing import Any

import pytest

from grading.results.schema import response_schema
from grading.results.validate import AnswerInvalid, Flag, normalize, quote_stands_in, validate_answer
from grading.rubrics import default_rubric
from tests.grading.provider import good_answer

TEXT = "Kant says we must never lie. However, a doctor may stay silent for an hour — that is “kind”."


def changed(**values: Any) -> str:
    return json.dumps(json.loads(good_answer()) | values)


def with_criterion(**values: Any) -> str:
    answer = json.loads(good_answer())
    answer["criteria"]["criterion_2"] |= values
    return json.dumps(answer)


def test_a_fitting_answer_is_accepted_and_its_points_are_summed_here() -> None:
    result = validate_answer(good_answer(), default_rubric(), TEXT)
    assert result.content.rubric_hundredths == 1200
    assert result.flags == ()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "schema"),
        ("no json", "schema"),
        (good_answer()[:-20], "schema"),
        ("[]", "schema"),
        (changed(confidence=101), "schema"),
        (changed(confidence="80"), "schema"),
        (changed(comments=""), "schema"),
        (changed(extra=1), "schema"),
        (changed(criteria={}), "criteria"),
        (good_answer(criteria=2), "criteria"),
        (good_answer(criteria=4), "criteria"),
        (with_criterion(level="level_5"), "level"),
        (with_criterion(level="level_0"), "level"),
        (with_criterion(level="Strong"), "level"),
        (with_criterion(reasoning=""), "schema"),
    ],
)
def test_an_answer_that_does_not_fit_fails_with_its_reason(raw: str, code: str) -> None:
    with pytest.raises(AnswerInvalid) as refused:
        validate_answer(raw, default_rubric(), TEXT)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("raw", "flag"),
    [
        (good_answer(quote="a lawyer may stay silent"), Flag.EVIDENCE_NOT_FOUND),
        (with_criterion(evidence=[]), Flag.NO_EVIDENCE),
        (changed(injection_suspected=True), Flag.INJECTION_SUSPECTED),
        (changed(comments="Good."), Flag.SHORT_FEEDBACK),
        (changed(confidence=30), Flag.LOW_CONFIDENCE),
    ],
)
def test_what_looks_odd_is_flagged_for_a_person(raw: str, flag: Flag) -> None:
    assert flag in validate_answer(raw, default_rubric(), TEXT).flags


@pytest.mark.parametrize(
    ("quote", "stands"),
    [
        ("a doctor may  stay\nsilent", True),
        ("A DOCTOR may stay silent", True),
        ('that is "kind"', True),
        ("Kant says … a doctor may stay silent", True),
        ("a doctor may stay silent … Kant says", False),
        ("a doctor may be silent", False),
        ("", False),
        ("…", False),
    ],
)
def test_quotes_are_compared_as_people_would(quote: str, stands: bool) -> None:
    assert quote_stands_in(quote, normalize(TEXT)) is stands


def test_the_schema_is_strict_and_holds_no_words_of_the_rubric() -> None:
    schema = response_schema(default_rubric())

    def check(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("type") == "object":
                assert node["additionalProperties"] is False
                assert node["required"] == list(node["properties"])
            for value in node.values():
                check(value)

    check(schema)
    assert "Thesis" not in json.dumps(schema)
    first = schema["properties"]["criteria"]["properties"]["criterion_1"]["properties"]
    assert list(first) == ["evidence", "reasoning", "level"]
