"""Rotation of master keys while people work: nothing is lost, whatever stops it and whoever else is at it."""

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select

from config.clock import utc_now
from config.database import Database
from privacy import rotation
from privacy.audit import Actor, AuditLog
from privacy.errors import KeyDestroyed, KeyRingError, MasterKeyInUse, MasterKeyRetired
from privacy.keyring import LocalKeyRing, PlainKey, WrappedKey, create_keyring, load_keyring
from privacy.models import AuditEvent, DataKey
from privacy.rotation import Progress
from privacy.sealing import Owner, Place, Vault

TENANT = uuid.uuid4()
OPERATOR = Actor.system()
Sealed = list[tuple[Owner, Place, bytes]]


def seal(database: Database, ring: LocalKeyRing, count: int) -> Sealed:
    """One value for each of so many people."""
    owners = [Owner.person(TENANT, uuid.uuid4()) for _ in range(count)]
    vault = Vault(ring)
    with database.transaction() as session:
        vault.prepare_keys(session, owners)
        places = [Place("submission", "text", uuid.uuid4()) for _ in owners]
        return [
            (owner, place, vault.seal(session, owner, place, owner.id.bytes))
            for owner, place in zip(owners, places, strict=True)
        ]


def open_all(database: Database, ring: LocalKeyRing, sealed: Sealed) -> None:
    """Open everything, with a memory that holds nothing yet."""
    with database.transaction() as session:
        opened = Vault(ring).open_many(session, [(place, blob) for _, place, blob in sealed])
    assert opened == [owner.id.bytes for owner, _, _ in sealed]


def under(database: Database, master: str) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).where(DataKey.master_key_id == master, DataKey.wrapped.is_not(None)))  # type: ignore[return-value]


def quiet(_: Progress) -> None:
    """Nobody looks."""


def rotate(database: Database, ring: LocalKeyRing) -> tuple[str, str]:
    old = ring.current
    new = rotation.add(database, ring, OPERATOR)
    rotation.activate(database, ring, new, OPERATOR)
    return old, new


def test_a_whole_rotation(database: Database, keyring: LocalKeyRing) -> None:
    sealed = seal(database, keyring, 25)
    old, new = rotate(database, keyring)
    seen: list[Progress] = []
    assert rotation.rewrap(database, keyring, OPERATOR, seen.append, batch=10) == 25
    assert [progress.done for progress in seen] == [0, 10, 20, 25]
    assert {progress.total for progress in seen} == {25}
    rotation.retire(database, keyring, old, OPERATOR)
    assert keyring.key_ids() == [new]
    open_all(database, keyring, sealed)


def test_each_step_is_in_the_audit_log_before_and_after_without_secrets(
    database: Database, keyring: LocalKeyRing, tmp_path: Path
) -> None:
    seal(database, keyring, 2)
    old, new = rotate(database, keyring)
    rotation.rewrap(database, keyring, OPERATOR, quiet)
    rotation.retire(database, keyring, old, OPERATOR)
    with database.transaction() as session:
        events = list(session.scalars(select(AuditEvent).order_by(AuditEvent.sequence)))
    assert AuditLog(keyring).verify(database.transaction) == {"site": 8}
    assert [(event.event, event.details) for event in events] == [
        ("keyring.adding", {}),
        ("keyring.added", {"master_key": new}),
        ("keyring.activating", {"master_key": new}),
        ("keyring.activated", {"master_key": new}),
        ("keyring.rewrapping", {"to": new, "waiting": 2}),
        ("keyring.rewrapped", {"to": new, "moved": 2}),
        ("keyring.retiring", {"master_key": old}),
        ("keyring.retired", {"master_key": old}),
    ]


