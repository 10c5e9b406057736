"""Dates of single people: an extension that the LMS gave counts, wherever it was learnt from (L4)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import requests
from sqlalchemy import select, update

from grading import roster
from grading.models import Assignment, Context, Enrolment, IndividualDate, Person, ResourceLink
from lti_tool.lti import claims as names
from lti_tool.lti.services.connector import ServiceConnector
from lti_tool.lti.services.nrps import NrpsRosterSource
from tests.lti_tool.conftest import Tool, text_of
from tests.lti_tool.lms import MEMBERSHIP
from tests.lti_tool.lti.test_services import answering, ok, person
from tests.lti_tool.pages.test_main_job import set_up

STUDENT = "user-1"


def closed_an_hour_ago(tool: Tool) -> UUID:
    """An assignment that was due two hours ago and closed one hour ago, with its link in the course."""
    browser, _, _ = set_up(tool)
    now = tool.parts.clock()
    with tool.parts.database.transaction() as session:
        session.execute(update(Assignment).values(due_at=now - timedelta(hours=2), closes_at=now - timedelta(hours=1)))
        assignment_id = session.execute(select(Assignment.id)).scalar_one()
    browser.launch_as("Instructor", sub="teacher-1", **{names.CUSTOM: {"assignment_id": str(assignment_id)}})
    return assignment_id


def moment(tool: Tool, **ahead: float) -> str:
    return (tool.parts.clock() + timedelta(**ahead)).isoformat(timespec="seconds").replace("+00:00", "Z")


def student_page(tool: Tool, **custom: str) -> str:
    browser = tool.browser()
    path = browser.launch(**({names.CUSTOM: custom} if custom else {}))
    return text_of(browser.get(path, follow_redirects=True))


def link_answers(tool: Tool, *messages: Any, whole: bool = True) -> None:
    """The LMS lists students; asked for one link, it answers with these message sections."""
    entries = [person(number + 1, "Learner", message=message) for number, message in enumerate(messages)]
    plain = ok({"context": {"id": "c1"}, "members": [person(number + 1) for number in range(3)]})
    of_link = ok({"context": {"id": "c1"}, "members": entries}) if whole else (403, {}, b"{}")
    tool.platform.routes[("GET", "/members")] = lambda query, *_: of_link if "rlid=link-1" in query else plain


def message(**custom: str) -> dict[str, Any]:
    return {names.MESSAGE_TYPE: names.RESOURCE_LINK_REQUEST, names.CUSTOM: custom}


def read(tool: Tool) -> None:
    connector = ServiceConnector(
        tool.parts.database, tool.application.keys, requests.Session(), tool.parts.clock, lambda _: None
    )
    with tool.parts.database.transaction() as session:
        context_id = session.execute(select(Context.id)).scalar_one()
    roster.refresh(tool.parts.database, tool.parts.vault, NrpsRosterSource(connector), context_id, tool.parts.clock)


def noted(tool: Tool) -> dict[str, IndividualDate]:
    with tool.parts.database.transaction() as session:
        rows = session.execute(
            select(Person.subject, IndividualDate).join(Person, Person.id == IndividualDate.person_id)
        )
        return {row.subject: row[1] for row in rows}


@pytest.mark.both_databases
def test_an_extension_in_the_launch_lets_one_student_hand_in(tool: Tool) -> None:
    closed_an_hour_ago(tool)
    assert "This assignment closed on" in student_page(tool)
    shown = student_page(tool, person_due_at=moment(tool, days=2), person_closes_at=moment(tool, days=3))
    assert "(your own date)" in shown
    assert "This assignment closed on" not in shown
    # Without the parameters, nothing is said: what was noted stays.
    assert "(your own date)" in student_page(tool)
    # Named and empty, the LMS has taken the extension back.
    assert "This assignment closed on" in student_page(tool, person_due_at="", person_closes_at="")
    assert noted(tool) == {}


def test_what_is_no_date_changes_nothing(tool: Tool) -> None:
    closed_an_hour_ago(tool)
    for value in ("$ResourceLink.available.endDateTime", "tomorrow", "2026-12-01T10:00:00", "9" * 300):
        assert "This assignment closed on" in student_page(tool, person_closes_at=value)
    assert noted(tool) == {}


def test_a_teacher_has_no_date_of_their_own(tool: Tool) -> None:
    custom = {"assignment_id": str(closed_an_hour_ago(tool)), "person_due_at": moment(tool, days=2)}
    tool.browser().launch_as("Instructor", sub="teacher-1", **{names.CUSTOM: custom})
    assert noted(tool) == {}


@pytest.mark.both_databases
def test_the_roster_of_a_link_tells_everybodys_dates(tool: Tool) -> None:
    closed_an_hour_ago(tool)
    student_page(tool)
    link_answers(
        tool,
        [message(person_due_at=moment(tool, days=1), person_closes_at="")],
        message(person_due_at="", person_closes_at=moment(tool, days=4)),
        [message(person_due_at="", person_closes_at="")],
    )
    read(tool)
    found = noted(tool)
    assert set(found) == {"user-1", "user-2"}
    assert found["user-1"].due_at is not None
    assert found["user-1"].closes_at is None
    assert found["user-2"].closes_at is not None
    later = moment(tool, days=9)
    link_answers(tool, [message(person_due_at=later)], message(person_due_at="", person_closes_at=""))
    read(tool)
    found = noted(tool)
    assert set(found) == {"user-1"}
    assert found["user-1"].due_at is not None
    assert found["user-1"].due_at.isoformat() == later.replace("Z", "+00:00")


@pytest.mark.parametrize("refusal", ["403", "no message"])
def test_an_lms_that_tells_nothing_about_links_is_not_asked_again_at_once(tool: Tool, refusal: str) -> None:
    closed_an_hour_ago(tool)
    student_page(tool)
    if refusal == "403":
        link_answers(tool, whole=False)
    else:
        basic_outcome = {names.MESSAGE_TYPE: names.RESOURCE_LINK_REQUEST}
        link_answers(tool, [basic_outcome], [])
    read(tool)
    read(tool)
    asked = [path for path in tool.platform.paths("GET") if "rlid" in path]
    assert len(asked) == 1
    assert noted(tool) == {}
    with tool.parts.database.transaction() as session:
        assert session.execute(select(ResourceLink.people_offered)).scalar_one() is False
        assert len(session.execute(select(Enrolment)).all()) >= 3


def test_a_failure_while_dates_are_read_keeps_the_roster_and_is_tried_again(tool: Tool) -> None:
    closed_an_hour_ago(tool)
    student_page(tool)
    link_answers(tool, whole=False)
    plain = tool.platform.routes[("GET", "/members")]
    broken = answering((500, {}, b"oops"))
    tool.platform.routes[("GET", "/members")] = lambda query, *rest: (
        broken(query, *rest) if "rlid" in query else plain(query, *rest)
    )
    read(tool)
    with tool.parts.database.transaction() as session:
        assert session.execute(select(Context.roster_read_at)).scalar_one() is not None
        assert session.execute(select(ResourceLink.people_asked_at)).scalar_one() is None
    link_answers(tool, message(person_due_at=moment(tool, days=1)))
    read(tool)
    assert set(noted(tool)) == {STUDENT}


def test_people_of_a_link_are_asked_for_with_the_address_as_the_lms_gave_it(tool: Tool) -> None:
    closed_an_hour_ago(tool)
    url = f"{tool.platform.url}/members?group=7"
    browser = tool.browser()
    browser.launch(
        **{
            names.NRPS: {"context_memberships_url": url, "service_versions": ["2.0"]},
            names.ROLES: [MEMBERSHIP + "Instructor"],
        }
    )
    link_answers(tool, message(person_due_at=""))
    read(tool)
    assert "/members?group=7&rlid=link-1" in tool.platform.paths("GET")
