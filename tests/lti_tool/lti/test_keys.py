"""Our keys change without a gap; the platforms' keys are kept as long as they say, and an old set beats none."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import select

from config.database import Database
from grading.models import Registration
from lti_tool.lti.errors import TokenRefused
from lti_tool.lti.keys import KEPT_AFTER, PUBLISHED_AHEAD, RotationRefused, ToolKeys, forget_keys
from lti_tool.lti.models import ToolKey
from lti_tool.lti.platform_keys import PlatformKeys
from privacy.audit import Actor
from privacy.sealing import Vault
from tests.conftest import StillClock
from tests.lti_tool.conftest import Tool
from tests.lti_tool.lms import Answer, jwk, rsa_key


def published(database: Database, keys: ToolKeys) -> list[str]:
    with database.transaction() as session:
        return [key["kid"] for key in keys.jwks(session)["keys"]]


def signing(database: Database, keys: ToolKeys) -> str:
    with database.transaction() as session:
        return keys.signing_key(session).kid


def test_a_new_key_is_published_before_it_signs_and_the_old_one_long_after(
    database: Database, vault: Vault, clock: StillClock
) -> None:
    keys = ToolKeys(vault, clock)
    old = signing(database, keys)
    with database.transaction() as session:
        new = keys.rotate(session, Actor.system()).kid
    assert published(database, keys) == [old, new]
    assert signing(database, keys) == old
    clock.now += PUBLISHED_AHEAD
    assert signing(database, keys) == new
    assert published(database, keys) == [old, new]
    clock.now += KEPT_AFTER
    assert published(database, keys) == [new]
    with database.transaction() as session:
        forget_keys(session, clock())
        assert session.execute(select(ToolKey.kid)).scalars().all() == [new]


def test_a_second_rotation_waits_for_the_first(database: Database, vault: Vault, clock: StillClock) -> None:
    keys = ToolKeys(vault, clock)
    signing(database, keys)
    with database.transaction() as session:
        keys.rotate(session, Actor.system())
    with pytest.raises(RotationRefused), database.transaction() as session:
        keys.rotate(session, Actor.system())


def test_a_key_in_wrong_hands_is_withdrawn_at_once(database: Database, vault: Vault, clock: StillClock) -> None:
    keys = ToolKeys(vault, clock)
    old = signing(database, keys)
    with database.transaction() as session:
        waiting = keys.rotate(session, Actor.system()).kid
        new = keys.rotate(session, Actor.system(), at_once=True)
    assert new.signs_now
    assert published(database, keys) == [new.kid]
    assert signing(database, keys) == new.kid
    assert new.kid not in (old, waiting)


class Sets:
    """A platform's key set that can be changed, with the headers it is sent under."""

    def __init__(self, tool: Tool, clock: StillClock) -> None:
        self.tool = tool
        self.keys = PlatformKeys(tool.parts.database, tool.application.http, clock)
        with tool.parts.database.transaction() as session:
            self.registration = session.execute(select(Registration.id)).scalar_one()

    def serve(self, *kids: str, **headers: str) -> None:
        body = json.dumps({"keys": [jwk(rsa_key(), kid) for kid in kids]}).encode()
        self.answer((200, headers, body))

    def answer(self, answer: Answer) -> None:
        self.tool.platform.routes[("GET", "/jwks")] = lambda *_: answer

    def find(self, kid: str) -> Any:
        return self.keys.find(self.registration, f"{self.tool.platform.url}/jwks", kid)

    @property
    def asked(self) -> int:
        return self.tool.platform.paths("GET").count("/jwks")


@pytest.fixture
def sets(tool: Tool, clock: StillClock) -> Sets:
    return Sets(tool, clock)


def test_a_set_is_kept_as_long_as_it_says(sets: Sets, clock: StillClock) -> None:
    sets.serve("a", **{"Cache-Control": "public, max-age=600"})
    for _ in range(3):
        assert sets.find("a").key_id == "a"
    assert sets.asked == 1
    clock.forward(seconds=601)
    sets.find("a")
    assert sets.asked == 2


