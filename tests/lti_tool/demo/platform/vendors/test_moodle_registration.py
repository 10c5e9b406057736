"""The stand-in registers tools, and refuses to, as the real Moodle did: captured requests, sent again."""

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from lti_tool.demo.platform.vendors.moodle import registration
from lti_tool.demo.platform.vendors.moodle.registration import TOOL_CONFIGURATION
from tests.lti_tool.demo.platform.vendors.running import captured
from tests.lti_tool.demo.platform.vendors.site import Site, authorisation, form_of, sign, site

ENDPOINT = "/mod/lti/openid-registration.php"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
LINE_ITEM = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
Body = dict[str, Any]


@pytest.fixture
def moodle() -> Site:
    found = site()
    # The captured site had numbered three tools by then.
    found.moodle.tools["3"] = found.moodle.tools["1"]
    return found


def body() -> Body:
    found: Body = captured(2)["request"]["body"]
    return found


def own(changed: Body, **values: Any) -> Body:
    """The body with another LTI part; a value of None takes a member out."""
    part = {name: value for name, value in (changed[TOOL_CONFIGURATION] | values).items() if value is not None}
    return changed | {TOOL_CONFIGURATION: part}


def token(moodle: Site, updates: str = "") -> str:
    return registration.start(moodle.moodle, "https://tool.example/register", updates).partition("_token=")[2]


def send(moodle: Site, token: str | None, content: Body | None = None, method: str = "POST") -> TestResponse:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = json.dumps(content) if content is not None else None
    return moodle.open(ENDPOINT, method, headers=headers, data=data)


def without(name: str) -> Body:
    return {key: value for key, value in body().items() if key != name}


CASES: dict[str, Body] = {
    "target_link_uri other domain": own(body(), target_link_uri="https://other.example/launch"),
    "no domain": own(body(), domain=None),
    "redirect_uris string": body() | {"redirect_uris": "https://tool.example/launch"},
    "no jwks_uri": without("jwks_uri"),
    "client_secret_basic": body() | {"token_endpoint_auth_method": "client_secret_basic"},
    "no scope, no claims": {**own(body(), claims=None), "scope": ""},
    "no messages": own(body(), messages=None),
    "score scope only": body() | {"scope": SCORE},
    "empty body": {},
}


def same(answer: TestResponse, expected: dict[str, Any]) -> None:
    """Compare status, reason, content type and body; a client id is drawn by lot."""
    assert answer.status_code == expected["status"], expected["name"]
    assert answer.status == f"{expected['status']} {expected['reason']}".upper()
    assert answer.headers["Content-Type"] == expected["content_type"], expected["name"]
    wanted = expected["body"]
    if isinstance(wanted, dict):
        found = json.loads(answer.text)
        assert len(found["client_id"]) == len(wanted["client_id"])
        assert found | {"client_id": ""} == wanted | {"client_id": ""}, expected["name"]
        assert list(found[TOOL_CONFIGURATION]) == list(wanted[TOOL_CONFIGURATION]), expected["name"]
    elif wanted == "<html error page>":
        assert answer.text.startswith("<!DOCTYPE html>"), expected["name"]
    else:
        assert answer.text == wanted, expected["name"]


def test_the_site_says_of_itself_what_the_real_one_said(moodle: Site) -> None:
    expected = captured(1)
    answer = moodle.open(expected["request"]["url"])
    assert (answer.status_code, answer.headers["Content-Type"]) == (expected["status"], expected["content_type"])
    assert json.loads(answer.text) == expected["body"]


def test_the_key_set_has_the_shape_of_the_real_one(moodle: Site) -> None:
    expected = captured(4)
    answer = moodle.open(expected["url"])
    assert (answer.status_code, answer.headers["Content-Type"]) == (expected["status"], expected["content_type"])
    (found,), (wanted,) = json.loads(answer.text)["keys"], expected["body"]["keys"]
    assert list(found) == list(wanted)
    same_values = ("kty", "alg", "e", "use")
    assert [found[name] for name in same_values] == [wanted[name] for name in same_values]
    assert len(found["kid"]) == len(wanted["kid"])


def test_the_captured_registration_is_answered_with_200_and_a_deployment(moodle: Site) -> None:
    moodle.moodle.tools.clear()
    exchange = captured(2)
    same(
        send(moodle, token(moodle), exchange["request"]["body"]),
        exchange["response"] | {"name": "registration", "reason": "OK"},
    )


def test_edge_cases_of_registration_are_answered_as_captured(moodle: Site) -> None:
    first, update, played = token(moodle), "", []
    for expected in captured(3):
        name = expected["name"]
        match name:
            case "update token claims":
                update = token(moodle, updates="4")
                continue
            case "ok" | "same token again":
                answer = send(moodle, first, body())
            case "no token":
                answer = send(moodle, None, body())
            case "garbage token":
                answer = send(moodle, "garbage", body())
            case "GET with reg token before registration":
                answer = send(moodle, token(moodle), method="GET")
            case "update GET":
                answer = send(moodle, update, method="GET")
            case "update POST" | "update POST again same token":
                answer = send(moodle, update, body() | {"client_name": expected["body"]["client_name"]})
            case _:
                answer = send(moodle, token(moodle), CASES[name])
        same(answer, expected)
        played.append(name)
    assert len(played) == 17


def test_a_registration_token_lives_for_an_hour(moodle: Site) -> None:
    late = token(moodle)
    moodle.now += 3601
    assert send(moodle, late, body()).status_code == 404


def test_the_answers_scopes_are_not_what_was_granted_and_the_tokens_are(moodle: Site) -> None:
    answer = json.loads(send(moodle, token(moodle), body() | {"scope": SCORE}).text)
    assert LINE_ITEM in answer["scope"].split()
    assertion = {"sub": answer["client_id"], "exp": moodle.now + 60}
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": sign(assertion),
        "scope": f"{SCORE} {LINE_ITEM}",
    }
    assert json.loads(moodle.open("/mod/lti/token.php", "POST", data=form).text)["scope"] == SCORE


def test_a_registered_tool_is_launched_with_what_it_registered(moodle: Site) -> None:
    made = json.loads(send(moodle, token(moodle), own(body(), claims=["sub"])).text)
    activity = moodle.moodle.activities["1"]
    activity.tool = made[TOOL_CONFIGURATION]["deployment_id"]
    browser = moodle.browser("5")
    login = moodle.begin(browser)
    assert login["client_id"] == made["client_id"]
    request = authorisation(login) | {"client_id": made["client_id"]}
    assert "id_token" in form_of(moodle.open("/mod/lti/auth.php", client=browser, query_string=request))
