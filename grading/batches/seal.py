"""Collect, anonymize, build the prompt, seal the line: what happens to each item before anything leaves (house rule 1).

A request whose anonymized text still holds a strong form of a name is held back for a person. Work is committed in
chunks; a crash repeats at most one chunk, and a sealed line is never built twice. Whether work may leave is asked with
each chunk, and once more with the lines that are about to be sent (`grading.batches.holding`).
"""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from config.bulk import insert_rows, update_rows
from config.clock import Clock
from config.database import Database
from grading import corrections
from grading.batches.holding import Held, hold
from grading.batches.joins import with_task
from grading.batches.lease import Lease
from grading.batches.shared_parts import Shared, Versions, shared_parts
from grading.clearance import LEAK, REPLACED, TAKEN_OUT, TOO_LARGE, obstacle
from grading.models import AnonymizedText, Assignment, Batch, BatchRequest, Context, QueueItem, Submission
from grading.outgoing import anonymized
from grading.people import RosterReader
from grading.providers.base import Provider
from grading.states import QueueState, RequestState, SubmissionState
from grading.submissions import open_for_pipeline
from privacy.anonymizer import Anonymized, CompiledRoster, Corrections
from privacy.sealing import Owner, Place, Vault

CHUNK = 50
READ_AT_ONCE = 200
_WORK: Final = load_only(
    Submission.id,
    Submission.person_id,
    Submission.state,
    Submission.source,
    Submission.media_type,
    Submission.sealed_text,
    Submission.sealed_file_name,
    Submission.sealed_document_names,
    raiseload=True,
)
"""What is read of a submission: not its file, which may be large."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A request without its line, and what that is made from."""

    request_id: uuid.UUID
    custom_id: str
    versions: Versions
    item_id: uuid.UUID
    item_state: QueueState
    output_limit: int | None
    assignment_id: uuid.UUID
    context_id: uuid.UUID
    tenant_id: uuid.UUID
    submission: Submission
    obstacle: str | None

    @property
    def owner(self) -> Owner:
        """Whose data key seals it."""
        return Owner.person(self.tenant_id, self.submission.person_id)

    def held(self, code: str) -> Held:
        """The line as one that is taken out."""
        return Held(self.request_id, self.item_id, self.submission.id, self.tenant_id, code)


@dataclass(slots=True)
class _Written:
    """What a chunk writes."""

    new_texts: list[dict[str, Any]] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    """Of submissions that were anonymized before."""
    lines: list[dict[str, Any]] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)


def seal_requests(lease: Lease, vault: Vault, provider: Provider, batch_id: uuid.UUID, clock: Clock) -> None:
    """Seal the request line of every item of a batch that has none yet. Raises LeaseLost."""
    sealing = _Sealing(vault, provider, RosterReader(vault), clock)
    while True:
        with lease.database.transaction() as session:
            ids = _without_line(session, batch_id)
        if not ids:
            return
        for start in range(0, len(ids), CHUNK):
            with lease.transaction() as session:
                sealing.chunk(session, ids[start : start + CHUNK])


def _without_line(session: Session, batch_id: uuid.UUID) -> list[uuid.UUID]:
    """The requests that have no line yet, those of an assignment together."""
    query = with_task(select(BatchRequest.id)).where(
        BatchRequest.batch_id == batch_id,
        BatchRequest.state == RequestState.PREPARED,
        BatchRequest.sealed_body.is_(None),
    )
    return list(session.execute(query.order_by(Assignment.id, BatchRequest.id)).scalars())


