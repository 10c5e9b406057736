"""Our registration, launches and deep linking against Moodle's ways: each surprise of the real one has its test."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import jwt
import pytest
import requests
from sqlalchemy import func, select, update

from grading import gradebook
from grading.models import Assignment, Context, Deployment, Enrolment, GradePush, Person, Registration, Submission
from grading.models.tenancy import DeploymentState
from grading.states import PushState
from lti_tool.demo.platform.vendors.moodle import Activity, Grade, Item, Moodle
from lti_tool.demo.platform.vendors.moodle.copying import copy_course
from lti_tool.demo.platform.vendors.moodle.deep_linking import save
from lti_tool.demo.platform.vendors.moodle.registration import TOOL_CONFIGURATION
from lti_tool.demo.platform.vendors.moodle.state import SCOPES, SCORE_SCOPES
from lti_tool.lti import claims as names
from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.models import ToolKey
from lti_tool.lti.platform_keys import PlatformKeys
from lti_tool.lti.registration.configuration import read
from lti_tool.lti.registration.connection import check_connection
from lti_tool.lti.registration.tool import NEEDED_SCOPES, registration_body
from lti_tool.lti.services.ags import AgsGradebook
from privacy.audit import Actor
from privacy.models import AuditEvent
from tests.lti_tool.conftest import BASE_URL, Tool, text_of
from tests.lti_tool.demo.platform.vendors.running import captured
from tests.lti_tool.lti.platforms.moodle_site import Visitor, form_of, register, site_for
from tests.lti_tool.lti.test_moodle_launches import replay
from tests.lti_tool.lti.test_services import connector

FORM = {"title": "Is it ever right to lie?", "points": "20", "description": "Argue.", "do": "save"}


@dataclass
class Connected:
    """Moodle and the tool, connected by dynamic registration."""

    tool: Tool
    moodle: Moodle
    number: str
    """Of the tool in Moodle: the deployment's id."""

    def visitor(self, user_id: str) -> Visitor:
        return Visitor(self.tool, self.moodle, user_id)

    def activity(self, **changes: str) -> Activity:
        return self.visitor("3").add_and_save(self.number, FORM | changes)

    def deliver(self, minutes: int = 5) -> None:
        """Send all due messages, some minutes later."""
        parts = self.tool.parts

        def later() -> datetime:
            return parts.clock() + timedelta(minutes=minutes)

        book = AgsGradebook(parts.database, connector(self.tool))
        with parts.database.transaction() as session:
            due = gradebook.due(session, later())
        for push_id in due:
            gradebook.deliver(parts.database, parts.vault, book, push_id, later)

    def grade(self, score: str, activity: Activity | None = None) -> None:
        """The teacher grades the newest work by hand, in the course of an activity."""
        with self.tool.parts.database.transaction() as session:
            submission_id = session.execute(
                select(Submission.id).order_by(Submission.submitted_at.desc()).limit(1)
            ).scalar_one()
        own = activity or next(one for one in self.moodle.activities.values() if one.tool == self.number)
        teacher = self.visitor("3")
        path = urlsplit(teacher.open(own).headers["Location"]).path
        values = {"score": score, "comments": "Read by me.", "reason": "I read it."}
        done = teacher.browser.submit(f"{path}review/{submission_id}", "/override", values)
        assert done.status_code == 303, text_of(done)

    def hand_in(self, activity: Activity, user_id: str = "5", text: str = "However, a doctor may stay silent.") -> None:
        """A student hands in from Moodle."""
        student = self.visitor(user_id)
        path = student.open(activity).headers["Location"]
        shown = student.browser.submit(path, "/hand-in", {"text": text}, follow_redirects=True)
        assert "Handed in: attempt" in text_of(shown)

    def cell(self, activity: Activity, user_id: str = "5") -> Grade | None:
        """What the gradebook of Moodle holds."""
        item = self.moodle.only_item_of(activity.number)
        assert item is not None
        return self.moodle.grades.get((item.number, user_id))

    def registration(self) -> Registration:
        with self.tool.parts.database.transaction() as session:
            return session.execute(select(Registration).where(Registration.issuer == self.moodle.url)).scalar_one()


