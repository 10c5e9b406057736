"""Where a student's work stands and how long it may take, from what really happened lately (S3, S5)."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, tuple_, union_all, update
from sqlalchemy.orm import Session

from grading.models import Batch, BatchRequest, QueueItem, QueueTally
from grading.queue.filters import WAITING
from grading.states import BatchState, Priority, QueueState, RequestState

COUNTED: Final = 1_000
"""Up to here a place in the queue is counted; behind it is "more than a thousand"."""
GRACE: Final = timedelta(minutes=30)
"""A promise that will be missed by less is not called broken before it is: the figures move by as much."""
DAY, WEEK = timedelta(days=1), timedelta(days=7)
RECENT: Final = 200
"""Most batches that are looked at."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A batch that has ended with results."""

    submitted_at: datetime
    finished_at: datetime
    items: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast work has gone lately."""

    per_hour: float
    """Items assessed per hour over the last day."""
    fastest_per_hour: float
    slowest_per_hour: float
    """The better and the worse of last day and last week."""
    quick: timedelta
    slow: timedelta
    """What a quarter and nine tenths of the batches took at most, from being sent to their results."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a student can be told."""

    place: int | None
    """Number in the queue; None when the work is in a batch."""
    more: bool = False
    """Whether the place is a lower bound."""
    earliest: datetime | None = None
    latest: datetime | None = None
    promised_by: datetime | None = None
    """What was said at first, where it no longer holds: the work is delayed."""
    not_before: datetime | None = None

    @property
    def delayed(self) -> bool:
        """Whether an earlier promise is broken."""
        return self.promised_by is not None


def pace_of(finished: list[Finished], now: datetime) -> Pace | None:
    """The pace of batches that ended within a week; None when nothing did, so that nothing is made up."""
    recent = [one for one in finished if one.finished_at > now - WEEK]
    if not recent:
        return None
    begun = min(one.submitted_at for one in recent)
    rates = {
        span: sum(one.items for one in recent if one.finished_at > now - span) / _hours(min(span, now - begun))
        for span in (DAY, WEEK)
    }
    moving = [rate for rate in rates.values() if rate] or [0.0]
    took = sorted(one.finished_at - one.submitted_at for one in recent)
    return Pace(rates[DAY], max(moving), min(moving), took[len(took) // 4], took[(len(took) * 9) // 10])


def expected(pace: Pace | None, now: datetime, least_ahead: int, most_ahead: int) -> tuple[datetime, datetime] | None:
    """The earliest and the latest moment for work with so many items in front of it; None when nobody can say."""
    if pace is None or pace.slowest_per_hour <= 0:
        return None
    earliest = now + pace.quick + timedelta(hours=least_ahead / pace.fastest_per_hour)
    latest = now + pace.slow + timedelta(hours=most_ahead / pace.slowest_per_hour)
    return earliest, max(earliest, latest)


def recent_pace(session: Session, now: datetime) -> Pace | None:
    """The pace of the whole installation, from at most `RECENT` batches."""
    rows = session.execute(
        select(Batch.submitted_at, Batch.finished_at, Batch.items)
        .where(
            Batch.finished_at > now - WEEK,
            Batch.submitted_at.is_not(None),
            Batch.state == BatchState.COMPLETED,
        )
        .order_by(Batch.finished_at.desc())
        .limit(RECENT)
    )
    return pace_of([Finished(begun, ended, items) for begun, ended, items in rows if begun and ended], now)


def position(session: Session, submission_id: uuid.UUID) -> int | None:
    """Where a submission stands in the queue, 1 being next, at most `COUNTED` + 1; None when it does not wait there."""
    mine = _item(session, submission_id, WAITING)
    return None if mine is None else _ahead(session, mine) + 1


def expectation(session: Session, submission_id: uuid.UUID, now: datetime) -> Expectation | None:
    """What to tell the student of a submission; None when it neither waits nor is being assessed.

    The latest moment that is told first is kept: it is what a delay is measured by.
    """
    item = _item(session, submission_id, (*WAITING, QueueState.PROCESSING))
    if item is None:
        return None
    pace = recent_pace(session, now)
    if item.state is QueueState.PROCESSING:
        place, more, span = None, False, _from_batch(session, item, pace)
    else:
        ahead = _ahead(session, item)
        more = ahead >= COUNTED
        most = max(ahead, _pending(session)) if more else ahead
        place, span = ahead + (0 if more else 1), expected(pace, max(now, item.not_before or now), ahead, most)
    earliest, latest = span or (None, None)
    if latest is not None and item.promised_by is None:
        session.execute(
            update(QueueItem)
            .where(QueueItem.id == item.id, QueueItem.promised_by.is_(None))
            .values(promised_by=latest)
            .execution_options(synchronize_session=False)
        )
    promised = item.promised_by
    broken = promised is not None and (promised < now or (earliest is not None and promised + GRACE < earliest))
    return Expectation(
        place=place,
        more=more,
        earliest=max(earliest, now) if earliest else None,
        latest=latest if latest is None or latest > now else None,
        promised_by=promised if broken else None,
        not_before=item.not_before if item.not_before and item.not_before > now else None,
    )


def _item(session: Session, submission_id: uuid.UUID, states: tuple[QueueState, ...]) -> QueueItem | None:
    return session.execute(
        select(QueueItem).where(QueueItem.submission_id == submission_id, QueueItem.state.in_(states))
    ).scalar_one_or_none()


def _ahead(session: Session, item: QueueItem) -> int:
    here = tuple_(QueueItem.turn_at, QueueItem.id)
    pieces = [
        select(
            select(QueueItem.id)
            .where(QueueItem.state == state, QueueItem.priority == priority, here < (item.turn_at, item.id))
            # In the order of an index: else PostgreSQL may look through the whole queue for the first that match.
            .order_by(QueueItem.turn_at, QueueItem.id)
            .limit(COUNTED)
            .subquery()
        )
        for state in WAITING
        for priority in Priority
    ]
    first = select(union_all(*pieces).subquery()).limit(COUNTED).subquery()
    return session.execute(select(func.count()).select_from(first)).scalar_one()


def _from_batch(session: Session, item: QueueItem, pace: Pace | None) -> tuple[datetime, datetime] | None:
    submitted_at = session.execute(
        select(Batch.submitted_at)
        .join(BatchRequest, BatchRequest.batch_id == Batch.id)
        .where(BatchRequest.queue_item_id == item.id, BatchRequest.state == RequestState.PREPARED)
    ).scalar_one_or_none()
    return expected(pace, submitted_at, 0, 0) if submitted_at else None


def _pending(session: Session) -> int:
    total = session.execute(select(func.sum(QueueTally.items)).where(QueueTally.state.in_(WAITING))).scalar_one()
    return int(total or 0)


def _hours(span: timedelta) -> float:
    return max(span.total_seconds() / 3600, 1 / 60)