def test_status_counts_the_data_keys_of_each_master_key(database: Database, keyring: LocalKeyRing) -> None:
    sealed = seal(database, keyring, 3)
    old, new = rotate(database, keyring)
    seal(database, keyring, 2)
    with database.transaction() as session:
        Vault(keyring).destroy_keys(session, [sealed[0][0]], utc_now())
    with database.transaction() as session:
        found = rotation.status(session, keyring)
    assert [(master.id, master.active, master.data_keys) for master in found.masters] == [
        (old, False, 2),
        (new, True, 2),
    ]
    assert (found.waiting, found.destroyed, found.lost) == (2, 1, [])


def test_status_names_master_keys_that_are_missing(
    sqlite_database: Database, keyring: LocalKeyRing, tmp_path: Path
) -> None:
    seal(sqlite_database, keyring, 3)
    other = another_ring(tmp_path)
    with sqlite_database.transaction() as session:
        assert rotation.status(session, other).lost == [keyring.current]
        with pytest.raises(KeyRingError, match="does not open this database"):
            rotation.check_ring(session, other)
        rotation.check_ring(session, keyring)


def another_ring(tmp_path: Path) -> LocalKeyRing:
    path = tmp_path / "other.json"
    create_keyring(path)
    return load_keyring(path)


def test_rewrapping_twice_moves_nothing_more(database: Database, keyring: LocalKeyRing) -> None:
    seal(database, keyring, 5)
    rotate(database, keyring)
    assert rotation.rewrap(database, keyring, OPERATOR, quiet) == 5
    assert rotation.rewrap(database, keyring, OPERATOR, quiet) == 0


def test_a_master_key_that_is_needed_is_not_retired(database: Database, keyring: LocalKeyRing) -> None:
    seal(database, keyring, 3)
    with pytest.raises(MasterKeyInUse, match="active one"):
        rotation.retire(database, keyring, keyring.current, OPERATOR)
    old, _ = rotate(database, keyring)
    with pytest.raises(MasterKeyInUse, match="needed by 3 data keys"):
        rotation.retire(database, keyring, old, OPERATOR)
    with pytest.raises(KeyRingError, match="not in the key ring"):
        rotation.retire(database, keyring, "k-unknown", OPERATOR)
    assert old in keyring.key_ids()


def test_destroyed_data_keys_need_no_master_key(database: Database, keyring: LocalKeyRing) -> None:
    sealed = seal(database, keyring, 1)
    old, _ = rotate(database, keyring)
    with database.transaction() as session:
        Vault(keyring).destroy_keys(session, [sealed[0][0]], utc_now())
    assert rotation.rewrap(database, keyring, OPERATOR, quiet) == 0
    rotation.retire(database, keyring, old, OPERATOR)
    with database.transaction() as session, pytest.raises(KeyDestroyed):
        Vault(keyring).open(session, sealed[0][1], sealed[0][2])


class RingThatStops(LocalKeyRing):
    """Dies before it destroys a master key."""

    def retire(self, key_id: str) -> None:
        raise ConnectionAbortedError


def test_a_retirement_cut_off_in_the_middle_is_taken_up_again(
    database: Database, keyring: LocalKeyRing, tmp_path: Path
) -> None:
    old, new = rotate(database, keyring)
    with pytest.raises(ConnectionAbortedError):
        rotation.retire(database, RingThatStops(tmp_path / "keyring.json"), old, OPERATOR)
    assert old in keyring.key_ids()
    with pytest.raises(KeyRingError, match="was retired"):
        rotation.activate(database, keyring, old, OPERATOR)
    rotation.retire(database, keyring, old, OPERATOR)
    assert keyring.key_ids() == [new]
    with pytest.raises(KeyRingError, match="retired already"):
        rotation.retire(database, keyring, old, OPERATOR)


class LateRing:
    """A process that wraps under the master key of before: it read the ring just before the rotation."""

    def __init__(self, ring: LocalKeyRing, wrapped: Callable[[Sequence[PlainKey]], list[WrappedKey]]) -> None:
        self._ring = ring
        self.wrap = wrapped

    def unwrap(self, wrapped: Sequence[WrappedKey]) -> list[bytes]:
        return self._ring.unwrap(wrapped)

    def derive(self, purpose: str) -> bytes:
        return self._ring.derive(purpose)


