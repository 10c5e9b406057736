"""Rubrics and prompts: what the model is told, and what it can't be made to take for an instruction."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from grading.batches.shared_parts import Shared
from grading.prompts import (
    DEFAULT_SYSTEM,
    DEFAULT_TEMPLATE,
    PromptError,
    PromptParts,
    check_template,
    developer_message,
    submission_message,
)
from grading.results.schema import response_schema
from grading.rubrics import Criterion, Level, Rubric, default_rubric


def parts(**values: object) -> PromptParts:
    fields: dict[str, object] = {
        "system_instructions": DEFAULT_SYSTEM,
        "template": DEFAULT_TEMPLATE,
        "task_title": "Lying",
        "task_description": "Is it ever right?",
        "rubric": default_rubric(),
        "points_hundredths": 2000,
    }
    return PromptParts(**(fields | values))  # type: ignore[arg-type]


def level(points: int) -> Level:
    return Level(title=f"L{points}", points_hundredths=points)


def test_levels_are_kept_from_weakest_to_strongest() -> None:
    criterion = Criterion(title="A", levels=(level(300), level(0), level(100)))
    assert [one.points_hundredths for one in criterion.levels] == [0, 100, 300]


@pytest.mark.parametrize("levels", [(level(100),), (level(100), level(100)), ()])
def test_a_criterion_needs_levels_that_differ(levels: tuple[Level, ...]) -> None:
    with pytest.raises(ValidationError):
        Criterion(title="A", levels=levels)


def test_a_rubric_worth_nothing_is_refused() -> None:
    with pytest.raises(ValidationError):
        Rubric(criteria=())


def test_the_default_rubric_adds_up() -> None:
    assert default_rubric().maximum_hundredths == 1800


def test_what_all_submissions_share_is_the_same_for_each_and_comes_first() -> None:
    shared = Shared(developer_message(parts()), "gpt-6-luna", 1500, None, response_schema(default_rubric()))
    first, second = shared.request("first work", None), shared.request("second work", None)
    assert [role for role, _ in first.messages] == ["developer", "user"]
    assert first.messages[0] == second.messages[0]
    assert "first work" not in first.messages[0][1]
    assert "first work" in first.messages[1][1]


def test_the_submission_stands_between_marks_of_its_own() -> None:
    content = submission_message("My work.")
    assert re.fullmatch(r"<submission-([0-9a-f]{16})>\nMy work\.\n</submission-\1>", content)


@given(st.text())
def test_a_submission_never_closes_its_own_marks(text: str) -> None:
    content = submission_message(text)
    mark = content.split("\n", 1)[0].removeprefix("<submission-").removesuffix(">")
    assert mark not in text


def test_braces_in_the_task_stay_as_they_are() -> None:
    message = developer_message(parts(task_description="Explain {rubric} and {max_score}."))
    assert "Explain {rubric} and {max_score}." in message


def test_a_template_without_the_submission_is_refused() -> None:
    with pytest.raises(PromptError, match="student_submission"):
        check_template("Grade {task_title}")


def test_an_unknown_variable_is_named() -> None:
    with pytest.raises(PromptError, match=r"\{student_name\}"):
        check_template("{student_submission} by {student_name}")


def test_the_rubric_reads_with_the_keys_of_the_answer() -> None:
    text = default_rubric().as_text()
    assert "criterion_1: Thesis and argument" in text
    assert "level_4 = Strong (6 points)" in text
