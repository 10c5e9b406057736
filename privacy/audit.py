"""The audit log: an append-only chain of hashes over opaque ids, one chain per tenant (P6).

Events of a transaction are collected and written together just before it commits: the chain's head row is locked for
that moment only, and a transaction with many events costs two statements, or four when another process wrote since. An
entry's hash is HMAC-SHA-256(audit key, previous hash | canonical JSON of the entry).
"""

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, event, insert, or_, select, update
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from config.clock import Clock, utc_now
from config.database import insert_ignoring_conflicts
from privacy.errors import AuditBroken, PrivacyError
from privacy.keyring import KeyProvider
from privacy.models import AuditChain, AuditEvent

SITE_CHAIN = "site"
GENESIS = "0" * 64
_PENDING = "blindmark_audit_pending"
_PURPOSE = "audit chain v1"
# Built once and run on the connection itself: every launch and every decision comes through here.
_HEAD = select(AuditChain.sequence, AuditChain.head).where(AuditChain.chain == bindparam("name")).with_for_update()
_APPEND = insert(AuditEvent)
_ADVANCE = (
    update(AuditChain)
    .where(
        AuditChain.chain == bindparam("name"),
        AuditChain.sequence == bindparam("known"),
        AuditChain.head == bindparam("known_hash"),
    )
    .values(sequence=bindparam("last"), head=bindparam("last_hash"))
)
_COLUMNS = tuple(column.key for column in AuditEvent.__table__.columns if column.key not in ("hash", "previous"))

Detail = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something: an opaque id, never a name."""

    kind: str
    id: uuid.UUID | None

    @classmethod
    def person(cls, identifier: uuid.UUID) -> "Actor":
        """Somebody who came in through an LMS."""
        return cls("person", identifier)

    @classmethod
    def administrator(cls, identifier: uuid.UUID) -> "Actor":
        """An account of Blindmark's own."""
        return cls("administrator", identifier)

    @classmethod
    def system(cls) -> "Actor":
        """Blindmark itself, at work."""
        return cls("system", None)


@dataclass(frozen=True, slots=True)
class _Entry:
    happened_at: datetime
    event: str
    actor: Actor
    tenant_id: uuid.UUID | None
    object_type: str
    object_id: uuid.UUID | None
    details: dict[str, Detail]

    @property
    def chain(self) -> str:
        return str(self.tenant_id) if self.tenant_id else SITE_CHAIN

    def values(self, chain: str, sequence: int) -> dict[str, object]:
        """The columns of the entry, but for the hashes."""
        return {
            "id": uuid.uuid4(),
            "chain": chain,
            "sequence": sequence,
            "happened_at": self.happened_at,
            "event": self.event,
            "actor_kind": self.actor.kind,
            "actor_id": self.actor.id,
            "tenant_id": self.tenant_id,
            "object_type": self.object_type,
            "object_id": self.object_id,
            "details": self.details,
        }