def test_a_writer_who_comes_after_the_retirement_is_refused_and_loses_nothing(
    database: Database, keyring: LocalKeyRing, tmp_path: Path
) -> None:
    before = tmp_path / "before.json"
    before.write_bytes((tmp_path / "keyring.json").read_bytes())
    before.chmod(0o600)
    late = LateRing(keyring, load_keyring(before).wrap)
    old, _ = rotate(database, keyring)
    rotation.retire(database, keyring, old, OPERATOR)
    session = database.session()
    with pytest.raises(MasterKeyRetired):
        Vault(late).seal(session, Owner.person(TENANT, uuid.uuid4()), Place("a", "b", uuid.uuid4()), b"x")
    session.close()
    assert under(database, old) == 0


def test_retirement_waits_for_writers_who_began_before(postgresql_database: Database, keyring: LocalKeyRing) -> None:
    database, outcome = postgresql_database, []
    writer = database.session()
    owner, place = Owner.person(TENANT, uuid.uuid4()), Place("submission", "text", uuid.uuid4())
    blob = Vault(keyring).seal(writer, owner, place, owner.id.bytes)
    old, _ = rotate(database, keyring)

    def retire() -> None:
        try:
            rotation.retire(database, keyring, old, OPERATOR)
        except MasterKeyInUse as error:
            outcome.append(error.message)

    operator = threading.Thread(target=retire)
    operator.start()
    time.sleep(0.5)
    assert outcome == []
    assert operator.is_alive()
    writer.commit()
    writer.close()
    operator.join()
    assert len(outcome) == 1
    assert "needed by 1 data keys" in outcome[0]
    open_all(database, keyring, [(owner, place, blob)])


def test_retirement_gives_up_on_a_writer_who_does_not_end(
    postgresql_database: Database, keyring: LocalKeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "_LOCK_SECONDS", 1)
    writer = postgresql_database.session()
    Vault(keyring).seal(writer, Owner.person(TENANT, uuid.uuid4()), Place("a", "b", uuid.uuid4()), b"x")
    old, _ = rotate(postgresql_database, keyring)
    with pytest.raises(MasterKeyInUse, match="did not end within 1 seconds"):
        rotation.retire(postgresql_database, keyring, old, OPERATOR)
    writer.rollback()
    writer.close()
    rotation.retire(postgresql_database, keyring, old, OPERATOR)


