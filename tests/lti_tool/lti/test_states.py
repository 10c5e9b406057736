"""States of logins: complete in themselves, bound to one browser, short-lived, and of no use with a letter changed."""

import dataclasses
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import delete, event, func, select, update
from sqlalchemy.exc import IntegrityError

from grading import erasure
from grading.models import Context, Deployment, Enrolment, Person, Registration
from grading.models.erasures import ErasureScope
from grading.models.tenancy import DeploymentState
from lti_tool.lti.errors import TokenRefused
from lti_tool.lti.states import LIFETIME, LONGEST_STATE, LONGEST_TARGET, States
from lti_tool.sessions import COOKIE, KEPT, LaunchSession, forget_visits, hash_secret
from lti_tool.spent_logins import SpentLogin, forget_spent_logins
from privacy.audit import Actor
from tests.lti_tool.conftest import BASE_URL, Browser, Tool, text_of
from tests.thorough import tried

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
TARGET = f"{BASE_URL}/lti/launch"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.fixture
def states() -> States:
    return States("a signing key")


def test_a_state_says_who_was_asked_when_and_where_data_is_kept(states: States) -> None:
    registration = uuid.uuid4()
    state = states.read(states.new(registration, "secret", "_parent", NOW))
    assert (state.registration_id, state.issued_at, state.storage_target) == (registration, NOW, "_parent")
    assert state.belongs_to("secret")
    assert not state.belongs_to("another")
    assert not state.belongs_to("")


def test_a_state_lives_for_ten_minutes(states: States) -> None:
    state = states.read(states.new(uuid.uuid4(), "secret", "", NOW))
    assert timedelta(minutes=10) == LIFETIME
    assert not state.is_over(NOW + LIFETIME - timedelta(seconds=1))
    assert state.is_over(NOW + LIFETIME)


def test_a_visit_is_kept_for_longer_than_its_state_lives() -> None:
    assert KEPT > LIFETIME


