"""Launches: good ones lead to a page, every malformed one is refused without a session, none is taken twice."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, func, select, update

from grading.launch_facts import VerifiedFor
from grading.models import Context, Deployment, Enrolment, Person, Registration
from grading.models.people import CourseRole
from grading.models.tenancy import DeploymentState, RegistrationState
from grading.tenancy import PlatformDetails, approve_deployment, register_platform
from lti_tool.lti import claims as names
from lti_tool.lti import verify
from lti_tool.lti.answered import REMEMBERED, Platform, PlatformMemory
from lti_tool.lti.models import PlatformKeySet
from lti_tool.lti.platform_keys import SHORTEST_SECONDS
from lti_tool.sessions import LaunchSession
from tests.lti_tool.conftest import BASE_URL, Tool, text_of
from tests.lti_tool.lms import CLIENT_ID, DEPLOYMENT_ID, MEMBERSHIP, jwk, rsa_key
from tests.thorough import tried

TARGET = f"{BASE_URL}/lti/launch"
RS256 = jwt.get_algorithm_by_name("RS256")


def sessions(tool: Tool) -> int:
    with tool.parts.database.transaction() as session:
        return session.execute(select(func.count(LaunchSession.id))).scalar_one()


def test_a_good_launch_opens_a_visit_and_notes_who_came(tool: Tool) -> None:
    browser = tool.browser()
    path = browser.launch()
    assert path.startswith("/v/")
    with tool.parts.database.transaction() as session:
        enrolment = session.execute(select(Enrolment)).scalar_one()
        context = session.execute(select(Context)).scalar_one()
    assert enrolment.role is CourseRole.LEARNER
    assert b"Mira" not in (enrolment.sealed_profile or b"")
    assert context.title == "Introduction to Ethics"
    assert browser.get(path, follow_redirects=True).status_code == 200


def test_login_sends_only_what_the_specification_asks_for(tool: Tool) -> None:
    hint = 'a&b="c"+ü'
    response = tool.browser().get(
        "/lti/login",
        query_string={"iss": tool.platform.url, "login_hint": hint, "lti_message_hint": '{"x": 1}'},
    )
    location = urlsplit(response.headers["Location"])
    query = parse_qs(location.query)
    assert f"{location.scheme}://{location.netloc}{location.path}" == f"{tool.platform.url}/auth"
    assert query["login_hint"] == [hint]
    assert query["lti_message_hint"] == ['{"x": 1}']
    assert query["redirect_uri"] == [TARGET]
    assert (query["scope"], query["response_type"], query["response_mode"], query["prompt"]) == (
        ["openid"],
        ["id_token"],
        ["form_post"],
        ["none"],
    )
    cookie = response.headers["Set-Cookie"]
    for attribute in ("Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"):
        assert attribute in cookie


@pytest.mark.parametrize(
    "values",
    [{}, {"iss": "https://unknown.example", "login_hint": "x"}, {"login_hint": "x"}, {"iss": "PLATFORM"}],
)
def test_a_login_that_leads_nowhere_is_refused(tool: Tool, values: dict[str, str]) -> None:
    values = {name: tool.platform.url if value == "PLATFORM" else value for name, value in values.items()}
    assert tool.browser().post("/lti/login", data=values).status_code == 400


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def by_hand(claims: dict[str, Any], algorithm: str, secret: bytes | None) -> str:
    """A token with an algorithm that PyJWT would refuse to use."""
    header = {"alg": algorithm, "kid": "platform-key"}
    content = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    signature = hmac.new(secret, content.encode(), hashlib.sha256).digest() if secret else b""
    return f"{content}.{encoded(signature)}"


NOW = int(time.time())
BAD_CLAIMS = {
    "version missing": ({names.VERSION: None}, "version"),
    "version wrong": ({names.VERSION: "1.1"}, "version"),
    "message type missing": ({names.MESSAGE_TYPE: None}, "message_type"),
    "message type unknown": ({names.MESSAGE_TYPE: "LtiSomething"}, "message_type"),
    "deployment missing": ({names.DEPLOYMENT_ID: None}, "no_deployment"),
    "deployment empty": ({names.DEPLOYMENT_ID: ""}, "no_deployment"),
    "roles missing": ({names.ROLES: None}, "no_roles"),
    "roles not a list": ({names.ROLES: "Instructor"}, "no_roles"),
    "resource link missing": ({names.RESOURCE_LINK: None}, "no_resource_link"),
    "resource link empty": ({names.RESOURCE_LINK: {"id": ""}}, "no_resource_link"),
    "subject missing": ({"sub": None}, "no_subject"),
    "subject too long": ({"sub": "x" * 256}, "no_subject"),
    "subject of spaces": ({"sub": "  "}, "no_subject"),
    "subject as a number": ({"sub": 7}, "no_subject"),
    "target missing": ({names.TARGET_LINK_URI: None}, "target"),
    "target elsewhere": ({names.TARGET_LINK_URI: "https://evil.example/lti/launch"}, "target"),
    "target looks alike": ({names.TARGET_LINK_URI: "http://127.0.0.1:8800@evil.example/"}, "target"),
    "issuer": ({"iss": "https://other.example"}, "issuer"),
    "context too long": ({names.CONTEXT: {"id": "x" * 256}}, "context"),
    "audience": ({"aud": "other"}, "audience"),
    "audience with a second before": ({"aud": ["other", "client-1"]}, "audience"),
    "audience empty": ({"aud": []}, "audience"),
    "audience with a second": ({"aud": ["client-1", "other"]}, "audience"),
    "authorized party": ({"azp": "other"}, "authorized_party"),
    "exp missing": ({"exp": None}, "no_exp"),
    "exp past": ({"exp": NOW - 120}, "expired"),
    "exp as text": ({"exp": "soon"}, "exp_not_a_number"),
    "exp as a text of a number": ({"exp": str(NOW + 60)}, "exp_not_a_number"),
    "iat in an hour": ({"iat": NOW + 3600}, "from_the_future"),
    "iat missing": ({"iat": None}, "no_iat"),
    "iat tomorrow": ({"iat": NOW + 86400}, "from_the_future"),
    "iat a year ago": ({"iat": NOW - 365 * 86400}, "too_old"),
    "nonce missing": ({"nonce": None}, "no_nonce"),
    "nonce foreign": ({"nonce": "another"}, "nonce"),
}


@pytest.mark.parametrize("case", BAD_CLAIMS)
def test_a_malformed_launch_is_refused_without_a_session(
    tool: Tool, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    browser = tool.browser()
    state, nonce = browser.login()
    changes, reason = BAD_CLAIMS[case]
    response = browser.send(state, tool.platform.sign(tool.platform.claims(nonce, TARGET, **changes)))
    assert response.status_code == 401, case
    assert reason in text_of(response)
    assert [vars(one)["blindmark_fields"]["reason"] for one in caplog.records if one.message == "lti.refused"] == [
        reason
    ]
    assert "administrator" in text_of(response)
    assert sessions(tool) == 0


def test_forged_tokens_are_refused(tool: Tool) -> None:
    browser = tool.browser()
    other = rsa_key()
    state, nonce = browser.login()
    claims = tool.platform.claims(nonce, TARGET)
    good = tool.platform.sign(claims)
    head, body, signature = good.split(".")
    public = json.dumps(tool.platform.keys[0])
    bare = f"{encoded(json.dumps({'alg': 'RS256', 'kid': 'platform-key', 'b64': False}).encode())}.{body}"
    forged = {
        "four parts": f"{good}.{signature}",
        "address of a key in the header": tool.platform.sign(claims, jku=f"{tool.platform.url}/jwks"),
        "rs384": jwt.encode(claims, tool.platform.key, algorithm="RS384", headers={"kid": "platform-key"}),
        "no kid": jwt.encode(claims, tool.platform.key, algorithm="RS256"),
        "unknown kid": tool.platform.sign(claims, kid="other"),
        "another key": jwt.encode(claims, other, algorithm="RS256", headers={"kid": "platform-key"}),
        "none": by_hand(claims, "none", None),
        "hmac with the public key": by_hand(claims, "HS256", public.encode()),
        "rs512": jwt.encode(claims, tool.platform.key, algorithm="RS512", headers={"kid": "platform-key"}),
        "key in the header": tool.platform.sign(claims, jwk=jwk(other, "x")),
        "two parts": f"{head}.{body}",
        "altered": f"{head}.{body[:-4]}AAAA.{signature}",
        "empty": "",
        "nonsense": "a.b.c",
        "padded": f"{good}=",
        "with a line break": f"{good}\n",
        "with a sign that decoding passes over": f"{head}.{body}.!{signature}",
        "another spelling of the same signature": good[:-1] + chr(ord(good[-1]) + 1),
        "payload that may not be encoded": f"{bare}.{encoded(RS256.sign(bare.encode(), tool.platform.key))}",
        "huge": "a" * 70_000,
    }
    for case, token in forged.items():
        assert browser.send(state, token).status_code == 401, case
    assert sessions(tool) == 0
    assert browser.send(state, good).status_code == 303


def test_the_other_spelling_of_a_signature_would_decode_to_the_same(tool: Tool) -> None:
    """That the token above is refused for its spelling, not for what it says."""
    good = tool.platform.sign(tool.platform.claims("n", TARGET)).split(".")[2]
    other = good[:-1] + chr(ord(good[-1]) + 1)
    assert base64.urlsafe_b64decode(other + "==") == base64.urlsafe_b64decode(good + "==")


def asked_for_keys(tool: Tool) -> list[str]:
    """From now on, the statements that read a platform with its keys."""
    statements: list[str] = []

    def note(*arguments: object) -> None:
        if "platform_key_set" in str(arguments[2]):
            statements.append(str(arguments[2]))

    event.listen(tool.parts.database.engine, "before_cursor_execute", note)
    return statements


def test_a_class_that_arrives_reads_its_platform_once(tool: Tool) -> None:
    tool.browser().launch()
    statements = asked_for_keys(tool)
    for number in range(5):
        tool.browser().launch(sub=f"student-{number}")
    assert len(statements) == 1


def test_what_was_read_of_a_platform_is_remembered_for_a_moment() -> None:
    memory, now = PlatformMemory(), datetime(2026, 11, 1, 8, tzinfo=UTC)
    stands = VerifiedFor(uuid.uuid4(), "https://lms.example", "client-1", "https://lms.example/keys")
    platform = Platform(stands, "https://lms.example/auth", None)
    memory.keep(platform, now)
    assert memory.recall(stands.registration_id, now + REMEMBERED - timedelta(seconds=1)) is platform
    assert memory.recall(stands.registration_id, now + REMEMBERED) is None
    assert memory.recall(stands.registration_id, now - REMEMBERED) is None
    assert memory.recall(uuid.uuid4(), now) is None


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "change",
    [
        {"state": RegistrationState.DISABLED},
        {"issuer": "https://moved.example"},
        {"client_id": "another"},
        {"jwks_url": "http://127.0.0.1:9/keys"},
    ],
)
def test_a_change_of_a_platform_holds_for_launches_under_way(tool: Tool, change: dict[str, Any]) -> None:
    for _ in range(2):
        tool.browser().launch()
    browser = tool.browser()
    state, nonce = browser.login()
    token = tool.platform.sign(tool.platform.claims(nonce, TARGET, sub="late"))
    with tool.parts.database.transaction() as session:
        session.execute(update(PlatformKeySet).values(content={"keys": []}, expires_at=tool.parts.clock()))
        session.execute(update(Registration).values(**change))
    assert browser.send(state, token).status_code == 401
    assert sessions(tool) == 2
    with tool.parts.database.transaction() as session:
        assert session.execute(select(Person).where(Person.subject == "late")).first() is None


def test_a_key_set_that_may_not_be_kept_is_not_remembered_either(tool: Tool) -> None:
    tool.platform.routes[("GET", "/jwks")] = lambda *_: (
        200,
        {"Cache-Control": "no-store"},
        json.dumps({"keys": tool.platform.keys}).encode(),
    )
    for _ in range(2):
        tool.browser().launch()
    tool.platform.keys = [jwk(rsa_key(), "platform-key")]
    time.sleep(SHORTEST_SECONDS)
    browser = tool.browser()
    state, nonce = browser.login()
    assert browser.send(state, tool.platform.sign(tool.platform.claims(nonce, TARGET))).status_code == 401


def test_a_key_serves_its_own_registration_and_no_other(tool: Tool) -> None:
    url = tool.platform.url
    with tool.parts.database.transaction() as session:
        # Another school's tool of the same LMS, and another LMS altogether that claims the same client id.
        for issuer, client in ((url, "client-2"), ("https://other.example", CLIENT_ID)):
            details = PlatformDetails(issuer, client, "Other", f"{url}/auth", f"{url}/token", f"{url}/no-keys")
            register_platform(session, details, DEPLOYMENT_ID)
    browser = tool.browser()
    for login in ({"client_id": "client-2"}, {"iss": "https://other.example"}):
        state, nonce = browser.login(**login)
        claims = tool.platform.claims(nonce, TARGET, aud=login.get("client_id", CLIENT_ID), iss=login.get("iss", url))
        assert browser.send(state, tool.platform.sign(claims)).status_code == 401, login
    # What is good for one registration is not good for the state of another one.
    state, nonce = browser.login(client_id="client-2")
    assert browser.send(state, tool.platform.sign(tool.platform.claims(nonce, TARGET))).status_code == 401
    assert sessions(tool) == 0


def test_a_reload_resumes_and_a_replay_elsewhere_is_refused(tool: Tool) -> None:
    browser = tool.browser()
    state, nonce = browser.login()
    token = tool.platform.sign(tool.platform.claims(nonce, TARGET))
    first, again = browser.send(state, token), browser.send(state, token)
    assert first.headers["Location"] == again.headers["Location"]
    assert sessions(tool) == 1
    thief = tool.browser()
    assert thief.send(state, token).status_code == 401
    thief.login()
    assert thief.send(state, token).status_code == 401
    assert sessions(tool) == 1


@pytest.mark.both_databases
def test_a_message_that_comes_twice_at_once_opens_one_visit(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = tool.browser()
    state, nonce = browser.login()
    token = tool.platform.sign(tool.platform.claims(nonce, TARGET))
    check_message, faster = verify.check_message, []

    def overtaken(*arguments: Any, **options: Any) -> str:
        """The second click's request runs from end to end while the first one checks its token."""
        monkeypatch.setattr(verify, "check_message", check_message)
        faster.append(browser.send(state, token))
        return check_message(*arguments, **options)

    monkeypatch.setattr(verify, "check_message", overtaken)
    slower = browser.send(state, token)
    assert [one.status_code for one in faster] == [303]
    assert slower.headers["Location"] == faster[0].headers["Location"]
    assert sessions(tool) == 1


