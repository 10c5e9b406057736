"""Work that may not leave any more goes to its instructor at once; work that may again goes back when somebody asks.

What decides is `grading.clearance`; this module acts on it after a student's word, an instructor's setting or an
administrator's limit has changed.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading import assignments, estimates, queue
from grading.by_hand import give_to_instructor, stop_items
from grading.clearance import HELD_BACK, OBSTACLES, may_leave, obstacle
from grading.models import (
    Assignment,
    Batch,
    BatchRequest,
    Context,
    Disclosure,
    QueueItem,
    ReviewDecision,
    Submission,
)
from grading.states import (
    LIVE_QUEUE_STATES,
    QUEUE_MOVES,
    SUBMISSION_MOVES,
    BatchState,
    QueueState,
    RequestState,
    SubmissionState,
    move_many,
)
from grading.submissions import open_for_pipeline
from privacy.audit import Actor, record
from privacy.sealing import Vault


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose work is meant: everybody's, a course's, or one student's, in a course or in all of them."""

    context_id: uuid.UUID | None = None
    person_id: uuid.UUID | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """SQL: the conditions on `Context` and `Submission`."""
        found: list[ColumnElement[bool]] = []
        if self.context_id is not None:
            found.append(Context.id == self.context_id)
        if self.person_id is not None:
            found.append(Submission.person_id == self.person_id)
        return found


EVERYWHERE = Scope()


@dataclass(frozen=True, slots=True)
class SentWork:
    """Work that has gone to a provider."""

    submission_id: uuid.UUID
    assignment: str
    attempt: int
    provider: str
    model: str
    sent_at: datetime | None
    answered: bool


def take_out(session: Session, scope: Scope, *, provider: str, actor: Actor, clock: Clock = utc_now) -> int:
    """Give everything that waits and may not leave to its instructor, also out of batches that were not sent yet.

    Batches that are not sent are locked first: none of them begins to be sent while this decides what leaves it.
    Returns how many submissions were taken out.
    """
    unsent = _lock_unsent_batches(session)
    in_unsent_batch = exists().where(
        BatchRequest.queue_item_id == QueueItem.id,
        BatchRequest.state == RequestState.PREPARED,
        BatchRequest.batch_id.in_(unsent),
    )
    why = obstacle(session, provider).label("why")
    rows = session.execute(
        select(QueueItem.id, Submission.id, Context.tenant_id, why)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Context, Context.id == QueueItem.context_id)
        .where(
            *scope.conditions(),
            or_(
                QueueItem.state == QueueState.QUEUED,
                and_(QueueItem.state.in_((QueueState.SELECTED, QueueState.PROCESSING)), in_unsent_batch),
            ),
            Submission.state.in_((SubmissionState.WAITING, SubmissionState.GRADING)),
            why.is_not(None),
        )
    ).all()
    by_code: dict[str, list[tuple[uuid.UUID, uuid.UUID]]] = defaultdict(list)
    for item_id, submission_id, _, code in rows:
        by_code[code or ""].append((item_id, submission_id))
    for code, pairs in by_code.items():
        _give_to_instructor(session, code, pairs, clock())
    for (tenant_id, code), count in Counter((row[2], row[3]) for row in rows).items():
        record(
            session,
            event="queue.withheld",
            actor=actor,
            tenant_id=tenant_id,
            object_type="context" if scope.context_id else "queue",
            object_id=scope.context_id,
            details={"items": count, "code": code},
        )
    return len(rows)


def waiting_by_hand(session: Session, scope: Scope, *, provider: str) -> int:
    """How many submissions wait for grading by hand for no reason but one that no longer holds."""
    return session.execute(
        select(func.count())
        .select_from(Submission)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(*_may_go_back(session, scope, provider, OBSTACLES))
    ).scalar_one()


def put_back(
    session: Session,
    vault: Vault,
    scope: Scope,
    *,
    provider: str,
    actor: Actor,
    reasons: Sequence[str] = OBSTACLES,
    clock: Clock = utc_now,
) -> int:
    """Queue what waits for grading by hand only for reasons that no longer hold; returns how much that is.

    What somebody has begun to decide about stays with its instructor.
    """
    rows = session.execute(
        select(Submission, Context)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(*_may_go_back(session, scope, provider, reasons))
        .order_by(Submission.submitted_at, Submission.id)
        .with_for_update(of=Submission)
    ).all()
    if not rows:
        return 0
    ids = [submission.id for submission, _ in rows]
    had_a_turn = _old_items(session, ids)
    move_many(
        session,
        QueueItem.state,
        list(had_a_turn.values()),
        QUEUE_MOVES,
        QueueState.QUEUED,
        failure_code=None,
        failure_words=None,
        finished_at=None,
    )
    _enqueue_new(session, vault, [(one, context) for one, context in rows if one.id not in had_a_turn], clock)
    move_many(session, Submission.state, ids, SUBMISSION_MOVES, SubmissionState.WAITING, by_hand_reason=None)
    for tenant_id, count in Counter(context.tenant_id for _, context in rows).items():
        record(
            session,
            event="queue.withheld_put_back",
            actor=actor,
            tenant_id=tenant_id,
            object_type="context" if scope.context_id else "queue",
            object_id=scope.context_id,
            details={"items": count},
        )
    return len(rows)


