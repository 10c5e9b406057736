"""Work that no further try will mend by itself, for a person to look at (B4): why, where, and what to do about it.

An item is here while it is `failed`. Its submission lies with its instructor already; what an administrator decides
here is whether it is tried again, set aside, or asked of the instructor in so many words.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from grading.clearance import OBSTACLES, may_leave
from grading.errors import GradingError
from grading.models import Assignment, Batch, BatchRequest, Context, QueueItem, ReviewDecision, Submission
from grading.states import (
    LIVE_QUEUE_STATES,
    QUEUE_MOVES,
    SUBMISSION_MOVES,
    QueueState,
    RequestState,
    SubmissionState,
    move_many,
)
from privacy.audit import Actor, record

PAGE_SIZE: Final = 50
AT_ONCE: Final = 500


class Remedy(StrEnum):
    """What is done about failed work."""

    RETRY = "retry"
    SKIP = "skip"
    BY_HAND = "by_hand"


_REASONS: Final = {Remedy.SKIP: "skipped", Remedy.BY_HAND: "grade_by_hand"}


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One item of the list. No name and no text: its payload is referred to by batch and line."""

    item_id: uuid.UUID
    code: str
    attempts: int
    queued_at: datetime
    failed_at: datetime | None
    course: str
    assignment: str
    batch_id: uuid.UUID | None
    batch_number: int | None
    line: str | None
    """The line's id in the batch's files."""
    provider_code: str | None


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """A page of the list, oldest work first, and what the whole list holds."""

    rows: list[DeadLetter]
    next_after: str | None
    reasons: dict[str, int]
    """How many items there are for each reason."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which items are meant: these, everything with one reason, or everything whose line failed in one batch."""

    item_ids: Sequence[uuid.UUID] = ()
    reason: str | None = None
    batch_id: uuid.UUID | None = None

    def condition(self) -> ColumnElement[bool]:
        """SQL: the condition on `QueueItem`."""
        return and_(QueueItem.state == QueueState.FAILED, self._meant())

    def _meant(self) -> ColumnElement[bool]:
        if self.batch_id:
            failed = select(BatchRequest.queue_item_id).where(
                BatchRequest.batch_id == self.batch_id, BatchRequest.state == RequestState.FAILED
            )
            return QueueItem.id.in_(failed)
        return QueueItem.failure_code == self.reason if self.reason else QueueItem.id.in_(self.item_ids)


def page(
    session: Session, *, reason: str | None = None, after: str | None = None, size: int = PAGE_SIZE
) -> DeadLetterPage:
    """One page of the list (keyset paging).

    Raises:
        GradingError: `after` is not a position this function gave out.
    """
    query = _listed().limit(size + 1)
    if reason:
        query = query.where(QueueItem.failure_code == reason)
    if after:
        moment, identifier = _position(after)
        query = query.where(
            or_(QueueItem.queued_at > moment, and_(QueueItem.queued_at == moment, QueueItem.id > identifier))
        )
    found = session.execute(query).all()
    last = found[size - 1][0] if len(found) > size else None
    reasons = session.execute(
        select(func.coalesce(QueueItem.failure_code, ""), func.count())
        .where(QueueItem.state == QueueState.FAILED)
        .group_by(QueueItem.failure_code)
    )
    return DeadLetterPage(
        rows=[_letter(*row) for row in found[:size]],
        next_after=f"{last.queued_at.isoformat()}_{last.id}" if last else None,
        reasons={row[0]: row[1] for row in reasons},
    )