@pytest.mark.both_databases
def test_a_message_from_a_deployment_that_waits_leads_nowhere_however_often_it_comes(tool: Tool) -> None:
    browser = tool.browser()
    state, nonce = browser.login()
    token = tool.platform.sign(tool.platform.claims(nonce, TARGET, **{names.DEPLOYMENT_ID: "new-place"}))
    assert [browser.send(state, token).status_code for _ in range(3)] == [403] * 3
    thief = tool.browser()
    thief.login()
    assert thief.send(state, token).status_code == 401
    with tool.parts.database.transaction() as session:
        waiting = session.execute(select(Deployment).where(Deployment.state == DeploymentState.PENDING)).scalar_one()
        assert session.execute(select(func.count(Enrolment.id))).scalar_one() == 0
        approve_deployment(session, waiting.id)
    # Once it is let in, the message is good for one visit in the browser that it was for, while its state lives.
    assert thief.send(state, token).status_code == 401
    opened = [browser.send(state, token).headers["Location"] for _ in range(2)]
    assert opened[0] == opened[1]
    assert sessions(tool) == 1


def test_a_nonce_serves_its_own_state_and_no_other(tool: Tool) -> None:
    browser = tool.browser()
    first, nonce = browser.login()
    used = tool.platform.sign(tool.platform.claims(nonce, TARGET))
    assert browser.send(first, used).status_code == 303
    second, _ = browser.login()
    assert browser.send(second, used).status_code == 401
    assert sessions(tool) == 1


