"""Rotation of master keys: add one, activate it, rewrap the data keys, retire the old one. While people work.

Each step is safe to repeat, and so to take up again after a crash. Every step is in the audit log twice, before the key
ring is asked and after: what stands there only once was cut off between.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database
from privacy.audit import Actor, Detail, record
from privacy.errors import KeyRingError, KeyServiceRefused, KeyServiceUnavailable, MasterKeyInUse
from privacy.keyring import KeyRing, WrappedKey
from privacy.models import AuditEvent, DataKey, RetiredMasterKey
from privacy.sealing import wrapping_context

BATCH: Final = 500
_LOCK_SECONDS: Final = 10
_FRUITLESS_PASSES: Final = 20
_PAUSE_SECONDS: Final = 0.5
_LOCK_TIMEOUT_CODE: Final = "55P03"
_NIL = uuid.UUID(int=0)
_LIVE = DataKey.wrapped.is_not(None)
_WrappedRow = Row[uuid.UUID, uuid.UUID, str, bytes | None]


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One master key, and how many data keys need it."""

    id: str
    active: bool
    in_ring: bool
    retired: bool
    data_keys: int


@dataclass(frozen=True, slots=True)
class RingStatus:
    """Where a rotation stands."""

    place: str
    masters: list[MasterKey]
    destroyed: int
    """Data keys that were destroyed; they need no master key any more."""

    @property
    def waiting(self) -> int:
        """Data keys that a rewrap would move."""
        return sum(master.data_keys for master in self.masters if not master.active)

    @property
    def lost(self) -> list[str]:
        """Master keys that data keys need and the ring lacks."""
        return [master.id for master in self.masters if master.data_keys and not master.in_ring]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rewrap has come. New data keys are wrapped under the active master key and don't count."""

    done: int
    total: int


def status(session: Session, ring: KeyRing) -> RingStatus:
    """Count the data keys of each master key: those of the ring, oldest first, then those it lacks."""
    counts: dict[str, int] = dict(
        session.execute(select(DataKey.master_key_id, func.count()).where(_LIVE).group_by(DataKey.master_key_id)).all()
    )
    destroyed = session.scalar(select(func.count()).where(DataKey.wrapped.is_(None))) or 0
    retired = set(session.scalars(select(RetiredMasterKey.id)))
    current, held = ring.current, ring.key_ids()
    masters = [
        MasterKey(one, one == current, one in held, one in retired, counts.get(one, 0))
        for one in [*held, *sorted(counts.keys() - set(held))]
    ]
    return RingStatus(ring.place, masters, destroyed)


def add(database: Database, ring: KeyRing, actor: Actor) -> str:
    """Make a master key; returns its id."""
    _note(database, actor, "keyring.adding", {})
    key_id = ring.add()
    _note(database, actor, "keyring.added", {"master_key": key_id})
    return key_id


def activate(database: Database, ring: KeyRing, key_id: str, actor: Actor) -> None:
    """Have a master key wrap new data keys.

    Raises:
        KeyRingError: the ring does not hold it, or it was retired.
    """
    with database.transaction() as session:
        if session.get(RetiredMasterKey, key_id) is not None:
            raise KeyRingError(f"Master key {key_id} was retired. Add a new one with: blindmark keyring add")
    _note(database, actor, "keyring.activating", {"master_key": key_id})
    ring.activate(key_id)
    _note(database, actor, "keyring.activated", {"master_key": key_id})