def sent_work(session: Session, context_id: uuid.UUID, person_id: uuid.UUID) -> list[SentWork]:
    """What of a student's work in a course has gone to a provider, newest first.

    A line that was taken out of its batch counts when it had left by then: its file was at the provider, and the batch
    went on without it. So does one that was moved to a batch of its own because the provider had no room for the file.
    """
    sent_at = func.coalesce(Batch.upload_started_at, Disclosure.sent_at)
    held = BatchRequest.failure_code.in_(HELD_BACK)
    rows = session.execute(
        select(
            Submission.id,
            Assignment.title,
            Submission.attempt,
            Batch.provider,
            Batch.model,
            sent_at,
            and_(BatchRequest.state != RequestState.PREPARED, or_(BatchRequest.failure_code.is_(None), ~held)),
        )
        .select_from(BatchRequest)
        .join(Batch, Batch.id == BatchRequest.batch_id)
        .outerjoin(Disclosure, Disclosure.id == BatchRequest.disclosure_id)
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .where(
            QueueItem.context_id == context_id,
            Submission.person_id == person_id,
            sent_at.is_not(None),
            or_(BatchRequest.failure_code.is_(None), ~held, BatchRequest.disclosure_id.is_not(None)),
        )
        .order_by(sent_at.desc(), BatchRequest.id)
    )
    return [SentWork(*row) for row in rows]


def _lock_unsent_batches(session: Session) -> list[uuid.UUID]:
    return list(
        session.execute(
            select(Batch.id)
            .where(Batch.state.in_((BatchState.CREATED, BatchState.SUBMITTED)), Batch.upload_started_at.is_(None))
            .order_by(Batch.id)
            .with_for_update()
        ).scalars()
    )


def _give_to_instructor(
    session: Session, code: str, pairs: Sequence[tuple[uuid.UUID, uuid.UUID]], now: datetime
) -> None:
    items, submissions = [item for item, _ in pairs], [submission for _, submission in pairs]
    stop_items(session, items, code, now)
    # After the items: a batch that was made in the meantime has its line by now.
    session.execute(
        update(BatchRequest)
        .where(BatchRequest.queue_item_id.in_(items), BatchRequest.state == RequestState.PREPARED)
        .values(state=RequestState.FAILED, failure_code=code, finished_at=now, sealed_body=None)
    )
    give_to_instructor(session, submissions, code)


def _may_go_back(session: Session, scope: Scope, provider: str, reasons: Sequence[str]) -> list[ColumnElement[bool]]:
    return [
        *scope.conditions(),
        Submission.state == SubmissionState.WITH_INSTRUCTOR,
        Submission.by_hand_reason.in_(reasons),
        Submission.text_deleted_at.is_(None),
        may_leave(session, provider),
        ~exists().where(ReviewDecision.submission_id == Submission.id),
        ~exists().where(QueueItem.submission_id == Submission.id, QueueItem.state.in_(LIVE_QUEUE_STATES)),
    ]


def _old_items(session: Session, submission_ids: list[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """The newest queue item that each submission has had."""
    rows = session.execute(
        select(QueueItem.submission_id, QueueItem.id)
        .where(
            QueueItem.submission_id.in_(submission_ids),
            QueueItem.state.in_((QueueState.FAILED, QueueState.SKIPPED)),
        )
        .order_by(QueueItem.queued_at, QueueItem.id)
    )
    return {row[0]: row[1] for row in rows}


def _enqueue_new(session: Session, vault: Vault, found: Sequence[tuple[Submission, Context]], clock: Clock) -> None:
    views: dict[uuid.UUID, assignments.AssignmentView] = {}
    for submission, context in found:
        if submission.assignment_id not in views:
            views[submission.assignment_id] = assignments.get(
                session,
                tenant_id=context.tenant_id,
                context_id=context.id,
                assignment_id=submission.assignment_id,
            )
        text = open_for_pipeline(session, vault, submission).text
        item = queue.enqueue(session, submission=submission, context=context, estimated_microdollars=0, clock=clock)
        estimates.note(session, item, views[submission.assignment_id], text, clock())
    session.flush()
