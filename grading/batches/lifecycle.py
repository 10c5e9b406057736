"""After a batch is made: its submission, its cancellation, and what goes back to the queue."""

import uuid
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.batches.errors import BatchRefused
from grading.batches.records import audit_batch
from grading.batches.returning import give_back
from grading.budget import batches as budget
from grading.errors import NotFound
from grading.models import Batch, BatchRequest, QueueItem, Submission
from grading.states import (
    BATCH_MOVES,
    QUEUE_MOVES,
    SUBMISSION_MOVES,
    BatchState,
    BatchStep,
    QueueState,
    RequestState,
    SubmissionState,
    move,
    move_many,
)
from privacy.audit import Actor

MOST_REASON: Final = 2000


def submit(session: Session, batch_id: uuid.UUID, *, administrator_id: uuid.UUID, clock: Clock = utc_now) -> Batch:
    """The explicit second step: from here on the runner carries the batch to the provider.

    Raises:
        MoveRefused: it was submitted or cancelled already.
        BudgetRefused: the budget does not allow it, or everything is frozen.
    """
    move(
        session,
        Batch.state,
        batch_id,
        BATCH_MOVES,
        BatchState.SUBMITTED,
        step=BatchStep.SEAL,
        submitted_at=clock(),
        next_check_at=clock(),
        moved_at=clock(),
    )
    batch = get(session, batch_id)
    budget.reserve(session, batch, clock())
    # What was taken out of the batch since may wait in the queue, or in another batch, by now.
    items = select(BatchRequest.queue_item_id).where(
        BatchRequest.batch_id == batch_id, BatchRequest.state == RequestState.PREPARED
    )
    ids = list(session.execute(items).scalars())
    move_many(session, QueueItem.state, ids, QUEUE_MOVES, QueueState.PROCESSING)
    submissions = select(QueueItem.submission_id).where(QueueItem.id.in_(items))
    move_many(
        session,
        Submission.state,
        list(session.execute(submissions).scalars()),
        SUBMISSION_MOVES,
        SubmissionState.GRADING,
    )
    audit_batch(session, "batch.submitted", Actor.administrator(administrator_id), batch)
    return batch


def cancel(
    session: Session,
    batch_id: uuid.UUID,
    *,
    administrator_id: uuid.UUID | None,
    reason: str = "",
    clock: Clock = utc_now,
) -> Batch:
    """Cancel a batch: at once while nothing has left, by asking the provider otherwise. None: at the command line.

    Args:
        reason: why, in the administrator's words; kept with the batch and shown there.

    Raises:
        MoveRefused: it has ended already.
    """
    # Locked before it is looked at: somebody may submit it at this moment, and then money is set aside for it.
    session.execute(select(Batch.id).where(Batch.id == batch_id).with_for_update())
    batch = get(session, batch_id)
    why = reason.strip()[:MOST_REASON]
    if batch.state is BatchState.CREATED:
        move(
            session,
            Batch.state,
            batch_id,
            BATCH_MOVES,
            BatchState.CANCELLED,
            step=BatchStep.DONE,
            finished_at=clock(),
            cancel_reason=why,
        )
        release_items(session, batch, clock())
    elif batch.state in (BatchState.SUBMITTED, BatchState.PROCESSING):
        batch.cancel_requested_at = batch.cancel_requested_at or clock()
        batch.cancel_reason = batch.cancel_reason or why
        batch.next_check_at = clock()
    else:
        raise BatchRefused("This batch has ended already, so there is nothing left to cancel.")
    actor = Actor.administrator(administrator_id) if administrator_id else Actor.system()
    audit_batch(session, "batch.cancel_requested", actor, batch)
    return batch


def release_items(session: Session, batch: Batch, now: datetime) -> int:
    """Give the items of a batch that nothing came of back to the queue; returns how many wait there again."""
    from_batch = select(BatchRequest.queue_item_id).where(
        BatchRequest.batch_id == batch.id, BatchRequest.state == RequestState.PREPARED
    )
    waiting = give_back(session, batch.provider, list(session.execute(from_batch).scalars()), now)
    session.execute(
        update(BatchRequest)
        .where(BatchRequest.batch_id == batch.id, BatchRequest.state == RequestState.PREPARED)
        .values(state=RequestState.RETURNED)
    )
    return len(waiting)


def get(session: Session, batch_id: uuid.UUID) -> Batch:
    """A batch.

    Raises:
        NotFound: there is none with this id.
    """
    batch = session.get(Batch, batch_id, populate_existing=True)
    if batch is None:
        raise NotFound("There is no such batch. It may have been opened from an old page.")
    return batch
