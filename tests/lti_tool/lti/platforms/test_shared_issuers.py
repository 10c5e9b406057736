"""Blackboard, Brightspace and hosted Canvas: one issuer for many schools, keys that change, audiences of their own."""

import json
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from sqlalchemy import func, select, update

from grading.models import Context, Deployment, Person, Registration
from grading.tenancy import PlatformDetails, approve_deployment, register_platform
from lti_tool.lti import claims as names
from lti_tool.lti import platforms
from tests.lti_tool.conftest import BASE_URL, Tool
from tests.lti_tool.lms import MEMBERSHIP, jwk, rsa_key
from tests.lti_tool.lti.test_services import connector

TARGET = f"{BASE_URL}/lti/launch"


def add_school(tool: Tool, client_id: str, deployment: str | None) -> None:
    url = tool.platform.url
    with tool.parts.database.transaction() as session:
        register_platform(
            session,
            PlatformDetails(url, client_id, "Another school", f"{url}/auth", f"{url}/token", f"{url}/jwks"),
            deployment,
        )


def count(tool: Tool, model: Any) -> int:
    with tool.parts.database.transaction() as session:
        return session.execute(select(func.count()).select_from(model)).scalar_one()


def test_equal_ids_of_two_schools_under_one_issuer_are_two_courses_and_two_people(tool: Tool) -> None:
    add_school(tool, "client-2", "deployment-1")
    for client in ("client-1", "client-2"):
        browser = tool.browser()
        state, nonce = browser.login(client_id=client)
        claims = tool.platform.claims(nonce, TARGET, aud=client)
        assert browser.send(state, tool.platform.sign(claims)).status_code == 303
    assert (count(tool, Context), count(tool, Person), count(tool, Registration)) == (2, 2, 2)


def test_a_login_that_does_not_say_which_school_is_refused(tool: Tool) -> None:
    add_school(tool, "client-2", "deployment-1")
    answer = tool.browser().post("/lti/login", data={"iss": tool.platform.url, "login_hint": "x"})
    assert answer.status_code == 400
    assert "did not say which one" in answer.get_data(as_text=True)


def test_a_token_for_one_school_opens_nothing_at_the_other(tool: Tool) -> None:
    add_school(tool, "client-2", "deployment-1")
    browser = tool.browser()
    state, nonce = browser.login(client_id="client-2")
    assert browser.send(state, tool.platform.sign(tool.platform.claims(nonce, TARGET))).status_code == 401


def test_access_tokens_are_never_shared_between_schools_of_one_issuer(tool: Tool) -> None:
    add_school(tool, "client-2", "deployment-1")
    client = connector(tool)
    tool.platform.routes[("GET", "/thing")] = lambda *_: (200, {}, b"{}")
    with tool.parts.database.transaction() as session:
        tenants = session.execute(select(Deployment.id)).scalars().all()
    for tenant in tenants:
        client.request(tenant, "GET", f"{tool.platform.url}/thing", scopes=("s",), headers={})
    asked = [parse_qs(body.decode()) for _, path, _, body in tool.platform.requests if path == "/token"]
    clients = {jwt.decode(form["client_assertion"][0], options={"verify_signature": False})["sub"] for form in asked}
    assert clients == {"client-1", "client-2"}


def test_blackboards_deployments_under_one_client_are_schools_of_their_own(tool: Tool) -> None:

    extra = {"https://blackboard.com/lti/claim/one_time_session_token": "x", "sub": "u1"}
    tool.browser().launch(**extra)
    browser = tool.browser()
    state, nonce = browser.login()
    claims = tool.platform.claims(nonce, TARGET, **{names.DEPLOYMENT_ID: "school-2"}, **extra)
    assert browser.send(state, tool.platform.sign(claims)).status_code == 403
    with tool.parts.database.transaction() as session:
        waiting = session.execute(select(Deployment.id).where(Deployment.lms_deployment_id == "school-2")).scalar_one()
        approve_deployment(session, waiting)
    tool.browser().launch(**{names.DEPLOYMENT_ID: "school-2"}, **extra)
    assert count(tool, Context) == 2


def test_brightspace_changes_its_keys_all_the_time_and_forbids_keeping_them(tool: Tool) -> None:
    for round_number in range(4):
        key, kid = rsa_key(), f"key-{round_number}"
        body = json.dumps({"keys": [jwk(key, kid)]}).encode()
        answer = (200, {"Cache-Control": "no-store, no-cache"}, body)
        tool.platform.routes[("GET", "/jwks")] = lambda *_, answer=answer: answer
        tool.platform.key, tool.platform.kid = key, kid
        assert tool.browser().launch(**{names.ROLES: [MEMBERSHIP + "Learner"]}).startswith("/v/")


def test_brightspaces_tokens_have_an_audience_of_their_own(tool: Tool) -> None:
    with tool.parts.database.transaction() as session:
        session.execute(update(Registration).values(token_audience="https://api.brightspace.com/auth/token"))
        tenant = session.execute(select(Deployment.id)).scalar_one()
    tool.platform.routes[("GET", "/thing")] = lambda *_: (200, {}, b"{}")
    connector(tool).request(tenant, "GET", f"{tool.platform.url}/thing", scopes=("s",), headers={})
    (body,) = [body for _, path, _, body in tool.platform.requests if path == "/token"]
    assertion = parse_qs(body.decode())["client_assertion"][0]
    claims = jwt.decode(assertion, options={"verify_signature": False})
    assert claims["aud"] == "https://api.brightspace.com/auth/token"


@pytest.mark.parametrize(
    ("family", "issuer", "name"),
    [
        ("canvas", "", "Canvas"),
        ("", "https://canvas.instructure.com", "Canvas"),
        ("BlackboardLearn", "", "Blackboard"),
        ("", "https://blackboard.com", "Blackboard"),
        ("desire2learn", "", "Brightspace"),
        ("moodle", "", "Moodle"),
        ("sakai", "", "Sakai"),
        ("", "https://anything.example", "LMS"),
    ],
)
def test_an_lms_is_known_by_its_family_or_by_the_issuer_that_it_owns(family: str, issuer: str, name: str) -> None:
    assert platforms.find(family, issuer).name == name
