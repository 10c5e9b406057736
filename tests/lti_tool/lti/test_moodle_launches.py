"""What a real Moodle 4.5 was seen to sign, message by message, signed anew for this run and sent to the tool."""

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from grading.models import Context, Enrolment, Person, Registration, ResourceLink
from grading.models.people import CourseRole
from grading.people import names_of
from lti_tool.lti import claims as names
from lti_tool.lti import platforms
from lti_tool.sessions import LaunchSession
from tests.lti_tool.conftest import BASE_URL, Browser, Tool, text_of
from tests.lti_tool.lms import CLIENT_ID, DEPLOYMENT_ID
from tests.lti_tool.pages.test_main_job import set_up

FOLDER = Path(__file__).parents[2] / "data" / "moodle"


def captured(number: int) -> dict[str, Any]:
    (path,) = FOLDER.glob(f"{number}-*.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def replay(tool: Tool, browser: Browser, number: int, **changes: Any) -> TestResponse:
    """Send a captured message: only what must be fresh, ours or this platform's is replaced."""
    found = captured(number)
    form = found["1_oidc_login_initiation"]["form"]
    state, nonce = browser.login(
        login_hint=form["login_hint"], lti_message_hint=form["lti_message_hint"], lti_deployment_id=DEPLOYMENT_ID
    )
    now = int(time.time())
    fresh = {
        "iss": tool.platform.url,
        "aud": CLIENT_ID,
        "nonce": nonce,
        "iat": now,
        "exp": now + 60,
        names.DEPLOYMENT_ID: DEPLOYMENT_ID,
        names.TARGET_LINK_URI: f"{BASE_URL}/lti/launch",
    }
    return browser.send(state, tool.platform.sign(found["id_token_claims"] | fresh | changes))


@pytest.mark.parametrize(
    ("number", "role"),
    [
        (10, CourseRole.LEARNER),
        (11, CourseRole.INSTRUCTOR),
        (12, CourseRole.INSTRUCTOR),
        (13, CourseRole.INSTRUCTOR),
        (14, CourseRole.LEARNER),
        (16, CourseRole.INSTRUCTOR),
        (17, CourseRole.LEARNER),
        (18, CourseRole.LEARNER),
    ],
)
def test_a_captured_launch_is_taken_in_its_role(tool: Tool, number: int, role: CourseRole) -> None:
    assert replay(tool, tool.browser(), number).status_code == 303
    with tool.parts.database.transaction() as session:
        enrolment = session.execute(select(Enrolment)).scalar_one()
        registration = session.execute(select(Registration)).scalar_one()
        subject = session.execute(select(Person.subject)).scalar_one()
    assert enrolment.role is role
    assert subject == captured(number)["id_token_claims"]["sub"]
    assert platforms.find(registration.product_family).name == "Moodle"


def test_small_numbers_as_ids_are_kept_as_they_are(tool: Tool) -> None:
    replay(tool, tool.browser(), 10)
    with tool.parts.database.transaction() as session:
        context = session.execute(select(Context)).scalar_one()
        link = session.execute(select(ResourceLink)).scalar_one()
    assert (context.lms_context_id, link.lms_link_id) == ("2", "1")
    assert context.lineitems_url == "https://moodle.example/mod/lti/services.php/2/lineitems?type_id=1"
    assert link.lineitem_url is not None
    assert link.lineitem_url.endswith("/lineitem?type_id=1")


def test_variables_that_moodle_does_not_know_count_as_absent(tool: Tool) -> None:
    custom = captured(10)["id_token_claims"][names.CUSTOM]
    assert custom["rl_id_history"] == "$ResourceLink.id.history"
    changed = {names.CUSTOM: custom | {"assignment_id": "$Something", "context_id_history": "$Context.id.history"}}
    assert replay(tool, tool.browser(), 10, **changed).status_code == 303
    with tool.parts.database.transaction() as session:
        assert session.execute(select(Context.origin_ids)).scalar_one() == []
        assert session.execute(select(ResourceLink.assignment_id)).scalar_one() is None


def test_the_line_item_vanishes_with_a_second_one_and_the_known_one_stays(tool: Tool) -> None:
    assert "lineitem" not in captured(15)["id_token_claims"][names.AGS]
    browser = tool.browser()
    first = captured(15)["id_token_claims"][names.AGS]
    replay(tool, browser, 15, **{names.AGS: first | {"lineitem": "https://moodle.example/items/5/lineitem?type_id=1"}})
    replay(tool, browser, 15)
    with tool.parts.database.transaction() as session:
        known = session.execute(select(ResourceLink.lineitem_url)).scalar_one()
    assert known == "https://moodle.example/items/5/lineitem?type_id=1"


def test_a_copied_course_has_new_ids_and_names_its_origin(tool: Tool) -> None:
    browser = tool.browser()
    replay(tool, browser, 11)
    custom = captured(16)["id_token_claims"][names.CUSTOM]
    assert custom["ctx_id_history"] == "2"
    replay(tool, browser, 16, **{names.CUSTOM: custom | {"context_id_history": custom["ctx_id_history"]}})
    with tool.parts.database.transaction() as session:
        copy = session.execute(select(Context).where(Context.lms_context_id == "3")).scalar_one()
    assert copy.origin_ids == ["2"]


def test_a_launch_without_names_is_taken(tool: Tool) -> None:
    claims = captured(17)["id_token_claims"]
    assert not {"name", "email", "given_name"} & set(claims)
    assert replay(tool, tool.browser(), 17).status_code == 303


def test_a_name_in_another_script_arrives_whole_and_sealed(tool: Tool) -> None:
    replay(tool, tool.browser(), 14)
    name = captured(14)["id_token_claims"]["name"]

    with tool.parts.database.transaction() as session:
        enrolment = session.execute(select(Enrolment)).scalar_one()
        shown = names_of(session, tool.parts.vault, enrolment.context_id, {enrolment.person_id})
    assert list(shown.values()) == [name]
    assert name.encode() not in (enrolment.sealed_profile or b"")


def test_the_message_hint_goes_back_untouched(tool: Tool) -> None:
    hint = captured(10)["1_oidc_login_initiation"]["form"]["lti_message_hint"]
    browser = tool.browser()

    values = {"iss": tool.platform.url, "login_hint": "5", "lti_message_hint": hint, "client_id": CLIENT_ID}
    answer = browser.post("/lti/login", data=values)
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["lti_message_hint"] == [hint]


def test_a_deep_linking_request_as_moodle_sends_it_opens_the_form(tool: Tool) -> None:
    browser = tool.browser()
    answer = replay(tool, browser, 20)
    page = browser.get(answer.headers["Location"], follow_redirects=True)
    assert "Add an assignment" in text_of(page)


def test_a_student_cannot_open_a_classmates_work_with_the_request_that_moodle_signed(tool: Tool) -> None:
    set_up(tool)
    for number, allowed in ((31, True), (32, False)):
        browser = tool.browser()
        answer = replay(tool, browser, number)
        assert answer.status_code == 303
        shown = browser.get(answer.headers["Location"], follow_redirects=True)
        assert (shown.status_code != 403) is allowed, number
    teacher = tool.browser()
    answer = replay(tool, teacher, 30)
    assert teacher.get(answer.headers["Location"], follow_redirects=True).status_code in (200, 404)


def test_no_captured_message_opens_two_visits(tool: Tool) -> None:
    browser = tool.browser()
    for number in (10, 11, 20, 32):
        replay(tool, browser, number)
    with tool.parts.database.transaction() as session:
        assert len(session.execute(select(LaunchSession.handle)).all()) == 4