def rewrap(
    database: Database,
    ring: KeyRing,
    actor: Actor,
    report: Callable[[Progress], None],
    *,
    batch: int = BATCH,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Move all data keys to the active master key, in batches that commit one by one; returns how many.

    What was done stays done if this is stopped; another run goes on with the rest. Rows that a transaction of somebody
    else holds are passed over and tried again.

    Raises:
        KeyRingError: the ring refuses, or somebody's transaction holds rows and does not end.
    """
    total = _waiting(database, ring)
    _note(database, actor, "keyring.rewrapping", {"to": ring.current, "waiting": total})
    done = fruitless = 0
    report(Progress(0, total))
    while _waiting(database, ring):
        moved = 0
        for count in _pass(database, ring, batch):
            moved += count
            report(Progress(done + moved, max(total, done + moved)))
        done += moved
        fruitless = 0 if moved else fruitless + 1
        if fruitless > _FRUITLESS_PASSES:
            raise KeyRingError("Some data keys are held by transactions that don't end. Run the command again later.")
        if not moved:
            sleep(_PAUSE_SECONDS)
    _note(database, actor, "keyring.rewrapped", {"to": ring.current, "moved": done})
    return done


def retire(database: Database, ring: KeyRing, key_id: str, actor: Actor, clock: Clock = utc_now) -> None:
    """Destroy a master key that no data key needs.

    From the moment that this is decided, the database refuses data keys under that master key: one that was wrapped
    before and is written afterwards would be lost. Only then is the ring asked.

    Raises:
        MasterKeyInUse: it is the active one, or data keys need it, or a writer does not finish.
        KeyRingError: the ring does not know it.
    """
    if key_id == ring.current:
        raise MasterKeyInUse(f"Master key {key_id} is the active one. Activate another first.")
    held = key_id in ring.key_ids()
    with database.transaction() as session:
        decided = session.get(RetiredMasterKey, key_id) is not None
        if not held:
            words = "is retired already" if decided else "is not in the key ring"
            raise KeyRingError(f"Master key {key_id} {words}. `blindmark keyring status` lists them.")
        _keep_writers_out(session)
        needed = session.scalar(select(func.count()).where(DataKey.master_key_id == key_id, _LIVE))
        if needed:
            raise MasterKeyInUse(
                f"Master key {key_id} is needed by {needed} data keys. Move them with: blindmark keyring rewrap"
            )
        if not decided:
            session.add(RetiredMasterKey(id=key_id, retired_at=clock()))
        _record(session, actor, "keyring.retiring", {"master_key": key_id})
    ring.retire(key_id)
    _note(database, actor, "keyring.retired", {"master_key": key_id})


def check_ring(session: Session, ring: KeyRing) -> None:
    """Make sure that the ring is the one of this database, by unwrapping one of its data keys.

    Raises:
        KeyRingError: it is another one.
    """
    row = session.execute(_wrapped_rows(_LIVE).limit(1)).one_or_none()
    if row is None:
        return
    try:
        ring.unwrap([_wrapped(row)])
    except (KeyServiceUnavailable, KeyServiceRefused):
        raise
    except KeyRingError as error:
        raise KeyRingError(f"The key ring at {ring.place} does not open this database. {error.message}") from error


def has_sealed(session: Session) -> bool:
    """Whether a key ring is in use with this database: a new one would open nothing and break the audit log."""
    found = session.scalar(select(exists(select(DataKey.id)) | exists(select(AuditEvent.id))))
    return bool(found)


def _waiting(database: Database, ring: KeyRing) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).where(_LIVE, DataKey.master_key_id != ring.current)) or 0


def _pass(database: Database, ring: KeyRing, batch: int) -> Iterator[int]:
    """Walk once over all data keys that wait, in the order of their ids; yields how many each batch moved."""
    after = _NIL
    while True:
        with database.transaction() as session:
            waiting = and_(_LIVE, DataKey.master_key_id != ring.current, DataKey.id > after)
            rows = session.execute(_wrapped_rows(waiting).order_by(DataKey.id).limit(batch)).all()
        if not rows:
            return
        after = rows[-1].id
        # The ring may be far away: no row is locked while it is asked.
        yield _store(database, rows, ring.rewrap([_wrapped(row) for row in rows]))


def _store(database: Database, rows: Sequence[_WrappedRow], rewrapped: Sequence[WrappedKey]) -> int:
    """Write a batch, but for rows that are destroyed, moved or held by somebody else by now."""
    with database.transaction() as session:
        standing = {
            row.id: row.master_key_id
            for row in session.execute(
                select(DataKey.id, DataKey.master_key_id)
                .where(DataKey.id.in_([row.id for row in rows]), _LIVE)
                .with_for_update(skip_locked=True)
            )
        }
        changes = [
            {"id": row.id, "master_key_id": new.master_key_id, "wrapped": new.blob}
            for row, new in zip(rows, rewrapped, strict=True)
            if standing.get(row.id) == row.master_key_id
        ]
        if changes:
            session.execute(update(DataKey), changes)
    return len(changes)


def _keep_writers_out(session: Session) -> None:
    """Wait until every transaction that wrote a data key has ended, and let none begin before this one ends.

    On SQLite the transaction that this one is has that effect already.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    session.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'"))
    try:
        session.execute(text("LOCK TABLE data_key IN SHARE ROW EXCLUSIVE MODE"))
    except DBAPIError as error:
        if _LOCK_TIMEOUT_CODE not in str(error.orig):
            raise
        raise MasterKeyInUse(
            f"Somebody's transaction on data keys did not end within {_LOCK_SECONDS} seconds. Nothing was changed: "
            "run the command again."
        ) from error


def _wrapped_rows(condition: ColumnElement[bool]) -> Select[uuid.UUID, uuid.UUID, str, bytes | None]:
    return select(DataKey.id, DataKey.tenant_id, DataKey.master_key_id, DataKey.wrapped).where(condition)


def _wrapped(row: _WrappedRow) -> WrappedKey:
    return WrappedKey(row.master_key_id, row.wrapped, wrapping_context(row.id, row.tenant_id))


def _note(database: Database, actor: Actor, event: str, details: dict[str, Detail]) -> None:
    with database.transaction() as session:
        _record(session, actor, event, details)


def _record(session: Session, actor: Actor, event: str, details: dict[str, Detail]) -> None:
    record(
        session,
        event=event,
        actor=actor,
        tenant_id=None,
        object_type="master_key",
        object_id=None,
        details=details,
    )
