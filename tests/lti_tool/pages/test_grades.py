"""Send grades: what the LMS has beside what we have; nothing of a person's is replaced without a tick."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from grading import gradebook
from grading.models import Assignment, GradePush, Submission
from lti_tool.lti.services.ags import AgsGradebook
from tests.lti_tool.conftest import text_of
from tests.lti_tool.lms import Answer
from tests.lti_tool.lti.test_services import connector
from tests.lti_tool.pages.test_main_job import Story, story

__all__ = ["story"]
COLUMN = "/lineitems/1"


def released(story: Story, subject: str = "student-1", score: str = "15") -> None:
    """A student's work with a result that was sent."""
    story.hand_in(subject=subject, agree=False)
    teacher, path = story.teacher()
    with story.tool.parts.database.transaction() as session:
        newest = session.execute(select(Submission.id).order_by(Submission.submitted_at.desc())).scalars().first()
    teacher.submit(f"{path}review/{newest}", "/override", {"score": score, "comments": "Well argued.", "reason": "x"})
    with story.tool.parts.database.transaction() as session:
        session.execute(select(Assignment)).scalar_one().lineitem_url = f"{story.tool.platform.url}{COLUMN}"
    shows(story, {})
    story.deliver()
    with story.tool.parts.database.transaction() as session:
        # The delivery above ran with a clock that is ahead.
        session.execute(update(GradePush).values(delivered_at=story.tool.parts.clock() - timedelta(seconds=1)))


def shows(story: Story, scores: dict[str, float]) -> None:
    """What the LMS's gradebook shows."""
    body = json.dumps(
        [{"userId": subject, "resultScore": score, "resultMaximum": 20} for subject, score in scores.items()]
    ).encode()
    story.tool.platform.routes[("GET", f"{COLUMN}/results")] = lambda *_: (200, {}, body)


def test_a_page_without_work_says_so(story: Story) -> None:
    teacher, path = story.teacher()
    page = text_of(teacher.get(f"{path}grades"))
    assert "Nothing to send yet" in page
    assert "has not been read yet" in page


def test_both_sides_are_shown_and_a_change_in_the_lms_is_kept_until_it_is_ticked(story: Story) -> None:
    released(story)
    teacher, path = story.teacher()
    shows(story, {"student-1": 15})
    page = teacher.submit(f"{path}grades", "/grades/read", {}, follow_redirects=True)
    assert "gradebook was read" in text_of(page)
    assert "In the gradebook" in text_of(page)
    shows(story, {"student-1": 18})
    page = teacher.submit(f"{path}grades", "/grades/read", {}, follow_redirects=True)
    assert "1 grade was changed in your LMS" in text_of(page)
    with story.tool.parts.database.transaction() as session:
        person = str(session.execute(select(Submission.person_id)).scalar_one())
    page = teacher.submit(f"{path}grades", "/grades/send", {"student": [person]}, follow_redirects=True)
    assert "Nothing was sent" in text_of(page)
    assert story.deliver() == []
    values = {"student": [person], "overwrite": [person]}
    page = teacher.submit(f"{path}grades", "/grades/send", values, follow_redirects=True)
    assert "1 on their way" in text_of(page)
    assert [sent["scoreGiven"] for sent in story.deliver()] == [15]


def test_a_refused_grade_shows_why_and_is_sent_again_by_a_button(story: Story) -> None:
    story.hand_in(agree=False)
    teacher, path = story.teacher()
    with story.tool.parts.database.transaction() as session:
        submission, person = session.execute(select(Submission.id, Submission.person_id)).one()
        session.execute(select(Assignment)).scalar_one().lineitem_url = f"{story.tool.platform.url}{COLUMN}"
    shows(story, {})
    teacher.submit(f"{path}review/{submission}", "/override", {"score": "15", "comments": "Good.", "reason": "x"})
    refuse(story)
    page = text_of(teacher.get(f"{path}grades"))
    assert "Not taken" in page
    assert "not a student of the course" in page
    assert "SECRET" not in page
    teacher.submit(f"{path}grades", "/grades/send", {"student": [str(person)]})
    assert len(story.deliver()) == 1


def refuse(story: Story) -> None:
    """Every score is refused, with words that repeat what was sent."""

    def answer(*_: Any) -> Answer:
        return 422, {}, b"SECRET Good."

    story.tool.platform.routes[("POST", f"{COLUMN}/scores")] = answer
    parts = story.tool.parts

    def later() -> datetime:
        return parts.clock() + timedelta(minutes=5)

    with parts.database.transaction() as session:
        due = gradebook.due(session, later())
    book = AgsGradebook(parts.database, connector(story.tool))
    for push_id in due:
        gradebook.deliver(parts.database, parts.vault, book, push_id, later)


def test_an_lms_that_shows_nothing_is_said(story: Story) -> None:
    released(story)
    story.tool.platform.routes[("GET", f"{COLUMN}/results")] = lambda *_: (403, {}, b"")
    teacher, path = story.teacher()
    page = teacher.submit(f"{path}grades", "/grades/read", {}, follow_redirects=True)
    assert "does not let Blindmark read its gradebook" in text_of(page)


@pytest.mark.parametrize("sizes", [(1, 6)])
def test_the_page_costs_as_many_statements_for_six_as_for_one(story: Story, sizes: tuple[int, int]) -> None:
    counts: list[int] = []
    statements: list[str] = []
    teacher, path = story.teacher()
    event.listen(
        story.tool.parts.database.engine, "before_cursor_execute", lambda *given: statements.append(str(given[2]))
    )
    for size in sizes:
        for number in range(size):
            story.hand_in(subject=f"student-{size}-{number}", agree=False)
        statements.clear()
        teacher.get(f"{path}grades")
        counts.append(sum(one.lstrip().upper().startswith("SELECT") for one in statements))
    assert counts[0] == counts[1] <= 15