@pytest.fixture
def moodle(tool: Tool) -> Iterator[Moodle]:
    with site_for(tool) as found:
        yield found


@pytest.fixture
def connected(tool: Tool, moodle: Moodle) -> Connected:
    done = register(tool, moodle, tool.browser())
    assert done.status_code == 200, text_of(done)
    return Connected(tool, moodle, max(moodle.tools))


def test_the_captured_configuration_is_understood() -> None:
    found = read(captured(1)["body"], "https://moodle.example/mod/lti/openid-configuration.php")
    assert found.product_family == "moodle"
    assert found.authorization_endpoint == "https://moodle.example/mod/lti/auth.php"
    # It names no authorisation server, so tokens are asked for under the address of the token endpoint.
    assert found.token_audience == ""
    body = registration_body(found, "https://tool.example")
    assert set(body["scope"].split()) == set(NEEDED_SCOPES)
    for name in captured(2)["request"]["body"]:
        assert name in body or name in ("tos_uri", "policy_uri", "contacts"), name
    assert body[TOOL_CONFIGURATION]["domain"] == urlsplit(body[TOOL_CONFIGURATION]["target_link_uri"]).netloc


def test_registration_is_answered_with_200_and_with_the_deployment(connected: Connected) -> None:
    with connected.tool.parts.database.transaction() as session:
        deployment = session.execute(
            select(Deployment).where(Deployment.registration_id == connected.registration().id)
        ).scalar_one()
    assert (deployment.lms_deployment_id, deployment.state) == (connected.number, DeploymentState.APPROVED)
    made = connected.moodle.tools[connected.number]
    assert connected.registration().client_id == made.client_id
    assert made.redirect_urls == [f"{BASE_URL}/lti/launch"]
    assert (made.shares_names, made.shares_email) == (True, True)
    assert set(made.scopes) == set(SCOPES)
    assert made.deep_linking_url == f"{BASE_URL}/lti/launch"
    assert made.custom["context_id_history"] == "$Context.id.history"


@pytest.mark.both_databases
def test_a_tool_that_is_registered_again_is_updated_in_moodle_and_stays_connected(connected: Connected) -> None:
    connected.moodle.tools[connected.number].name = "An old name"
    tools, before = len(connected.moodle.tools), connected.registration()
    done = register(connected.tool, connected.moodle, connected.tool.browser(), updates=connected.number)
    assert done.status_code == 200, text_of(done)
    assert connected.moodle.tools[connected.number].name == "Blindmark"
    assert connected.registration().id == before.id
    assert len(connected.moodle.tools) == tools


def test_registering_again_under_other_addresses_changes_nothing(connected: Connected) -> None:
    elsewhere = "https://elsewhere.example/token"
    with connected.tool.parts.database.transaction() as session:
        session.execute(
            update(Registration).where(Registration.issuer == connected.moodle.url).values(token_url=elsewhere)
        )
    refused = register(connected.tool, connected.moodle, connected.tool.browser(), updates=connected.number)
    assert refused.status_code == 400
    assert "connected already" in text_of(refused)
    assert connected.registration().token_url == elsewhere


def test_registering_again_does_not_let_in_what_nobody_let_in(connected: Connected) -> None:
    def states() -> list[DeploymentState]:
        with connected.tool.parts.database.transaction() as session:
            found = select(Deployment).where(Deployment.registration_id == connected.registration().id)
            return [one.state for one in session.execute(found).scalars()]

    with connected.tool.parts.database.transaction() as session:
        session.execute(update(Deployment).values(state=DeploymentState.PENDING))
    done = register(connected.tool, connected.moodle, connected.tool.browser(), updates=connected.number)
    assert "has to approve" in text_of(done)
    assert states() == [DeploymentState.PENDING]


