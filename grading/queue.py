"""The queue: work waits here until an administrator chooses what runs (Q1, Q2, Q3)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.errors import GradingError
from grading.models import Assignment, Context, Deployment, QueueItem, Registration, Submission
from grading.states import (
    LIVE_QUEUE_STATES,
    QUEUE_MOVES,
    SUBMISSION_MOVES,
    Priority,
    QueueState,
    SubmissionState,
    move_many,
)
from privacy.audit import Actor, record

RANKS = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}
PAGE_SIZE = 50


class FilterUnreadable(GradingError):
    """A filter or page position that the queue can't read."""

    code = "filter_unreadable"


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the queue page shows."""

    states: tuple[QueueState, ...] = (QueueState.QUEUED, QueueState.SELECTED)
    context_id: uuid.UUID | None = None
    priority: Priority | None = None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue page. No name: an administrator does not need to know whose work it is."""

    id: uuid.UUID
    state: QueueState
    priority: Priority
    queued_at: datetime
    estimated_microdollars: int
    note: str
    failure_code: str | None
    attempts: int
    course: str
    assignment: str
    attempt: int
    words: int
    lms: str


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of the queue, and where the next one begins."""

    rows: list[QueueRow]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class QueueStatistics:
    """Figures over the whole queue (Q4)."""

    pending: int
    processing: int
    failed: int
    estimated_microdollars: int
    oldest_queued_at: datetime | None


def enqueue(
    session: Session, *, submission: Submission, context: Context, estimated_microdollars: int, clock: Clock = utc_now
) -> QueueItem:
    """Put a submission into the queue. A second live item for it is refused by the database."""
    item = QueueItem(
        tenant_id=context.tenant_id,
        context_id=context.id,
        submission_id=submission.id,
        state=QueueState.QUEUED,
        priority=Priority.NORMAL,
        priority_rank=RANKS[Priority.NORMAL],
        queued_at=clock(),
        estimated_microdollars=estimated_microdollars,
    )
    session.add(item)
    return item


def page(
    session: Session,
    chosen: QueueFilter,
    *,
    after: str | None = None,
    size: int = PAGE_SIZE,
    matching: ColumnElement[bool] | None = None,
) -> QueuePage:
    """One page of the queue in the order in which work runs: priority, then age (keyset paging).

    Args:
        matching: a further condition on the submissions, as `grading.search` makes it.

    Raises:
        FilterUnreadable: `after` is not a position this function gave out.
    """
    query = (
        select(QueueItem, Context.title, Context.label, Assignment.title, Submission.attempt, Submission.words)
        .add_columns(Registration.name)
        .join(Context, Context.id == QueueItem.context_id)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Deployment, Deployment.id == QueueItem.tenant_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(QueueItem.state.in_(chosen.states))
        .order_by(QueueItem.priority_rank, QueueItem.queued_at, QueueItem.id)
        .limit(size + 1)
    )
    if chosen.context_id:
        query = query.where(QueueItem.context_id == chosen.context_id)
    if chosen.priority:
        query = query.where(QueueItem.priority == chosen.priority)
    if matching is not None:
        query = query.where(matching)
    if after:
        rank, moment, identifier = _position(after)
        query = query.where(
            or_(
                QueueItem.priority_rank > rank,
                and_(QueueItem.priority_rank == rank, QueueItem.queued_at > moment),
                and_(QueueItem.priority_rank == rank, QueueItem.queued_at == moment, QueueItem.id > identifier),
            )
        )
    found = session.execute(query).all()
    rows = [
        QueueRow(
            id=item.id,
            state=item.state,
            priority=item.priority,
            queued_at=item.queued_at,
            estimated_microdollars=item.estimated_microdollars,
            note=item.note,
            failure_code=item.failure_code,
            attempts=item.attempts,
            course=label or course or "(untitled course)",
            assignment=assignment,
            attempt=attempt,
            words=words,
            lms=lms,
        )
        for item, course, label, assignment, attempt, words, lms in found[:size]
    ]
    last = found[size - 1][0] if len(found) > size else None
    return QueuePage(rows, f"{last.priority_rank}_{last.queued_at.isoformat()}_{last.id}" if last else None)


def statistics(session: Session) -> QueueStatistics:
    """Figures over the whole queue, in one statement."""
    waiting = QueueItem.state.in_((QueueState.QUEUED, QueueState.SELECTED))
    row = session.execute(
        select(
            func.count().filter(waiting),
            func.count().filter(QueueItem.state == QueueState.PROCESSING),
            func.count().filter(QueueItem.state == QueueState.FAILED),
            func.coalesce(func.sum(QueueItem.estimated_microdollars).filter(waiting), 0),
            func.min(QueueItem.queued_at).filter(waiting),
        )
    ).one()
    return QueueStatistics(row[0], row[1], row[2], int(row[3]), row[4])


def position(session: Session, submission_id: uuid.UUID) -> int | None:
    """Where a submission stands in the queue, 1 being next; None when it does not wait there."""
    mine = session.execute(
        select(QueueItem.priority_rank, QueueItem.queued_at, QueueItem.id).where(
            QueueItem.submission_id == submission_id,
            QueueItem.state.in_((QueueState.QUEUED, QueueState.SELECTED)),
        )
    ).one_or_none()
    if mine is None:
        return None
    rank, moment, identifier = mine
    ahead = session.execute(
        select(func.count()).where(
            QueueItem.state.in_((QueueState.QUEUED, QueueState.SELECTED)),
            or_(
                QueueItem.priority_rank < rank,
                and_(QueueItem.priority_rank == rank, QueueItem.queued_at < moment),
                and_(QueueItem.priority_rank == rank, QueueItem.queued_at == moment, QueueItem.id < identifier),
            ),
        )
    ).scalar_one()
    return ahead + 1


def set_priority(session: Session, item_ids: Sequence[uuid.UUID], priority: Priority, actor: Actor) -> int:
    """Change how soon waiting items run; returns how many were changed."""
    changed = session.execute(
        update(QueueItem)
        .where(QueueItem.id.in_(item_ids), QueueItem.state.in_((QueueState.QUEUED, QueueState.SELECTED)))
        .values(priority=priority, priority_rank=RANKS[priority])
        .returning(QueueItem.id)
    ).all()
    _audit(session, "queue.priority_changed", actor, len(changed), priority.value)
    return len(changed)


def skip(session: Session, item_ids: Sequence[uuid.UUID], actor: Actor) -> int:
    """Take waiting or failed items out of the queue; their submissions go to the instructor for grading by hand.

    Items of a batch are left alone: the batch is cancelled first.
    """
    candidates = list(
        session.execute(
            select(QueueItem.id).where(
                QueueItem.id.in_(item_ids), QueueItem.state.in_((QueueState.QUEUED, QueueState.FAILED))
            )
        ).scalars()
    )
    moved = move_many(session, QueueItem.state, candidates, QUEUE_MOVES, QueueState.SKIPPED)
    submissions = _submissions(session, candidates, QueueState.SKIPPED)
    move_many(
        session,
        Submission.state,
        submissions,
        SUBMISSION_MOVES,
        SubmissionState.WITH_INSTRUCTOR,
        by_hand_reason="skipped",
    )
    _audit(session, "queue.skipped", actor, moved, None)
    return moved


def put_back(session: Session, item_ids: Sequence[uuid.UUID], actor: Actor, clock: Clock = utc_now) -> int:
    """Put failed or skipped items back; those whose submission has moved on, or waits again, stay where they are."""
    waiting = select(Submission.id).where(
        Submission.state.in_((SubmissionState.WAITING, SubmissionState.GRADING, SubmissionState.WITH_INSTRUCTOR)),
        Submission.text_deleted_at.is_(None),
    )
    busy = select(QueueItem.submission_id).where(QueueItem.state.in_(LIVE_QUEUE_STATES))
    candidates = list(
        session.execute(
            select(QueueItem.id).where(
                QueueItem.id.in_(item_ids),
                QueueItem.submission_id.in_(waiting),
                QueueItem.state.in_((QueueState.FAILED, QueueState.SKIPPED)),
                QueueItem.submission_id.not_in(busy),
            )
        ).scalars()
    )
    moved = move_many(
        session,
        QueueItem.state,
        candidates,
        QUEUE_MOVES,
        QueueState.QUEUED,
        queued_at=clock(),
        failure_code=None,
        failure_words=None,
    )
    submissions = _submissions(session, candidates, QueueState.QUEUED)
    move_many(session, Submission.state, submissions, SUBMISSION_MOVES, SubmissionState.WAITING, by_hand_reason=None)
    _audit(session, "queue.put_back", actor, moved, None)
    return moved


def set_note(session: Session, item_ids: Sequence[uuid.UUID], note: str, actor: Actor) -> int:
    """Keep an administrator's note on items; returns on how many."""
    changed = session.execute(
        update(QueueItem).where(QueueItem.id.in_(item_ids)).values(note=note.strip()[:2000]).returning(QueueItem.id)
    ).all()
    _audit(session, "queue.noted", actor, len(changed), None)
    return len(changed)


def _submissions(session: Session, item_ids: Sequence[uuid.UUID], state: QueueState) -> list[uuid.UUID]:
    return list(
        session.execute(
            select(QueueItem.submission_id).where(QueueItem.id.in_(item_ids), QueueItem.state == state)
        ).scalars()
    )


def _position(after: str) -> tuple[int, datetime, uuid.UUID]:
    try:
        rank, moment, identifier = after.split("_")
        return int(rank), datetime.fromisoformat(moment), uuid.UUID(identifier)
    except ValueError as error:
        raise FilterUnreadable("This page address can't be read. Go back to the first page of the queue.") from error


def _audit(session: Session, event: str, actor: Actor, items: int, value: str | None) -> None:
    record(
        session,
        event=event,
        actor=actor,
        tenant_id=None,
        object_type="queue",
        object_id=None,
        details={"items": items, "value": value},
    )
