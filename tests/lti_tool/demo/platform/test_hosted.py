"""Two schools behind one issuer: what has the same id in both is never taken for the same by the real tool."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
import requests
from sqlalchemy import select

from grading import roster
from grading.gradebook_port import ReceiptOutcome, ScoreMessage
from grading.models import Assignment, Context, Deployment, Enrolment, Person
from grading.people import names_of
from lti_tool.demo.platform.claims import SCORE_SCOPES
from lti_tool.demo.platform.hosted import create_hosted_app
from lti_tool.demo.platform.line_items import CONTAINER_TYPE
from lti_tool.demo.platform.model import Clock, School
from lti_tool.demo.platform.second_school import Told, second_school
from lti_tool.demo.processes import free_ports
from lti_tool.demo.visitor import VisitFailed, Visitor
from lti_tool.lti.services.ags import AgsGradebook
from lti_tool.lti.services.nrps import NrpsRosterSource
from tests.lti_tool.demo.platform.meeting import NAMES, Meeting, meeting
from tests.lti_tool.demo.platform.tiny_tool import PEOPLE

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

FIRST, SECOND = "/schools/first", "/schools/second"
ETHICS, CHEMISTRY = "Introduction to Ethics", "Organic Chemistry"
ERASE = "Erase for good"
SAME = "sub-student0"
"""The user id of Student0 of the first school and of Otto Brandt of the second."""


@dataclass
class Schools:
    """Both schools with an assignment each, in courses of the same id."""

    both: Meeting
    told_by: Told

    def ids(self, title: str) -> tuple[UUID, UUID, UUID]:
        """The tool's deployment, course and assignment behind a course title of the LMS."""
        with self.both.parts.database.transaction() as session:
            found = session.execute(
                select(Deployment.id, Context.id, Assignment.id)
                .join(Context, Context.tenant_id == Deployment.id)
                .join(Assignment, Assignment.context_id == Context.id)
                .where(Context.title == title)
            ).one()
        return found[0], found[1], found[2]

    def send(self, title: str, points: int) -> ReceiptOutcome:
        """Send the score of the person whose user id both schools have."""
        tenant, _, assignment = self.ids(title)
        now = self.both.clock.moment()
        message = ScoreMessage(
            deployment_id=tenant,
            assignment_id=assignment,
            subject=SAME,
            timestamp=now,
            activity_progress="Completed",
            grading_progress="FullyGraded",
            score_hundredths=100 * points,
            maximum_hundredths=2000,
            comment=f"Well done in {title}.",
            submitted_at=now - timedelta(minutes=1),
        )
        return AgsGradebook(self.both.parts.database, self.both.parts.connector).post_score(message).outcome


@pytest.fixture(params=["client", "deployment"])
def told_by(request: pytest.FixtureRequest) -> Told:
    """What tells the schools apart."""
    told: Told = request.param
    return told


@pytest.fixture
def schools(tmp_path: Path, sqlite_template: Path, told_by: Told) -> Iterator[Schools]:
    second = second_school(PEOPLE, told_by)

    def make(lms: str, tool: str, folder: Path, clock: Clock) -> "WSGIApplication":
        known = {"first": School(PEOPLE), "second": second}
        return create_hosted_app(public_url=lms, tool_url=tool, data_dir=folder, schools=known, clock=clock)

    with meeting(tmp_path, sqlite_template, make) as both:
        both.connect()
        if told_by == "client":
            both.connect(client_id=second.client_id, name=second.name)
        else:
            waiting = both.guest("Ruth Castellan", SECOND)
            with pytest.raises(VisitFailed, match="HTTP 403"):
                waiting.get(f"{both.lms}{SECOND}/launch/deep-linking")
            both.approve(both.administrator())
        both.add_assignment(both.guest(NAMES["teacher"], FIRST), "First essay", FIRST)
        both.add_assignment(both.guest("Ruth Castellan", SECOND), "Second report", SECOND)
        yield Schools(both, told_by)


def test_each_school_sees_its_own_course_people_and_assignment(schools: Schools) -> None:
    both = schools.both
    assert both.state(FIRST)["courses"][0]["id"] == both.state(SECOND)["courses"][0]["id"]
    assert [link["title"] for link in both.state(FIRST)["links"]] == ["First essay"]
    assert [link["title"] for link in both.state(SECOND)["links"]] == ["Second report"]
    with pytest.raises(VisitFailed, match="No form"):
        both.guest("Ruth Castellan", FIRST)
    student = both.guest("Otto Brandt", SECOND)
    page = student.get(student.get(student.get(f"{both.lms}{SECOND}/course").link("Second report")).frame())
    page.expect("Second report")
    assert "First essay" not in page.text


def test_a_session_at_one_school_is_none_at_the_other(schools: Schools) -> None:
    guest = schools.both.guest(NAMES["teacher"], FIRST)
    with pytest.raises(VisitFailed, match="HTTP 401"):
        guest.get(f"{schools.both.lms}{SECOND}/course")