def test_the_words_of_a_refused_registration_are_shown(tool: Tool, moodle: Moodle) -> None:
    def use(token: str) -> None:
        moodle.tools["1"].client_id = jwt.decode(token, options={"verify_signature": False})["sub"]

    refused = register(tool, moodle, tool.browser(), meanwhile=use)
    assert refused.status_code == 400
    assert "(HTTP 401): token_already_used" in text_of(refused)


def test_a_refusal_that_is_a_web_page_is_said_to_be_one(tool: Tool, moodle: Moodle) -> None:
    def wait(_token: str) -> None:
        moodle.clock = lambda: time.time() + 3700

    refused = register(tool, moodle, tool.browser(), meanwhile=wait)
    assert "(HTTP 404): it answered with a web page." in text_of(refused)


def test_the_scopes_of_the_answer_are_not_believed_and_those_of_the_tokens_are(connected: Connected) -> None:
    # The administrator lets the tool send grades into columns and no more; Moodle's own answer would not tell.
    connected.moodle.tools[connected.number].scopes = SCORE_SCOPES
    found = check_connection(
        connected.tool.parts.database,
        PlatformKeys(connected.tool.parts.database, requests.Session(), connected.tool.parts.clock),
        connector(connected.tool),
        connected.registration().id,
        Actor.system(),
    )
    assert {one.what for one in found if not one.good and one.needed} == {
        "Make and find gradebook columns",
        "Read who is in a course, so that names can be hidden",
    }
    assert set(connected.registration().granted_scopes) == {names.SCOPE_SCORE, names.SCOPE_RESULT}


def test_new_keys_of_ours_work_at_once_and_the_old_ones_stay_published(connected: Connected) -> None:
    tenant, parts = deployment_id(connected), connected.tool.parts
    first = connector(connected.tool).token(tenant, (names.SCOPE_SCORE,))

    def earlier() -> datetime:
        return parts.clock() - timedelta(hours=3)

    with parts.database.transaction() as session:
        session.execute(update(ToolKey).values(activates_at=earlier()))
        kid = ToolKeys(parts.vault, earlier).rotate(session, Actor.system()).kid
        assert ToolKeys(parts.vault, parts.clock).signing_key(session).kid == kid
    assert len(connected.tool.browser().get("/lti/jwks.json").get_json()["keys"]) == 2
    assert connector(connected.tool).token(tenant, (names.SCOPE_SCORE,)) != first


def deployment_id(connected: Connected) -> UUID:
    with connected.tool.parts.database.transaction() as session:
        return session.execute(
            select(Deployment.id).where(Deployment.registration_id == connected.registration().id)
        ).scalar_one()


def test_our_requests_are_ones_that_moodle_answers_with_a_message(connected: Connected) -> None:
    student = connected.visitor("5")
    taken = student.open(connected.activity())
    assert taken.status_code == 303
    assert "Is it ever right to lie?" in text_of(student.browser.get(taken.headers["Location"], follow_redirects=True))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"login_hint": "6"}, "access_denied"),
        ({"client_id": "somebody"}, "unauthorized_client"),
        ({"prompt": "login"}, "invalid_request"),
    ],
)
def test_an_error_that_comes_in_place_of_a_message_is_explained(
    connected: Connected, changes: dict[str, str], code: str
) -> None:
    student = connected.visitor("5")
    refused = student.launch(f"/mod/lti/launch.php?id={connected.activity().module}", **changes)
    assert refused.status_code == 401
    assert f"Your LMS ended the launch by itself ({code})." in text_of(refused)
    assert "Invalid prompt" not in text_of(refused)


def test_in_a_frame_cookies_are_tried_before_the_hint_that_serves_once_is_used_up(connected: Connected) -> None:
    found = captured(10)["1_oidc_login_initiation"]
    assert "lti_storage_target" not in found["form"]
    browser = connected.tool.browser()
    form = found["form"] | {"iss": connected.moodle.url, "client_id": connected.registration().client_id}
    page = browser.post("/lti/login", data=form, headers=found["headers"])
    assert page.status_code == 200
    assert "Partitioned" in page.headers["Set-Cookie"]
    # The second time the cookie has come back.
    assert browser.post("/lti/login", data=form, headers=found["headers"]).status_code == 302