@dataclass(frozen=True, slots=True)
class _Sealing:
    """Seals lines, a chunk at a time."""

    vault: Vault
    provider: Provider
    rosters: RosterReader
    clock: Clock

    def chunk(self, session: Session, ids: Sequence[uuid.UUID]) -> None:
        """Seal the lines of some requests, or hold them, in the caller's transaction."""
        lines = self._lines(session, ids)
        self.vault.prepare_keys(session, [line.owner for line in lines])
        shared = shared_parts(session, {line.versions for line in lines})
        known = _anonymized_already(session, [line.submission.id for line in lines])
        rosters: dict[uuid.UUID, CompiledRoster] = {}
        corrected: dict[uuid.UUID, Corrections] = {}
        written = _Written()
        for line in lines:
            code = _what_came_in_between(line)
            if code is None:
                if line.context_id not in rosters:
                    rosters[line.context_id] = self.rosters.read(session, line.context_id)
                if line.assignment_id not in corrected:
                    found = corrections.of_assignment(session, self.vault, line.assignment_id)
                    corrected[line.assignment_id] = corrections.for_anonymizer(found)
                work = open_for_pipeline(session, self.vault, line.submission)
                result = anonymized(line.submission, work, rosters[line.context_id], corrected[line.assignment_id])
                code = self._seal(session, written, line, result, shared[line.versions], known)
            if code is not None:
                written.held.append(line.held(code))
        insert_rows(session, AnonymizedText, written.new_texts)
        update_rows(session, AnonymizedText, written.texts)
        update_rows(session, BatchRequest, written.lines)
        hold(session, written.held, self.clock)

    def _lines(self, session: Session, ids: Sequence[uuid.UUID]) -> list[_Line]:
        query = (
            with_task(
                select(
                    *(BatchRequest.id, BatchRequest.custom_id),
                    *(BatchRequest.prompt_version_id, BatchRequest.rubric_version_id),
                    *(QueueItem.id, QueueItem.state, QueueItem.output_limit),
                    *(Assignment.id, Context.id, Context.tenant_id),
                    Submission,
                    obstacle(session, self.provider.name),
                )
            )
            .where(
                BatchRequest.id.in_(ids),
                BatchRequest.state == RequestState.PREPARED,
                BatchRequest.sealed_body.is_(None),
            )
            .order_by(Assignment.id, BatchRequest.id)
            .options(_WORK)
        )
        return [
            _Line(line_id, custom_id, (prompt_id, rubric_id), *others)
            for line_id, custom_id, prompt_id, rubric_id, *others in session.execute(query).all()
        ]

    def _seal(
        self,
        session: Session,
        written: _Written,
        line: _Line,
        result: Anonymized,
        shared: Shared,
        known: dict[uuid.UUID, uuid.UUID],
    ) -> str | None:
        """Seal text and line; returns the code of what keeps the line back when it is not to be sent."""
        if result.leaks:
            return LEAK
        text_id = known.get(line.submission.id)
        text = self._text(session, line.owner, text_id or uuid.uuid4(), result)
        if text_id is None:
            written.new_texts.append(text | {"submission_id": line.submission.id, "created_at": self.clock()})
        else:
            written.texts.append(text)
        body = self.provider.line(line.custom_id, shared.request(result.text, line.output_limit))
        if len(body) + 1 > self.provider.limits.bytes:
            return TOO_LARGE
        place = Place("batch_request", "body", line.request_id)
        sealed = self.vault.seal(session, line.owner, place, body)
        written.lines.append({"id": line.request_id, "sealed_body": sealed, "body_bytes": len(body)})
        return None

    def _text(self, session: Session, owner: Owner, text_id: uuid.UUID, result: Anonymized) -> dict[str, Any]:
        """The text as it may leave, made anew with today's roster."""

        def sealed(column: str, value: str) -> bytes:
            return self.vault.seal_text(session, owner, Place("anonymized_text", column, text_id), value)

        return {
            "id": text_id,
            "sealed_text": sealed("text", result.text),
            "sealed_map": sealed("map", result.mapping.to_json()),
            "findings": dict(Counter(str(finding.type) for finding in result.findings)),
        }


def _what_came_in_between(line: _Line) -> str | None:
    """Why an item is not prepared for leaving after all, though the batch was made with it."""
    if line.submission.state is SubmissionState.REPLACED:
        return REPLACED
    if line.obstacle is None and line.item_state is not QueueState.PROCESSING:
        return TAKEN_OUT
    return line.obstacle


def _anonymized_already(session: Session, submission_ids: list[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Ids of anonymized texts that are there, by their submissions."""
    rows = session.execute(
        select(AnonymizedText.submission_id, AnonymizedText.id).where(AnonymizedText.submission_id.in_(submission_ids))
    )
    return {row.submission_id: row.id for row in rows}


def sealed_lines(database: Database, vault: Vault, batch: Batch) -> Iterator[bytes]:
    """The request lines of a batch, opened for the provider: they were anonymized before they were sealed.

    Those of an assignment stand together, so that what they share repeats. Read a few at a time: of the largest batch
    no more than the ids are in memory.
    """
    ready = (
        BatchRequest.batch_id == batch.id,
        BatchRequest.state == RequestState.PREPARED,
        BatchRequest.sealed_body.is_not(None),
    )
    with database.transaction() as session:
        ids = list(session.execute(select(BatchRequest.id).where(*ready).order_by(BatchRequest.id)).scalars())
    for start in range(0, len(ids), READ_AT_ONCE):
        query = (
            select(BatchRequest.id, BatchRequest.sealed_body)
            .where(*ready, BatchRequest.id.in_(ids[start : start + READ_AT_ONCE]))
            .order_by(BatchRequest.id)
        )
        with database.transaction() as session:
            rows = session.execute(query).all()
            lines = vault.open_many(
                session, [(Place("batch_request", "body", key), blob) for key, blob in rows if blob is not None]
            )
        yield from lines