def apply(session: Session, choice: Choice, remedy: Remedy, actor: Actor, provider: str, now: datetime) -> int:
    """Do something about failed work; returns about how much of it. What has moved on in the meantime stays, and what
    may not leave for the provider is not tried again."""
    done = 0
    while True:
        query = select(QueueItem.id, QueueItem.submission_id).where(choice.condition()).limit(AT_ONCE)
        if remedy is Remedy.RETRY:
            query = (
                query.join(Submission, Submission.id == QueueItem.submission_id)
                .join(Context, Context.id == QueueItem.context_id)
                .where(*_may_try_again(), may_leave(session, provider))
            )
        pairs = session.execute(query).all()
        if not pairs:
            break
        items, submissions = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        if remedy is Remedy.RETRY:
            _retry(session, items, submissions)
        else:
            _set_aside(session, items, submissions, _REASONS[remedy], now)
        done += len(pairs)
    record(
        session,
        event="queue.dead_letters",
        actor=actor,
        tenant_id=None,
        object_type="queue",
        object_id=None,
        details={
            "items": done,
            "remedy": remedy.value,
            "reason": choice.reason,
            "batch": str(choice.batch_id) if choice.batch_id else None,
        },
    )
    return done


def _listed() -> Select[Any]:
    """Failed items with their course, assignment and the newest line that each had in a batch."""
    newest = aliased(BatchRequest)
    last_line = (
        select(newest.id)
        .where(newest.queue_item_id == QueueItem.id)
        .order_by(newest.created_at.desc(), newest.id)
        .limit(1)
        .correlate(QueueItem)
        .scalar_subquery()
    )
    return (
        select(QueueItem, Context.label, Context.title, Assignment.title, Batch.id, Batch.number)
        .add_columns(BatchRequest.custom_id, BatchRequest.provider_code)
        .join(Context, Context.id == QueueItem.context_id)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .outerjoin(BatchRequest, BatchRequest.id == last_line)
        .outerjoin(Batch, Batch.id == BatchRequest.batch_id)
        .where(QueueItem.state == QueueState.FAILED)
        .order_by(QueueItem.queued_at, QueueItem.id)
    )


def _may_try_again() -> list[ColumnElement[bool]]:
    """SQL: nobody has begun to decide, the work does not wait anew already, and nothing kept it from leaving."""
    other = aliased(QueueItem)
    return [
        func.coalesce(QueueItem.failure_code, "").not_in(OBSTACLES),
        Submission.state == SubmissionState.WITH_INSTRUCTOR,
        ~exists().where(ReviewDecision.submission_id == Submission.id),
        ~exists().where(other.submission_id == Submission.id, other.state.in_(LIVE_QUEUE_STATES)),
    ]


def _retry(session: Session, items: list[uuid.UUID], submissions: list[uuid.UUID]) -> None:
    move_many(
        session,
        QueueItem.state,
        items,
        QUEUE_MOVES,
        QueueState.QUEUED,
        attempts=0,
        unexecuted=0,
        not_before=None,
        failure_code=None,
        failure_words=None,
        finished_at=None,
    )
    move_many(session, Submission.state, submissions, SUBMISSION_MOVES, SubmissionState.WAITING, by_hand_reason=None)


def _set_aside(
    session: Session, items: list[uuid.UUID], submissions: list[uuid.UUID], reason: str, now: datetime
) -> None:
    move_many(session, QueueItem.state, items, QUEUE_MOVES, QueueState.SKIPPED, finished_at=now)
    session.execute(
        update(Submission)
        .where(Submission.id.in_(submissions), Submission.state == SubmissionState.WITH_INSTRUCTOR)
        .values(by_hand_reason=reason)
    )


def _letter(
    item: QueueItem,
    label: str,
    title: str,
    assignment: str,
    batch_id: uuid.UUID | None,
    number: int | None,
    line: str | None,
    provider_code: str | None,
) -> DeadLetter:
    return DeadLetter(
        item_id=item.id,
        code=item.failure_code or "",
        attempts=item.attempts,
        queued_at=item.queued_at,
        failed_at=item.finished_at,
        course=label or title or "(untitled course)",
        assignment=assignment,
        batch_id=batch_id,
        batch_number=number,
        line=line,
        provider_code=provider_code,
    )


def _position(after: str) -> tuple[datetime, uuid.UUID]:
    try:
        moment, identifier = after.split("_")
        return datetime.fromisoformat(moment), uuid.UUID(identifier)
    except ValueError as error:
        raise GradingError("This page address can't be read. Go back to the first page.", code="page") from error
