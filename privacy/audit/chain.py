"""Writes the audit log: what a transaction noted goes to the end of its chains just before the transaction commits.

The head's row is locked for that moment only. However many events a transaction has, a chain costs one statement on
PostgreSQL and two on SQLite, which has no modifying WITH and no network in between; and one more while other processes
write to the same chain.
"""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, event, insert, select, text, update
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from config.clock import Clock, utc_now
from config.database import insert_ignoring_conflicts, table_of
from config.logging import fields, get_logger
from privacy.audit.entries import GENESIS, PENDING, PURPOSE, Entry, as_json, chained
from privacy.audit.heads import Head, read_heads, signed_heads
from privacy.audit.verifying import Transaction, verify
from privacy.errors import AuditBroken
from privacy.keyring import KeyProvider
from privacy.models import AuditChain, AuditEvent

log = get_logger(__name__)
# Built once and run on the connection itself: every launch and every decision comes through here.
_CHAIN = table_of(AuditChain)
_HEAD = select(_CHAIN.c.sequence, _CHAIN.c.head).where(_CHAIN.c.chain == bindparam("name")).with_for_update()
_APPEND = insert(table_of(AuditEvent))
_ADVANCE = (
    update(_CHAIN)
    .where(
        _CHAIN.c.chain == bindparam("name"),
        _CHAIN.c.sequence == bindparam("known"),
        _CHAIN.c.head == bindparam("known_hash"),
    )
    .values(sequence=bindparam("last"), head=bindparam("last_hash"))
)
_ADVANCE_AND_APPEND = text(
    """
    WITH moved AS (
        UPDATE audit_chain SET sequence = :last, head = :last_hash
        WHERE chain = :name AND sequence = :known AND head = :known_hash
        RETURNING chain AS moved_chain
    )
    INSERT INTO audit_event (id, chain, sequence, happened_at, event, actor_kind, actor_id, tenant_id, object_type,
                             object_id, details, previous, hash)
    SELECT id, chain, sequence, happened_at, event, actor_kind, actor_id, tenant_id, object_type,
           object_id, details, previous, hash
    FROM moved, json_to_recordset(CAST(:entries AS json)) AS entry (
        id uuid, chain text, sequence integer, happened_at timestamptz, event text, actor_kind text, actor_id uuid,
        tenant_id uuid, object_type text, object_id uuid, details json, previous text, hash text
    )
    """
)


class AuditLog:
    """Writes what `record` collected. One per process; `attach` hooks it to a database's sessions."""

    def __init__(self, keyring: KeyProvider) -> None:
        self._keyring = keyring
        self._key = keyring.derive(PURPOSE)
        self._heads: dict[str, tuple[int, str]] = {}
        """Heads as this process left them: sequence and hash. A guess that the database confirms or refuses."""
        self._shared: set[str] = set()
        """Chains that others wrote to since: there the head is read first until it is found where it was left."""
        self._published: list[object] = []

    def attach(self, sessions: sessionmaker[Session]) -> None:
        """Have every transaction that these sessions make write its events before it commits."""
        event.listen(sessions, "before_commit", self._write)
        event.listen(sessions, "after_soft_rollback", _forget)

    def verify(
        self,
        transaction: Transaction,
        heads: Iterable[Head] = (),
        progress: Callable[[str, int, int], None] | None = None,
    ) -> dict[str, int]:
        """Walk every chain, see `privacy.audit.verifying`; returns entries per chain, raises AuditBroken."""
        return verify(transaction, self._key, heads, progress)

    def signed_heads(self, session: Session, clock: Clock = utc_now) -> str:
        """Where all chains end, as one signed line to keep elsewhere."""
        return signed_heads(session, self._keyring, clock)

    def publish(self, session: Session, now: datetime) -> None:
        """Write the signed ends of all chains to the log stream, out of the database's reach, if any grew."""
        line = signed_heads(session, self._keyring, lambda: now)
        grown = json.loads(line)["heads"]
        if grown and grown != self._published:
            log.info("audit.heads", extra=fields(heads=line))
            self._published = grown

    def read_heads(self, lines: Iterable[str]) -> list[Head]:
        """Heads that were put down elsewhere; raises AuditBroken when one was altered."""
        return list(read_heads(lines, self._keyring))

    def _write(self, session: Session) -> None:
        entries: list[Entry] = session.info.pop(PENDING, [])
        if not entries:
            return
        session.flush()
        chains: dict[str, list[Entry]] = {}
        for entry in entries:
            chains.setdefault(entry.chain, []).append(entry)
        # Chains are locked in one order, so that two transactions with events for two tenants can't wait in a circle.
        for chain in sorted(chains):
            self._append(session, chain, chains[chain])

    def _append(self, session: Session, chain: str, entries: list[Entry]) -> None:
        connection = session.connection()
        head = self._heads.get(chain)
        guess = head is not None and chain not in self._shared
        if head is None or not guess or not self._advance(connection, chain, head, entries):
            # Another process was here since: wait for its transaction, and go on from what it left.
            row = connection.execute(_HEAD, {"name": chain}).one_or_none()
            if row is None:
                starter = insert_ignoring_conflicts(session, AuditChain)
                connection.execute(starter.values(chain=chain, sequence=0, head=GENESIS))
                row = connection.execute(_HEAD, {"name": chain}).one()
            if head is not None:
                (self._shared.discard if head == (row.sequence, row.head) else self._shared.add)(chain)
            if not self._advance(connection, chain, (row.sequence, row.head), entries):
                raise AuditBroken(f"The head of audit chain {chain} moved while it was locked.")

    def _advance(self, connection: Connection, chain: str, head: tuple[int, str], entries: list[Entry]) -> bool:
        """Move the head and add the entries behind it; False, and nothing done, when the head is not there any more."""
        sequence, previous = head
        rows: list[dict[str, Any]] = []
        for entry in entries:
            sequence += 1
            values = entry.values(chain, sequence)
            before, previous = previous, chained(self._key, previous, values)
            rows.append({**values, "previous": before, "hash": previous})
        step = {"name": chain, "known": head[0], "known_hash": head[1], "last": sequence, "last_hash": previous}
        if connection.dialect.name == "postgresql":
            written = json.dumps(rows, ensure_ascii=False, default=as_json)
            if connection.execute(_ADVANCE_AND_APPEND, {**step, "entries": written}).rowcount != len(rows):
                return False
        else:
            if connection.execute(_ADVANCE, step).rowcount != 1:
                return False
            connection.execute(_APPEND, rows)
        # If this transaction is rolled back, the next one finds another head and looks again.
        self._heads[chain] = (sequence, previous)
        return True


def _forget(session: Session, ended: SessionTransaction) -> None:
    if not ended.nested:
        session.info.pop(PENDING, None)