def test_what_is_no_launch_of_lti_1_3_is_refused(tool: Tool) -> None:
    browser = tool.browser()
    state, nonce = browser.login()
    older = {"lti_message_type": "basic-lti-launch-request", "lti_version": "LTI-1p0", "oauth_consumer_key": "k"}
    notice = {names.MESSAGE_TYPE: None, names.NOTICE: {"id": "n1", "type": names.HELLO_WORLD_NOTICE}}
    answer = {names.MESSAGE_TYPE: "LtiDeepLinkingResponse", names.DL_ITEMS: []}
    assert browser.post("/lti/launch", data=older).status_code == 401
    assert browser.post("/lti/launch", data=older | {"state": state}).status_code == 401
    for changes in (notice, answer):
        token = tool.platform.sign(tool.platform.claims(nonce, TARGET, **changes))
        assert browser.send(state, token).status_code == 401
    assert sessions(tool) == 0


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "http://127.0.0.1"]
)
def test_a_login_leads_to_the_platform_whatever_target_it_names(tool: Tool, target: str) -> None:
    values = {"iss": tool.platform.url, "login_hint": "h", "client_id": CLIENT_ID, "target_link_uri": target}
    for answer in (
        tool.browser().post("/lti/login", data=values),
        tool.browser().get("/lti/login", query_string=values),
    ):
        location = urlsplit(answer.headers["Location"])
        assert f"{location.scheme}://{location.netloc}{location.path}" == f"{tool.platform.url}/auth"
        assert "evil" not in location.query
        assert parse_qs(location.query)["redirect_uri"] == [TARGET]


