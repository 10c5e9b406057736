"""Blindmark and Open edX's LTI consumer: two programs that share no line, each held to the rules by the other."""

import base64
import json
import time
from typing import Any
from uuid import UUID

import jwt
import pytest
import requests
from lxml import html
from sqlalchemy import func, select

from grading import roster
from grading.gradebook_port import ReceiptOutcome, ScoreMessage
from grading.models import Context, Deployment, Enrolment, Person
from grading.models.people import CourseRole
from lti_tool.lti import claims as names
from lti_tool.lti.services.ags import AgsGradebook
from lti_tool.lti.services.nrps import NrpsRosterSource
from lti_tool.sessions import LaunchSession
from privacy.audit import Actor
from tests.interop.conftest import Meeting

pytestmark = pytest.mark.xdist_group("interop")


def claims_of(token: str) -> dict[str, Any]:
    content = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
    return decoded


@pytest.fixture(scope="module")
def assignment(meeting: Meeting) -> UUID:
    """An assignment that the teacher made by deep linking; Open edX has stored our answer."""
    teacher = meeting.visitor()
    visit = teacher.launch(1, deep_linking="yes")
    page = teacher.submit(visit, "/deep-link", {"title": "Is it ever right to lie?", "points": "20", "do": "save"})
    form = html.document_fromstring(page.text).forms[0]
    stored = requests.post(str(form.get("action")), data=dict(form.form_values()), timeout=20)
    assert stored.status_code == 200, stored.text[:500]
    (item,) = meeting.state()["content_items"]
    assert item["content_type"] == "ltiResourceLink"
    assert item["attributes"]["lineItem"]["scoreMaximum"] == 20
    return UUID(item["attributes"]["custom"]["assignment_id"])


@pytest.mark.parametrize(
    ("user", "role"), [(1, CourseRole.INSTRUCTOR), (2, CourseRole.LEARNER), (4, CourseRole.INSTRUCTOR)]
)
def test_people_arrive_in_their_role(meeting: Meeting, user: int, role: CourseRole) -> None:
    visitor = meeting.visitor()
    assert visitor.page(visitor.launch(user)).status_code == 200
    with meeting.application.parts.database.transaction() as session:
        found = session.execute(
            select(Enrolment.role).join(Person, Person.id == Enrolment.person_id).where(Person.subject == str(user))
        ).scalar_one()
    assert found is role


def test_a_student_reaches_the_assignment(meeting: Meeting, assignment: UUID) -> None:
    student = meeting.visitor()
    page = student.page(student.launch(2, assignment=str(assignment)))
    assert "Is it ever right to lie?" in page.text


def test_the_connection_test_finds_keys_and_tokens(meeting: Meeting) -> None:
    parts = meeting.application.parts
    with parts.database.transaction() as session:
        registration = session.execute(select(Deployment.registration_id)).scalar_one()
    findings = parts.test_connection(registration, Actor.system())
    assert findings[0].good, findings[0]
    assert all(one.good for one in findings if one.needed), findings


def test_the_roster_is_read_whole(meeting: Meeting) -> None:
    parts = meeting.application.parts
    visitor = meeting.visitor()
    visitor.launch(1)
    with parts.database.transaction() as session:
        context_id = session.execute(select(Context.id)).scalar_one()
    read = roster.refresh(parts.database, parts.vault, NrpsRosterSource(parts.connector), context_id)
    assert read == 4
    with parts.database.transaction() as session:
        context = session.get_one(Context, context_id)
        context.memberships_url = f"{str(context.memberships_url).partition('?')[0]}?limit=2"
    assert roster.refresh(parts.database, parts.vault, NrpsRosterSource(parts.connector), context_id) == 4


