"""Collect, anonymize, build the prompt, seal the line: what happens to each item before anything leaves (house rule 1).

A request whose anonymized text still holds a strong form of a name is held back for a person. Work is committed in
chunks; a crash repeats at most one chunk, and a sealed line is never built twice. Whether work may leave is asked with
each chunk, and once more with the lines that are about to be sent.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, case, literal, select
from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database, JsonObject
from grading import corrections
from grading.assignments import prompt_parts
from grading.batches.lease import Lease
from grading.clearance import LEAK, REPLACED, TAKEN_OUT, TOO_LARGE, obstacle
from grading.models import (
    AnonymizedText,
    Assignment,
    Batch,
    BatchRequest,
    Context,
    PromptVersion,
    QueueItem,
    RubricVersion,
    Submission,
)
from grading.outgoing import anonymized
from grading.people import RosterReader
from grading.prompts import Message, developer_message, submission_message
from grading.providers.base import Provider, Request
from grading.providers.catalogue import takes_temperature
from grading.results.schema import SCHEMA_NAME, response_schema
from grading.results.words import words_for
from grading.rubrics import Rubric
from grading.states import (
    QUEUE_MOVES,
    SUBMISSION_MOVES,
    QueueState,
    RequestState,
    SubmissionState,
    move_many,
)
from grading.submissions import open_for_pipeline
from privacy.anonymizer import Anonymized, CompiledRoster, Corrections
from privacy.audit import Actor, record
from privacy.sealing import Owner, Place, Vault

CHUNK = 50
READ_AT_ONCE = 200
Columns = TypeVarTuple("Columns")

_Row = tuple[BatchRequest, QueueItem, Submission, Assignment, Context, PromptVersion, RubricVersion, str | None]


def seal_requests(lease: Lease, vault: Vault, provider: Provider, batch_id: uuid.UUID, clock: Clock) -> None:
    """Seal the request line of every item of a batch that has none yet. Raises LeaseLost."""
    rosters = RosterReader(vault)
    while True:
        with lease.transaction() as session:
            rows = _next_chunk(session, provider.name, batch_id)
            if not rows:
                return
            _seal_chunk(session, vault, provider, rows, rosters, clock)


def _next_chunk(session: Session, provider: str, batch_id: uuid.UUID) -> Sequence[_Row]:
    return [
        (request, item, submission, assignment, context, prompt, rubric, obstacle_code)
        for request, item, submission, assignment, context, prompt, rubric, obstacle_code in session.execute(
            select(
                BatchRequest,
                QueueItem,
                Submission,
                Assignment,
                Context,
                PromptVersion,
                RubricVersion,
                obstacle(session, provider),
            )
            .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
            .join(Submission, Submission.id == QueueItem.submission_id)
            .join(Assignment, Assignment.id == Submission.assignment_id)
            .join(Context, Context.id == Assignment.context_id)
            .join(PromptVersion, PromptVersion.id == BatchRequest.prompt_version_id)
            .join(RubricVersion, RubricVersion.id == BatchRequest.rubric_version_id)
            .where(
                BatchRequest.batch_id == batch_id,
                BatchRequest.state == RequestState.PREPARED,
                BatchRequest.sealed_body.is_(None),
            )
            .order_by(Assignment.id, BatchRequest.id)
            .limit(CHUNK)
        )
    ]


def _seal_chunk(
    session: Session, vault: Vault, provider: Provider, rows: Sequence[_Row], rosters: RosterReader, clock: Clock
) -> None:
    compiled: dict[uuid.UUID, CompiledRoster] = {}
    corrected: dict[uuid.UUID, Corrections] = {}
    shared: dict[uuid.UUID, _Shared] = {}
    existing = _anonymized_already(session, [row[2].id for row in rows])
    vault.prepare_keys(session, [Owner.person(row[4].tenant_id, row[2].person_id) for row in rows])
    for request, item, submission, assignment, context, prompt, rubric_version, obstacle_code in rows:
        in_between = _what_came_in_between(item, submission, obstacle_code)
        if in_between:
            _hold(session, request, item, submission, context.tenant_id, in_between, clock)
            continue
        if context.id not in compiled:
            compiled[context.id] = rosters.read(session, context.id)
        if assignment.id not in corrected:
            found = corrections.of_assignment(session, vault, assignment.id)
            corrected[assignment.id] = corrections.for_anonymizer(found)
        text = _anonymized_text(
            session, vault, submission, context, compiled[context.id], corrected[assignment.id], existing
        )
        if text is None:
            _hold(session, request, item, submission, context.tenant_id, LEAK, clock)
            continue
        if request.prompt_version_id not in shared:
            shared[request.prompt_version_id] = _shared(assignment, prompt, rubric_version)
        line = provider.line(request.custom_id, shared[request.prompt_version_id].request(text, item.output_limit))
        if len(line) + 1 > provider.limits.bytes:
            _hold(session, request, item, submission, context.tenant_id, TOO_LARGE, clock)
            continue
        owner = Owner.person(context.tenant_id, submission.person_id)
        request.sealed_body = vault.seal(session, owner, Place("batch_request", "body", request.id), line)
        request.body_bytes = len(line)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the requests of an assignment have in common, worked out once a chunk."""

    prompt: PromptVersion
    developer: Message
    temperature: float | None
    schema: JsonObject

    def request(self, text: str, output_limit: int | None) -> Request:
        messages = (self.developer, Message("user", submission_message(text)))
        return Request(
            messages=tuple((message.role, message.content) for message in messages),
            model=self.prompt.model,
            max_output_tokens=output_limit or self.prompt.max_output_tokens,
            temperature=self.temperature,
            schema_name=SCHEMA_NAME,
            schema=self.schema,
        )