def test_the_longest_state_fits_into_any_address(states: States) -> None:
    text = states.new(uuid.uuid4(), "s" * 43, "ü" * (LONGEST_TARGET // 2), NOW)
    assert len(text) < LONGEST_STATE
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", text)
    assert states.read(text).storage_target == "ü" * (LONGEST_TARGET // 2)


def test_two_logins_of_one_browser_have_nothing_in_common(states: States) -> None:
    registration = uuid.uuid4()
    first, second = (states.read(states.new(registration, "secret", "", NOW)) for _ in range(2))
    assert first.hash != second.hash
    assert states.nonce(first.hash) != states.nonce(second.hash)
    assert dataclasses.astuple(first)[-1] != dataclasses.astuple(second)[-1]


def test_no_letter_of_a_state_can_be_changed(states: States) -> None:
    text = states.new(uuid.uuid4(), "secret", "_parent", NOW)
    for place, letter in enumerate(text):
        # Its neighbour in the alphabet differs in the last bit alone: base64 reads some of those as the same bytes.
        other = "A" if letter == "." else LETTERS[LETTERS.index(letter) ^ 1]
        with pytest.raises(TokenRefused):
            states.read(text[:place] + other + text[place + 1 :])
    for odd in (
        text + "=",
        text + "A",
        text + ".",
        text[:-1],
        f" {text}",
        f"{text}\n",
        text.replace(".", ""),
        "." + text,
    ):
        with pytest.raises(TokenRefused):
            states.read(odd)
    with pytest.raises(TokenRefused):
        States("another key").read(text)


@tried(200)
@given(st.text(max_size=600))
@example("")
@example(".")
@example("\ud800.")
def test_no_text_breaks_the_reading(text: str) -> None:
    with pytest.raises(TokenRefused):
        States("a signing key").read(text)


@pytest.fixture
def written(tool: Tool) -> Iterator[list[str]]:
    """What is sent to the database, apart from reading."""
    statements: list[str] = []

    def note(*arguments: object) -> None:
        if not str(arguments[2]).lstrip().upper().startswith("SELECT"):
            statements.append(str(arguments[2]))

    engine = tool.parts.database.engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def test_a_login_writes_nothing(tool: Tool, written: list[str]) -> None:
    tool.browser().login()
    tool.browser().login(lti_storage_target="x" * (LONGEST_TARGET + 1))
    assert written == []


def begun(tool: Tool, browser: Browser, ago: timedelta) -> tuple[str, str]:
    """A login of a browser as it was some time ago; returns state and token."""
    browser.login()
    cookie = browser.client.get_cookie(COOKIE, domain="127.0.0.1")
    assert cookie is not None
    with tool.parts.database.transaction() as session:
        registration_id = session.execute(select(Registration.id)).scalar_one()
    states = States(tool.parts.signing_key)
    state = states.new(registration_id, cookie.value, "", tool.parts.clock() - ago)
    nonce = states.nonce(hash_secret(state))
    return state, tool.platform.sign(tool.platform.claims(nonce, TARGET))


def test_a_state_of_more_than_ten_minutes_ago_leads_nowhere(tool: Tool) -> None:
    browser = tool.browser()
    young = begun(tool, browser, LIFETIME - timedelta(minutes=1))
    old = begun(tool, browser, LIFETIME)
    refused = browser.send(*old)
    assert refused.status_code == 401
    assert "state_expired" in text_of(refused)
    assert browser.send(*young).status_code == 303


def test_a_reload_resumes_however_old_the_state_is_but_only_in_its_browser(tool: Tool) -> None:
    browser, thief = tool.browser(), tool.browser()
    path = browser.launch()
    thief.login()
    state, token = begun(tool, browser, timedelta(hours=1))
    assert browser.send(state, token).status_code == 401
    with tool.parts.database.transaction() as session:
        # As if the visit had been opened an hour ago.
        session.execute(update(LaunchSession).values(state_hash=hash_secret(state)))
    assert urlsplit(browser.send(state, token).headers["Location"]).path == path
    assert browser.send(state, "no token at all").status_code == 303
    assert thief.send(state, token).status_code == 401


@pytest.mark.both_databases
def test_two_visits_of_one_state_are_refused_by_the_database(tool: Tool) -> None:
    browser = tool.browser()
    browser.launch()
    browser.launch()
    with pytest.raises(IntegrityError), tool.parts.database.transaction() as session:
        session.execute(update(LaunchSession).values(state_hash="the same"))


def test_visits_are_forgotten_only_after_their_states(tool: Tool) -> None:
    browser = tool.browser()
    state, nonce = browser.login()
    token = tool.platform.sign(tool.platform.claims(nonce, TARGET))
    browser.send(state, token)
    with tool.parts.database.transaction() as session:
        now = tool.parts.clock()
        session.execute(update(LaunchSession).values(expires_at=now))
        forget_visits(session, now + LIFETIME)
        assert session.execute(select(func.count(LaunchSession.id))).scalar_one() == 1
        forget_visits(session, now + KEPT + timedelta(seconds=1))
        assert session.execute(select(func.count(LaunchSession.id))).scalar_one() == 0


def erased(tool: Tool, scope: ErasureScope) -> None:
    """Erase the only person, course or deployment there is."""
    parts, target = tool.parts, {ErasureScope.PERSON: Person.id, ErasureScope.COURSE: Context.id}
    with parts.database.transaction() as session:
        tenant_id = session.execute(select(Deployment.id)).scalar_one()
        target_id = session.execute(select(target.get(scope, Deployment.id))).scalar_one()
        asked = erasure.request(
            session, erasure.Target(tenant_id, scope, target_id), actor=Actor.system(), clock=parts.clock
        )
    assert erasure.carry_out(parts.database, parts.vault, asked.id, parts.clock)


@pytest.mark.both_databases
def test_a_message_whose_visit_was_erased_opens_no_other_one(tool: Tool) -> None:
    for scope in (ErasureScope.PERSON, ErasureScope.COURSE, ErasureScope.DEPLOYMENT):
        browser = tool.browser()
        state, nonce = browser.login()
        token = tool.platform.sign(tool.platform.claims(nonce, TARGET))
        assert browser.send(state, token).status_code == 303
        erased(tool, scope)
        if scope is ErasureScope.DEPLOYMENT:
            # It is let in again, to show that this is not what refuses the message.
            assert browser.send(state, token).status_code == 403
            with tool.parts.database.transaction() as session:
                session.execute(update(Deployment).values(state=DeploymentState.APPROVED))
        for _ in range(2):
            refused = browser.send(state, token)
            assert (refused.status_code, "replayed" in text_of(refused)) == (401, True), scope
        with tool.parts.database.transaction() as session:
            assert session.execute(select(func.count(LaunchSession.id))).scalar_one() == 0
            assert session.execute(select(func.count(Enrolment.id))).scalar_one() == 0
    assert browser.launch().startswith("/v/")


@pytest.mark.both_databases
def test_a_login_is_spent_whatever_removed_its_visit_until_its_state_has_ended(tool: Tool) -> None:
    browser = tool.browser()
    state, nonce = browser.login()
    token = tool.platform.sign(tool.platform.claims(nonce, TARGET))
    browser.send(state, token)
    with tool.parts.database.transaction() as session:
        session.execute(delete(LaunchSession))
        forget_spent_logins(session, tool.parts.clock() + LIFETIME)
    assert browser.send(state, token).status_code == 401
    with tool.parts.database.transaction() as session:
        assert session.execute(select(SpentLogin.state_hash)).scalar_one() == hash_secret(state)
        forget_spent_logins(session, tool.parts.clock() + KEPT + timedelta(seconds=1))
        assert session.execute(select(func.count(SpentLogin.state_hash))).scalar_one() == 0