def test_grades_of_the_same_user_id_never_mix(schools: Schools) -> None:
    assert schools.send(ETHICS, 15) is ReceiptOutcome.DELIVERED
    assert schools.send(CHEMISTRY, 7) is ReceiptOutcome.DELIVERED
    for school, points, course in ((FIRST, 15, ETHICS), (SECOND, 7, CHEMISTRY)):
        (grade,) = schools.both.state(school)["grades"]
        assert (grade["user_id"], grade["score"], grade["comment"]) == (SAME, points, f"Well done in {course}.")


def test_the_same_user_id_is_another_person_in_the_roster_of_each_school(schools: Schools) -> None:
    both = schools.both
    found = {}
    for title in (ETHICS, CHEMISTRY):
        _, course, _ = schools.ids(title)
        roster.refresh(both.parts.database, both.parts.vault, NrpsRosterSource(both.parts.connector), course)
        found[title] = _names(both, course)
    assert found[ETHICS][SAME] == "Student0 Example"
    assert found[CHEMISTRY][SAME] == "Otto Brandt"
    assert len(found[CHEMISTRY]) == 4
    assert len(found[ETHICS]) == 14


def _names(both: Meeting, course: UUID) -> dict[str, str]:
    """What the tool calls the people of a course, by the user ids that the LMS gave them."""
    with both.parts.database.transaction() as session:
        rows = session.execute(
            select(Person.id, Person.subject)
            .join(Enrolment, Enrolment.person_id == Person.id)
            .where(Enrolment.context_id == course)
        ).all()
        names = names_of(session, both.parts.vault, course, [row.id for row in rows])
    return {row.subject: names[row.id] for row in rows}


def test_a_token_opens_what_its_client_may_see(schools: Schools) -> None:
    both = schools.both
    path = "/lti/courses/course-phil-101/lineitems"
    tenant, _, _ = schools.ids(ETHICS)
    answer = both.parts.connector.request(
        tenant, "GET", f"{both.lms}{SECOND}{path}", scopes=tuple(SCORE_SCOPES), headers={"Accept": CONTAINER_TYPE}
    )
    # Where schools share one client, its tokens are good at both: there the addresses keep them apart.
    assert answer.status == (401 if schools.told_by == "client" else 200)


def test_what_is_kept_of_one_school_is_not_shown_at_the_other(schools: Schools) -> None:
    both = schools.both
    student = both.guest("Student0 Example", FIRST)
    student.get(student.get(student.get(f"{both.lms}{FIRST}/course").link("First essay")).frame())
    administrator = both.guest("Petra Novak", SECOND)
    launch = f"{both.lms}{SECOND}/launch/message/privacy:{SAME}"
    assert ERASE not in administrator.get(launch).expect("Personal data").text
    own = both.guest(NAMES["admin"], FIRST)
    own.get(f"{both.lms}{FIRST}/launch/message/privacy:{SAME}").expect("Personal data", ERASE)


def test_people_with_one_id_are_kept_apart_by_their_registration_or_their_school(schools: Schools) -> None:
    both = schools.both
    for name, school, link in (("Student0 Example", FIRST, "First essay"), ("Otto Brandt", SECOND, "Second report")):
        student = both.guest(name, school)
        student.get(student.get(student.get(f"{both.lms}{school}/course").link(link)).frame()).expect(link)
    with both.parts.database.transaction() as session:
        people = session.execute(select(Person.registration_id).where(Person.subject == SAME)).scalars().all()
    assert len(people) == len(set(people)) == (2 if schools.told_by == "client" else 1)
    for title, name in ((ETHICS, "Student0 Example"), (CHEMISTRY, "Otto Brandt")):
        _, course, _ = schools.ids(title)
        assert _names(both, course)[SAME] == name


def test_the_first_page_leads_to_each_school(schools: Schools) -> None:
    visitor = Visitor()
    home = visitor.get(f"{schools.both.lms}/")
    visitor.get(home.link("Demonstration LMS")).expect("Tess Example")
    visitor.get(home.link("Northfield College")).expect("Ruth Castellan")


def test_a_login_that_no_school_began_is_refused(schools: Schools) -> None:
    answer = requests.get(f"{schools.both.lms}/lti/auth", params={"lti_message_hint": "none"}, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_the_command_serves_two_schools(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    address = f"http://localhost:{port}"
    command = [sys.executable, "-m", "lti_tool.demo.platform", "--port", str(port), "--public-url", address]
    command += ["--data-dir", str(tmp_path / "lms"), "--second-school", "client"]
    with subprocess.Popen(command) as process:
        try:
            assert "Organic Chemistry" in _state_when_ready(f"{address}/schools/second/demo/state.json")
        finally:
            process.terminate()
    assert process.returncode == 0


def _state_when_ready(url: str) -> str:
    for _ in range(300):
        try:
            return requests.get(url, timeout=10).text
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("nothing answered")
