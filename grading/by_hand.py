"""Work that stops being assessed with a model and lies with its instructor: its queue item and its submission."""

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from grading.models import QueueItem, Submission
from grading.results.words import words_for
from grading.states import QUEUE_MOVES, SUBMISSION_MOVES, QueueState, SubmissionState, move_many


def stop_items(
    session: Session, items: list[uuid.UUID], code: str, now: datetime, state: QueueState = QueueState.SKIPPED
) -> None:
    """End queue items with the reason under `code`. One that has no move to `state` stays as it is."""
    move_many(
        session,
        QueueItem.state,
        items,
        QUEUE_MOVES,
        state,
        failure_code=code,
        failure_words=words_for(code),
        finished_at=now,
    )


def give_to_instructor(session: Session, submissions: list[uuid.UUID], code: str) -> None:
    """Leave submissions to be graded by hand, for the reason under `code`. Replaced work stays replaced."""
    move_many(
        session, Submission.state, submissions, SUBMISSION_MOVES, SubmissionState.WITH_INSTRUCTOR, by_hand_reason=code
    )