def test_a_platform_that_forbids_keeping_is_asked_anew_but_once_for_all_who_come_together(
    sets: Sets, clock: StillClock
) -> None:
    sets.serve("a", **{"Cache-Control": "no-store"})
    for launch in range(1, 4):
        for _ in range(30):
            sets.find("a")
        assert sets.asked == launch
        clock.forward(seconds=3)


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}, b"oops"),
        (200, {}, b"<html>sign in</html>"),
        (200, {}, b"[]"),
        (302, {"Location": "/x"}, b""),
        (200, {}, b'{"keys": 1}'),
        (200, {}, b"x" * 3_000_000),
    ],
)
def test_a_set_that_cannot_be_had_leaves_the_old_one(sets: Sets, clock: StillClock, answer: Answer) -> None:
    sets.serve("a", **{"Cache-Control": "max-age=60"})
    sets.find("a")
    clock.forward(seconds=61)
    sets.answer(answer)
    assert sets.find("a").key_id == "a"


def test_an_outage_is_waited_for_once_and_the_old_set_serves_until_it_is_over(sets: Sets, clock: StillClock) -> None:
    sets.serve("a", **{"Cache-Control": "max-age=60"})
    sets.find("a")
    clock.forward(seconds=61)
    sets.answer((500, {}, b""))
    for _ in range(30):
        assert sets.find("a").key_id == "a"
    assert sets.asked == 2
    sets.serve("a", "b")
    clock.forward(seconds=31)
    assert sets.find("b").key_id == "b"


def test_a_key_that_is_too_small_is_none(sets: Sets) -> None:
    small = rsa.generate_private_key(65537, 1024)  # noqa: S505 - too small on purpose
    sets.answer((200, {}, json.dumps({"keys": [jwk(small, "a")]}).encode()))
    with pytest.raises(TokenRefused):
        sets.find("a")


def test_a_set_that_never_could_be_had_refuses(sets: Sets) -> None:
    sets.answer((500, {}, b""))
    for _ in range(20):
        with pytest.raises(TokenRefused) as refused:
            sets.find("a")
        assert refused.value.code == "keys_unavailable"
    assert sets.asked <= 2


def test_an_unknown_key_is_looked_for_once_and_then_not_for_half_a_minute(sets: Sets, clock: StillClock) -> None:
    sets.serve("a")
    sets.find("a")
    clock.forward(seconds=5)
    for _ in range(20):
        with pytest.raises(TokenRefused):
            sets.find("flood")
    assert sets.asked == 2
    sets.serve("a", "b")
    clock.forward(seconds=31)
    assert sets.find("b").key_id == "b"


@pytest.mark.parametrize("changes", [{"use": "enc"}, {"alg": "RS512"}, {"kty": "EC"}, {"kty": "oct", "k": "c2VjcmV0"}])
def test_a_key_that_does_not_sign_with_rs256_is_none(sets: Sets, changes: dict[str, str]) -> None:
    sets.answer((200, {}, json.dumps({"keys": [jwk(rsa_key(), "a", **changes)]}).encode()))
    with pytest.raises(TokenRefused):
        sets.find("a")


def test_two_keys_under_one_name_are_nothing_to_guess_about(sets: Sets) -> None:
    sets.serve("a", "a")
    with pytest.raises(TokenRefused):
        sets.find("a")


@pytest.mark.parametrize("first", [True, False])
def test_a_key_of_another_kind_under_the_same_name_is_nothing_to_guess_about(sets: Sets, first: bool) -> None:
    good, other = jwk(rsa_key(), "a"), {"kty": "oct", "kid": "a", "k": "c2VjcmV0", "alg": "HS256"}
    sets.answer((200, {}, json.dumps({"keys": [other, good] if first else [good, other]}).encode()))
    with pytest.raises(TokenRefused):
        sets.find("a")