def test_equal_small_numbers_of_two_sites_are_two_courses_and_two_people(connected: Connected) -> None:
    connected.visitor("5").open(connected.activity())
    replay(connected.tool, connected.tool.browser(), 10)
    with connected.tool.parts.database.transaction() as session:
        count = func.count()
        courses = session.execute(select(count).select_from(Context).where(Context.lms_context_id == "2")).scalar_one()
        people = session.execute(select(count).select_from(Person).where(Person.subject == "5")).scalar_one()
    assert (courses, people) == (2, 2)


def test_our_deep_linking_answer_says_what_the_captured_one_said(connected: Connected) -> None:
    teacher = connected.visitor("3")
    values = teacher.add(connected.number, FORM)
    (activity,) = save(connected.moodle, connected.moodle.tools[connected.number], values)
    column = connected.moodle.only_item_of(activity.number)
    with connected.tool.parts.database.transaction() as session:
        assignment_id = str(session.execute(select(Assignment.id)).scalar_one())
    assert activity.title == FORM["title"]
    assert activity.url == f"{BASE_URL}/lti/launch?assignment={assignment_id}"
    assert dict(line.split("=", 1) for line in activity.custom.split("\n"))["assignment_id"] == assignment_id
    assert column is not None
    assert (column.label, column.maximum, column.resource_id, column.tag) == (FORM["title"], 20, assignment_id, "grade")
    assert column.review == {"url": activity.url, "custom": {"assignment_id": assignment_id}}


def test_our_answer_has_every_claim_of_the_captured_one_and_only_links(connected: Connected) -> None:
    teacher = connected.visitor("3")
    taken = teacher.launch(f"/mod/lti/contentitem.php?course=2&id={connected.number}")
    page = teacher.browser.submit(taken.headers["Location"], "/deep-link", FORM)
    token = page.get_data(as_text=True).partition('name="JWT" value="')[2].partition('"')[0]
    claims, expected = jwt.decode(token, options={"verify_signature": False}), captured(21)["claims"]
    assert set(claims) == set(expected)
    # Moodle looks at issuer, signature and end only; a stricter one finds the rest right as well.
    assert claims["iss"] == connected.registration().client_id
    assert claims["aud"] == connected.moodle.url
    assert claims[names.DEPLOYMENT_ID] == connected.number
    (item,) = claims[names.DL_ITEMS]
    assert item["type"] == "ltiResourceLink"
    assert all("\n" not in value and isinstance(value, str) for value in item["custom"].values())


def test_several_assignments_become_a_list_with_points_that_moodle_keeps(connected: Connected) -> None:
    for title in ("First", "Second"):
        connected.visitor("3").add(connected.number, FORM | {"title": title})
    with connected.tool.parts.database.transaction() as session:
        chosen: Any = [str(one) for one in session.execute(select(Assignment.id)).scalars()]
    values = connected.visitor("3").add(connected.number, {"assignment": chosen}, "/deep-link/pick")
    made = save(connected.moodle, connected.moodle.tools[connected.number], values)
    assert {one.title for one in made} == {"First", "Second"}
    assert {item.maximum for one in made if (item := connected.moodle.only_item_of(one.number))} == {20}


def test_points_that_moodle_would_change_without_a_word_are_not_sent(connected: Connected) -> None:
    connected.activity()
    with connected.tool.parts.database.transaction() as session:
        session.execute(update(Assignment).values(points_hundredths=20_000))
        chosen = str(session.execute(select(Assignment.id)).scalar_one())
    teacher = connected.visitor("3")
    taken = teacher.launch(f"/mod/lti/contentitem.php?course=2&id={connected.number}")
    page = teacher.browser.submit(
        taken.headers["Location"], "/deep-link/pick", {"assignment": chosen}, follow_redirects=True
    )
    assert "Moodle makes columns of at most 100 points" in text_of(page)
    assert 'name="JWT"' not in page.get_data(as_text=True)