def test_a_handle_opens_nothing_in_another_browser(tool: Tool) -> None:
    path = tool.browser().launch()
    response = tool.browser().get(path)
    assert response.status_code == 401
    assert "Open the activity again" in text_of(response)


def test_two_launches_in_one_browser_stay_apart(tool: Tool) -> None:
    browser = tool.browser()
    teacher = browser.launch_as("Instructor", sub="teacher-1")
    student = browser.launch_as("Learner", sub="student-1")
    assert "no assignment yet" in text_of(browser.get(teacher, follow_redirects=True))
    assert "isn't ready yet" in text_of(browser.get(student, follow_redirects=True))
    assert browser.get(student + "settings").status_code == 403


def test_a_state_nobody_knows_is_refused(tool: Tool) -> None:
    browser = tool.browser()
    _, nonce = browser.login()
    token = tool.platform.sign(tool.platform.claims(nonce, TARGET))
    assert browser.send("made-up", token).status_code == 401
    assert browser.send("", token).status_code == 401


def test_an_unknown_deployment_waits_for_approval(tool: Tool) -> None:
    browser = tool.browser()
    state, nonce = browser.login()
    claims = tool.platform.claims(nonce, TARGET, **{names.DEPLOYMENT_ID: "new-place"})
    response = browser.send(state, tool.platform.sign(claims))
    assert response.status_code == 403
    assert "approve" in text_of(response)
    with tool.parts.database.transaction() as session:
        pending = session.execute(select(Deployment).where(Deployment.state == DeploymentState.PENDING)).scalar_one()
        approve_deployment(session, pending.id)
    assert browser.launch(**{names.DEPLOYMENT_ID: "new-place"}).startswith("/v/")


