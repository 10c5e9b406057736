"""The stand-in launches as the real Moodle did: logins, messages and refusals of the captures."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from lti_tool.demo.platform.vendors.moodle.copying import copy_course
from tests.lti_tool.demo.platform.vendors.running import captured
from tests.lti_tool.demo.platform.vendors.site import Site, authorisation, form_of, site

AUTH = "/mod/lti/auth.php"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"
BASIC_OUTCOME = "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome"
FRESH = ("nonce", "iat", "exp", BASIC_OUTCOME)


@pytest.fixture
def moodle() -> Site:
    return site()


def comparable(claims: dict[str, Any]) -> Any:
    """Claims without what is drawn by lot or cut in the captures."""
    kept = {name: value for name, value in claims.items() if name not in FRESH}
    text = json.dumps(kept)
    key = parse_qs(urlsplit(claims[LTI + "launch_presentation"].get("return_url", "")).query).get("sesskey", [""])[0]
    settings = claims.get("https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings", {})
    for value in (key, parse_qs(urlsplit(settings.get("deep_link_return_url", "")).query).get("sesskey", [""])[0]):
        text = text.replace(json.dumps(value)[1:-1], "…") if value else text
    return json.loads(text)


@pytest.mark.parametrize(
    ("number", "user", "module", "query"),
    [
        (10, "5", 2, {}),
        (11, "3", 2, {}),
        (12, "4", 2, {}),
        (13, "2", 2, {}),
        (14, "9", 3, {}),
        (30, "3", 5, {"action": "gradeReport", "user": "5"}),
        (31, "5", 5, {"action": "gradeReport", "user": "5"}),
        (32, "5", 5, {"action": "gradeReport", "user": "6"}),
    ],
)
def test_a_message_says_what_the_captured_one_said(
    moodle: Site, number: int, user: str, module: int, query: dict[str, str]
) -> None:
    expected, browser = captured(number), moodle.browser(user)
    login, captured_login = moodle.begin(browser, module, **query), expected["1_oidc_login_initiation"]["form"]
    hints = [json.loads(one["lti_message_hint"]) for one in (login, captured_login)]
    assert hints[0]["cmid"] == hints[1]["cmid"]
    assert hints[0]["launchid"].partition("_")[0] == hints[1]["launchid"].partition("_")[0]
    rest = {name: value for name, value in login.items() if name not in ("action", "lti_message_hint")}
    assert rest == {name: value for name, value in captured_login.items() if name != "lti_message_hint"}
    claims = moodle.message(browser, login)
    assert claims["exp"] - claims["iat"] == 60
    assert comparable(claims) == comparable(expected["id_token_claims"])


def test_a_deep_linking_request_says_what_the_captured_one_said(moodle: Site) -> None:
    browser = moodle.browser("3")
    login = form_of(moodle.open("/mod/lti/contentitem.php", client=browser, query_string={"course": "2", "id": "1"}))
    assert login["target_link_uri"] == "https://tool.example/dl"
    claims = moodle.message(browser, login)
    assert comparable(claims) == comparable(captured(20)["id_token_claims"])


def test_a_tool_that_gets_no_names_gets_numbers_only(moodle: Site) -> None:
    tool = moodle.moodle.tools["1"]
    tool.shares_names = tool.shares_email = False
    browser = moodle.browser("5")
    claims, expected = moodle.message(browser, moodle.begin(browser)), captured(17)["id_token_claims"]
    personal = {"name", "given_name", "family_name", "email"}
    assert not personal & set(claims)
    for name in (LTI + "lis", LTI + "ext", "sub"):
        assert claims[name] == expected[name]


def test_the_line_item_claim_vanishes_with_a_second_item_of_the_link(moodle: Site) -> None:
    second = moodle.moodle.items[3]
    second.link_id = "1"
    browser = moodle.browser("6")
    claims = moodle.message(browser, moodle.begin(browser))
    assert comparable(claims) == comparable(captured(15)["id_token_claims"])


def test_a_launch_in_a_copied_course_says_what_the_captured_one_said(moodle: Site) -> None:
    # The captured link had a second column by then, which was copied too.
    moodle.moodle.items[7] = replace(moodle.moodle.items[3], number=7, link_id="1")
    course = copy_course(moodle.moodle)
    (activity,) = (
        one for one in moodle.moodle.activities.values() if one.course == course.number and one.url.endswith("ex=1")
    )
    browser = moodle.browser("2")
    claims = comparable(moodle.message(browser, moodle.begin(browser, activity.module)))
    expected = comparable(captured(16)["id_token_claims"])
    numbered = json.dumps(claims).replace(f"instanceid={activity.number}&", "instanceid=8&")
    claims = json.loads(numbered)
    assert claims[LTI + "resource_link"].pop("id") == activity.number
    assert expected[LTI + "resource_link"].pop("id") == "8"
    assert claims == expected


CHANGES: dict[str, dict[str, str | None]] = {
    "ok": {},
    "no lti_message_hint": {"lti_message_hint": None},
    "no prompt": {"prompt": None},
    "no response_mode": {"response_mode": None},
    "no state": {"state": None},
    "no nonce": {"nonce": None},
    "scope 'openid email'": {"scope": "openid email"},
    "prompt=login": {"prompt": "login"},
    "redirect_uri unregistered": {"redirect_uri": "https://tool.example/elsewhere"},
    "redirect_uri with query": {"redirect_uri": "https://tool.example/launch?x=1"},
    "other login_hint": {"login_hint": "6"},
    "other client_id": {"client_id": "somebody"},
    "POST": {},
    "no cookies GET": {},
    "no cookies POST": {},
    "not enrolled user": {},
    "student2 session, student1 hints": {},
}


def test_authorisation_requests_are_answered_as_captured(moodle: Site) -> None:
    asked: dict[str, str] = {}
    client = moodle.browser("5")
    for expected in captured(50):
        name = expected["name"]
        if name != "same message hint reused":
            client = moodle.browser("77" if name == "not enrolled user" else "5")
            login = moodle.begin(client)
            values = authorisation(login) | CHANGES[name]
            asked = {key: value for key, value in values.items() if value is not None}
        if name.startswith("no cookies"):
            client = moodle.browser()
        elif name == "student2 session, student1 hints":
            client = moodle.browser("6")
        place = "data" if expected["method"] == "POST" else "query_string"
        answer = moodle.open(AUTH, expected["method"], client=client, **{place: asked})
        assert answer.status_code == expected["status"], name
        assert answer.headers.get("Location") == expected["location"], name
        if expected["status"] == 404:
            assert "Error | EXC" in answer.text, name
        if expected["status"] != 200:
            continue
        form = form_of(answer)
        action, wanted = form.pop("action"), expected["form_action"]
        assert action.partition("?")[0] == wanted.partition("?")[0], name
        assert set(parse_qs(urlsplit(action).query)) == set(parse_qs(urlsplit(wanted).query)), name
        hidden = ("id_token", "lti_message_hint")
        assert set(form) == set(expected["fields"]), name
        for field, value in expected["fields"].items():
            assert field in hidden or form[field] == value, (name, field)
        assert not answer.headers.get("Set-Cookie"), name


def test_a_request_that_is_posted_again_goes_through(moodle: Site) -> None:
    client = moodle.browser("5")
    login = moodle.begin(client)
    page = form_of(moodle.open(AUTH, "POST", data=authorisation(login)))
    action = page.pop("action")
    assert "id_token" in form_of(moodle.open(action, "POST", client=client, data=page))
    assert moodle.open(action, "POST", data=page).status_code == 404


def test_nobody_in_particular_begins_a_login_that_leads_nowhere(moodle: Site) -> None:
    login = moodle.begin(moodle.browser())
    assert login["login_hint"] == "0"
    page = form_of(moodle.open(AUTH, query_string=authorisation(login)))
    assert moodle.open(page.pop("action"), "POST", data=page).status_code == 404