def test_an_answer_without_items_closes_the_dialog(connected: Connected) -> None:
    assert connected.visitor("3").add(connected.number, {}, "/deep-link/cancel") is None


def test_parameters_of_activity_and_tool_arrive_together_and_unknown_variables_as_they_are(
    connected: Connected,
) -> None:
    activity = connected.activity()
    activity.custom = activity.custom.replace("assignment_id=", "assignment_id=$Unknown.variable\nnothing=")
    student = connected.visitor("5")
    taken = student.open(activity)
    # The address of the link names the assignment as well, so that it is found all the same.
    assert "Is it ever right to lie?" in text_of(student.browser.get(taken.headers["Location"], follow_redirects=True))
    with connected.tool.parts.database.transaction() as session:
        course = session.execute(
            select(Context).where(Context.tenant_id == deployment_id(connected), Context.lms_context_id == "2")
        ).scalar_one()
    assert course.origin_ids == []


def test_a_result_reaches_the_activitys_own_column_and_no_second_one_is_made(connected: Connected) -> None:
    activity = connected.activity()
    connected.hand_in(activity)
    connected.grade("15")
    connected.deliver()
    cell = connected.cell(activity)
    assert cell is not None
    assert (cell.score, cell.comment.splitlines()[0]) == (15, "Read by me.")
    assert len([item for item in connected.moodle.items.values() if item.tool == connected.number]) == 1


def test_work_handed_in_again_after_a_result_does_not_erase_it(connected: Connected) -> None:
    activity = connected.activity(attempts_allowed="2")
    connected.hand_in(activity)
    connected.grade("15")
    connected.deliver()
    connected.hand_in(activity, text="My second attempt is better.")
    connected.deliver()
    cell = connected.cell(activity)
    assert cell is not None
    assert (cell.score, bool(cell.comment)) == (15, True)


def test_a_grade_that_a_teacher_typed_in_moodle_is_left_alone(connected: Connected) -> None:
    activity = connected.activity()
    connected.hand_in(activity)
    connected.grade("15")
    connected.deliver()
    item = connected.moodle.only_item_of(activity.number)
    assert item is not None
    connected.moodle.override(item.number, "5", 11, "teacher says")
    connected.grade("18")
    connected.deliver(minutes=30)
    cell = connected.cell(activity)
    assert cell is not None
    assert (cell.score, cell.comment, cell.from_tool) == (11, "teacher says", 15)
    with connected.tool.parts.database.transaction() as session:
        newest = session.execute(select(GradePush).order_by(GradePush.number.desc()).limit(1)).scalar_one()
    assert newest.state is PushState.FAILED
    assert "another grade" in (newest.failure_words or "")


def test_a_review_opens_the_work_although_the_site_does_not_name_that_message(connected: Connected) -> None:
    activity = connected.activity()
    connected.hand_in(activity)
    teacher = connected.visitor("3")
    taken = teacher.open(activity, action="gradeReport", user="5")
    shown = teacher.browser.get(taken.headers["Location"], follow_redirects=True)
    assert "/review/" in shown.request.path
    assert "a doctor may stay silent" in text_of(shown)


def test_a_student_who_makes_moodle_sign_a_review_of_a_classmate_sees_nothing(connected: Connected) -> None:
    activity = connected.activity()
    connected.hand_in(activity, "6", "The classmate's own words.")
    student = connected.visitor("5")
    taken = student.open(activity, action="gradeReport", user="6")
    assert taken.status_code == 303
    shown = student.browser.get(taken.headers["Location"], follow_redirects=True)
    assert shown.status_code == 403
    assert "own words" not in text_of(shown)
    with connected.tool.parts.database.transaction() as session:
        events = session.execute(select(AuditEvent.event)).scalars().all()
    assert "submission.review_refused" in events


