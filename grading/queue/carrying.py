"""Changes of whole filters, carried out a thousand items at a time (Q3).

Each part is a transaction of its own with its entry in the audit log. What is left when a process dies stands in the
change's row, and is gone on with.
"""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.errors import NotFound
from grading.models import ChangeKind, QueueChange, QueueItem
from grading.queue.filters import QueueFilter, Sort, read_filter
from grading.queue.moves import Act, carry_out, take_back
from grading.queue.walking import Matching, position_of, prepare
from privacy.audit import Actor, record

CHUNK: Final = 1_000
NOTED_AS: Final = {
    ChangeKind.SKIP: "skipped",
    ChangeKind.PUT_BACK: "put_back",
    ChangeKind.PRIORITY: "priority_changed",
    ChangeKind.RESCHEDULE: "rescheduled",
    ChangeKind.NOTE: "noted",
    ChangeKind.UNDO: "undone",
}
"""What the audit log calls each kind, behind `queue.`"""
MatchingOf = Callable[[Session, QueueFilter], Matching]


def advance(
    session: Session, change_id: uuid.UUID, matching_of: MatchingOf, provider: str, clock: Clock = utc_now
) -> QueueChange:
    """Carry out the next part of a change, at most `CHUNK` items. It is finished when it has `finished_at`.

    Args:
        matching_of: the condition on submissions that the words of a filter make.
        provider: where work goes that is put back; what may not go there is not queued.

    Raises:
        NotFound: there is no such change.
    """
    change = session.execute(
        select(QueueChange)
        .where(QueueChange.id == change_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if change is None:
        raise NotFound("There is no such change of the queue.")
    if change.finished_at is not None:
        return change
    begun_at = change.position
    if change.undoes is not None:
        seen, changed = _undo_part(session, change.undoes, provider)
    else:
        seen, changed = _part(session, change, matching_of, provider)
    whole, later = begun_at is None and seen < CHUNK, change.changed_before > 0
    change.done += changed if later else seen
    change.changed += changed
    if seen < CHUNK:
        # Somebody else may have moved items back over the place this walk had come to: it walks once more, until a walk
        # finds nothing left. One that saw everything at a single moment has missed nothing.
        if whole or change.undoes is not None or change.changed == change.changed_before:
            change.finished_at = clock()
        change.position, change.changed_before = None, change.changed
    if changed or change.finished_at:
        actor = Actor.administrator(change.administrator_id) if change.administrator_id else Actor.system()
        note_change(session, change, actor, changed)
    session.flush()
    return change


def carry_on(
    transaction: Callable[[], AbstractContextManager[Session]],
    change_id: uuid.UUID,
    matching_of: MatchingOf,
    provider: str,
    clock: Clock = utc_now,
    tell: Callable[[QueueChange], None] = lambda _: None,
) -> QueueChange:
    """Carry a change out to its end, each part in a transaction of its own.

    Args:
        tell: is told how far it is after each part.
    """
    while True:
        with transaction() as session:
            change = advance(session, change_id, matching_of, provider, clock)
        tell(change)
        if change.finished_at is not None:
            return change


def due(session: Session, _now: datetime) -> list[uuid.UUID]:
    """Changes with something left to do."""
    return list(session.execute(select(QueueChange.id).where(QueueChange.finished_at.is_(None)).limit(50)).scalars())


def note_change(session: Session, change: QueueChange, actor: Actor, items: int) -> None:
    """Put what a change did to so many items into the audit log."""
    value = change.value if change.kind in (ChangeKind.PRIORITY, ChangeKind.RESCHEDULE) else None
    record(
        session,
        event=f"queue.{NOTED_AS[change.kind]}",
        actor=actor,
        tenant_id=None,
        object_type="queue",
        object_id=None,
        details={"items": items, "value": value, "change": str(change.undoes or change.id)},
    )


def _part(session: Session, change: QueueChange, matching_of: MatchingOf, provider: str) -> tuple[int, int]:
    chosen = read_filter(change.chosen or {})
    chosen = replace(chosen, sort=Sort.TURN)
    walk = prepare(session, chosen, matching_of(session, chosen))
    # What came in since is not what the administrator saw; what this change moved on in the order is not met twice.
    extra = [
        QueueItem.queued_at <= change.made_at,
        or_(QueueItem.change_id.is_(None), QueueItem.change_id != change.id),
    ]
    rows = session.execute(walk.ids(after=change.position, limit=CHUNK, extra=extra)).all()
    if rows:
        change.position = position_of(Sort.TURN, rows[-1].key, rows[-1].id)
    act = Act(change.kind, change.value, change.id, change.made_at, provider)
    return len(rows), carry_out(session, act, [row.id for row in rows])


def _undo_part(session: Session, undoes: uuid.UUID, provider: str) -> tuple[int, int]:
    kind = session.execute(select(QueueChange.kind).where(QueueChange.id == undoes)).scalar_one()
    ids = (
        session.execute(select(QueueItem.id).where(QueueItem.change_id == undoes).order_by(QueueItem.id).limit(CHUNK))
        .scalars()
        .all()
    )
    return len(ids), take_back(session, kind, ids, provider)
