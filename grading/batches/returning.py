"""What a batch gives back to the queue: whatever may still go waits again, the rest has come to its end here."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from grading.by_hand import give_to_instructor, stop_items
from grading.clearance import REPLACED, obstacle
from grading.models import Context, QueueItem, Submission
from grading.queue import lock_items
from grading.states import (
    QUEUE_MOVES,
    SUBMISSION_MOVES,
    QueueState,
    SubmissionState,
    move_many,
)

CHUNK = 1_000


def give_back(
    session: Session, provider: str, item_ids: Sequence[uuid.UUID], now: datetime, **values: object
) -> list[uuid.UUID]:
    """Queue items again; returns those that wait now.

    While they were in the batch their work may have been replaced by a newer attempt, and consent may have been taken
    back: such items do not wait for a turn that never comes. Items are locked first: whoever hands in a newer attempt
    at this moment comes before or after, and not in between.

    Args:
        values: of the items that wait again.
    """
    waiting: list[uuid.UUID] = []
    ids = sorted(item_ids)
    for start in range(0, len(ids), CHUNK):
        waiting += _give_back(session, provider, ids[start : start + CHUNK], now, values)
    return waiting


def _give_back(
    session: Session, provider: str, item_ids: list[uuid.UUID], now: datetime, values: dict[str, object]
) -> list[uuid.UUID]:
    lock_items(session, item_ids)
    kept = case((Submission.state == SubmissionState.REPLACED, REPLACED), else_=obstacle(session, provider))
    by_code: dict[str | None, list[tuple[uuid.UUID, uuid.UUID]]] = defaultdict(list)
    rows = session.execute(
        select(QueueItem.id, Submission.id, kept)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Context, Context.id == QueueItem.context_id)
        .where(QueueItem.id.in_(item_ids), QueueItem.state.in_((QueueState.SELECTED, QueueState.PROCESSING)))
    )
    for item_id, submission_id, code in rows:
        by_code[code].append((item_id, submission_id))
    free = by_code.pop(None, [])
    move_many(session, QueueItem.state, [one for one, _ in free], QUEUE_MOVES, QueueState.QUEUED, **values)
    move_many(session, Submission.state, [one for _, one in free], SUBMISSION_MOVES, SubmissionState.WAITING)
    for code, pairs in by_code.items():
        _end(session, code or "", pairs, now)
    return [item_id for item_id, _ in free]


def _end(session: Session, code: str, pairs: Sequence[tuple[uuid.UUID, uuid.UUID]], now: datetime) -> None:
    stop_items(session, [item_id for item_id, _ in pairs], code, now)
    give_to_instructor(session, [submission_id for _, submission_id in pairs], code)
