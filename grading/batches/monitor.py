"""Notices batches that do not move, and tells administrators once (B9)."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from config.logging import fields, get_logger
from grading.models import Batch
from grading.states import BatchStep
from privacy.audit import Actor, record

OVERDUE: Final = timedelta(hours=26)
"""The provider's 24 hours, and a margin for everything around them."""
_AT_REST: Final = (BatchStep.SUBMIT, BatchStep.DONE)
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StuckBatch:
    """A batch that administrators should look at."""

    id: uuid.UUID
    number: int
    step: BatchStep
    moved_at: datetime | None
    words: str | None
    """What the last try said."""


def watch(session: Session, now: datetime, stuck_after: timedelta) -> int:
    """Mark batches that have not moved for long, or are not done long after they should; returns how many are new."""
    found = session.execute(
        update(Batch)
        .where(
            Batch.step.not_in(_AT_REST),
            Batch.alerted_at.is_(None),
            or_(Batch.moved_at < now - stuck_after, Batch.submitted_at < now - OVERDUE),
        )
        .values(alerted_at=now)
        .returning(Batch.id, Batch.step)
        .execution_options(synchronize_session=False)
    ).all()
    for batch_id, step in found:
        log.error("batch.stuck", extra=fields(batch=batch_id, step=step.value))
        record(
            session,
            event="batch.stuck",
            actor=Actor.system(),
            tenant_id=None,
            object_type="batch",
            object_id=batch_id,
            details={"step": step.value},
        )
    return len(found)


def stuck(session: Session) -> list[StuckBatch]:
    """Batches that are marked and still do not move, oldest first."""
    rows = session.execute(
        select(Batch.id, Batch.number, Batch.step, Batch.moved_at, Batch.failure_words)
        .where(Batch.alerted_at.is_not(None), Batch.step.not_in(_AT_REST))
        .order_by(Batch.number)
    )
    return [StuckBatch(*row) for row in rows]