def record(
    session: Session,
    *,
    event: str,
    actor: Actor,
    tenant_id: uuid.UUID | None,
    object_type: str,
    object_id: uuid.UUID | None,
    details: Mapping[str, Detail] | None = None,
) -> None:
    """Note that something happened; written with the transaction or not at all.

    Args:
        event: dotted name such as `submission.opened`.
        details: codes, counts and opaque ids. Never words of a person.
    """
    if not session.in_transaction():
        session.begin()
    entry = _Entry(utc_now(), event, actor, tenant_id, object_type, object_id, dict(details or {}))
    session.info.setdefault(_PENDING, []).append(entry)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the log, and where the next one begins."""

    rows: list[AuditEvent]
    next_after: str | None


def page(session: Session, *, after: str | None = None, size: int = 100) -> AuditPage:
    """Entries of all chains, newest first (keyset paging).

    Raises:
        PrivacyError: `after` is not a position this function gave out.
    """
    query = select(AuditEvent).order_by(AuditEvent.happened_at.desc(), AuditEvent.id.desc()).limit(size + 1)
    if after:
        try:
            moment, identifier = after.split("_")
            position = datetime.fromisoformat(moment), uuid.UUID(identifier)
        except ValueError as error:
            raise PrivacyError("This page address can't be read. Go back to the first page.") from error
        query = query.where(
            or_(
                AuditEvent.happened_at < position[0],
                and_(AuditEvent.happened_at == position[0], AuditEvent.id < position[1]),
            )
        )
    found = list(session.execute(query).scalars())
    last = found[size - 1] if len(found) > size else None
    return AuditPage(found[:size], f"{last.happened_at.isoformat()}_{last.id}" if last else None)


class AuditLog:
    """Writes what `record` collected. One per process; `attach` hooks it to a database's sessions."""

    def __init__(self, keyring: KeyProvider, clock: Clock = utc_now) -> None:
        self._key = keyring.derive(_PURPOSE)
        self._clock = clock
        self._heads: dict[str, tuple[int, str]] = {}
        """Heads as this process left them: sequence and hash. A guess that the database confirms or refuses."""

    def attach(self, sessions: sessionmaker[Session]) -> None:
        """Have every transaction that these sessions make write its events before it commits."""
        event.listen(sessions, "before_commit", self._write)
        event.listen(sessions, "after_soft_rollback", _forget)

    def verify(self, session: Session) -> dict[str, int]:
        """Walk every chain from its beginning; returns entries per chain.

        Raises:
            AuditBroken: names the first entry that was altered, is missing, or was cut off at the end.
        """
        heads = {row.chain: row for row in session.execute(select(AuditChain)).scalars()}
        counts: dict[str, int] = {}
        previous: dict[str, str] = {}
        rows = session.execute(
            select(AuditEvent).order_by(AuditEvent.chain, AuditEvent.sequence).execution_options(yield_per=1000)
        ).scalars()
        for row in rows:
            expected = counts.get(row.chain, 0) + 1
            before = previous.get(row.chain, GENESIS)
            if row.sequence != expected or row.previous != before or row.hash != self._hash(before, _stored(row)):
                raise AuditBroken(f"The audit chain {row.chain} breaks at entry {expected}.")
            counts[row.chain], previous[row.chain] = expected, row.hash
        for chain, head in heads.items():
            if head.sequence != counts.get(chain, 0) or head.head != previous.get(chain, GENESIS):
                raise AuditBroken(f"The audit chain {chain} was cut off after entry {counts.get(chain, 0)}.")
        if set(counts) - set(heads):
            raise AuditBroken(f"The head of audit chain {min(set(counts) - set(heads))} is missing.")
        return counts

    def _write(self, session: Session) -> None:
        entries: list[_Entry] = session.info.pop(_PENDING, [])
        if not entries:
            return
        session.flush()
        # Chains are locked in one order, so that two transactions with events for two tenants can't wait in a circle.
        for chain in sorted({entry.chain for entry in entries}):
            self._append(session, chain, [entry for entry in entries if entry.chain == chain])

    def _append(self, session: Session, chain: str, entries: list[_Entry]) -> None:
        connection = session.connection()
        head = self._heads.get(chain)
        if head is None or not self._advance(connection, chain, head, entries):
            # Another process was here since: wait for its transaction, and go on from what it left.
            row = connection.execute(_HEAD, {"name": chain}).one_or_none()
            if row is None:
                starter = insert_ignoring_conflicts(session, AuditChain)
                connection.execute(starter.values(chain=chain, sequence=0, head=GENESIS))
                row = connection.execute(_HEAD, {"name": chain}).one()
            if not self._advance(connection, chain, (row.sequence, row.head), entries):
                raise AuditBroken(f"The head of audit chain {chain} moved while it was locked.")

    def _advance(self, connection: Connection, chain: str, head: tuple[int, str], entries: list[_Entry]) -> bool:
        """Move the head and add the entries behind it; False, and nothing done, when the head is not there any more."""
        sequence, previous = head
        rows = []
        for entry in entries:
            sequence += 1
            values = entry.values(chain, sequence)
            before, previous = previous, self._hash(previous, _canonical(values))
            rows.append({**values, "previous": before, "hash": previous})
        moved = connection.execute(
            _ADVANCE,
            {"name": chain, "known": head[0], "known_hash": head[1], "last": sequence, "last_hash": previous},
        )
        if moved.rowcount != 1:
            return False
        connection.execute(_APPEND, rows)
        # If this transaction is rolled back, the next one finds another head and looks again.
        self._heads[chain] = (sequence, previous)
        return True

    def _hash(self, previous: str, canonical: bytes) -> str:
        return hmac.new(self._key, previous.encode() + b"|" + canonical, hashlib.sha256).hexdigest()


def _canonical(values: Mapping[str, object]) -> bytes:
    return json.dumps(
        values,
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        default=lambda value: value.isoformat() if isinstance(value, datetime) else str(value),
    ).encode()


def _stored(row: AuditEvent) -> bytes:
    return _canonical({name: getattr(row, name) for name in _COLUMNS})


def _forget(session: Session, ended: SessionTransaction) -> None:
    if not ended.nested:
        session.info.pop(_PENDING, None)
