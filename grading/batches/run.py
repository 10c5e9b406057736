"""The runner: carries one batch a step at a time. Any step can be cut off and is then simply done again.

Before each call that changes something at the provider the intent is committed; after it, the outcome. A step that
finds its own intent without an outcome looks at the provider first, under the batch's id, before it asks again.
One worker holds a batch at a time, by a lease that a guarded UPDATE takes and time takes away.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading import disclosures, provider_files
from grading.backoff import pause_seconds
from grading.batches.ingest import ingest, settle_missing
from grading.batches.lifecycle import release_items
from grading.batches.provider_calls import AuditedProvider
from grading.batches.seal import hold_what_may_not_leave, seal_requests, sealed_lines
from grading.budget import batches as budget
from grading.budget import freezing
from grading.models import Batch, BatchRequest
from grading.providers.base import (
    Provider,
    ProviderError,
    ProviderMisconfigured,
    ProviderUnavailable,
    RemoteBatch,
    RemoteState,
)
from grading.results.words import words_for
from grading.states import BATCH_MOVES, BatchState, BatchStep, RequestState, move_many
from privacy.audit import Actor, record
from privacy.sealing import Vault

LEASE = timedelta(minutes=10)
MISCONFIGURED_PAUSE = timedelta(minutes=5)
FROZEN_PAUSE = timedelta(minutes=1)
POLL_SLOWEST_FACTOR = 5
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Runner:
    """What the steps need. One per process."""

    database: Database
    vault: Vault
    providers: Mapping[str, Provider]
    poll_seconds: float
    clock: Clock = utc_now

    def due(self, limit: int = 50) -> list[uuid.UUID]:
        """Batches with something to do now that nobody holds."""
        now = self.clock()
        with self.database.transaction() as session:
            return list(
                session.execute(
                    select(Batch.id)
                    .where(
                        Batch.step != BatchStep.DONE,
                        Batch.next_check_at <= now,
                        or_(Batch.lease_until.is_(None), Batch.lease_until < now),
                    )
                    .order_by(Batch.next_check_at)
                    .limit(limit)
                ).scalars()
            )

    def advance(self, batch_id: uuid.UUID) -> bool:
        """Do all steps that can be done now for one batch; returns whether it was this caller's turn."""
        if not self._take(batch_id):
            return False
        try:
            while self._step(batch_id):
                self._extend(batch_id)
        except ProviderError as error:
            self._postpone(batch_id, error)
        finally:
            self._release(batch_id)
        return True

    def _take(self, batch_id: uuid.UUID) -> bool:
        now = self.clock()
        with self.database.transaction() as session:
            taken = session.execute(
                update(Batch)
                .where(
                    Batch.id == batch_id,
                    Batch.step != BatchStep.DONE,
                    Batch.next_check_at <= now,
                    or_(Batch.lease_until.is_(None), Batch.lease_until < now),
                )
                .values(lease_until=now + LEASE)
                .returning(Batch.id)
            ).scalar_one_or_none()
        return taken is not None

    def _extend(self, batch_id: uuid.UUID) -> None:
        self._write(batch_id, lease_until=self.clock() + LEASE)

    def _release(self, batch_id: uuid.UUID) -> None:
        self._write(batch_id, lease_until=None)

    def _write(self, batch_id: uuid.UUID, **values: object) -> None:
        with self.database.transaction() as session:
            session.execute(update(Batch).where(Batch.id == batch_id).values(**values))

    def _step(self, batch_id: uuid.UUID) -> bool:
        """One step; returns whether the next one can follow at once."""
        batch = self._load(batch_id)
        with self.database.transaction() as session:
            if freezing.hold(session, batch, self.clock() + FROZEN_PAUSE):
                return False
        plain = self.providers.get(batch.provider)
        if plain is None:
            raise ProviderMisconfigured(f"The provider {batch.provider} is not set up. Set OPENAI_API_KEY.")
        provider = AuditedProvider(plain, self.database, batch)
        try:
            return self._do(batch, provider)
        except ProviderError as error:
            provider.note_failure(error)
            raise

    def _do(self, batch: Batch, provider: Provider) -> bool:
        match batch.step:
            case BatchStep.SEAL:
                return self._seal(batch, provider)
            case BatchStep.UPLOAD:
                return self._upload(batch, provider)
            case BatchStep.CREATE:
                return self._create(batch, provider)
            case BatchStep.POLL:
                return self._poll(batch, provider)
            case BatchStep.INGEST:
                return self._ingest(batch, provider)
            case BatchStep.CLEAN_UP:
                return self._clean_up(batch, provider)
            case BatchStep.SUBMIT | BatchStep.DONE:
                return False

    def _load(self, batch_id: uuid.UUID) -> Batch:
        with self.database.transaction() as session:
            return session.execute(select(Batch).where(Batch.id == batch_id)).scalar_one()

    def _seal(self, batch: Batch, provider: Provider) -> bool:
        if batch.cancel_requested_at:
            return self._end(batch.id, BatchState.CANCELLED)
        seal_requests(self.database, self.vault, provider, batch.id, self.clock)
        with self.database.transaction() as session:
            left = session.execute(
                select(BatchRequest.id)
                .where(BatchRequest.batch_id == batch.id, BatchRequest.state == RequestState.PREPARED)
                .limit(1)
            ).first()
        if left is None:
            return self._end_empty(batch.id)
        self._write(batch.id, step=BatchStep.UPLOAD, attempts=0)
        return True

    def _upload(self, batch: Batch, provider: Provider) -> bool:
        job = str(batch.id)
        if batch.cancel_requested_at and batch.upload_started_at is None:
            return self._end(batch.id, BatchState.CANCELLED)
        file_id = provider.find_upload(job) if batch.upload_started_at else None
        if file_id is None:
            lines = self._lines_to_send(batch, provider)
            if not lines:
                return self._end_empty(batch.id)
            file_id = provider.upload(job, lines)
        self._write(batch.id, provider_file_id=file_id, step=BatchStep.CREATE, attempts=0)
        return True

    def _lines_to_send(self, batch: Batch, provider: Provider) -> list[bytes]:
        """The lines that may leave at this moment; from here on the batch counts as sent.

        The batch's row is changed first: whoever takes work back waits for it, and then knows that it is too late.
        """
        with self.database.transaction() as session:
            session.execute(update(Batch).where(Batch.id == batch.id).values(upload_started_at=self.clock()))
            hold_what_may_not_leave(session, batch, self.clock)
            lines = sealed_lines(session, self.vault, batch)
            if not lines:
                # Nothing leaves, so nothing counts as sent.
                session.execute(update(Batch).where(Batch.id == batch.id).values(upload_started_at=None))
                return []
            disclosures.note_sending(session, batch, provider.endpoint, self.clock())
        return lines

    def _end_empty(self, batch_id: uuid.UUID) -> bool:
        """End a batch of which nothing may be sent."""
        return self._end(batch_id, BatchState.FAILED, "nothing_left", words_for("nothing_left"))

    def _create(self, batch: Batch, provider: Provider) -> bool:
        job = str(batch.id)
        remote = provider.find(job) if batch.create_started_at else None
        if remote is None:
            if batch.cancel_requested_at:
                return self._end(batch.id, BatchState.CANCELLED)
            self._write(batch.id, create_started_at=self.clock())
            remote = provider.create(job, batch.provider_file_id or "")
        with self.database.transaction() as session:
            move_many(session, Batch.state, [batch.id], BATCH_MOVES, BatchState.PROCESSING)
            session.execute(
                update(Batch)
                .where(Batch.id == batch.id)
                .values(
                    provider_batch_id=remote.id,
                    provider_status=remote.status,
                    step=BatchStep.POLL,
                    attempts=0,
                    next_check_at=self.clock() + timedelta(seconds=self.poll_seconds),
                )
            )
            self._audit(session, batch, "provider.created", {"items": batch.items})
        log.info("batch.created_at_provider", extra=fields(batch=batch.id, items=batch.items))
        return False

    def _poll(self, batch: Batch, provider: Provider) -> bool:
        identifier = batch.provider_batch_id or ""
        if batch.cancel_requested_at and batch.provider_status not in ("cancelling", "cancelled"):
            remote = provider.poll(identifier)
            if remote.state is RemoteState.RUNNING and remote.status != "cancelling":
                remote = provider.cancel(identifier)
        else:
            remote = provider.poll(identifier)
        self._write(
            batch.id,
            provider_status=remote.status,
            provider_completed=remote.completed,
            provider_failed=remote.failed,
            provider_output_file_id=remote.output_file_id,
            provider_error_file_id=remote.error_file_id,
            attempts=0,
            failure_code=None,
            failure_words=None,
        )
        if remote.state is RemoteState.REFUSED:
            return self._refused(batch, remote)
        if remote.state is RemoteState.ENDED:
            self._write(batch.id, step=BatchStep.INGEST)
            return True
        self._write(batch.id, next_check_at=self._next_poll(batch))
        return False

    def _next_poll(self, batch: Batch) -> datetime:
        """Often at first, then at a tenth of the time already waited, five times the shortest pause at most."""
        now = self.clock()
        waited = (now - (batch.submitted_at or now)).total_seconds()
        pause = min(max(self.poll_seconds, waited / 10), self.poll_seconds * POLL_SLOWEST_FACTOR)
        return now + timedelta(seconds=pause)

    def _refused(self, batch: Batch, remote: RemoteBatch) -> bool:
        log.warning("batch.refused", extra=fields(batch=batch.id, code=remote.refusal_code))
        code = (remote.refusal_code or "batch_failed")[:64]
        return self._end(batch.id, BatchState.FAILED, code, remote.refusal_words or "The provider gave no reason.")

    def _ingest(self, batch: Batch, provider: Provider) -> bool:
        remote = RemoteBatch(
            id=batch.provider_batch_id or "",
            status=batch.provider_status or "",
            state=RemoteState.ENDED,
            output_file_id=batch.provider_output_file_id,
            error_file_id=batch.provider_error_file_id,
        )
        ingest(self.database, self.vault, batch.id, provider.results(remote), self.clock)
        with self.database.transaction() as session:
            settle_missing(session, batch.id, self.clock)
            budget.settle(session, batch.id, self.clock())
            state = BatchState.CANCELLED if batch.provider_status == "cancelled" else BatchState.COMPLETED
            move_many(
                session, Batch.state, [batch.id], BATCH_MOVES, state, step=BatchStep.CLEAN_UP, finished_at=self.clock()
            )
            self._audit(session, batch, f"batch.{state.value}", {"items": batch.items})
        log.info("batch.ingested", extra=fields(batch=batch.id, status=batch.provider_status))
        return True

    def _clean_up(self, batch: Batch, provider: Provider) -> bool:
        """What stands at the provider has to go: noted first, tried at once, tried on from its row if that fails."""
        sent = batch.provider_file_id
        if sent is None and batch.upload_started_at:
            # The answer to an upload was lost, and the batch ended before anybody looked whether it arrived.
            sent = provider.find_upload(str(batch.id))
        files = (sent, batch.provider_output_file_id, batch.provider_error_file_id)
        with self.database.transaction() as session:
            session.execute(
                update(Batch).where(Batch.id == batch.id).values(step=BatchStep.DONE, next_check_at=None, attempts=0)
            )
            provider_files.must_go(session, batch, files, self.clock())
            if not any(files):
                provider_files.nothing_left(session, batch, self.clock())
            due = provider_files.due_of_batch(session, batch.id, self.clock())
        for file_row_id in due:
            provider_files.delete(self.database, self.providers, file_row_id, self.clock)
        return False

    def _end(self, batch_id: uuid.UUID, state: BatchState, code: str | None = None, words: str | None = None) -> bool:
        """End a batch of which nothing ran: its items go back to the queue, its files are cleaned up."""
        with self.database.transaction() as session:
            move_many(
                session,
                Batch.state,
                [batch_id],
                BATCH_MOVES,
                state,
                step=BatchStep.CLEAN_UP,
                finished_at=self.clock(),
                failure_code=code,
                failure_words=words,
            )
            batch = session.execute(select(Batch).where(Batch.id == batch_id)).scalar_one()
            returned = release_items(session, batch_id)
            budget.settle(session, batch_id, self.clock())
            self._audit(session, batch, f"batch.{state.value}", {"returned": returned, "code": code})
        return True

    def _postpone(self, batch_id: uuid.UUID, error: ProviderError) -> None:
        """Note what went wrong and when to try again. A refusal before anything ran ends the batch."""
        batch = self._load(batch_id)
        now = self.clock()
        log.warning("batch.postponed", extra=fields(batch=batch_id, step=batch.step.value, code=error.code))
        retryable = isinstance(error, ProviderUnavailable | ProviderMisconfigured)
        if not retryable and batch.step in (BatchStep.SEAL, BatchStep.UPLOAD, BatchStep.CREATE):
            self._end(batch_id, BatchState.FAILED, error.code, error.message)
            return
        if isinstance(error, ProviderUnavailable):
            pause = timedelta(seconds=pause_seconds(batch.attempts + 1, at_least=error.retry_after_seconds))
        else:
            pause = MISCONFIGURED_PAUSE
        self._write(
            batch_id,
            attempts=batch.attempts + 1,
            next_check_at=now + pause,
            failure_code=error.code,
            failure_words=error.message,
        )

    def _audit(
        self, session: Session, batch: Batch, event: str, details: Mapping[str, str | int | bool | None]
    ) -> None:
        record(
            session,
            event=event,
            actor=Actor.system(),
            tenant_id=None,
            object_type="batch",
            object_id=batch.id,
            details={"provider": batch.provider, "model": batch.model, **details},
        )
