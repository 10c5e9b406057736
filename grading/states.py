"""The states of everything that moves, the moves that are allowed, and the one function that makes a move."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from config.database import Base
from grading.errors import GradingError


class SubmissionState(StrEnum):
    """Where a submission stands, as its student sees it."""

    WAITING = "waiting"  # in the queue for model-assisted assessment
    GRADING = "grading"  # in a batch
    WITH_INSTRUCTOR = "with_instructor"  # a person must look: an assessment to review, or grading by hand
    RELEASED = "released"  # the student sees the result
    REPLACED = "replaced"  # a newer attempt counts instead


class QueueState(StrEnum):
    """State of a queue item (Q1)."""

    QUEUED = "queued"
    SELECTED = "selected"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Priority(StrEnum):
    """How soon a queue item should run."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class TaskType(StrEnum):
    """What a model is asked to do (G1 to G4)."""

    GRADE = "grade_student_work"
    RUBRIC = "generate_rubric"
    SUMMARY = "generate_summary_feedback"
    QUESTION = "analyze_question"


class BatchState(StrEnum):
    """State of a batch job (B1)."""

    CREATED = "created"
    SUBMITTED = "submitted"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class BatchStep(StrEnum):
    """The next thing the runner does for a batch; each step can be repeated after a crash."""

    SUBMIT = "submit"  # waits for the administrator's second step
    SEAL = "seal"  # collect, anonymize, build prompts, seal the request lines
    UPLOAD = "upload"
    CREATE = "create"
    POLL = "poll"
    INGEST = "ingest"  # download both result files, validate, store
    CLEAN_UP = "clean_up"  # delete the files at the provider
    DONE = "done"


class Circuit(StrEnum):
    """Whether a provider is called at all (B5)."""

    CLOSED = "closed"  # all is well
    OPEN = "open"  # too many calls failed: one batch at a time tries whether it works again
    STOPPED = "stopped"  # it refuses the key, or the account has no money: nothing is sent until that is mended


class RequestState(StrEnum):
    """What became of one line of a batch."""

    PREPARED = "prepared"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RETURNED = "returned"  # never executed: its queue item went back to the queue


class AssessmentStatus(StrEnum):
    """R2: what the pipeline made of an answer; `overridden` once a person decided otherwise."""

    COMPLETED = "completed"
    FAILED = "failed"
    OVERRIDDEN = "overridden"


class ReviewStatus(StrEnum):
    """R2: what the instructor said of an assessment."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class DecisionKind(StrEnum):
    """How a person decided about a submission."""

    APPROVED = "approved"
    OVERRIDDEN = "overridden"
    BY_HAND = "by_hand"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class PushState(StrEnum):
    """State of a message to the LMS gradebook."""

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    OBSOLETE = "obsolete"  # a newer message for the same student took its place


class PushKind(StrEnum):
    """What a message to the gradebook says (L3)."""

    SUBMITTED = "submitted"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


SUBMISSION_MOVES: Final[Mapping[SubmissionState, frozenset[SubmissionState]]] = {
    SubmissionState.WAITING: frozenset(
        {SubmissionState.GRADING, SubmissionState.WITH_INSTRUCTOR, SubmissionState.REPLACED}
    ),
    SubmissionState.GRADING: frozenset(
        {SubmissionState.WAITING, SubmissionState.WITH_INSTRUCTOR, SubmissionState.REPLACED}
    ),
    SubmissionState.WITH_INSTRUCTOR: frozenset(
        {SubmissionState.WAITING, SubmissionState.RELEASED, SubmissionState.REPLACED}
    ),
    SubmissionState.RELEASED: frozenset({SubmissionState.WITH_INSTRUCTOR, SubmissionState.REPLACED}),
    SubmissionState.REPLACED: frozenset(),
}

QUEUE_MOVES: Final[Mapping[QueueState, frozenset[QueueState]]] = {
    QueueState.QUEUED: frozenset({QueueState.SELECTED, QueueState.SKIPPED}),
    QueueState.SELECTED: frozenset({QueueState.QUEUED, QueueState.PROCESSING, QueueState.FAILED, QueueState.SKIPPED}),
    QueueState.PROCESSING: frozenset({QueueState.COMPLETED, QueueState.FAILED, QueueState.QUEUED, QueueState.SKIPPED}),
    QueueState.FAILED: frozenset({QueueState.QUEUED, QueueState.SKIPPED}),
    QueueState.SKIPPED: frozenset({QueueState.QUEUED}),
    QueueState.COMPLETED: frozenset(),
}

BATCH_MOVES: Final[Mapping[BatchState, frozenset[BatchState]]] = {
    BatchState.CREATED: frozenset({BatchState.SUBMITTED, BatchState.CANCELLED}),
    BatchState.SUBMITTED: frozenset({BatchState.PROCESSING, BatchState.FAILED, BatchState.CANCELLED}),
    BatchState.PROCESSING: frozenset(
        {BatchState.COMPLETED, BatchState.FAILED, BatchState.CANCELLED, BatchState.SUBMITTED}
    ),
    BatchState.COMPLETED: frozenset(),
    BatchState.FAILED: frozenset(),
    BatchState.CANCELLED: frozenset(),
}

PUSH_MOVES: Final[Mapping[PushState, frozenset[PushState]]] = {
    PushState.PENDING: frozenset({PushState.SENDING, PushState.OBSOLETE}),
    PushState.SENDING: frozenset({PushState.PENDING, PushState.DELIVERED, PushState.FAILED, PushState.OBSOLETE}),
    PushState.FAILED: frozenset({PushState.PENDING, PushState.OBSOLETE}),
    PushState.DELIVERED: frozenset(),
    PushState.OBSOLETE: frozenset(),
}


class ArrivalState(StrEnum):
    """Work that was handed in to the LMS's own assignment, on its way in."""

    WAITING = "waiting"  # its notice is stored; the files are still at the LMS
    FETCHING = "fetching"
    TAKEN = "taken"  # it is a submission now
    FAILED = "failed"  # none of its files could be read


