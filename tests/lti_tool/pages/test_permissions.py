"""Every page of a course, for every role: open to whom the table of abilities says, shut to everybody else.

A page that is added without a line here fails the first test; so does an address outside of courses that is neither an
administrator's nor meant for everybody.
"""

import re
from collections.abc import Iterable
from uuid import uuid4

import pytest
from lxml import html

from grading.models.people import CourseRole
from lti_tool.csrf import FIELD, csrf_token
from lti_tool.lti import claims as names
from lti_tool.pages.admin import OPEN_TO_ALL
from lti_tool.permissions import ABILITIES, Ability
from tests.lti_tool.conftest import BASE_URL, Browser, Tool
from tests.lti_tool.lms import MEMBERSHIP
from tests.lti_tool.pages.test_main_job import Story, story

__all__ = ["story"]

NEEDED: dict[str, frozenset[Ability]] = {
    "assignment": frozenset({Ability.HAND_IN}),
    "consent": frozenset({Ability.HAND_IN}),
    "draft": frozenset({Ability.HAND_IN}),
    "discard": frozenset({Ability.HAND_IN}),
    "upload": frozenset({Ability.HAND_IN}),
    "hand_in": frozenset({Ability.HAND_IN}),
    "status": frozenset({Ability.HAND_IN}),
    "my_privacy": frozenset({Ability.HAND_IN}),
    "what_happens": frozenset({Ability.HAND_IN}),
    "ask_again": frozenset({Ability.HAND_IN}),
    "ask_for_copy": frozenset({Ability.OWN_DATA}),
    "own_copy": frozenset({Ability.OWN_DATA}),
    "erase_me": frozenset({Ability.OWN_DATA}),
    "ask_to_be_erased": frozenset({Ability.OWN_DATA}),
    "keep_me": frozenset({Ability.OWN_DATA}),
    "delete_submission": frozenset({Ability.ERASE}),
    "submission_deletion": frozenset({Ability.ERASE}),
    "attach": frozenset({Ability.CONFIGURE}),
    "attach_pick": frozenset({Ability.CONFIGURE}),
    "connect": frozenset({Ability.CONFIGURE}),
    "connect_copy": frozenset({Ability.CONFIGURE}),
    "connect_pick": frozenset({Ability.CONFIGURE}),
    "deep_link": frozenset({Ability.CONFIGURE}),
    "deep_link_cancel": frozenset({Ability.CONFIGURE}),
    "deep_link_copy": frozenset({Ability.CONFIGURE}),
    "deep_link_pick": frozenset({Ability.CONFIGURE}),
    "processor_settings": frozenset({Ability.CONFIGURE}),
    "settings": frozenset({Ability.CONFIGURE}),
    "course_privacy": frozenset({Ability.CONFIGURE}),
    "privacy_put_back": frozenset({Ability.CONFIGURE}),
    "consent_words": frozenset({Ability.CONFIGURE}),
    "leaving_sample": frozenset({Ability.REVIEW}),
    "leaving": frozenset({Ability.REVIEW}),
    "correct_text": frozenset({Ability.REVIEW}),
    "undo_correction": frozenset({Ability.REVIEW}),
    "grades": frozenset({Ability.REVIEW}),
    "read_grades": frozenset({Ability.REVIEW}),
    "send_grades": frozenset({Ability.REVIEW}),
    "review": frozenset({Ability.REVIEW}),
    "approve": frozenset({Ability.REVIEW}),
    "original": frozenset({Ability.REVIEW}),
    "override": frozenset({Ability.REVIEW}),
    "reject": frozenset({Ability.REVIEW}),
    "withdraw": frozenset({Ability.REVIEW}),
    "refresh_roster": frozenset({Ability.REVIEW}),
    "search_submissions": frozenset({Ability.REVIEW}),
    "overview": frozenset({Ability.REVIEW, Ability.CONFIGURE}),
}
BY_MESSAGE = {
    "home",
    "submission_review",
    "report_review",
    "eula",
    "data_privacy",
    "export_person",
    "erase_person",
    "download_person",
}
"""Pages that the kind of launch opens, with checks and tests of their own (test_messages, test_processor)."""
FOR_EVERYBODY = {
    "static",
    "monitoring.healthz",
    "monitoring.readyz",
    "monitoring.metrics",
    "api_v1.root",
    "lti.login_initiation",
    "lti.cookies",
    "lti.launch",
    "lti.launch_without_form",
    "lti.proof",
    "lti.jwks",
    "lti.take_notices",
    "lti.register",
    "lti.confirm_registration",
    "lti.canvas_json",
    "webhooks.openai",
}
"""What platforms, and people on their way in, use before anybody knows who they are."""
ROLES = {
    CourseRole.INSTRUCTOR: [MEMBERSHIP + "Instructor"],
    CourseRole.GRADER: ["http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"],
    CourseRole.DESIGNER: [MEMBERSHIP + "ContentDeveloper"],
    CourseRole.LEARNER: ["http://purl.imsglobal.org/vocab/lis/v2/membership/Learner#Instructor"],
    CourseRole.OBSERVER: [MEMBERSHIP + "Mentor"],
}


