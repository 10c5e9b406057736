"""Browsers without cookies: the LMS keeps what the login left, and only who can read it back gets in (L7)."""

import json
from urllib.parse import urlsplit

import pytest
from lxml import html
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from lti_tool.sessions import LaunchSession
from tests.lti_tool.conftest import BASE_URL, Browser, Tool, text_of

TARGET = f"{BASE_URL}/lti/launch"
KEY = "X-Blindmark-Key"


def cookieless(tool: Tool) -> Browser:
    """A browser that never keeps a cookie."""
    return Browser(tool, tool.flask.test_client(use_cookies=False))


def begin(browser: Browser, storage: str = "_parent", frame: str = "iframe") -> TestResponse:
    values = {
        "iss": browser.tool.platform.url,
        "login_hint": "hint",
        "target_link_uri": TARGET,
        "client_id": "client-1",
    }
    extra = {"lti_storage_target": storage} if storage else {}
    return browser.post("/lti/login", data=values | extra, headers={"Sec-Fetch-Dest": frame})


def place(page: TestResponse) -> dict[str, str]:
    found = html.document_fromstring(page.get_data(as_text=True)).xpath("//*[@data-arrive]")[0]
    return {name.removeprefix("data-"): value for name, value in found.attrib.items()}


def arrive(tool: Tool) -> tuple[Browser, dict[str, str], dict[str, str], dict[str, str]]:
    """Login and launch; returns what was stored, the page's values, and the launch form."""
    browser = cookieless(tool)
    login = place(begin(browser))
    stored = json.loads(login["stored"])
    state = next(name for name in stored if name.startswith("lti_state_")).removeprefix("lti_state_")
    nonce = next(name for name in stored if name.startswith("lti_nonce_")).removeprefix("lti_nonce_")
    assert f"state={state}" in login["next"]
    form = {"state": state, "id_token": tool.platform.sign(tool.platform.claims(nonce, TARGET))}
    page = browser.post("/lti/launch", data=form)
    assert page.status_code == 200
    assert "Location" not in page.headers
    return browser, stored, place(page), form


def prove(browser: Browser, shown: dict[str, str], stored: dict[str, str]) -> TestResponse:
    return browser.post(
        "/lti/proof",
        data={
            "ticket": shown["ticket"],
            "state_value": stored.get(f"lti_state_{shown['state']}", ""),
            "nonce_value": stored.get(f"lti_nonce_{shown['nonce']}", ""),
        },
    )


@pytest.mark.both_databases
def test_what_the_login_left_with_the_lms_opens_the_visit(tool: Tool) -> None:
    browser, stored, shown, _ = arrive(tool)
    assert shown["origin"] == tool.platform.url
    handle_before = browser.get("/v/anything/")
    assert handle_before.status_code == 401
    opened = prove(browser, shown, stored).get_json()
    assert urlsplit(opened["page"]).path.startswith("/v/")
    assert browser.get(opened["page"]).status_code == 401
    assert browser.get(opened["page"], headers={KEY: opened["key"]}, follow_redirects=True).status_code == 200
    assert opened["key"] not in opened["page"]


def test_a_browser_that_has_nothing_stored_gets_nothing(tool: Tool) -> None:
    browser, stored, shown, _ = arrive(tool)
    for wrong in ({}, dict.fromkeys(stored, "x"), {name: name.split("_", 2)[2] for name in stored}):
        assert prove(browser, shown, wrong).status_code == 401
    assert prove(browser, {**shown, "ticket": "made-up"}, stored).status_code == 401
    assert prove(browser, {**shown, "ticket": ""}, stored).status_code == 401


@pytest.mark.both_databases
def test_a_proof_is_taken_once(tool: Tool) -> None:
    browser, stored, shown, _ = arrive(tool)
    assert prove(browser, shown, stored).status_code == 200
    assert prove(browser, shown, stored).status_code == 401


@pytest.mark.both_databases
def test_a_reload_proves_itself_again_and_makes_no_second_visit(tool: Tool) -> None:
    browser, stored, shown, form = arrive(tool)
    first = prove(browser, shown, stored).get_json()
    again = browser.post("/lti/launch", data=form)
    second = prove(browser, place(again), stored).get_json()
    assert second["page"] == first["page"]
    assert browser.get(first["page"], headers={KEY: first["key"]}).status_code == 401
    with tool.parts.database.transaction() as session:
        assert session.execute(select(func.count(LaunchSession.id))).scalar_one() == 1


def test_a_visit_that_a_cookie_opened_is_not_opened_by_a_replay_without(tool: Tool) -> None:
    browser = tool.browser()
    response = begin(browser)
    stored = json.loads(place(response)["stored"])
    state = next(name for name in stored if name.startswith("lti_state_")).removeprefix("lti_state_")
    nonce = next(name for name in stored if name.startswith("lti_nonce_")).removeprefix("lti_nonce_")
    form = {"state": state, "id_token": tool.platform.sign(tool.platform.claims(nonce, TARGET))}
    assert browser.post("/lti/launch", data=form).status_code == 303
    assert cookieless(tool).post("/lti/launch", data=form).status_code == 401


def test_without_platform_storage_a_frame_is_offered_a_new_window_before_the_login_is_used_up(tool: Tool) -> None:
    page = begin(cookieless(tool), storage="")
    assert page.status_code == 200
    root = html.document_fromstring(page.get_data(as_text=True))
    form = root.forms[0]
    assert (form.get("target"), form.get("action")) == ("_blank", "/lti/login")
    assert dict(form.form_values())["login_hint"] == "hint"
    assert "new window" in text_of(page)


def test_a_launch_without_cookie_and_without_storage_says_what_to_do(tool: Tool) -> None:
    browser = cookieless(tool)
    response = begin(browser, storage="", frame="document")
    query = dict(pair.split("=", 1) for pair in urlsplit(response.headers["Location"]).query.split("&"))
    token = tool.platform.sign(tool.platform.claims(query["nonce"], TARGET))
    refused = browser.post("/lti/launch", data={"state": query["state"], "id_token": token})
    assert refused.status_code == 401
    assert "new window" in text_of(refused)


def test_a_browser_that_has_our_cookie_goes_straight_on(tool: Tool) -> None:
    browser = tool.browser()
    browser.launch()
    assert begin(browser).status_code == 302


def test_whether_cookies_are_kept_can_be_asked(tool: Tool) -> None:
    browser = tool.browser()
    assert browser.get("/lti/cookies").get_json() == {"kept": False}
    begin(browser)
    assert browser.get("/lti/cookies").get_json() == {"kept": True}


def test_forms_of_a_visit_without_cookies_carry_its_own_token(tool: Tool) -> None:
    browser, stored, shown, _ = arrive(tool)
    opened = prove(browser, shown, stored).get_json()
    assert browser.post(f"{opened['page']}settings", headers={KEY: opened["key"]}).status_code == 403
