"""Our services against Moodle's ways: each surprise of the real one has a test that is named after it."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import requests
from sqlalchemy import select, update
from werkzeug.serving import make_server

from grading import roster
from grading.gradebook_port import GradebookUnavailable, ReceiptOutcome, ScoreMessage, ScoreReceipt
from grading.models import Assignment, Context, Deployment, Enrolment, Person, Registration, ResourceLink
from grading.models.people import CourseRole, EnrolmentState
from grading.people import names_of
from lti_tool.demo.platform.keys import ToolKeys
from lti_tool.demo.platform.vendors.moodle import COURSE, Item, Moodle
from lti_tool.demo.platform.vendors.moodle.state import SCORE_SCOPES
from lti_tool.lti import claims as names
from lti_tool.lti import platforms
from lti_tool.lti.outside import Answer
from lti_tool.lti.services.ags import AgsGradebook, read_receipt
from lti_tool.lti.services.connector import ServiceConnector
from lti_tool.lti.services.nrps import NrpsRosterSource
from tests.conftest import StillClock
from tests.lti_tool.conftest import Tool
from tests.lti_tool.demo.platform.vendors.running import running
from tests.lti_tool.lms import CLIENT_ID
from tests.lti_tool.lti.test_services import connector
from tests.lti_tool.pages.test_main_job import set_up


@dataclass
class School:
    """The tool, connected with Moodle's services, and an assignment that has no column yet."""

    tool: Tool
    moodle: Moodle
    clock: StillClock

    @property
    def client(self) -> ServiceConnector:
        return connector(self.tool)

    @property
    def book(self) -> AgsGradebook:
        return AgsGradebook(self.tool.parts.database, self.client)

    def ids(self) -> tuple[UUID, UUID]:
        with self.tool.parts.database.transaction() as session:
            return session.execute(select(Deployment.id)).scalar_one(), session.execute(
                select(Assignment.id)
            ).scalar_one()

    def message(self, **changes: Any) -> ScoreMessage:
        tenant, assignment = self.ids()
        values: dict[str, Any] = {
            "deployment_id": tenant,
            "assignment_id": assignment,
            "subject": "5",
            "timestamp": self.clock(),
            "activity_progress": "Completed",
            "grading_progress": "FullyGraded",
            "score_hundredths": 1500,
            "maximum_hundredths": 2000,
            "comment": "Well done,\nAnna <b>&</b> ümläut",
            "submitted_at": self.clock(),
        }
        return ScoreMessage(**(values | changes))

    def send(self, **changes: Any) -> ScoreReceipt:
        return self.book.post_score(self.message(**changes))

    def results(self) -> dict[str, Any]:
        return {one.subject: one for one in self.book.read_results(*self.ids())}


