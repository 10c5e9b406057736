"""Walks the audit chains from their beginning, in constant memory, and names the first broken link."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple

from sqlalchemy import RowMapping, func, select
from sqlalchemy.orm import Session

from privacy.audit.entries import COLUMNS, GENESIS, chained
from privacy.audit.heads import Head
from privacy.errors import AuditBroken
from privacy.models import AuditChain, AuditEvent

PAGE = 2000
Transaction = Callable[[], AbstractContextManager[Session]]


class _Link(NamedTuple):
    """An entry's number and hash; number 0 stands before the first."""

    sequence: int
    hash: str


def verify(
    transaction: Transaction,
    key: bytes,
    heads: Iterable[Head] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, int]:
    """Walk every chain; returns entries per chain.

    Each page is a transaction of its own, so that a long walk holds up nobody who writes. What is added behind the
    heads while it walks is left for the next time.

    Args:
        heads: where chains ended when these were put down somewhere else; they must still be links of them.
        progress: told after each page: the chain, entries walked, entries in all.

    Raises:
        AuditBroken: names the first entry that was altered or is missing, and chains that were cut off or rebuilt.
    """
    with transaction() as session:
        ends = _ends(session)
    expected: dict[str, dict[int, Head]] = {}
    for head in heads:
        expected.setdefault(head.chain, {})[head.sequence] = head
        now = ends.get(head.chain, _Link(0, GENESIS)).sequence
        if head.sequence > now:
            raise AuditBroken(
                f"The audit chain {head.chain} was cut off: it had {head.sequence} entries on "
                f"{head.noted_at:%Y-%m-%d} and has {now} now."
            )
    for chain, end in ends.items():
        _walk(_rows(transaction, chain, end.sequence), key, chain, end, expected.get(chain, {}), progress)
    return {chain: end.sequence for chain, end in ends.items()}


def _walk(
    rows: Iterable[RowMapping],
    key: bytes,
    chain: str,
    end: _Link,
    expected: Mapping[int, Head],
    progress: Callable[[str, int, int], None] | None,
) -> None:
    count, previous = 0, GENESIS
    for row in rows:
        count += 1
        right = row["sequence"] == count and row["previous"] == previous
        if not right or row["hash"] != chained(key, previous, {name: row[name] for name in COLUMNS}):
            raise AuditBroken(f"The audit chain {chain} breaks at entry {count}.")
        previous = row["hash"]
        head = expected.get(count)
        if head is not None and head.hash != previous:
            raise AuditBroken(
                f"The audit chain {chain} was rebuilt: entry {count} is not the one that stood there on "
                f"{head.noted_at:%Y-%m-%d}."
            )
        if progress and (count % PAGE == 0 or count == end.sequence):
            progress(chain, count, end.sequence)
    if count != end.sequence or previous != end.hash:
        raise AuditBroken(f"The audit chain {chain} was cut off after entry {count}.")


def _ends(session: Session) -> dict[str, _Link]:
    """Where each chain ends by its head, which must be where its entries end."""
    last = select(func.max(AuditEvent.sequence)).where(AuditEvent.chain == AuditChain.chain).scalar_subquery()
    ends = {}
    for row in session.execute(select(AuditChain.chain, AuditChain.sequence, AuditChain.head, last.label("last"))):
        if (row.last or 0) > row.sequence:
            raise AuditBroken(f"The audit chain {row.chain} has entries behind its head, from {row.sequence + 1} on.")
        ends[row.chain] = _Link(row.sequence, row.head)
    stray = session.execute(
        select(AuditEvent.chain).where(AuditEvent.chain.not_in(select(AuditChain.chain))).limit(1)
    ).scalar_one_or_none()
    if stray is not None:
        raise AuditBroken(f"The head of audit chain {stray} is missing.")
    return dict(sorted(ends.items()))


def _rows(transaction: Transaction, chain: str, end: int) -> Iterator[RowMapping]:
    after = 0
    while after < end:
        query = (
            select(AuditEvent.__table__)
            .where(AuditEvent.chain == chain, AuditEvent.sequence > after, AuditEvent.sequence <= end)
            .order_by(AuditEvent.sequence)
            .limit(PAGE)
        )
        with transaction() as session:
            found = session.execute(query).mappings().all()
        if not found:
            return
        yield from found
        after = found[-1]["sequence"]
