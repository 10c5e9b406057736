"""What is under way at a provider, and so how much room there is (Q4)."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grading.models import Batch
from grading.states import BatchState

UNDER_WAY = (BatchState.SUBMITTED, BatchState.PROCESSING)


@dataclass(frozen=True, slots=True)
class InFlight:
    """Batches that were submitted and have not ended."""

    batches: int
    items: int


def in_flight(session: Session, provider: str) -> InFlight:
    """What is under way at a provider. There are few such batches, however many have ended."""
    row = session.execute(
        select(func.count(), func.coalesce(func.sum(Batch.items), 0)).where(
            Batch.provider == provider, Batch.state.in_(UNDER_WAY)
        )
    ).one()
    return InFlight(row[0], int(row[1]))