def _shared(assignment: Assignment, prompt: PromptVersion, rubric_version: RubricVersion) -> _Shared:
    rubric = Rubric.model_validate(rubric_version.content)
    parts = prompt_parts(assignment, prompt, rubric)
    return _Shared(
        prompt=prompt,
        developer=Message("developer", developer_message(parts)),
        temperature=prompt.temperature_hundredths / 100 if takes_temperature(prompt.model) else None,
        schema=response_schema(rubric),
    )


def _what_came_in_between(item: QueueItem, submission: Submission, obstacle_code: str | None) -> str | None:
    """Why an item is not prepared for leaving after all, though the batch was made with it."""
    if submission.state is SubmissionState.REPLACED:
        return REPLACED
    if obstacle_code is None and item.state is not QueueState.PROCESSING:
        return TAKEN_OUT
    return obstacle_code


def _anonymized_already(session: Session, submission_ids: list[uuid.UUID]) -> dict[uuid.UUID, AnonymizedText]:
    rows = session.execute(select(AnonymizedText).where(AnonymizedText.submission_id.in_(submission_ids))).scalars()
    return {row.submission_id: row for row in rows}


def _anonymized_text(
    session: Session,
    vault: Vault,
    submission: Submission,
    context: Context,
    roster: CompiledRoster,
    by_hand: Corrections,
    existing: dict[uuid.UUID, AnonymizedText],
) -> str | None:
    """The text as it may leave, made anew with today's roster; None when a name may still stand in it."""
    work = open_for_pipeline(session, vault, submission)
    result = anonymized(submission, work, roster, by_hand)
    if result.leaks:
        return None
    row = existing.get(submission.id)
    if row is None:
        row = AnonymizedText(id=uuid.uuid4(), submission_id=submission.id)
    owner = Owner.person(context.tenant_id, submission.person_id)
    row.sealed_text = vault.seal_text(session, owner, Place("anonymized_text", "text", row.id), result.text)
    row.sealed_map = vault.seal_text(session, owner, Place("anonymized_text", "map", row.id), result.mapping.to_json())
    row.findings = _counted(result)
    session.add(row)
    return result.text


