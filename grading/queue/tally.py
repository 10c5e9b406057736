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


@dataclass(frozen=True, slots=True)
class Depth:
    """How many items there are, and what they are estimated at."""

    items: int
    microdollars: int


def depths(session: Session) -> dict[tuple[QueueState, Priority], Depth]:
    """What is in the queue, by state and priority: the triggers' sums, in one statement."""
    rows = session.execute(
        select(
            QueueTally.state, QueueTally.priority, func.sum(QueueTally.items), func.sum(QueueTally.microdollars)
        ).group_by(QueueTally.state, QueueTally.priority)
    )
    return {
        (QueueState(state), Priority(priority)): Depth(int(items), int(cost)) for state, priority, items, cost in rows
    }


def oldest_waiting(session: Session) -> datetime | None:
    """When the oldest work that may run now was handed in: the first row of each order, in one statement."""
    firsts = [
        select(QueueItem.queued_at)
        .where(QueueItem.state == state, QueueItem.priority == priority, QueueItem.not_before.is_(None))
        .order_by(QueueItem.turn_at, QueueItem.id)
        .limit(1)
        .scalar_subquery()
        for state in WAITING
        for priority in Priority
    ]
    return min((moment for moment in session.execute(select(*firsts)).one() if moment is not None), default=None)


def statistics(session: Session) -> QueueStatistics:
    """Figures over the whole queue, in two statements."""
    found = depths(session)

    def items(*states: QueueState) -> int:
        return sum(depth.items for (state, _), depth in found.items() if state in states)

    return QueueStatistics(
        pending=items(*WAITING),
        processing=items(QueueState.PROCESSING),
        failed=items(QueueState.FAILED),
        estimated_microdollars=sum(depth.microdollars for (state, _), depth in found.items() if state in WAITING),
        oldest_queued_at=oldest_waiting(session),
    )


def fold(session: Session, _now: datetime) -> None:
    """Add the rows of differences up into one row a state and priority. Readers see the same sums before and after."""
    removed = session.execute(
        delete(QueueTally).returning(QueueTally.state, QueueTally.priority, QueueTally.items, QueueTally.microdollars)
    ).all()
    sums: dict[tuple[str, str], list[int]] = {}
    for state, priority, items, cost in removed:
        kept = sums.setdefault((state, priority), [0, 0])
        kept[0] += items
        kept[1] += cost
    rows = [
        {"state": state, "priority": priority, "items": items, "microdollars": cost}
        for (state, priority), (items, cost) in sums.items()
    ]
    if rows:
        session.execute(insert(QueueTally), rows)
