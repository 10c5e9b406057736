"""A batch that is too large for its provider becomes two: same note, same creator, nothing counted twice."""

import uuid
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from grading.budget import batches as budget
from grading.models import Batch, BatchRequest, QueueItem
from grading.states import BatchState, BatchStep, RequestState
from privacy.audit import Actor, record


def beyond_bytes(session: Session, batch_id: uuid.UUID, most: int) -> uuid.UUID | None:
    """The first line with which the file of a batch would be larger than `most`; None while all of it fits."""
    running = (
        select(BatchRequest.id, func.sum(BatchRequest.body_bytes + 1).over(order_by=BatchRequest.id).label("total"))
        .where(BatchRequest.batch_id == batch_id, BatchRequest.state == RequestState.PREPARED)
        .subquery()
    )
    return session.execute(
        select(running.c.id).where(running.c.total > most).order_by(running.c.id).limit(1)
    ).scalar_one_or_none()


def waiting(session: Session, batch_id: uuid.UUID) -> int:
    """How many lines of a batch wait to be sent, or for their answer."""
    return session.execute(
        select(func.count()).where(BatchRequest.batch_id == batch_id, BatchRequest.state == RequestState.PREPARED)
    ).scalar_one()


def line_at(session: Session, batch_id: uuid.UUID, position: int) -> uuid.UUID | None:
    """The line at a position among those that wait, 0 being the first."""
    return session.execute(
        select(BatchRequest.id)
        .where(BatchRequest.batch_id == batch_id, BatchRequest.state == RequestState.PREPARED)
        .order_by(BatchRequest.id)
        .offset(position)
        .limit(1)
    ).scalar_one_or_none()


def split(session: Session, batch: Batch, first_to_leave: uuid.UUID, now: datetime) -> Batch:
    """Move the lines from `first_to_leave` on into a batch of their own, which is submitted as this one was."""
    leaving = (
        BatchRequest.batch_id == batch.id,
        BatchRequest.state == RequestState.PREPARED,
        BatchRequest.id >= first_to_leave,
    )
    items, estimate = session.execute(
        select(func.count(), func.coalesce(func.sum(QueueItem.estimated_microdollars), 0))
        .select_from(BatchRequest)
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .where(*leaving)
    ).one()
    moved_estimate = min(int(estimate), batch.estimated_microdollars)
    made = Batch(
        id=uuid.uuid4(),
        number=session.execute(select(func.max(Batch.number))).scalar_one() + 1,
        state=BatchState.SUBMITTED,
        step=BatchStep.SEAL,
        provider=batch.provider,
        model=batch.model,
        price=batch.price,
        note=batch.note,
        created_by=batch.created_by,
        split_from_id=batch.id,
        submitted_at=now,
        next_check_at=now,
        moved_at=now,
        items=items,
        estimated_microdollars=moved_estimate,
        cancel_requested_at=batch.cancel_requested_at,
        cancel_reason=batch.cancel_reason,
    )
    session.add(made)
    session.flush()
    session.execute(update(BatchRequest).where(*leaving).values(batch_id=made.id))
    session.execute(
        update(Batch)
        .where(Batch.id == batch.id)
        .values(items=Batch.items - items, estimated_microdollars=Batch.estimated_microdollars - moved_estimate)
    )
    budget.split(session, batch, made, now)
    record(
        session,
        event="batch.split",
        actor=Actor.system(),
        tenant_id=None,
        object_type="batch",
        object_id=made.id,
        details={"from": str(batch.id), "items": items, "model": batch.model},
    )
    return made
