"""Figures over the whole queue that cost the same at ten items and at a million (Q4, K3)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from grading.estimates import TokenCounts
from grading.models import QueueItem, QueueTally
from grading.models.tallies import FIGURES, KINDS
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


@dataclass(frozen=True, slots=True)
class Load:
    """What waits for one model, in tokens and money."""

    items: int
    microdollars: int
    counts: TokenCounts


def waiting_by_model(session: Session) -> dict[str, Load]:
    """What waits, by the model that its estimate is for: the triggers' sums, in one statement."""
    sums = [func.sum(getattr(QueueTally, figure)) for figure in FIGURES]
    rows = session.execute(
        select(QueueTally.model, *sums)
        .where(QueueTally.state.in_(WAITING))
        .group_by(QueueTally.model)
        .order_by(QueueTally.model)
        .having(func.sum(QueueTally.items) > 0)
    )
    return {
        model: Load(int(items), int(cost), TokenCounts(*(int(value) for value in tokens)))
        for model, items, cost, *tokens in rows
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
    """Add the rows of differences up into one row a kind. Readers see the same sums before and after."""
    columns = [getattr(QueueTally, name) for name in (*KINDS, *FIGURES)]
    removed = session.execute(delete(QueueTally).returning(*columns)).all()
    sums: dict[tuple[str, ...], list[int]] = {}
    for row in removed:
        kind, figures = tuple(row[: len(KINDS)]), row[len(KINDS) :]
        sums[kind] = [sum(pair) for pair in zip(sums.get(kind, [0] * len(FIGURES)), figures, strict=True)]
    rows = [
        dict(zip((*KINDS, *FIGURES), (*kind, *figures), strict=True)) for kind, figures in sums.items() if any(figures)
    ]
    if rows:
        session.execute(insert(QueueTally), rows)
