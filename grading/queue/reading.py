"""Reading the queue: pages, and everything that a filter shows as a file (Q2, Q5)."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from grading.errors import NotFound
from grading.models import (
    Assignment,
    Batch,
    BatchRequest,
    Context,
    Deployment,
    QueueItem,
    Registration,
    Submission,
)
from grading.queue.filters import QueueFilter
from grading.queue.walking import Matching, Walk, position_of, prepare
from grading.states import BatchState, Priority, QueueState, RequestState, TaskType
from privacy.audit import Actor, record
from privacy.safe_csv import csv_lines

PAGE_SIZE: Final = 50
EXPORTED_AT_ONCE: Final = 1_000
CSV_FIELDS: Final = (
    "id",
    "state",
    "priority",
    "queued_at",
    "not_before",
    "course",
    "assignment",
    "attempt",
    "words",
    "estimated_dollars",
    "lms",
    "task_type",
    "attempts_to_assess",
    "failure",
    "note",
)


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
    not_before: datetime | None = None
    task_type: TaskType = TaskType.GRADE


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of the queue, and where the next one begins."""

    rows: list[QueueRow]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class Turn:
    """One time that an item was in a batch."""

    batch_id: uuid.UUID
    number: int
    batch_state: BatchState
    state: RequestState
    failure_code: str | None
    actual_microdollars: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ItemDetails:
    """One item with its history in batches."""

    row: QueueRow
    failure_words: str | None
    finished_at: datetime | None
    turns: list[Turn]


def page(
    session: Session,
    chosen: QueueFilter,
    *,
    after: str | None = None,
    size: int = PAGE_SIZE,
    matching: Matching = None,
) -> QueuePage:
    """One page of the queue, by default in the order in which work runs (keyset paging).

    Args:
        matching: the condition on submissions that the words of the filter make, as `grading.search` makes it.

    Raises:
        FilterUnreadable: `after` is not a position this function gave out.
    """
    return _page(session, prepare(session, chosen, matching), after, size)


def details(session: Session, item_id: uuid.UUID) -> ItemDetails:
    """One item.

    Raises:
        NotFound: there is none with this id.
    """
    row = session.execute(_rows(select(QueueItem)).where(QueueItem.id == item_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such item in the queue. It may have been opened from an old page.")
    turns = session.execute(
        select(
            *(Batch.id, Batch.number, Batch.state, BatchRequest.state, BatchRequest.failure_code),
            *(BatchRequest.actual_microdollars, BatchRequest.created_at),
        )
        .join(BatchRequest, BatchRequest.batch_id == Batch.id)
        .where(BatchRequest.queue_item_id == item_id)
        .order_by(BatchRequest.created_at.desc(), BatchRequest.id)
        .limit(PAGE_SIZE)
    )
    return ItemDetails(_row(row), row[0].failure_words, row[0].finished_at, [Turn(*turn) for turn in turns])


def titles(session: Session, item_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[str, str]]:
    """Course and assignment of items, for lists of them."""
    rows = session.execute(
        select(QueueItem.id, Context.label, Context.title, Assignment.title)
        .join(Context, Context.id == QueueItem.context_id)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .where(QueueItem.id.in_(item_ids))
    )
    return {row[0]: (row[1] or row[2] or "(untitled course)", row[3]) for row in rows}


def count(session: Session, chosen: QueueFilter, matching: Matching = None) -> dict[QueueState, tuple[int, int]]:
    """How many items a filter shows by state, and what they are estimated at, in micro-dollars."""
    query = select(QueueItem.state, func.count(), func.sum(QueueItem.estimated_microdollars)).where(
        *chosen.conditions()
    )
    if matching is not None:
        query = query.where(QueueItem.submission_id.in_(select(Submission.id).where(matching)))
    return {row[0]: (row[1], int(row[2])) for row in session.execute(query.group_by(QueueItem.state))}


def export(
    transaction: Callable[[], AbstractContextManager[Session]],
    actor: Actor,
    chosen: QueueFilter,
    matching_of: Callable[[Session], Matching] = lambda _: None,
) -> Iterator[str]:
    """Everything that a filter shows as CSV, read while it is written. That it leaves is noted before this returns."""
    with transaction() as session:
        record(
            session,
            event="queue.exported",
            actor=actor,
            tenant_id=None,
            object_type="queue",
            object_id=None,
            details={"states": ",".join(chosen.states), "searched": bool(chosen.sought)},
        )
        walk = prepare(session, chosen, matching_of(session))
    return csv_lines(CSV_FIELDS, _exported(transaction, walk))


def _exported(transaction: Callable[[], AbstractContextManager[Session]], walk: Walk) -> Iterator[Sequence[object]]:
    after: str | None = None
    while True:
        with transaction() as session:
            found = _page(session, walk, after, EXPORTED_AT_ONCE)
        for row in found.rows:
            yield (
                *(row.id, row.state.value, row.priority.value, row.queued_at, row.not_before),
                *(row.course, row.assignment, row.attempt, row.words, row.estimated_microdollars / 1_000_000),
                *(row.lms, row.task_type.value, row.attempts, row.failure_code, row.note),
            )
        after = found.next_after
        if after is None:
            return


def _page(session: Session, walk: Walk, after: str | None, size: int) -> QueuePage:
    sort = walk.chosen.sort
    ids = walk.ids(after=after, limit=size + 1).subquery()
    query = _rows(select(QueueItem).join(ids, ids.c.id == QueueItem.id))
    order: list[Any] = [sort.column, QueueItem.id]
    found = session.execute(query.order_by(*(one.desc() if sort.descending else one for one in order))).all()
    last = found[size - 1][0] if len(found) > size else None
    return QueuePage(
        [_row(row) for row in found[:size]],
        position_of(sort, getattr(last, sort.column.key), last.id) if last else None,
    )


def _rows(query: Select[Any]) -> Select[Any]:
    return (
        query.add_columns(Context.title, Context.label, Assignment.title, Submission.attempt, Submission.words)
        .add_columns(Registration.name)
        .join(Context, Context.id == QueueItem.context_id)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Deployment, Deployment.id == QueueItem.tenant_id)
        .join(Registration, Registration.id == Deployment.registration_id)
    )


def _row(found: Any) -> QueueRow:
    item, course, label, assignment, attempt, words, lms = found
    return QueueRow(
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
        not_before=item.not_before,
        task_type=item.task_type,
    )
