"""Connecting an LMS: its administrator pastes one address, confirms, and is done; anything odd connects nothing."""

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import html
from sqlalchemy import select
from werkzeug.test import TestResponse

from grading.models import Deployment, Registration
from grading.models.tenancy import DeploymentState
from lti_tool.lti import claims as names
from lti_tool.lti import platforms
from lti_tool.lti.models import ConnectionMode, DynamicRegistration, RegistrationProgress
from lti_tool.lti.public_network import NotPublic, check_address, guard
from lti_tool.lti.registration import invitations
from lti_tool.lti.registration.configuration import PLATFORM_CONFIGURATION
from lti_tool.lti.registration.tool import NEEDED_SCOPES, TOOL_CONFIGURATION
from privacy.audit import Actor
from tests.lti_tool.conftest import BASE_URL, Browser, Tool, text_of
from tests.lti_tool.lms import Answer
from tests.thorough import tried

TOKEN = "registration-secret"


def configuration(tool: Tool, **changes: Any) -> dict[str, Any]:
    url = tool.platform.url
    content: dict[str, Any] = {
        "issuer": url,
        "authorization_endpoint": f"{url}/auth",
        "token_endpoint": f"{url}/token",
        "jwks_uri": f"{url}/jwks",
        "registration_endpoint": f"{url}/registrations",
        "scopes_supported": ["openid", *NEEDED_SCOPES, names.SCOPE_NOTICES],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        PLATFORM_CONFIGURATION: {
            "product_family_code": "moodle",
            "version": "4.5",
            "messages_supported": [{"type": "LtiResourceLinkRequest"}, {"type": "LtiDeepLinkingRequest"}],
        },
    }
    return {name: value for name, value in (content | changes).items() if value is not None}


def offer(tool: Tool, answer: Answer | None = None, **changes: Any) -> list[dict[str, Any]]:
    """Let the platform answer registrations; returns what it was sent."""
    sent: list[dict[str, Any]] = []

    def take(_query: str, headers: dict[str, str], body: bytes) -> Answer:
        assert headers["authorization"] == f"Bearer {TOKEN}"
        sent.append(json.loads(body))
        given = {**sent[-1], "client_id": "new-client"}
        given[TOOL_CONFIGURATION] = {**given[TOOL_CONFIGURATION], "deployment_id": "7"}
        return answer or (200, {}, json.dumps(given).encode())

    tool.platform.routes[("GET", "/configuration")] = lambda *_: (
        200,
        {},
        json.dumps(configuration(tool, **changes)).encode(),
    )
    tool.platform.routes[("POST", "/registrations")] = take
    return sent


def invitation(tool: Tool) -> str:
    with tool.parts.database.transaction() as session:
        return invitations.invite(session, "Moodle of the law school", None, tool.parts.clock)


def open_to(tool: Tool, mode: ConnectionMode) -> None:
    with tool.parts.database.transaction() as session:
        invitations.set_mode(session, mode, Actor.system())


def start(tool: Tool, browser: Browser, invited: str = "", token: str = TOKEN, url: str = "") -> TestResponse:
    query = {"openid_configuration": url or f"{tool.platform.url}/configuration", "registration_token": token}
    return browser.get("/lti/register", query_string=query | ({"invitation": invited} if invited else {}))


def confirm(browser: Browser, page: TestResponse) -> TestResponse:
    form = html.document_fromstring(page.get_data(as_text=True)).forms[0]
    return browser.post("/lti/register", data=dict(form.form_values()))


def registered(tool: Tool) -> list[tuple[Registration, Deployment | None]]:
    with tool.parts.database.transaction() as session:
        rows = session.execute(
            select(Registration, Deployment)
            .outerjoin(Deployment, Deployment.registration_id == Registration.id)
            .where(Registration.client_id != "client-1")
        )
        return [(registration, deployment) for registration, deployment in rows]


@pytest.mark.both_databases
def test_an_invited_lms_is_connected_after_one_confirmation(tool: Tool) -> None:
    sent = offer(tool)
    browser = tool.browser()
    page = start(tool, browser, invitation(tool))
    assert page.status_code == 200
    assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
    assert "send grades" in text_of(page)
    assert TOKEN not in page.get_data(as_text=True).replace(html_ticket(page), "")
    done = confirm(browser, page)
    assert "is connected" in text_of(done)
    assert "data-lti-close" in done.get_data(as_text=True)
    (registration, deployment), *rest = registered(tool)
    assert rest == []
    assert (registration.client_id, registration.jwks_url) == ("new-client", f"{tool.platform.url}/jwks")
    assert registration.product_family == "moodle"
    assert deployment is not None
    assert (deployment.lms_deployment_id, deployment.state) == ("7", DeploymentState.APPROVED)
    body = sent[0]
    assert body["redirect_uris"] == [f"{BASE_URL}/lti/launch"]
    assert body["initiate_login_uri"] == f"{BASE_URL}/lti/login"
    assert body["jwks_uri"] == f"{BASE_URL}/lti/jwks.json"
    assert body["token_endpoint_auth_method"] == "private_key_jwt"
    assert set(body["scope"].split()) == {*NEEDED_SCOPES, names.SCOPE_NOTICES}
    own = body[TOOL_CONFIGURATION]
    assert own["domain"] == "127.0.0.1:8800"
    assert own["custom_parameters"]["context_id_history"] == "$Context.id.history"
    assert {"name", "email"} <= set(own["claims"])
    assert [message["type"] for message in own["messages"]] == ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]


