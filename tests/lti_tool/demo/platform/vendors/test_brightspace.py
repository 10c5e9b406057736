"""The real tool with Brightspace's ways: registered disabled, keys that change by the hour, a foreign audience."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from grading.gradebook_port import ReceiptOutcome, ScoreMessage
from grading.models import Assignment, Registration
from lti_tool.demo.platform.model import Clock
from lti_tool.demo.platform.vendors.brightspace import HOUR, WAYS, create_app
from lti_tool.demo.visitor import Page, VisitFailed
from lti_tool.lti.services.ags import AgsGradebook
from tests.lti_tool.demo.platform.meeting import NAMES, Meeting, meeting
from tests.lti_tool.demo.platform.tiny_tool import PEOPLE

ADD = "/launch/deep-linking"
BEGUN = "Add an assignment"


@pytest.fixture
def brightspace(tmp_path: Path, sqlite_template: Path) -> Iterator[Meeting]:
    """A site with which the tool has registered; nobody has enabled it yet."""

    def make(lms: str, tool: str, folder: Path, clock: Clock) -> Flask:
        return create_app(public_url=lms, tool_url=tool, data_dir=folder, people=PEOPLE, clock=clock)

    with meeting(tmp_path, sqlite_template, make) as both:
        register(both)
        yield both


def register(both: Meeting) -> Page:
    """Register by dynamic registration, from the tool's invitation to its last page."""
    administrator, theirs = both.administrator(), both.guest(NAMES["admin"])
    page = administrator.get(f"{both.tool}/admin/platforms")
    page = administrator.submit(page, page.form("Make a registration address"), {"note": "A site"})
    (address,) = page.root.xpath("//input[contains(@value, '/lti/register')]/@value")
    page = theirs.get(f"{both.lms}/admin/tools")
    page = theirs.submit(page, page.form("Register"), {"address": address})
    page = theirs.get(page.frame()).expect("Connect")
    return theirs.submit(page, page.form("Connect"), button="Connect").expect("is connected")


def enable(both: Meeting) -> None:
    theirs = both.guest(NAMES["admin"])
    page = theirs.get(f"{both.lms}/admin/tools").expect("waits to be enabled")
    theirs.submit(page, page.form("Enable Blindmark"))


def kids(both: Meeting) -> list[str]:
    answer = requests.get(both.lms + WAYS.keys_path, timeout=10)
    assert answer.headers["Cache-Control"] == "no-store, no-cache"
    return [key["kid"] for key in answer.json()["keys"]]


def test_a_registration_works_when_the_administrator_there_has_enabled_it(brightspace: Meeting) -> None:
    teacher = brightspace.guest(NAMES["teacher"])
    with pytest.raises(VisitFailed, match="not enabled"):
        teacher.get(brightspace.lms + ADD)
    enable(brightspace)
    teacher.get(brightspace.lms + ADD).expect(BEGUN)


def test_keys_change_every_hour_and_each_launch_works(brightspace: Meeting) -> None:
    enable(brightspace)
    teacher, seen = brightspace.guest(NAMES["teacher"]), set()
    for _ in range(4):
        teacher.get(brightspace.lms + ADD).expect(BEGUN)
        seen.add(kids(brightspace)[0])
        brightspace.clock.ahead += HOUR
    assert len(seen) == 4


def test_an_old_key_is_gone_two_minutes_after_the_change(brightspace: Meeting) -> None:
    (old,) = kids(brightspace)
    brightspace.clock.ahead += HOUR
    new, kept = kids(brightspace)
    assert kept == old
    brightspace.clock.ahead += 121
    assert kids(brightspace) == [new]


def test_the_audience_of_assertions_is_learned_at_registration_and_scores_are_capped(brightspace: Meeting) -> None:
    enable(brightspace)
    teacher = brightspace.guest(NAMES["teacher"])
    brightspace.add_assignment(teacher, "First essay")
    (tenant,) = brightspace.tenants().values()
    with brightspace.parts.database.transaction() as session:
        audience = session.execute(select(Registration.token_audience)).scalar_one()
        assignment = session.execute(select(Assignment.id)).scalar_one()
    assert audience == WAYS.token_audience != brightspace.lms + WAYS.token_path
    now = brightspace.clock.moment()
    message = ScoreMessage(
        deployment_id=tenant.id,
        assignment_id=assignment,
        subject="sub-student0",
        timestamp=now,
        activity_progress="Completed",
        grading_progress="FullyGraded",
        score_hundredths=2500,
        maximum_hundredths=2000,
        comment="More than all.",
        submitted_at=now - timedelta(minutes=1),
    )
    book = AgsGradebook(brightspace.parts.database, brightspace.parts.connector)
    assert book.post_score(message).outcome is ReceiptOutcome.DELIVERED
    (grade,) = brightspace.state()["grades"]
    assert grade["score"] == 20
    assert brightspace.state()["received_scores"][0]["body"]["scoreGiven"] == 25