def test_a_non_editing_teacher_is_a_teacher_when_he_comes(connected: Connected) -> None:
    activity = connected.activity()
    assistant = connected.visitor("4")
    taken = assistant.open(activity)
    page = assistant.browser.get(taken.headers["Location"], follow_redirects=True)
    assert page.status_code == 200
    with connected.tool.parts.database.transaction() as session:
        role = session.execute(
            select(Enrolment.role).join(Person, Person.id == Enrolment.person_id).where(Person.subject == "4")
        ).scalar_one()
    assert role.value == "instructor"


def test_two_results_of_one_second_are_a_second_apart_and_never_sent_before_their_time(connected: Connected) -> None:
    activity = connected.activity()
    connected.hand_in(activity)
    connected.grade("15")
    connected.deliver()
    connected.grade("16")
    with connected.tool.parts.database.transaction() as session:
        pushes = session.execute(select(GradePush).order_by(GradePush.number)).scalars().all()
        moments = [one.scored_at for one in pushes]
        newest = pushes[-1]
        before, then = newest.scored_at - timedelta(milliseconds=1), newest.scored_at
        assert newest.id not in gradebook.due(session, before)
        assert newest.id in gradebook.due(session, then)
    assert all(int(later.timestamp()) > int(first.timestamp()) for first, later in pairwise(moments))
    connected.deliver(minutes=30)
    cell = connected.cell(activity)
    assert cell is not None
    assert cell.score == 16


def test_a_changed_title_keeps_everything_else_of_the_column(connected: Connected) -> None:
    activity = connected.activity()
    connected.visitor("5").open(activity)
    item = connected.moodle.only_item_of(activity.number)
    assert item is not None
    before = (item.resource_id, item.tag, item.review)
    assert all(before)
    with connected.tool.parts.database.transaction() as session:
        session.execute(update(Assignment).values(title="Is it never right?"))
        assignment_id = session.execute(select(Assignment.id)).scalar_one()
    book = AgsGradebook(connected.tool.parts.database, connector(connected.tool))
    book.update_column(deployment_id(connected), assignment_id)
    assert item.label == "Is it never right?"
    assert (item.resource_id, item.tag, item.review) == before


def test_nothing_of_a_refusal_that_repeats_the_message_is_kept_or_logged(
    connected: Connected, caplog: pytest.LogCaptureFixture
) -> None:
    activity = connected.activity()
    connected.hand_in(activity)
    connected.grade("15")
    for one in connected.moodle.people:
        # Un-enrolled meanwhile: Moodle repeats the whole message in the reason phrase.
        one["roles"] = ["Instructor"]
    with caplog.at_level("DEBUG"):
        connected.deliver()
    with connected.tool.parts.database.transaction() as session:
        newest = session.execute(select(GradePush).order_by(GradePush.number.desc()).limit(1)).scalar_one()
        events = [str(one.details) for one in session.execute(select(AuditEvent)).scalars()]
    assert (newest.state, newest.response_status) == (PushState.FAILED, 400)
    logged = [f"{one.getMessage()} {one.__dict__}" for one in caplog.records if not one.name.startswith("werkzeug")]
    kept = " ".join([newest.failure_words or "", *events, *logged])
    assert "400" in kept
    assert "Read by me" not in kept
    assert "Incorrect score" not in kept


def test_a_review_of_a_link_with_two_columns_comes_to_the_usual_address_and_opens_the_work(
    connected: Connected,
) -> None:
    activity = connected.activity()
    connected.hand_in(activity)
    connected.moodle.items[90] = Item(90, "Second", 10, link_id=activity.number, tool=connected.number)
    teacher = connected.visitor("3")
    assert connected.moodle.only_item_of(activity.number) is None
    taken = teacher.open(activity, action="gradeReport", user="5")
    shown = teacher.browser.get(taken.headers["Location"], follow_redirects=True)
    assert "/review/" in shown.request.path


