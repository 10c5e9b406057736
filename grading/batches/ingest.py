"""Reads the result lines of a batch into assessments: in any order, in chunks, and however often the same file comes.

A line counts once: it is taken only while its request is still `prepared`, in the transaction that stores what came of
it. Unknown and repeated ids are noted and passed over. Tokens are charged for every line that reports them, also for
refused, truncated and unusable answers.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from config.logging import fields, get_logger
from grading.budget.batches import line_cost
from grading.models import (
    AnonymizedText,
    Assessment,
    Assignment,
    Batch,
    BatchRequest,
    Context,
    QueueItem,
    RubricVersion,
    Submission,
)
from grading.points import scale
from grading.providers.base import Outcome, ResultLine
from grading.results.validate import AnswerInvalid, ValidatedAnswer, validate_answer
from grading.results.words import words_for
from grading.rubrics import Rubric
from grading.states import (
    QUEUE_MOVES,
    SUBMISSION_MOVES,
    AssessmentStatus,
    QueueState,
    RequestState,
    SubmissionState,
    move_many,
)
from privacy.audit import Actor, record
from privacy.sealing import Owner, Place, Vault

CHUNK = 200
MOST_ATTEMPTS = 3
# Failures that another try may mend; the others go to a person at once.
_RETRYABLE = frozenset({"expired", "provider_busy", "missing", "schema", "criteria", "level", "unreadable_answer"})
_FAILURES = {
    Outcome.REFUSED: "refused",
    Outcome.TRUNCATED: "truncated",
    Outcome.CONTENT_FILTER: "content_filter",
    Outcome.NOT_EXECUTED: "expired",
    Outcome.BUSY: "provider_busy",
    Outcome.REJECTED: "rejected",
    Outcome.UNREADABLE: "unreadable_answer",
}
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Line:
    """A request with everything its answer is checked against."""

    request: BatchRequest
    item: QueueItem
    submission: Submission
    assignment: Assignment
    context: Context
    rubric: Rubric
    sent_text: str


def ingest(database: Database, vault: Vault, batch_id: uuid.UUID, lines: Iterable[ResultLine], clock: Clock) -> None:
    """Store what came of each line. The provider is read while nothing is locked."""
    for chunk in _chunks(lines):
        with database.transaction() as session:
            _ingest_chunk(session, vault, batch_id, chunk, clock)


def settle_missing(session: Session, batch_id: uuid.UUID, clock: Clock) -> None:
    """Requests of an ended batch that no line spoke of: their items may try again."""
    rows = session.execute(
        select(BatchRequest, QueueItem, Context.tenant_id)
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .join(Context, Context.id == QueueItem.context_id)
        .where(BatchRequest.batch_id == batch_id, BatchRequest.state == RequestState.PREPARED)
    ).all()
    for request, item, tenant_id in rows:
        _fail(session, request, item, "missing", tenant_id, clock())


def _chunks(lines: Iterable[ResultLine]) -> Iterator[list[ResultLine]]:
    chunk: list[ResultLine] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _ingest_chunk(session: Session, vault: Vault, batch_id: uuid.UUID, chunk: list[ResultLine], clock: Clock) -> None:
    batch = session.execute(select(Batch).where(Batch.id == batch_id)).scalar_one()
    known = _load(session, vault, batch_id, [line.custom_id for line in chunk])
    seen: set[str] = set()
    for line in chunk:
        target = known.get(line.custom_id)
        if target is None or line.custom_id in seen:
            log.warning("ingest.line_passed_over", extra=fields(batch=batch_id, repeated=line.custom_id in seen))
            continue
        seen.add(line.custom_id)
        _take(session, vault, batch, target, line, clock())
    session.flush()
    totals = session.execute(
        select(
            func.coalesce(func.sum(BatchRequest.actual_microdollars), 0),
            func.coalesce(func.sum(BatchRequest.input_tokens), 0),
            func.coalesce(func.sum(BatchRequest.output_tokens), 0),
        ).where(BatchRequest.batch_id == batch_id)
    ).one()
    session.execute(
        update(Batch)
        .where(Batch.id == batch_id)
        .values(actual_microdollars=int(totals[0]), input_tokens=int(totals[1]), output_tokens=int(totals[2]))
    )


def _load(session: Session, vault: Vault, batch_id: uuid.UUID, custom_ids: list[str]) -> dict[str, _Line]:
    rows = session.execute(
        select(BatchRequest, QueueItem, Submission, Assignment, Context, RubricVersion, AnonymizedText)
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .join(RubricVersion, RubricVersion.id == BatchRequest.rubric_version_id)
        .join(AnonymizedText, AnonymizedText.submission_id == Submission.id)
        .where(
            BatchRequest.batch_id == batch_id,
            BatchRequest.custom_id.in_(custom_ids),
            BatchRequest.state == RequestState.PREPARED,
        )
        .with_for_update(of=BatchRequest)
    ).all()
    texts = vault.open_many(
        session, [(Place("anonymized_text", "text", row[6].id), row[6].sealed_text) for row in rows]
    )
    return {
        row[0].custom_id: _Line(
            request=row[0],
            item=row[1],
            submission=row[2],
            assignment=row[3],
            context=row[4],
            rubric=Rubric.model_validate(row[5].content),
            sent_text=text.decode(),
        )
        for row, text in zip(rows, texts, strict=True)
    }


def _take(session: Session, vault: Vault, batch: Batch, target: _Line, line: ResultLine, now: datetime) -> None:
    request = target.request
    owner = Owner.person(target.context.tenant_id, target.submission.person_id)
    request.sealed_answer = vault.seal(session, owner, Place("batch_request", "answer", request.id), line.raw)
    request.input_tokens = line.usage.input_tokens
    request.output_tokens = line.usage.output_tokens
    request.actual_microdollars = line_cost(batch, line.usage, now)
    if line.outcome is not Outcome.ANSWERED:
        _fail(session, request, target.item, _FAILURES[line.outcome], target.context.tenant_id, now)
        return
    try:
        answer = validate_answer(line.text, target.rubric, target.sent_text)
    except AnswerInvalid as invalid:
        _fail(session, request, target.item, invalid.code, target.context.tenant_id, now)
        return
    _accept(session, vault, batch, target, line, answer, now)


def _accept(
    session: Session,
    vault: Vault,
    batch: Batch,
    target: _Line,
    line: ResultLine,
    answer: ValidatedAnswer,
    now: datetime,
) -> None:
    points = target.assignment.points_hundredths
    assessment = Assessment(
        id=uuid.uuid4(),
        submission_id=target.submission.id,
        batch_request_id=target.request.id,
        prompt_version_id=target.request.prompt_version_id,
        rubric_version_id=target.request.rubric_version_id,
        provider=batch.provider,
        model=line.model[:100],
        status=AssessmentStatus.COMPLETED,
        score_hundredths=scale(answer.content.rubric_hundredths, target.rubric.maximum_hundredths, points),
        maximum_hundredths=points,
        confidence=answer.content.confidence,
        flags=[flag.value for flag in answer.flags],
    )
    assessment.sealed_content = vault.seal_text(
        session,
        Owner.person(target.context.tenant_id, target.submission.person_id),
        Place("assessment", "content", assessment.id),
        answer.content.model_dump_json(),
    )
    session.add(assessment)
    target.request.state, target.request.finished_at = RequestState.SUCCEEDED, now
    move_many(session, QueueItem.state, [target.item.id], QUEUE_MOVES, QueueState.COMPLETED, finished_at=now)
    move_many(session, Submission.state, [target.submission.id], SUBMISSION_MOVES, SubmissionState.WITH_INSTRUCTOR)
    record(
        session,
        event="assessment.stored",
        actor=Actor.system(),
        tenant_id=target.context.tenant_id,
        object_type="assessment",
        object_id=assessment.id,
        details={"model": line.model, "flags": len(answer.flags)},
    )


def _fail(
    session: Session, request: BatchRequest, item: QueueItem, code: str, tenant_id: uuid.UUID, now: datetime
) -> None:
    """Note a failure; a retryable one goes back to the queue until its tries are used up, then to a person."""
    request.state, request.failure_code, request.finished_at = RequestState.FAILED, code, now
    attempts = item.attempts + 1
    again = code in _RETRYABLE and attempts < MOST_ATTEMPTS
    target = QueueState.QUEUED if again else QueueState.FAILED
    values = {"attempts": attempts, "failure_code": code, "failure_words": words_for(code)}
    session.flush()
    move_many(session, QueueItem.state, [item.id], QUEUE_MOVES, target, **values)
    if again:
        move_many(session, Submission.state, [item.submission_id], SUBMISSION_MOVES, SubmissionState.WAITING)
    else:
        move_many(
            session,
            Submission.state,
            [item.submission_id],
            SUBMISSION_MOVES,
            SubmissionState.WITH_INSTRUCTOR,
            by_hand_reason="failed",
        )
    record(
        session,
        event="assessment.failed",
        actor=Actor.system(),
        tenant_id=tenant_id,
        object_type="queue_item",
        object_id=item.id,
        details={"code": code, "attempts": attempts, "again": again},
    )
