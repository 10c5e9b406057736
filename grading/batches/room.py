"""How much may wait at a provider at once: prompt tokens of all batches of one model together (B1).

A provider refuses a whole batch that is over its limit. What is known here is not tried there first: a batch waits
while the others that wait or run there leave it no room. The provider has the last word all the same: two workers may
look at the same moment, and the account may be used by others.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from grading.estimates import most_input_of
from grading.models import Batch, BatchRequest, QueueItem
from grading.states import BatchState, BatchStep, RequestState

PAUSE: Final = timedelta(minutes=10)
"""After which a batch that waits for room looks again, if nobody wakes it before."""


def tokens_of(session: Session, batch: Batch) -> int:
    """Prompt tokens of the lines of a batch that are ready to be sent, at most."""
    return int(
        session.execute(
            select(func.coalesce(func.sum(most_input_of(batch.model)), 0))
            .select_from(BatchRequest)
            .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
            .where(
                BatchRequest.batch_id == batch.id,
                BatchRequest.state == RequestState.PREPARED,
                BatchRequest.sealed_body.is_not(None),
            )
        ).scalar_one()
    )


def is_full(session: Session, batch: Batch, most: int) -> bool:
    """Whether a batch would take its model over the limit, with what others have waiting. Alone it may always try."""
    others = session.execute(
        select(func.coalesce(func.sum(Batch.enqueued_tokens), 0)).where(
            Batch.id != batch.id,
            Batch.provider == batch.provider,
            Batch.model == batch.model,
            Batch.state.in_((BatchState.SUBMITTED, BatchState.PROCESSING)),
            Batch.step.in_((BatchStep.CREATE, BatchStep.POLL)),
            Batch.create_started_at.is_not(None),
        )
    ).scalar_one()
    return int(others) > 0 and int(others) + batch.enqueued_tokens > most


def others_run(session: Session, batch: Batch) -> bool:
    """Whether other batches of the model run at the provider, for whose end this one can wait."""
    found = exists().where(
        Batch.id != batch.id,
        Batch.provider == batch.provider,
        Batch.model == batch.model,
        Batch.provider_batch_id.is_not(None),
        Batch.state == BatchState.PROCESSING,
    )
    return bool(session.execute(select(found)).scalar_one())
