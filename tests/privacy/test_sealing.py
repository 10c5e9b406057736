"""Sealing: what is sealed for one place opens there and nowhere else, and not at all once its key is gone."""

import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, update

from config.clock import utc_now
from config.database import Database
from privacy.errors import KeyDestroyed, SealBroken
from privacy.keyring import LocalKeyRing
from privacy.models import DataKey
from privacy.sealing import Owner, Place, Vault

TENANT = uuid.uuid4()


def place(column: str = "text") -> Place:
    return Place("submission", column, uuid.UUID(int=7))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=2000))
def test_sealing_and_opening_gives_the_same_bytes(sqlite_database: Database, vault: Vault, content: bytes) -> None:
    with sqlite_database.transaction() as session:
        blob = vault.seal(session, Owner.person(TENANT, uuid.UUID(int=1)), place(), content)
        assert vault.open(session, place(), blob) == content
        assert len(content) < 8 or content not in blob


def test_a_value_opens_in_another_process(database: Database, keyring: LocalKeyRing) -> None:
    with database.transaction() as session:
        blob = Vault(keyring).seal_text(session, Owner.person(TENANT, uuid.uuid4()), place(), "Grüße, 你好")
    with database.transaction() as session:
        assert Vault(keyring).open_text(session, place(), blob) == "Grüße, 你好"


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place("submission", "file", uuid.UUID(int=7)),
        Place("draft", "text", uuid.UUID(int=7)),
        Place("submission", "text", uuid.UUID(int=8)),
    ],
)
def test_a_value_moved_elsewhere_does_not_open(sqlite_database: Database, vault: Vault, elsewhere: Place) -> None:
    with sqlite_database.transaction() as session:
        blob = vault.seal(session, Owner.person(TENANT, uuid.uuid4()), place(), b"secret")
        with pytest.raises(SealBroken):
            vault.open(session, elsewhere, blob)


@pytest.mark.parametrize("position", [0, 3, 20, 30, -1])
def test_a_changed_byte_is_noticed(sqlite_database: Database, vault: Vault, position: int) -> None:
    with sqlite_database.transaction() as session:
        blob = bytearray(vault.seal(session, Owner.person(TENANT, uuid.uuid4()), place(), b"some secret words"))
        blob[position] ^= 1
        with pytest.raises(SealBroken):
            vault.open(session, place(), bytes(blob))


def test_something_that_was_never_sealed_is_refused(sqlite_database: Database, vault: Vault) -> None:
    with sqlite_database.transaction() as session, pytest.raises(SealBroken):
        vault.open(session, place(), b"plain words that are long enough to be a blob of some kind")


def test_people_and_tenants_have_keys_of_their_own(database: Database, vault: Vault) -> None:
    person = uuid.uuid4()
    with database.transaction() as session:
        for owner in (
            Owner.person(TENANT, person),
            Owner.person(uuid.uuid4(), person),
            Owner.person(TENANT, uuid.uuid4()),
            Owner.course(TENANT, person),
            Owner.site(),
            Owner.site(),
        ):
            vault.seal(session, owner, place(), b"x")
    with database.transaction() as session:
        assert len(session.execute(select(DataKey)).all()) == 5


def test_a_destroyed_key_opens_nothing_any_more(database: Database, keyring: LocalKeyRing) -> None:
    with database.transaction() as session:
        blob = Vault(keyring).seal(session, Owner.person(TENANT, uuid.uuid4()), place(), b"x")
    with database.transaction() as session:
        session.execute(update(DataKey).values(wrapped=None, destroyed_at=utc_now()))
    with database.transaction() as session, pytest.raises(KeyDestroyed):
        Vault(keyring).open(session, place(), blob)


def test_keys_of_many_owners_cost_a_constant_number_of_statements(database: Database, vault: Vault) -> None:
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *arguments: statements.append(str(arguments[2])))
    counts = []
    for size in (3, 60):
        with database.transaction() as session:
            statements.clear()
            vault.prepare_keys(session, [Owner.person(TENANT, uuid.uuid4()) for _ in range(size)])
            counts.append(len([one for one in statements if "data_key" in one]))
    assert counts[0] == counts[1] <= 3
