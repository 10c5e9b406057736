"""Reading batches for pages and API: lists with keyset paging, details with counts."""

import uuid
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from grading.batches.lifecycle import get
from grading.models import Administrator, Assessment, Assignment, Batch, BatchRequest, QueueItem, Submission
from grading.paging import position, read_position
from grading.states import QueueState, RequestState

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class BatchPage:
    """A page of batches, and where the next one begins."""

    rows: list[Batch]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One line of a batch. No name and no text."""

    assignment: str
    attempt: int
    state: RequestState
    failure_code: str | None
    queue_state: QueueState
    actual_microdollars: int
    score_hundredths: int | None
    maximum_hundredths: int | None
    confidence: int | None


@dataclass(frozen=True, slots=True)
class BatchDetails:
    """A batch with everything its page shows."""

    batch: Batch
    created_by: str
    items: list[BatchItem]
    counts: dict[RequestState, int]

    @property
    def finished(self) -> int:
        """Lines whose outcome is known, here or at the provider."""
        here = sum(self.counts.values()) - self.counts.get(RequestState.PREPARED, 0)
        return max(here, self.batch.provider_completed + self.batch.provider_failed)


def page(session: Session, *, after: str | None = None, size: int = PAGE_SIZE) -> BatchPage:
    """Batches, newest first.

    Raises:
        GradingError: `after` is not a position this function gave out.
    """
    query = select(Batch).order_by(Batch.created_at.desc(), Batch.id.desc()).limit(size + 1)
    if after:
        moment, identifier = read_position(after)
        query = query.where(or_(Batch.created_at < moment, and_(Batch.created_at == moment, Batch.id < identifier)))
    found = list(session.execute(query).scalars())
    last = found[size - 1] if len(found) > size else None
    return BatchPage(found[:size], position(last.created_at, last.id) if last else None)


def details(session: Session, batch_id: uuid.UUID, limit: int = 500) -> BatchDetails:
    """One batch with its first `limit` items.

    Raises:
        NotFound: there is no such batch.
    """
    batch = get(session, batch_id)
    rows = session.execute(
        select(
            Assignment.title,
            Submission.attempt,
            BatchRequest.state,
            BatchRequest.failure_code,
            QueueItem.state,
            BatchRequest.actual_microdollars,
            Assessment.score_hundredths,
            Assessment.maximum_hundredths,
            Assessment.confidence,
        )
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .outerjoin(Assessment, Assessment.batch_request_id == BatchRequest.id)
        .where(BatchRequest.batch_id == batch_id)
        .order_by(Assignment.title, BatchRequest.id)
        .limit(limit)
    )
    counts = session.execute(
        select(BatchRequest.state, func.count()).where(BatchRequest.batch_id == batch_id).group_by(BatchRequest.state)
    )
    author = session.execute(select(Administrator.username).where(Administrator.id == batch.created_by)).scalar_one()
    return BatchDetails(
        batch=batch,
        created_by=author,
        items=[BatchItem(*row) for row in rows],
        counts={row[0]: row[1] for row in counts},
    )