def html_ticket(page: TestResponse) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', page.get_data(as_text=True))
    assert found
    return found.group(1)


def test_scopes_that_were_not_granted_are_named(tool: Tool) -> None:
    answer = {"client_id": "new-client", "scope": f"{names.SCOPE_LINEITEM} {names.SCOPE_SCORE}"}
    offer(tool, (201, {}, json.dumps(answer).encode()))
    browser = tool.browser()
    done = confirm(browser, start(tool, browser, invitation(tool)))
    assert "did not grant everything" in text_of(done)
    assert "read who is in a course" in text_of(done)
    (registration, deployment), *_ = registered(tool)
    assert registration.granted_scopes == [names.SCOPE_LINEITEM, names.SCOPE_SCORE]
    assert deployment is None


def test_an_open_registration_waits_for_approval(tool: Tool) -> None:
    open_to(tool, ConnectionMode.OPEN)
    offer(tool)
    browser = tool.browser()
    done = confirm(browser, start(tool, browser))
    assert "has to approve" in text_of(done)
    ((_, deployment),) = registered(tool)
    assert deployment is not None
    assert deployment.state is DeploymentState.PENDING


def test_nobody_registers_without_an_invitation(tool: Tool) -> None:
    offer(tool)
    browser = tool.browser()
    for response in (start(tool, browser), start(tool, browser, "made-up")):
        assert response.status_code == 400
    open_to(tool, ConnectionMode.CLOSED)
    assert start(tool, browser, invitation(tool)).status_code == 400
    assert tool.platform.paths("GET").count("/configuration") == 0


@pytest.mark.both_databases
def test_an_invitation_connects_one_lms_once(tool: Tool) -> None:
    offer(tool)
    invited, browser = invitation(tool), tool.browser()
    page, second = start(tool, browser, invited), start(tool, browser, invited, token=TOKEN)
    assert confirm(browser, page).status_code == 200
    assert confirm(browser, second).status_code == 400
    assert start(tool, browser, invited).status_code == 400
    assert len(registered(tool)) == 1


@pytest.mark.both_databases
def test_a_registration_token_is_used_once(tool: Tool) -> None:
    sent = offer(tool)
    open_to(tool, ConnectionMode.OPEN)
    browser = tool.browser()
    page = start(tool, browser)
    assert confirm(browser, page).status_code == 200
    again = confirm(browser, page)
    assert again.status_code == 400
    assert "sent before" in text_of(again)
    assert len(sent) == 1


def test_what_the_lms_says_against_it_is_shown_and_the_invitation_stays(tool: Tool) -> None:
    offer(tool, (400, {}, f"missing_domain {TOKEN}".encode()))
    invited, browser = invitation(tool), tool.browser()
    refused = confirm(browser, start(tool, browser, invited))
    assert refused.status_code == 400
    assert "missing_domain" in text_of(refused)
    assert TOKEN not in refused.get_data(as_text=True)
    assert registered(tool) == []
    offer(tool)
    again = start(tool, browser, invited, token="another")
    assert again.status_code == 200


def test_an_lms_that_goes_silent_leaves_a_note_for_the_administrator(tool: Tool) -> None:
    offer(tool, registration_endpoint="http://127.0.0.1:9/gone")
    browser = tool.browser()
    refused = confirm(browser, start(tool, browser, invitation(tool)))
    assert refused.status_code == 400
    assert "delete it there" in text_of(refused)
    with tool.parts.database.transaction() as session:
        attempt = session.execute(select(DynamicRegistration)).scalar_one()
    assert attempt.state is RegistrationProgress.FAILED


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": None},
        {"issuer": "https://elsewhere.example"},
        {"issuer": "https://canvas.instructure.com"},
        {"jwks_uri": None},
        {"jwks_uri": "http://intranet.example/jwks"},
        {"registration_endpoint": "ftp://x.example/"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "https://user@x.example/"},
        {"id_token_signing_alg_values_supported": ["HS256"]},
        {"token_endpoint_auth_methods_supported": ["client_secret_post"]},
        {PLATFORM_CONFIGURATION: None},
        {PLATFORM_CONFIGURATION: "x"},
    ],
)
def test_a_configuration_that_cannot_be_trusted_is_refused(tool: Tool, changes: dict[str, Any]) -> None:
    offer(tool, **changes)
    response = start(tool, tool.browser(), invitation(tool))
    assert response.status_code == 400
    assert registered(tool) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://lms.example/configuration",
        "https://10.0.0.1/configuration",
        "https://192.168.1.4/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00::1]/x",
        "https://user:pw@lms.example/x",
        "file:///etc/passwd",
        "https://",
        "https://[::1",
    ],
)
def test_no_unsafe_address_is_asked(tool: Tool, url: str) -> None:
    response = start(tool, tool.browser(), invitation(tool), url=url)
    assert response.status_code == 400
    assert "Location" not in response.headers


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "::ffff:10.0.0.1",
        "0.0.0.0",  # noqa: S104 - an address to refuse, not to listen on
        "100.64.0.1",
        "224.0.0.1",
        "fe80::1%eth0",
        "fd00::1",
        "198.18.0.1",
    ],
)
def test_private_addresses_are_known(address: str) -> None:
    with pytest.raises(NotPublic):
        check_address(address, loopback=False)