def message(meeting: Meeting, assignment: UUID, **changes: Any) -> ScoreMessage:
    parts = meeting.application.parts
    with parts.database.transaction() as session:
        tenant = session.execute(select(Deployment.id)).scalar_one()
    values: dict[str, Any] = {
        "deployment_id": tenant,
        "assignment_id": assignment,
        "subject": "2",
        "timestamp": parts.clock(),
        "activity_progress": "Completed",
        "grading_progress": "FullyGraded",
        "score_hundredths": 1500,
        "maximum_hundredths": 2000,
        "comment": "Well argued.",
        "submitted_at": parts.clock(),
    }
    return ScoreMessage(**(values | changes))


def test_one_column_is_made_scores_arrive_and_are_read_back(meeting: Meeting, assignment: UUID) -> None:
    meeting.visitor().launch(2, assignment=str(assignment))
    parts = meeting.application.parts
    book = AgsGradebook(parts.database, parts.connector)
    handed_in = message(
        meeting,
        assignment,
        activity_progress="Submitted",
        grading_progress="PendingManual",
        score_hundredths=None,
        comment=None,
    )
    assert book.post_score(handed_in).outcome is ReceiptOutcome.DELIVERED
    released = message(meeting, assignment)
    assert book.post_score(released).outcome is ReceiptOutcome.DELIVERED
    columns = [one for one in meeting.state()["line_items"] if one["resource_id"] == str(assignment)]
    assert len(columns) == 1
    (score,) = [one for one in meeting.state()["scores"] if one["user_id"] == "2"]
    assert (score["score_given"], score["score_maximum"], score["comment"]) == (15.0, 20.0, "Well argued.")
    assert score["grading_progress"] == "FullyGraded"
    (shown,) = book.read_results(released.deployment_id, assignment)
    assert (shown.subject, shown.score, shown.maximum) == ("2", 15.0, 20.0)
    # The same message again: Open edX refuses what is not newer, and nothing is made twice.
    assert book.post_score(released).outcome is ReceiptOutcome.REJECTED
    assert len([one for one in meeting.state()["scores"] if one["user_id"] == "2"]) == 1


NOW = int(time.time())
BAD = {
    "audience": {"aud": "someone"},
    "second audience": {"aud": ["CLIENT", "other"]},
    "issuer": {"iss": "http://other.example"},
    "expired": {"exp": NOW - 600},
    "from tomorrow": {"iat": NOW + 86_400},
    "from last year": {"iat": NOW - 365 * 86_400},
    "nonce": {"nonce": "another"},
    "version": {names.VERSION: "1.1"},
    "message": {names.MESSAGE_TYPE: None},
    "deployment": {names.DEPLOYMENT_ID: ""},
    "roles": {names.ROLES: None},
    "link": {names.RESOURCE_LINK: None},
    "subject": {"sub": None},
    "target": {names.TARGET_LINK_URI: "https://evil.example/"},
}


@pytest.mark.parametrize("case", BAD)
def test_a_changed_launch_is_refused_although_the_platform_signed_it(meeting: Meeting, case: str) -> None:
    visitor = meeting.visitor()
    fields = visitor.begin(2)
    claims = {name: value for name, value in (claims_of(fields["id_token"]) | BAD[case]).items() if value is not None}
    if claims.get("aud") == ["CLIENT", "other"]:
        claims["aud"] = [claims_of(fields["id_token"])["aud"], "other"]
    before = visits(meeting)
    forged = requests.post(f"{meeting.platform}/control/sign", json=claims, timeout=10).text
    assert visitor.arrive(fields | {"id_token": forged}).status_code == 401
    assert visits(meeting) == before
    assert visitor.arrive(fields).status_code == 303


def visits(meeting: Meeting) -> int:
    with meeting.application.parts.database.transaction() as session:
        return session.execute(select(func.count(LaunchSession.id))).scalar_one()


def test_a_replay_in_another_browser_is_refused(meeting: Meeting) -> None:
    visitor, thief = meeting.visitor(), meeting.visitor()
    fields = visitor.begin(2)
    assert visitor.arrive(fields).status_code == 303
    assert thief.arrive(fields).status_code == 401
    assert jwt.get_unverified_header(fields["id_token"])["alg"] == "RS256"
