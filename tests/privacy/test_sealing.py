"""Sealing: what is sealed for one place opens there and nowhere else, and not at all once its key is gone."""

import threading
import uuid
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, update

from config.clock import utc_now
from config.database import Database
from privacy.errors import KeyDestroyed, KeyRingError, MasterKeyRetired, SealBroken
from privacy.key_cache import LIFE_SECONDS
from privacy.keyring import LocalKeyRing, PlainKey, WrappedKey
from privacy.models import DataKey, OwnerKind, RetiredMasterKey
from privacy.sealing import Owner, Place, Vault, wrapping_context

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


def test_values_of_two_tenants_don_t_open_in_each_other_s_place(sqlite_database: Database, vault: Vault) -> None:
    """The tenant is part of what a value is bound to, even if somebody hands its data key to another tenant."""
    person = uuid.uuid4()
    with sqlite_database.transaction() as session:
        blobs = [vault.seal(session, Owner.person(tenant, person), place(), b"x") for tenant in (TENANT, uuid.uuid4())]
        swapped = [blobs[0][:17] + blobs[1][17:], blobs[1][:17] + blobs[0][17:]]
        for blob in swapped:
            with pytest.raises(SealBroken):
                vault.open(session, place(), blob)


def test_a_data_key_given_to_another_tenant_does_not_open(sqlite_database: Database, keyring: LocalKeyRing) -> None:
    with sqlite_database.transaction() as session:
        Vault(keyring).seal(session, Owner.person(TENANT, uuid.uuid4()), place(), b"x")
        blob = Vault(keyring).seal(session, Owner.person(TENANT, uuid.uuid4()), place(), b"x")
        session.execute(update(DataKey).values(tenant_id=uuid.uuid4()))
    with sqlite_database.transaction() as session, pytest.raises(KeyRingError, match="altered, or the ring"):
        Vault(keyring).open(session, place(), blob)


@pytest.mark.parametrize(
    ("what", "position"),
    [
        ("version", 0),
        ("key id", 1),
        ("key id", 16),
        ("nonce", 17),
        ("nonce", 28),
        ("ciphertext", 29),
        ("tag", -16),
        ("tag", -1),
    ],
)
def test_a_changed_byte_is_noticed(sqlite_database: Database, vault: Vault, what: str, position: int) -> None:
    with sqlite_database.transaction() as session:
        blob = bytearray(vault.seal(session, Owner.person(TENANT, uuid.uuid4()), place(), b"some secret words"))
        blob[position] ^= 1
        with pytest.raises(SealBroken):
            vault.open(session, place(), bytes(blob))


@pytest.mark.parametrize("length", [0, 1, 17, 29, 44, -1])
def test_a_value_cut_short_is_noticed(sqlite_database: Database, vault: Vault, length: int) -> None:
    with sqlite_database.transaction() as session:
        blob = vault.seal(session, Owner.person(TENANT, uuid.uuid4()), place(), b"some secret words")
        with pytest.raises(SealBroken):
            vault.open(session, place(), blob[:length])


KNOWN_KEY = bytes(range(7, 39))
KNOWN_TENANT, KNOWN_ID, KNOWN_ROW = uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3)
KNOWN = bytes.fromhex(
    "01" + "00000000000000000000000000000002" + "000102030405060708090a0b7903b9e80e48caf9b327dd5a630d392b666066dd8c67a7"
)


def test_values_sealed_by_earlier_versions_open(sqlite_database: Database, keyring: LocalKeyRing) -> None:
    """A known answer: format, associated data and cipher stay as they are."""
    wrapped = keyring.wrap([PlainKey(KNOWN_KEY, wrapping_context(KNOWN_ID, KNOWN_TENANT))])[0]
    with sqlite_database.transaction() as session:
        session.add(
            DataKey(
                id=KNOWN_ID,
                tenant_id=KNOWN_TENANT,
                owner_kind=OwnerKind.PERSON,
                owner_id=uuid.UUID(int=4),
                master_key_id=wrapped.master_key_id,
                wrapped=wrapped.blob,
            )
        )
    with sqlite_database.transaction() as session:
        opened = Vault(keyring).open_text(session, Place("submission", "text", KNOWN_ROW), KNOWN)
    assert opened == "Grüße"


