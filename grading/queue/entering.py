"""How work comes into the queue."""

from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.models import Context, QueueItem, Submission
from grading.states import Priority, QueueState


def enqueue(
    session: Session, *, submission: Submission, context: Context, estimated_microdollars: int, clock: Clock = utc_now
) -> QueueItem:
    """Put a submission into the queue, in the place that its moment of handing in gives it.

    A second live item for it is refused by the database.
    """
    item = QueueItem(
        tenant_id=context.tenant_id,
        context_id=context.id,
        submission_id=submission.id,
        state=QueueState.QUEUED,
        priority=Priority.NORMAL,
        queued_at=submission.submitted_at or clock(),
        estimated_microdollars=estimated_microdollars,
    )
    session.add(item)
    return item
