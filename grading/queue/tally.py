"""Figures over the whole queue that cost the same at ten items and at a million (Q4)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from grading.models import QueueItem, QueueTally
from grading.queue.filters import WAITING
from grading.states import Priority, QueueState


@dataclass(frozen=True, slots=True)
class QueueStatistics:
    """Figures over the whole queue (Q4)."""

    pending: int
    processing: int
    failed: int
    estimated_microdollars: int
    oldest_queued_at: datetime | None
    """When the oldest work that may run now was handed in; what was put off does not count."""


def statistics(session: Session) -> QueueStatistics:
    """Figures over the whole queue, in two statements: the triggers' sums, and the first row of each order."""
    rows = session.execute(
        select(QueueTally.state, func.sum(QueueTally.items), func.sum(QueueTally.microdollars)).group_by(
            QueueTally.state
        )
    )
    sums = {state: (int(items), int(cost)) for state, items, cost in rows}
    waiting = [sums.get(state, (0, 0)) for state in WAITING]
    firsts = [
        select(QueueItem.queued_at)
        .where(QueueItem.state == state, QueueItem.priority == priority, QueueItem.not_before.is_(None))
        .order_by(QueueItem.turn_at, QueueItem.id)
        .limit(1)
        .scalar_subquery()
        for state in WAITING
        for priority in Priority
    ]
    oldest = [moment for moment in session.execute(select(*firsts)).one() if moment is not None]
    return QueueStatistics(
        pending=sum(items for items, _ in waiting),
        processing=sums.get(QueueState.PROCESSING, (0, 0))[0],
        failed=sums.get(QueueState.FAILED, (0, 0))[0],
        estimated_microdollars=sum(cost for _, cost in waiting),
        oldest_queued_at=min(oldest, default=None),
    )


def fold(session: Session, _now: datetime) -> None:
    """Add the rows of differences up into one row a state. Readers see the same sums before and after."""
    removed = session.execute(
        delete(QueueTally).returning(QueueTally.state, QueueTally.items, QueueTally.microdollars)
    ).all()
    sums: dict[str, list[int]] = {}
    for state, items, cost in removed:
        kept = sums.setdefault(state, [0, 0])
        kept[0] += items
        kept[1] += cost
    rows = [{"state": state, "items": items, "microdollars": cost} for state, (items, cost) in sums.items()]
    if rows:
        session.execute(insert(QueueTally), rows)