def test_the_cipher_is_the_one_of_the_standard() -> None:
    """Test case 16 of the GCM specification (McGrew and Viega, AES-256 with associated data)."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = AESGCM(key).encrypt(bytes.fromhex("cafebabefacedbaddecaf888"), plain, associated)
    assert sealed.hex() == (
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )


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


class CountingRing:
    """Passes on to a ring and counts what it unwraps."""

    def __init__(self, ring: LocalKeyRing) -> None:
        self._ring = ring
        self.unwrapped = 0

    def wrap(self, plain: Sequence[PlainKey]) -> list[WrappedKey]:
        return self._ring.wrap(plain)

    def unwrap(self, wrapped: Sequence[WrappedKey]) -> list[bytes]:
        self.unwrapped += len(wrapped)
        return self._ring.unwrap(wrapped)

    def derive(self, purpose: str) -> bytes:
        return self._ring.derive(purpose)


def test_a_key_is_unwrapped_once_in_five_minutes(sqlite_database: Database, keyring: LocalKeyRing) -> None:
    with sqlite_database.transaction() as session:
        blob = Vault(keyring).seal(session, Owner.person(TENANT, uuid.uuid4()), place(), b"x")
    now, ring = [0.0], CountingRing(keyring)
    vault = Vault(ring, monotonic=lambda: now[0])
    for moment, unwrapped in ((0.0, 1), (LIFE_SECONDS - 1, 1), (LIFE_SECONDS, 2)):
        now[0] = moment
        with sqlite_database.transaction() as session:
            vault.open(session, place(), blob)
        assert ring.unwrapped == unwrapped, moment


def test_a_key_destroyed_elsewhere_works_for_five_minutes_at_most(database: Database, keyring: LocalKeyRing) -> None:
    owner, now = Owner.person(TENANT, uuid.uuid4()), [0.0]
    vault = Vault(keyring, monotonic=lambda: now[0])
    with database.transaction() as session:
        blob = vault.seal(session, owner, place(), b"x")
    with database.transaction() as session:
        assert Vault(keyring).destroy_keys(session, [owner], utc_now()) == 1
    now[0] = LIFE_SECONDS - 1
    with database.transaction() as session:
        vault.open(session, place(), blob)
    now[0] = LIFE_SECONDS
    with database.transaction() as session, pytest.raises(KeyDestroyed):
        vault.open(session, place(), blob)
    with database.transaction() as session:
        assert vault.seal(session, owner, place(), b"x")[1:17] != blob[1:17]


def test_a_session_left_open_does_not_seal_with_a_destroyed_key(database: Database, keyring: LocalKeyRing) -> None:
    owner, now = Owner.person(TENANT, uuid.uuid4()), [0.0]
    vault = Vault(keyring, monotonic=lambda: now[0])
    session = database.session()
    first = vault.seal(session, owner, place(), b"x")
    session.commit()
    with database.transaction() as other:
        Vault(keyring).destroy_keys(other, [owner], utc_now())
    now[0] = LIFE_SECONDS
    assert vault.seal(session, owner, place(), b"x")[1:17] != first[1:17]
    session.close()


def test_a_key_whose_row_was_rolled_back_seals_nothing(database: Database, keyring: LocalKeyRing) -> None:
    owner, vault = Owner.person(TENANT, uuid.uuid4()), Vault(keyring)
    session = database.session()
    vault.seal(session, owner, place(), b"x")
    session.rollback()
    blob = vault.seal(session, owner, place(), b"kept")
    session.commit()
    session.close()
    with database.transaction() as later:
        assert Vault(keyring).open(later, place(), blob) == b"kept"


def test_a_key_whose_savepoint_was_rolled_back_seals_nothing(database: Database, keyring: LocalKeyRing) -> None:
    owner, vault = Owner.person(TENANT, uuid.uuid4()), Vault(keyring)
    with database.transaction() as session:
        savepoint = session.begin_nested()
        vault.seal(session, owner, place(), b"x")
        savepoint.rollback()
        blob = vault.seal(session, owner, place(), b"kept")
    with database.transaction() as later:
        assert Vault(keyring).open(later, place(), blob) == b"kept"


def test_memory_is_emptied_under_readers_without_harm(postgresql_database: Database, vault: Vault) -> None:
    with postgresql_database.transaction() as session:
        sealed = [
            (place(), vault.seal(session, Owner.person(TENANT, uuid.uuid4()), place(), bytes([number])))
            for number in range(20)
        ]
    done, failures = threading.Event(), []

    def read() -> None:
        try:
            for _ in range(60):
                with postgresql_database.transaction() as session:
                    assert vault.open_many(session, sealed) == [bytes([number]) for number in range(20)]
        except Exception as error:
            failures.append(error)
            raise

    readers = [threading.Thread(target=read) for _ in range(3)]
    forgetter = threading.Thread(target=lambda: [vault.forget() for _ in iter(done.is_set, True)])
    for thread in [*readers, forgetter]:
        thread.start()
    for thread in readers:
        thread.join()
    done.set()
    forgetter.join()
    assert failures == []


def test_a_data_key_under_a_retired_master_key_is_refused(database: Database, keyring: LocalKeyRing) -> None:
    with database.transaction() as session:
        session.add(RetiredMasterKey(id=keyring.current, retired_at=utc_now()))
    session = database.session()
    with pytest.raises(MasterKeyRetired, match="try again"):
        Vault(keyring).seal(session, Owner.person(TENANT, uuid.uuid4()), place(), b"x")
    session.close()


def test_keys_of_many_people_are_made_in_one_order_whoever_makes_them(sqlite_database: Database, vault: Vault) -> None:
    """Two writers who insert the same people in different orders would wait for each other in a circle."""
    owners = {Owner.person(tenant, uuid.uuid4()) for tenant in (TENANT, uuid.uuid4()) for _ in range(50)}
    inserted: list[object] = []

    def note(*arguments: object) -> None:
        if str(arguments[2]).startswith("INSERT INTO data_key"):
            inserted.extend(arguments[3])  # type: ignore[call-overload]

    event.listen(sqlite_database.engine, "before_cursor_execute", note)
    with sqlite_database.transaction() as session:
        vault.prepare_keys(session, owners)
    ids = {owner.id.hex for owner in owners}
    in_order = sorted(owners, key=lambda owner: (owner.tenant_id, owner.id))
    assert [value for value in inserted if value in ids] == [owner.id.hex for owner in in_order]


def test_two_writers_who_make_keys_for_the_same_people_don_t_block_each_other(
    postgresql_database: Database, keyring: LocalKeyRing
) -> None:
    owners = [Owner.person(TENANT, uuid.uuid4()) for _ in range(200)]
    failures: list[Exception] = []

    def write(order: list[Owner]) -> None:
        try:
            with postgresql_database.transaction() as session:
                Vault(keyring).prepare_keys(session, order)
        except Exception as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=write, args=(order,)) for order in (owners, owners[::-1], owners[50:])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with postgresql_database.transaction() as session:
        assert len(session.execute(select(DataKey.id)).all()) == 200