@pytest.fixture
def school(tool: Tool, clock: StillClock) -> Iterator[School]:
    set_up(tool)
    # Moodle's own clock runs, and grades typed there bear its time.
    clock.now = tool.parts.clock().replace(microsecond=0)
    # Moodle fetches our keys by itself.
    keys = make_server("127.0.0.1", 0, tool.flask, threaded=True)

    threading.Thread(target=keys.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    with running(f"http://127.0.0.1:{keys.server_port}/lti/jwks.json", CLIENT_ID, time.time) as moodle:
        with tool.parts.database.transaction() as session:
            session.execute(
                update(Registration).values(token_url=f"{moodle.url}/mod/lti/token.php", product_family="moodle")
            )
            session.execute(
                update(Context).values(
                    lms_context_id=COURSE,
                    lineitems_url=f"{moodle.services}/{COURSE}/lineitems?type_id=1",
                    memberships_url=f"{moodle.services}/CourseSection/{COURSE}/bindings/1/memberships",
                )
            )
        yield School(tool, moodle, clock)
    keys.shutdown()


def test_tokens_come_as_html_and_are_read_all_the_same(school: School) -> None:
    assert school.send().outcome is ReceiptOutcome.DELIVERED


def test_the_list_of_columns_is_asked_for_with_exactly_one_media_type(school: School) -> None:
    assert school.send().outcome is ReceiptOutcome.DELIVERED
    made = [item for item in school.moodle.items.values() if item.resource_id == str(school.ids()[1])]
    assert len(made) == 1


def test_the_address_of_scores_keeps_the_type_id_at_its_end(school: School) -> None:
    school.send()
    with school.tool.parts.database.transaction() as session:
        url = session.execute(select(Assignment.lineitem_url)).scalar_one()
    assert url is not None
    assert url.endswith("/lineitem?type_id=1")
    assert school.results()["5"].score == 15


def test_moodle_makes_duplicates_and_we_ask_for_none(school: School) -> None:
    before = len(school.moodle.items)
    for _ in range(3):
        with school.tool.parts.database.transaction() as session:
            session.execute(update(Assignment).values(lineitem_url=None))
        assert school.send(timestamp=school.clock()).outcome is not ReceiptOutcome.REJECTED
        school.clock.forward(seconds=2)
    assert len(school.moodle.items) == before + 1


def test_a_column_without_our_id_is_taken_over_when_it_is_the_only_one_of_the_link(school: School) -> None:
    school.tool.browser().launch(
        **{
            "https://purl.imsglobal.org/spec/lti/claim/custom": {"assignment_id": str(school.ids()[1])},
            "https://purl.imsglobal.org/spec/lti/claim/resource_link": {"id": "77"},
            "https://purl.imsglobal.org/spec/lti/claim/context": {"id": COURSE},
            "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": None,
            "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": None,
        }
    )
    school.moodle.items[40] = Item(40, "Lying", 20, "", "grade", "77")
    assert school.send().outcome is ReceiptOutcome.DELIVERED
    assert (40, "5") in school.moodle.grades


def test_the_same_message_again_is_a_409_and_means_that_it_is_there(school: School) -> None:
    assert school.send().outcome is ReceiptOutcome.DELIVERED
    assert school.send().outcome is ReceiptOutcome.ALREADY_THERE


def test_two_messages_in_one_second_collide_so_ours_are_a_second_apart(school: School) -> None:
    school.send()
    assert school.send(timestamp=school.clock() + timedelta(milliseconds=900)).outcome is ReceiptOutcome.ALREADY_THERE
    assert school.send(timestamp=school.clock() + timedelta(seconds=1)).outcome is ReceiptOutcome.DELIVERED


def test_a_message_without_a_score_erases_the_grade(school: School) -> None:
    school.send()
    school.clock.forward(seconds=2)
    school.send(activity_progress="Submitted", grading_progress="PendingManual", score_hundredths=None, comment=None)
    assert "5" not in school.results()


def test_a_score_without_a_comment_erases_the_comment(school: School) -> None:
    school.send()
    assert school.results()["5"].has_comment
    school.clock.forward(seconds=2)
    school.send(comment=None)
    assert not school.results()["5"].has_comment


@pytest.mark.parametrize("subject", ["99999", "3", "4"])
def test_who_cannot_be_graded_is_refused_and_nothing_of_the_answer_is_shown_or_logged(
    school: School, subject: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", logger="lti_tool"):
        receipt = school.send(subject=subject)
    assert receipt.outcome is ReceiptOutcome.REJECTED
    assert "Well done" not in receipt.words
    shown = " ".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "Well done" not in shown
    assert "Incorrect score" not in shown


def test_a_line_break_in_a_refused_body_would_look_like_success_so_ours_has_none(school: School) -> None:
    assert school.send(subject="99999", comment="two\nlines").outcome is ReceiptOutcome.REJECTED
    school.send()
    with school.tool.parts.database.transaction() as session:
        url = session.execute(select(Assignment.lineitem_url)).scalar_one()
    assert url is not None
    token = school.client.token(school.ids()[0], ("https://purl.imsglobal.org/spec/lti-ags/scope/score",))
    body = json.dumps({"userId": "99999", "timestamp": "2026-11-21T09:00:00.000Z"}, indent=1)
    raw = requests.post(
        url.replace("/lineitem?", "/lineitem/scores?"),
        data=body,
        headers={"Content-Type": "application/vnd.ims.lis.v1.score+json", "Authorization": f"Bearer {token}"},
        timeout=10,
    )
    assert (raw.status_code, raw.content) == (200, b"[]")


def test_a_locked_column_answers_500_and_is_tried_again_later(school: School) -> None:
    school.send()
    for item in school.moodle.items.values():
        item.locked = True
    school.clock.forward(seconds=2)
    assert school.send().outcome is ReceiptOutcome.RETRY


def test_a_teachers_grade_stays_and_results_show_it(school: School) -> None:
    school.send()
    (number,) = {number for number, user in school.moodle.grades if user == "5"}
    school.moodle.override(number, "5", 11, "teacher says")
    school.clock.forward(seconds=2)
    assert school.send(score_hundredths=1900).outcome is ReceiptOutcome.DELIVERED
    assert school.results()["5"].score == 11


def test_results_are_asked_for_without_a_limit(school: School) -> None:
    school.send()
    assert set(school.results()) == {"5"}


def test_results_of_a_tool_without_the_scope_are_said_not_to_be_offered(school: School) -> None:
    school.send()
    school.moodle.tokens.clear()
    with school.tool.parts.database.transaction() as session:
        session.execute(update(Assignment).values(lineitem_url=school.moodle.item_url(9999) + "&x=1"))
    with pytest.raises(GradebookUnavailable):
        school.book.read_results(*school.ids())


def test_changed_points_are_put_whole_so_that_nothing_is_cleared(school: School) -> None:
    school.send()
    with school.tool.parts.database.transaction() as session:
        session.execute(update(Assignment).values(title="A new title"))
    school.book.update_column(*school.ids())
    (item,) = [one for one in school.moodle.items.values() if one.resource_id == str(school.ids()[1])]
    assert (item.label, item.tag) == ("A new title", "grade")


def test_broken_link_headers_are_followed(school: School) -> None:
    tenant, _ = school.ids()
    url = f"{school.moodle.services}/{COURSE}/lineitems?type_id=1&limit=2"
    scopes = ("https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",)
    pages = list(
        school.client.pages(tenant, url, scopes=scopes, accept="application/vnd.ims.lis.v2.lineitemcontainer+json")
    )
    assert sum(len(page) for page in pages) == len(school.moodle.items) - 1
    assert len(pages) >= 2


def read(school: School) -> dict[str, CourseRole]:
    with school.tool.parts.database.transaction() as session:
        context_id = session.execute(select(Context.id)).scalar_one()
    roster.refresh(school.tool.parts.database, school.tool.parts.vault, NrpsRosterSource(school.client), context_id)
    with school.tool.parts.database.transaction() as session:
        rows = session.execute(select(Person.subject, Enrolment.role).join(Enrolment, Enrolment.person_id == Person.id))
        return {row.subject: row.role for row in rows}


def test_short_role_names_in_the_list_of_people_are_understood(school: School) -> None:
    found = read(school)
    assert found["5"] is CourseRole.LEARNER
    assert found["3"] is CourseRole.INSTRUCTOR


def test_a_non_editing_teacher_who_launched_stays_one_although_the_list_says_learner(school: School) -> None:
    school.tool.browser().launch_as(
        "Instructor",
        sub="4",
        **{
            "https://purl.imsglobal.org/spec/lti/claim/context": {"id": COURSE},
            "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": None,
        },
    )
    assert read(school)["4"] is CourseRole.INSTRUCTOR


def test_a_roster_in_pages_is_read_to_its_end(school: School) -> None:
    with school.tool.parts.database.transaction() as session:
        url = session.execute(select(Context.memberships_url)).scalar_one()
        session.execute(update(Context).values(memberships_url=f"{url}?limit=3"))
    assert len(set(read(school)) - {"teacher-1"}) == len(school.moodle.people)


def enrolment(school: School, subject: str) -> Enrolment:
    with school.tool.parts.database.transaction() as session:
        return session.execute(
            select(Enrolment).join(Person, Person.id == Enrolment.person_id).where(Person.subject == subject)
        ).scalar_one()


def test_a_suspended_student_is_missing_from_the_list_and_can_be_graded_all_the_same(school: School) -> None:
    assert "8" in read(school)
    school.moodle.suspended.add("8")
    read(school)
    assert enrolment(school, "8").state is EnrolmentState.LEFT
    assert school.send(subject="8").outcome is ReceiptOutcome.DELIVERED
    assert school.results()["8"].score == 15


def test_an_administrator_who_is_on_no_list_stays(school: School) -> None:
    school.tool.browser().launch_as("Instructor", sub="2", **{names.CONTEXT: {"id": COURSE}, names.NRPS: None})
    assert "2" not in {one["user_id"] for one in school.moodle.people}
    read(school)
    assert enrolment(school, "2").state is EnrolmentState.ACTIVE


@pytest.mark.both_databases
def test_a_list_without_names_is_read_and_erases_no_name(school: School) -> None:
    read(school)
    school.moodle.tools["1"].shares_names = school.moodle.tools["1"].shares_email = False
    read(school)
    found = enrolment(school, "5")
    with school.tool.parts.database.transaction() as session:
        shown = names_of(session, school.tool.parts.vault, found.context_id, {found.person_id})
    assert list(shown.values()) == ["Anna Apfel"]


def test_a_launch_without_names_erases_no_name(school: School) -> None:
    read(school)
    lis = {"person_sourcedid": "SIS-student1"}
    nameless = {"name": None, "given_name": None, "family_name": None, "email": None, names.LIS: lis}
    school.tool.browser().launch_as("Learner", sub="5", **{names.CONTEXT: {"id": COURSE}, names.NRPS: None, **nameless})
    found = enrolment(school, "5")
    with school.tool.parts.database.transaction() as session:
        shown = names_of(session, school.tool.parts.vault, found.context_id, {found.person_id})
    assert list(shown.values()) == ["Anna Apfel"]


def test_who_was_never_named_is_told_apart_by_number(school: School) -> None:
    school.moodle.tools["1"].shares_names = school.moodle.tools["1"].shares_email = False
    assert {"5", "6", "7"} <= set(read(school))


def test_a_refusal_of_a_token_that_is_not_even_json_is_said_in_our_words(school: School) -> None:
    school.moodle.tools["1"].keys = ToolKeys("http://127.0.0.1:9/no-keys")
    receipt = school.send()
    assert receipt.outcome is ReceiptOutcome.REJECTED
    assert "gave no access token (HTTP 400)" in receipt.words
    assert "kid" not in receipt.words


def test_a_token_that_has_run_out_is_a_401_and_is_renewed_once(school: School) -> None:
    book = school.book
    assert book.post_score(school.message()).outcome is ReceiptOutcome.DELIVERED
    school.moodle.tokens.clear()
    school.clock.forward(seconds=2)
    assert book.post_score(school.message()).outcome is ReceiptOutcome.DELIVERED


def test_a_scope_that_was_not_granted_is_a_400_and_the_administrator_is_named(school: School) -> None:
    school.moodle.tools["1"].scopes = SCORE_SCOPES
    receipt = school.send()
    assert (receipt.outcome, receipt.status) == (ReceiptOutcome.REJECTED, 400)
    assert "administrator may have to allow this" in receipt.words
    assert school.moodle.grades == {}


def test_success_with_an_empty_list_in_it_means_refused() -> None:
    for body, outcome in ((b"", ReceiptOutcome.DELIVERED), (b"[]", ReceiptOutcome.REJECTED)):
        assert read_receipt(Answer(200, {}, body), platforms.find("moodle")).outcome is outcome


def test_a_message_of_tomorrow_would_shut_out_all_others_until_then(school: School) -> None:
    school.send(timestamp=school.clock() + timedelta(days=1))
    school.clock.forward(seconds=60)
    assert school.send(score_hundredths=1900).outcome is ReceiptOutcome.ALREADY_THERE
    assert school.results()["5"].score == 15


def test_after_an_erased_grade_nothing_is_older(school: School) -> None:
    school.send()
    school.clock.forward(seconds=2)
    school.send(grading_progress="PendingManual", score_hundredths=None, comment=None)
    assert school.send(timestamp=school.clock() - timedelta(seconds=1)).outcome is ReceiptOutcome.DELIVERED


def test_a_refusal_that_repeats_the_longest_comment_is_still_understood(school: School) -> None:
    receipt = school.send(subject="99999", comment="🎉" * 9000)
    assert (receipt.outcome, receipt.status) == (ReceiptOutcome.REJECTED, 400)
    assert "🎉" not in receipt.words


def test_a_row_with_a_comment_alone_is_no_grade(school: School) -> None:
    school.send(grading_progress="NotReady", score_hundredths=None, comment="only words")
    assert school.results()["5"].score is None


def test_columns_of_others_are_never_taken(school: School) -> None:
    assignment_id = str(school.ids()[1])
    # The course total belongs to the link as far as Moodle says; another tool's has our own id.
    assert school.moodle.items[1].label is None
    school.moodle.items[50] = Item(50, "Another tool's", 10, assignment_id, "grade", "77", tool="8")
    assert school.send().outcome is ReceiptOutcome.DELIVERED
    assert not {number for number, _ in school.moodle.grades} & {1, 50}


def test_a_column_that_was_deleted_is_made_again(school: School) -> None:
    school.send()
    (number,) = {number for number, _ in school.moodle.grades}
    del school.moodle.items[number]
    school.moodle.grades.clear()
    school.clock.forward(seconds=2)
    assert school.send().outcome is ReceiptOutcome.DELIVERED
    assert school.results()["5"].score == 15


@pytest.mark.both_databases
def test_a_copied_column_is_taken_over_although_it_has_the_id_of_the_old_assignment(school: School) -> None:
    old, (_, assignment_id) = uuid.uuid4(), school.ids()
    with school.tool.parts.database.transaction() as session:
        session.add(
            ResourceLink(
                id=uuid.uuid4(),
                context_id=session.execute(select(Assignment.context_id)).scalar_one(),
                lms_link_id="77",
                assignment_id=assignment_id,
                named_assignment_id=old,
            )
        )
    school.moodle.items[40] = Item(40, "Lying", 20, str(old), "grade", "77")
    before = len(school.moodle.items)
    assert school.send().outcome is ReceiptOutcome.DELIVERED
    assert (40, "5") in school.moodle.grades
    assert len(school.moodle.items) == before


def test_a_column_of_an_unknown_assignment_is_not_taken_over(school: School) -> None:
    _, assignment_id = school.ids()
    with school.tool.parts.database.transaction() as session:
        session.add(
            ResourceLink(
                id=uuid.uuid4(),
                context_id=session.execute(select(Assignment.context_id)).scalar_one(),
                lms_link_id="77",
                assignment_id=assignment_id,
            )
        )
    school.moodle.items[40] = Item(40, "Lying", 20, str(uuid.uuid4()), "grade", "77")
    assert school.send().outcome is ReceiptOutcome.DELIVERED
    assert (40, "5") not in school.moodle.grades


def test_a_comment_arrives_as_plain_text_with_its_line_breaks_and_signs(school: School) -> None:
    school.send()
    (grade,) = school.moodle.grades.values()
    assert grade.comment == "Well done,\nAnna <b>&</b> ümläut"