def test_a_visitor_without_an_account_gets_as_far_as_our_login(connected: Connected) -> None:
    visitor = connected.visitor("5")
    address = f"/mod/lti/launch.php?id={connected.activity().module}"
    visitor.cookie = ""
    login = form_of(visitor.ask(address).text)
    assert login.pop("login_hint") == "0"
    target = visitor.browser.post("/lti/login", data=login | {"login_hint": "0"}).headers["Location"]
    page = form_of(visitor.ask(target).text)
    assert page.pop("repost") == "true"
    assert visitor.ask(page["action"], "POST", repost="true").status_code == 404


def test_who_is_not_enrolled_is_sent_to_enrol_and_brings_no_message(connected: Connected) -> None:
    visitor = connected.visitor("77")
    login = form_of(visitor.ask(f"/mod/lti/launch.php?id={connected.activity().module}").text)
    target = visitor.browser.post(urlsplit(login.pop("action")).path, data=login).headers["Location"]
    answer = visitor.ask(target)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{connected.moodle.url}/enrol/index.php?id=2")
    with connected.tool.parts.database.transaction() as session:
        assert session.execute(select(Person).where(Person.subject == "77")).first() is None


def test_a_browser_without_its_moodle_cookie_is_asked_to_post_again_and_arrives(connected: Connected) -> None:
    student = connected.visitor("5")
    login = form_of(student.ask(f"/mod/lti/launch.php?id={connected.activity().module}").text)
    target = student.browser.post(urlsplit(login.pop("action")).path, data=login).headers["Location"]
    at_home, student.cookie = student.cookie, ""
    page = form_of(student.ask(target).text)
    student.cookie = at_home
    back = form_of(student.ask(page["action"], "POST", repost="true").text)
    assert student.browser.post(urlsplit(back.pop("action")).path, data=back).status_code == 303


def test_a_message_hint_that_was_used_up_ends_at_moodle(connected: Connected) -> None:
    student = connected.visitor("5")
    login = form_of(student.ask(f"/mod/lti/launch.php?id={connected.activity().module}").text)
    target = student.browser.post(urlsplit(login.pop("action")).path, data=login).headers["Location"]
    back = form_of(student.ask(target).text)
    assert student.ask(target).status_code == 404
    # Who reloads our side of it arrives where the first message led.
    address = urlsplit(back.pop("action")).path
    places = {student.browser.post(address, data=back).headers["Location"] for _ in range(2)}
    assert len(places) == 1


@pytest.mark.parametrize("second_column", [False, True])
def test_a_copied_course_starts_afresh_in_the_column_that_was_copied(connected: Connected, second_column: bool) -> None:
    activity = connected.activity()
    connected.hand_in(activity)
    connected.grade("15")
    connected.deliver()
    if second_column:
        # With it the message names no column at all.
        connected.moodle.items[90] = Item(90, "Second", 10, "", "extra", activity.number, tool=connected.number)
    course = copy_course(connected.moodle)
    (copied,) = (
        one
        for one in connected.moodle.activities.values()
        if (one.course, one.tool) == (course.number, connected.number)
    )
    teacher = connected.visitor("3")
    path = teacher.open(copied).headers["Location"]
    assert "This course was copied" in text_of(teacher.browser.get(path, follow_redirects=True))
    teacher.browser.submit(path, "/connect/copy", {})
    with connected.tool.parts.database.transaction() as session:
        newest = session.execute(
            select(Assignment).join(Context).where(Context.lms_context_id == course.number)
        ).scalar_one()
        assert session.execute(select(Submission).where(Submission.assignment_id == newest.id)).first() is None
    columns = len(connected.moodle.items)
    connected.hand_in(copied, text="Another year, another essay.")
    connected.grade("18", copied)
    connected.deliver(minutes=30)
    graded = {number: cell.score for (number, _), cell in connected.moodle.grades.items() if cell.score is not None}
    assert {connected.moodle.items[number].course: score for number, score in graded.items()} == {"2": 15, "3": 18}
    assert len(connected.moodle.items) == columns