def pages(tool: Tool) -> Iterable[tuple[str, str, str]]:
    """Endpoint, method and rule of every page of a course."""
    for rule in tool.flask.url_map.iter_rules():
        if rule.endpoint.startswith("course."):
            for method in (rule.methods or set()) & {"GET", "POST"}:
                yield rule.endpoint.removeprefix("course."), method, rule.rule


def test_every_page_is_in_the_table(tool: Tool) -> None:
    assert {endpoint for endpoint, _, _ in pages(tool)} == set(NEEDED) | BY_MESSAGE


def test_every_other_address_is_an_administrators_or_meant_for_everybody(tool: Tool) -> None:
    others = {rule.endpoint for rule in tool.flask.url_map.iter_rules() if not rule.endpoint.startswith("course.")}
    assert {endpoint for endpoint in others if not endpoint.startswith("admin.")} == FOR_EVERYBODY


def test_no_address_of_the_administrator_answers_who_has_not_signed_in(tool: Tool) -> None:
    browser, tried = tool.browser(), 0
    signing_in = html.document_fromstring(browser.get("/admin/sign-in").get_data(as_text=True))
    token = str(signing_in.xpath(f"//input[@name='{FIELD}']/@value")[0])
    for rule in tool.flask.url_map.iter_rules():
        if not rule.endpoint.startswith("admin.") or rule.endpoint in OPEN_TO_ALL:
            continue
        address = re.sub(r"<uuid:\w+>", str(uuid4()), rule.rule)
        for method in (rule.methods or set()) & {"GET", "POST"}:
            form = {FIELD: token} if method == "POST" else None
            answer = browser.client.open(address, method=method, base_url=BASE_URL, data=form)
            led = answer.headers.get("Location", "")
            assert (answer.status_code, led.rpartition("/admin")[2]) == (303, "/sign-in"), (method, address)
            tried += 1
    assert tried > 30


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_what_it_may_and_nothing_else(story: Story, role: CourseRole) -> None:
    browser = story.tool.browser()
    custom = {names.CUSTOM: {"assignment_id": str(story.assignment_id)}}
    path = browser.launch(sub=f"{role.value}-1", **{names.ROLES: ROLES[role]}, **custom)
    token = form_token(browser, path)
    for endpoint, method, rule in pages(story.tool):
        if endpoint in BY_MESSAGE:
            continue
        address = rule.replace("/v/<handle>/", path).replace("<uuid:submission_id>", str(uuid4()))
        address = address.replace("<uuid:export_id>", str(uuid4()))
        if method == "GET":
            answer = browser.get(address)
        else:
            answer = browser.post(address, headers={"X-CSRF-Token": token}, data={FIELD: token})
        allowed = bool(NEEDED[endpoint] & ABILITIES[role])
        assert (answer.status_code == 403 and "Your role" in answer.get_data(as_text=True)) is not allowed, (
            endpoint,
            method,
            answer.status_code,
        )


def form_token(browser: Browser, path: str) -> str:
    """The form token of a visit: any page with a form has it; observers see none and get an empty one."""
    for page in ("assignment", "settings", "grades"):
        answer = browser.get(path + page)
        found = html.document_fromstring(answer.get_data(as_text=True)).xpath(f"//input[@name='{FIELD}']/@value")
        if found:
            return str(found[0])
    secret = browser.client.get_cookie("__Host-blindmark", domain="127.0.0.1")
    assert secret is not None
    return csrf_token(browser.tool.parts.signing_key, f"{secret.value}:{path.strip('/').rpartition('/')[2]}")