def test_rows_that_somebody_holds_are_passed_over_and_tried_again(
    postgresql_database: Database, keyring: LocalKeyRing
) -> None:
    database = postgresql_database
    sealed = seal(database, keyring, 10)
    _, new = rotate(database, keyring)
    holder = database.session()
    holder.execute(select(DataKey).where(DataKey.owner_id == sealed[4][0].id).with_for_update())
    pauses = []

    def let_go(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            holder.rollback()

    assert rotation.rewrap(database, keyring, OPERATOR, quiet, batch=3, sleep=let_go) == 10
    holder.close()
    assert len(pauses) == 2
    assert under(database, new) == 10
    open_all(database, keyring, sealed)


def test_a_holder_who_never_ends_is_named(postgresql_database: Database, keyring: LocalKeyRing) -> None:
    seal(postgresql_database, keyring, 2)
    rotate(postgresql_database, keyring)
    holder = postgresql_database.session()
    holder.execute(select(DataKey).limit(1).with_for_update())
    with pytest.raises(KeyRingError, match="don't end"):
        rotation.rewrap(postgresql_database, keyring, OPERATOR, quiet, sleep=lambda _: None)
    holder.close()


def test_a_key_destroyed_while_it_is_rewrapped_stays_destroyed(database: Database, keyring: LocalKeyRing) -> None:
    sealed = seal(database, keyring, 3)
    rotate(database, keyring)

    class Slow(LocalKeyRing):
        def rewrap(self, wrapped: Sequence[WrappedKey]) -> list[WrappedKey]:
            with database.transaction() as session:
                Vault(keyring).destroy_keys(session, [sealed[1][0]], utc_now())
            return super().rewrap(wrapped)

    assert rotation.rewrap(database, Slow(Path(keyring.place)), OPERATOR, quiet) == 2
    with database.transaction() as session, pytest.raises(KeyDestroyed):
        Vault(keyring).open(session, sealed[1][1], sealed[1][2])
    open_all(database, keyring, [sealed[0], sealed[2]])


def test_people_hand_in_read_and_are_erased_while_keys_are_rewrapped(
    postgresql_database: Database, keyring: LocalKeyRing
) -> None:
    database = postgresql_database
    before = seal(database, keyring, 400)
    old, new = rotate(database, keyring)
    stop, failures, written, erased = threading.Event(), [], [], list[uuid.UUID]()

    def keep(what: Callable[[LocalKeyRing], None]) -> threading.Thread:
        def run() -> None:
            ring = load_keyring(Path(keyring.place))
            try:
                while not stop.is_set():
                    what(ring)
            except Exception as error:
                failures.append(error)
                raise

        return threading.Thread(target=run)

    def erase(ring: LocalKeyRing) -> None:
        if len(erased) < 60:
            with database.transaction() as session:
                Vault(ring).destroy_keys(session, [before[len(erased)][0]], utc_now())
            erased.append(before[len(erased)][0].id)
        time.sleep(0.002)

    threads = [
        keep(lambda ring: written.extend(seal(database, ring, 3))),
        keep(lambda ring: open_all(database, ring, before[100:140])),
        keep(erase),
    ]
    for thread in threads:
        thread.start()
    rivals = [
        threading.Thread(target=rotation.rewrap, args=(database, keyring, OPERATOR, quiet), kwargs={"batch": 7})
        for _ in range(2)
    ]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert under(database, old) == 0
    rotation.retire(database, keyring, old, OPERATOR)
    assert written
    open_all(database, keyring, [one for one in before if one[0].id not in erased] + written)
    with database.transaction() as session:
        gone = session.scalar(select(func.count()).where(DataKey.wrapped.is_(None)))
    assert AuditLog(keyring).verify(database.transaction)
    assert gone == len(erased)
    assert keyring.key_ids() == [new]


def start_rewrap(database: Database, ring: LocalKeyRing, tmp_path: Path) -> "subprocess.Popen[str]":
    environment = os.environ | {
        "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "BLINDMARK_DATA_DIR": str(tmp_path),
        "BLINDMARK_KEYRING": ring.place,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "lti_tool.cli", "keyring", "rewrap", "--batch", "2"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.proof
def test_a_rewrap_killed_in_the_middle_is_taken_up_again(
    database: Database, keyring: LocalKeyRing, tmp_path: Path
) -> None:
    sealed = seal(database, keyring, 600)
    old, new = rotate(database, keyring)
    process = start_rewrap(database, keyring, tmp_path)
    assert process.stderr is not None
    for line in process.stderr:
        if line.endswith("of 600 data keys\n") and not line.startswith("0 "):
            process.kill()
            break
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert 0 < under(database, new) < 600
    assert under(database, old) + under(database, new) == 600
    open_all(database, keyring, sealed)
    with pytest.raises(MasterKeyInUse):
        rotation.retire(database, keyring, old, OPERATOR)
    rest = under(database, old)
    resumed = start_rewrap(database, keyring, tmp_path)
    output, errors = resumed.communicate(timeout=60)
    assert resumed.returncode == 0, errors
    assert f"{rest} data keys moved to master key {new}." in output
    rotation.retire(database, keyring, old, OPERATOR)
    open_all(database, keyring, sealed)