ARRIVAL_MOVES: Final[Mapping[ArrivalState, frozenset[ArrivalState]]] = {
    ArrivalState.WAITING: frozenset({ArrivalState.FETCHING}),
    ArrivalState.FETCHING: frozenset({ArrivalState.WAITING, ArrivalState.TAKEN, ArrivalState.FAILED}),
    ArrivalState.TAKEN: frozenset(),
    ArrivalState.FAILED: frozenset({ArrivalState.WAITING}),
}

LIVE_QUEUE_STATES: Final = (QueueState.QUEUED, QueueState.SELECTED, QueueState.PROCESSING)


class MoveRefused(GradingError):
    """Something is no longer in the state that a move starts from: somebody else moved it first."""

    code = "state_changed"
    status = 409


def move(
    session: Session,
    column: InstrumentedAttribute[Any],
    identifier: UUID,
    moves: Mapping[Any, frozenset[Any]],
    target: StrEnum,
    **values: object,
) -> None:
    """Move one row to `target` by a guarded UPDATE that only fires from a state the table of moves allows.

    Raises:
        MoveRefused: the row is in another state now (or gone); nothing was changed.
    """
    if move_many(session, column, [identifier], moves, target, **values) != 1:
        raise MoveRefused(
            "This has changed since you opened the page, so nothing was done. Reload the page to see how it stands now."
        )


def move_many(
    session: Session,
    column: InstrumentedAttribute[Any],
    identifiers: list[UUID],
    moves: Mapping[Any, frozenset[Any]],
    target: StrEnum,
    **values: object,
) -> int:
    """Move the rows that may move to `target` in one statement; returns how many did."""
    if not identifiers:
        return 0
    model = cast("type[Base]", column.class_)
    key = model.__table__.c.id
    if len(identifiers) > 1 and session.get_bind().dialect.name != "sqlite":
        # In one order, whatever the plan of the UPDATE: two who move the same rows never wait in a circle.
        session.execute(select(key).where(key.in_(identifiers)).order_by(key).with_for_update(key_share=True)).all()
    sources = [source for source, targets in moves.items() if target in targets]
    result = session.execute(
        update(model)
        .where(key.in_(identifiers), column.in_(sources))
        .values({column.key: target, **values})
        # Where the session holds no objects, none can be out of date: what was moved need not be read back.
        .execution_options(synchronize_session="fetch" if len(session.identity_map) else False)
    )
    return cast("CursorResult[Any]", result).rowcount