def test_an_error_of_the_platform_is_shown_readably(tool: Tool) -> None:
    browser = tool.browser()
    state, _ = browser.login()
    response = browser.post("/lti/launch", data={"state": state, "error": "login_required"})
    assert response.status_code == 401
    assert "login_required" in text_of(response)


def test_a_new_key_of_the_platform_is_fetched_once(tool: Tool) -> None:
    tool.browser().launch()
    platform = tool.platform
    platform.key, platform.kid = rsa_key(), "rotated"
    platform.keys = [jwk(platform.key, "rotated")]
    assert tool.browser().launch().startswith("/v/")
    before = platform.paths("GET").count("/jwks")
    browser = tool.browser()
    for _ in range(3):
        state, nonce = browser.login()
        assert browser.send(state, platform.sign(platform.claims(nonce, TARGET), kid="flood")).status_code == 401
    assert platform.paths("GET").count("/jwks") == before


def test_a_disabled_platform_loses_its_open_visits_too(tool: Tool) -> None:
    browser = tool.browser()
    path = browser.launch()
    with tool.parts.database.transaction() as session:
        session.execute(select(Registration)).scalar_one().state = RegistrationState.DISABLED
    assert browser.get(path).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {names.ROLES: []},
        {names.ROLES: ["http://example.org/made-up"]},
        {"name": None, "given_name": None, "family_name": None, "email": None},
        {names.CONTEXT: None},
        {names.CUSTOM: {"due": "$ResourceLink.submission.endDateTime"}},
        {"https://vendor.example/claim": {"x": [1]}},
        {"aud": ["client-1"]},
        {"aud": "client-1", "azp": "client-1"},
        {names.ROLES: [MEMBERSHIP + "Learner", MEMBERSHIP + "Mentor", "Instructor"]},
        {names.ROLES: ["Learner"]},
        {"name": None, "given_name": None, "family_name": None},
        {"email": None},
        {names.CONTEXT: None, "name": None, "given_name": None, "family_name": None},
        {names.AGS: None, names.NRPS: None},
    ],
)
def test_an_unusual_but_valid_launch_is_taken(tool: Tool, changes: dict[str, Any]) -> None:
    # Once as a student and once as an instructor, unless the case is about roles itself.
    for role in ("Learner", "Instructor"):
        assert tool.browser().launch_as(role, sub=f"{role}-1", **changes).startswith("/v/")


def test_clocks_that_differ_by_less_than_a_minute_do_no_harm(tool: Tool) -> None:
    now = int(time.time())
    assert tool.browser().launch(exp=now - 30, iat=now - 90).startswith("/v/")
    assert tool.browser().launch(exp=now + 90, iat=now + 30).startswith("/v/")


@tried(60)
@given(
    form=st.dictionaries(st.sampled_from(["state", "id_token", "error", "iss", "login_hint", "client_id"]), st.text())
)
def test_nothing_that_is_posted_breaks_the_endpoints(tool: Tool, form: dict[str, str]) -> None:
    browser = tool.browser()
    for path in ("/lti/login", "/lti/launch"):
        response = browser.post(path, data=form)
        assert response.status_code in (400, 401), response.status_code
        assert "Location" not in response.headers


def test_roles_reach_the_enrolment(tool: Tool) -> None:
    browser = tool.browser()
    browser.launch(
        **{
            names.ROLES: [
                MEMBERSHIP + "Instructor",
                "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant",
            ]
        }
    )
    with tool.parts.database.transaction() as session:
        assert session.execute(select(Enrolment.role)).scalar_one() is CourseRole.GRADER