def _counted(result: Anonymized) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for finding_type, count in Counter(finding.type for finding in result.findings).items():
        counts[str(finding_type)] += count
    return dict(counts)


def _hold(
    session: Session,
    request: BatchRequest,
    item: QueueItem,
    submission: Submission,
    tenant_id: uuid.UUID,
    code: str,
    clock: Clock,
) -> None:
    """Take an item out of the batch before it is sent; its instructor grades it by hand."""
    request.state, request.failure_code, request.finished_at = RequestState.FAILED, code, clock()
    request.sealed_body = None
    session.flush()
    move_many(
        session,
        QueueItem.state,
        [item.id],
        QUEUE_MOVES,
        QueueState.SKIPPED if code == REPLACED else QueueState.FAILED,
        failure_code=code,
        failure_words=words_for(code),
        finished_at=clock(),
    )
    move_many(
        session,
        Submission.state,
        [submission.id],
        SUBMISSION_MOVES,
        SubmissionState.WITH_INSTRUCTOR,
        by_hand_reason=code,
    )
    record(
        session,
        event="batch.item_held",
        actor=Actor.system(),
        tenant_id=tenant_id,
        object_type="submission",
        object_id=submission.id,
        details={"code": code},
    )


def hold_what_may_not_leave(session: Session, batch: Batch, clock: Clock) -> None:
    """Take lines out of a batch that is about to be sent, because something has changed since they were sealed."""
    _hold_where(session, batch, _kept_back(session, batch), clock)


def may_all_leave(session: Session, batch: Batch) -> bool:
    """Whether every line of a batch may still leave."""
    kept = _prepared(select(BatchRequest.id), batch).where(_kept_back(session, batch).is_not(None)).limit(1)
    return session.execute(kept).first() is None


def hold_all(session: Session, batch: Batch, code: str, clock: Clock) -> None:
    """Take every line out of a batch, for one reason."""
    _hold_where(session, batch, literal(code), clock)


def _kept_back(session: Session, batch: Batch) -> ColumnElement[str | None]:
    """SQL: the code of what keeps a line that was sealed from leaving now; NULL when nothing does."""
    replaced = Submission.state == SubmissionState.REPLACED
    return case((replaced, REPLACED), else_=obstacle(session, batch.provider))


def _hold_where(session: Session, batch: Batch, why: ColumnElement[str | None], clock: Clock) -> None:
    query = _prepared(select(BatchRequest, QueueItem, Submission, Context.tenant_id, why), batch)
    rows = session.execute(query.where(why.is_not(None))).all()
    for request, item, submission, tenant_id, code in rows:
        _hold(session, request, item, submission, tenant_id, code or "", clock)


def sealed_lines(database: Database, vault: Vault, batch: Batch) -> Iterator[bytes]:
    """The request lines of a batch, opened for the provider: they were anonymized before they were sealed.

    Read a few at a time, so that the largest batch needs no more memory than a small one.
    """
    last: uuid.UUID | None = None
    while True:
        query = (
            select(BatchRequest.id, BatchRequest.sealed_body)
            .where(
                BatchRequest.batch_id == batch.id,
                BatchRequest.state == RequestState.PREPARED,
                BatchRequest.sealed_body.is_not(None),
            )
            .order_by(BatchRequest.id)
            .limit(READ_AT_ONCE)
        )
        if last is not None:
            query = query.where(BatchRequest.id > last)
        with database.transaction() as session:
            rows = session.execute(query).all()
            lines = vault.open_many(
                session, [(Place("batch_request", "body", key), blob) for key, blob in rows if blob is not None]
            )
        if not rows:
            return
        last = rows[-1].id
        yield from lines


def _prepared(query: Select[*Columns], batch: Batch) -> Select[*Columns]:
    """A query about the lines of a batch that are ready, with their submission and course."""
    return (
        query.select_from(BatchRequest)
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Context, Context.id == QueueItem.context_id)
        .where(BatchRequest.batch_id == batch.id, BatchRequest.state == RequestState.PREPARED)
    )
