"""The moves themselves: each changes one bounded set of items, guarded, and says how many it really changed."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import CursorResult, exists, select, update
from sqlalchemy.orm import Session, aliased

from grading.by_hand import give_to_instructor
from grading.clearance import obstacle
from grading.models import ChangeKind, Context, QueueItem, ReviewDecision, Submission
from grading.queue.filters import WAITING
from grading.results.words import words_for
from grading.states import (
    LIVE_QUEUE_STATES,
    QUEUE_MOVES,
    SUBMISSION_MOVES,
    Priority,
    QueueState,
    SubmissionState,
    move_many,
)

SOURCES: Final = {
    ChangeKind.SKIP: (QueueState.QUEUED, QueueState.FAILED),
    ChangeKind.PUT_BACK: (QueueState.FAILED, QueueState.SKIPPED),
    ChangeKind.PRIORITY: WAITING,
    ChangeKind.RESCHEDULE: (QueueState.QUEUED,),
    ChangeKind.NOTE: tuple(QueueState),
}
"""The states that a change acts on; items in others are left alone."""
LONGEST_NOTE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Act:
    """What is to happen to items: kind and value of a change, and the id that the items remember it by."""

    kind: ChangeKind
    value: str
    change_id: uuid.UUID
    now: datetime
    provider: str
    """Where work goes that is put back."""


def lock_items(session: Session, item_ids: Sequence[uuid.UUID]) -> None:
    """Lock items in one order, so that two who act on the same ones wait for each other and not in a circle."""
    session.execute(
        select(QueueItem.id).where(QueueItem.id.in_(item_ids)).order_by(QueueItem.id).with_for_update()
    ).all()


def carry_out(session: Session, act: Act, item_ids: Sequence[uuid.UUID]) -> int:
    """Change those of the items that the act is about; returns how many that were."""
    if not item_ids:
        return 0
    lock_items(session, item_ids)
    match act.kind:
        case ChangeKind.SKIP:
            return _skip(session, item_ids, act.change_id)
        case ChangeKind.PUT_BACK:
            return _put_back(session, item_ids, act.provider, act.change_id)
        case ChangeKind.PRIORITY:
            priority = Priority(act.value)
            wanted = [QueueItem.state.in_(WAITING), QueueItem.priority != priority]
            values: dict[str, object] = {"previous_priority": QueueItem.priority, "priority": priority}
        case ChangeKind.RESCHEDULE:
            moment = datetime.fromisoformat(act.value) if act.value else None
            wanted = [QueueItem.state == QueueState.QUEUED, QueueItem.not_before.is_distinct_from(moment)]
            values = {"previous_not_before": QueueItem.not_before, "not_before": moment}
        case ChangeKind.NOTE:
            note = act.value.strip()[:LONGEST_NOTE]
            wanted = [QueueItem.note != note]
            values = {"previous_note": QueueItem.note, "note": note}
        case ChangeKind.UNDO:
            raise ValueError("an undo is carried out by take_back")
    return _update(session, item_ids, wanted, {**values, "change_id": act.change_id})


def take_back(session: Session, kind: ChangeKind, item_ids: Sequence[uuid.UUID], provider: str) -> int:
    """Undo a change on items that remember it. None of them remembers it afterwards."""
    if not item_ids:
        return 0
    lock_items(session, item_ids)
    match kind:
        case ChangeKind.SKIP:
            restored = _put_back(session, item_ids, provider, None)
        case ChangeKind.PRIORITY:
            restored = _update(
                session, item_ids, [QueueItem.state.in_(WAITING)], {"priority": QueueItem.previous_priority}
            )
        case ChangeKind.RESCHEDULE:
            restored = _update(
                session,
                item_ids,
                [QueueItem.state == QueueState.QUEUED],
                {"not_before": QueueItem.previous_not_before},
            )
        case ChangeKind.NOTE:
            restored = _update(session, item_ids, [], {"note": QueueItem.previous_note})
        case ChangeKind.PUT_BACK | ChangeKind.UNDO:
            restored = 0
    forgotten: dict[str, object] = {
        "change_id": None,
        "previous_priority": None,
        "previous_not_before": None,
        "previous_note": None,
    }
    _update(session, item_ids, [], forgotten)
    return restored


def _put_back(session: Session, item_ids: Sequence[uuid.UUID], provider: str, change_id: uuid.UUID | None) -> int:
    """Queue failed or skipped items again, in the place they had; returns how many wait again.

    Left alone are those whose submission waits already, has been assessed or decided about, was replaced
    or has no text any more; and of several old items of one submission all but the newest. What may not leave for the
    provider is its instructor's, and goes back by itself when it may again: consent that is missing is not passed over.
    """
    other = aliased(QueueItem)
    busy = exists().where(
        other.submission_id == QueueItem.submission_id, other.state.in_((*LIVE_QUEUE_STATES, QueueState.COMPLETED))
    )
    waits = (SubmissionState.WAITING, SubmissionState.GRADING, SubmissionState.WITH_INSTRUCTOR)
    rows = session.execute(
        select(QueueItem.submission_id, QueueItem.id, obstacle(session, provider))
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Context, Context.id == QueueItem.context_id)
        .where(
            QueueItem.id.in_(item_ids),
            QueueItem.state.in_(SOURCES[ChangeKind.PUT_BACK]),
            Submission.state.in_(waits),
            Submission.text_deleted_at.is_(None),
            ~busy,
            ~exists().where(ReviewDecision.submission_id == QueueItem.submission_id),
        )
        .order_by(QueueItem.queued_at, QueueItem.id)
    )
    by_code: dict[str | None, dict[uuid.UUID, uuid.UUID]] = defaultdict(dict)
    for submission_id, (item_id, code) in {row[0]: (row[1], row[2]) for row in rows}.items():
        by_code[code][submission_id] = item_id
    free = by_code.pop(None, {})
    moved = move_many(
        session,
        QueueItem.state,
        list(free.values()),
        QUEUE_MOVES,
        QueueState.QUEUED,
        failure_code=None,
        failure_words=None,
        finished_at=None,
        change_id=change_id,
    )
    move_many(session, Submission.state, list(free), SUBMISSION_MOVES, SubmissionState.WAITING, by_hand_reason=None)
    for code, kept in by_code.items():
        _leave_with_instructor(session, code or "", kept)
    return moved


def _leave_with_instructor(session: Session, code: str, kept: Mapping[uuid.UUID, uuid.UUID]) -> None:
    """Items by their submission: noted as work that may not leave, as if that had taken them out of the queue."""
    items, submissions = list(kept.values()), list(kept)
    move_many(session, QueueItem.state, items, QUEUE_MOVES, QueueState.SKIPPED)
    why = {"failure_code": code, "failure_words": words_for(code)}
    _update(session, items, [QueueItem.state == QueueState.SKIPPED], {**why})
    move_many(session, Submission.state, submissions, SUBMISSION_MOVES, SubmissionState.WITH_INSTRUCTOR)
    session.execute(
        update(Submission)
        .where(Submission.id.in_(submissions), Submission.state == SubmissionState.WITH_INSTRUCTOR)
        .values(by_hand_reason=code)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def _skip(session: Session, item_ids: Sequence[uuid.UUID], change_id: uuid.UUID) -> int:
    rows = session.execute(
        select(QueueItem.id, QueueItem.submission_id).where(
            QueueItem.id.in_(item_ids), QueueItem.state.in_(SOURCES[ChangeKind.SKIP])
        )
    ).all()
    moved = move_many(
        session,
        QueueItem.state,
        [row[0] for row in rows],
        QUEUE_MOVES,
        QueueState.SKIPPED,
        change_id=change_id,
    )
    give_to_instructor(session, [row[1] for row in rows], "skipped")
    return moved


def _update(
    session: Session, item_ids: Sequence[uuid.UUID], conditions: Sequence[Any], values: dict[str, object]
) -> int:
    result = session.execute(
        update(QueueItem)
        .where(QueueItem.id.in_(item_ids), *conditions)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return cast("CursorResult[Any]", result).rowcount