def test_public_addresses_and_this_machine_pass_where_they_may() -> None:
    check_address("93.184.216.34", loopback=False)
    check_address("2606:2800:220:1::1", loopback=False)
    check_address("127.0.0.1", loopback=True)


def test_a_name_that_leads_inside_is_not_connected_to(tool: Tool) -> None:
    session = guard(requests.Session(), loopback=False, private=False)
    with pytest.raises(NotPublic):
        session.get(tool.platform.url + "/jwks", timeout=2)
    assert tool.platform.requests == []


def test_shared_issuers_are_told_by_the_keys_of_their_maker() -> None:
    canvas = platforms.find("canvas")
    own = "https://school.instructure.com/api/lti/security/openid-configuration"
    assert canvas.issuer_fits("https://canvas.instructure.com", own, "https://sso.canvaslms.com/api/lti/security/jwks")
    assert not canvas.issuer_fits("https://canvas.instructure.com", own, "https://evil.example/jwks")
    assert not canvas.issuer_fits("https://canvas.instructure.com", own, "https://evilinstructure.com/jwks")


def test_a_confirmation_runs_out_and_cannot_be_made_up(tool: Tool) -> None:
    offer(tool)
    assert tool.browser().post("/lti/register", data={"ticket": "made.up"}).status_code == 400
    assert tool.browser().post("/lti/register").status_code == 400


def test_canvas_finds_its_configuration(tool: Tool) -> None:
    content = tool.browser().get("/lti/canvas.json").get_json()
    assert content["oidc_initiation_url"] == f"{BASE_URL}/lti/login"
    assert content["public_jwk_url"] == f"{BASE_URL}/lti/jwks.json"
    assert set(NEEDED_SCOPES) <= set(content["scopes"])
    placements = content["extensions"][0]["settings"]["placements"]
    assert {"assignment_selection", "ActivityAssetProcessor"} == {one["placement"] for one in placements}


@tried(40)
@given(
    query=st.dictionaries(
        st.sampled_from(["openid_configuration", "registration_token", "invitation"]), st.text(max_size=80)
    )
)
@example(query={"openid_configuration": "a\x00b"})
def test_nothing_that_is_asked_breaks_the_registration(tool: Tool, query: dict[str, str]) -> None:
    response = tool.browser().get("/lti/register", query_string=query)
    # An address with a NUL in it is none of ours.
    assert response.status_code in ((404,) if "\x00" in "".join(query.values()) else (200, 400))
    assert response.status_code != 200 or not query.get("openid_configuration")
    assert "Location" not in response.headers
    assert tool.platform.requests == []


@tried(60)
@given(
    body=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from(
                        ["issuer", "jwks_uri", "token_endpoint", PLATFORM_CONFIGURATION, "scopes_supported"]
                    ),
                    inner,
                )
            ),
            max_leaves=10,
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_no_answer_of_an_lms_breaks_the_registration(tool: Tool, body: bytes) -> None:
    tool.platform.routes[("GET", "/configuration")] = lambda *_: (200, {}, body)
    tool.flask.extensions["blindmark_rate_limiter"].storage.reset()
    assert start(tool, tool.browser(), invitation(tool)).status_code == 400


def test_an_invitation_runs_out(tool: Tool) -> None:
    token = invitation(tool)
    with tool.parts.database.transaction() as session:
        later = tool.parts.clock() + timedelta(days=8)
        assert invitations.open_invitations(session, later) == []
        from lti_tool.lti.registration.errors import RegistrationRefused

        with pytest.raises(RegistrationRefused, match="not valid"):
            invitations.admit(session, token, later)


def test_an_administrator_invites_tests_and_approves(tool: Tool) -> None:
    from tests.lti_tool.pages.test_main_job import Story

    admin = Story(tool, tool.parts.settings, None).admin()  # type: ignore[arg-type]
    page = admin.submit("/admin/platforms", "/admin/platforms/invite", {"note": "Law school"})
    address = html.document_fromstring(page.get_data(as_text=True)).xpath("//input[@name='address']/@value")[0]
    invited = parse_qs(urlsplit(address).query)["invitation"][0]
    assert "Law school" in text_of(admin.get("/admin/platforms"))
    offer(tool)
    visitor = tool.browser()
    assert confirm(visitor, start(tool, visitor, invited)).status_code == 200
    shown = admin.get("/admin/platforms")
    assert "Moodle at 127.0.0.1" in text_of(shown)
    assert "Law school" not in text_of(shown)
    tested = admin.submit("/admin/platforms", "/test", {})
    assert tested.status_code == 200
    assert "1 key found" in text_of(tested)
    assert "Works" in text_of(tested)
