"""What a provider says by itself (webhooks): a reason to look at a batch sooner, and nothing more.

A message that never comes costs nothing but time: batches are asked about anyway. One that comes twice counts once.
"""

import uuid
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from config.database import insert_ignoring_conflicts
from grading.models import Batch, ProviderEvent
from grading.providers.base import Hint
from grading.states import BatchStep

REMEMBERED: Final = timedelta(days=1)
"""Far longer than a signature is good for."""


def take(session: Session, hint: Hint, now: datetime) -> uuid.UUID | None:
    """Have the batch of a message looked at now; returns which, None if it is not ours or the message was seen."""
    new = session.execute(
        insert_ignoring_conflicts(session, ProviderEvent)
        .values(webhook_id=hint.id, received_at=now)
        .returning(ProviderEvent.webhook_id)
    ).first()
    if new is None or hint.batch_id is None:
        return None
    return session.execute(
        update(Batch)
        .where(Batch.provider_batch_id == hint.batch_id, Batch.step == BatchStep.POLL)
        .values(next_check_at=now)
        .returning(Batch.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()


def forget(session: Session, now: datetime) -> None:
    """Remove what can't come again."""
    session.execute(delete(ProviderEvent).where(ProviderEvent.received_at < now - REMEMBERED))
