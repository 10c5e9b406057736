"""The runner: carries one batch a step at a time. Any step can be cut off and is then simply done again.

The steps themselves are in `sending`, `watching` and `finishing`; this module decides whose turn it is, whether the
provider may be called at all, and what follows from a step that failed.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading import provider_health
from grading.backoff import pause_seconds
from grading.batches import finishing, sending, watching
from grading.batches.lease import Lease, LeaseLost, free_and_due
from grading.batches.provider_calls import AuditedProvider
from grading.batches.sizes import PROVIDER_REQUESTS, Limits
from grading.batches.turn import Turn
from grading.budget import freezing
from grading.errors import GradingError
from grading.models import Batch
from grading.providers.base import Provider, ProviderError, ProviderMisconfigured, ProviderUnavailable
from grading.results.words import words_for
from grading.states import BatchState, BatchStep
from privacy.sealing import Vault

FROZEN_PAUSE: Final = timedelta(minutes=1)
MISCONFIGURED_PAUSE: Final = timedelta(minutes=5)
GONE_FOR_GOOD: Final = 3
"""How often the provider must say that it does not know what is ours before we believe it."""
BEFORE_IT_RUNS: Final = frozenset({BatchStep.SEAL, BatchStep.UPLOAD, BatchStep.CREATE})
_STEPS: Final[Mapping[BatchStep, Callable[[Turn], bool]]] = {
    BatchStep.SEAL: sending.seal,
    BatchStep.UPLOAD: sending.upload,
    BatchStep.CREATE: sending.create,
    BatchStep.POLL: watching.poll,
    BatchStep.INGEST: finishing.ingest_results,
    BatchStep.CLEAN_UP: finishing.clean_up,
}
_USUAL_LIMITS: Final = Limits(1, PROVIDER_REQUESTS)
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Runner:
    """What the steps need. One per process."""

    database: Database
    vault: Vault
    providers: Mapping[str, Provider]
    poll_seconds: float
    clock: Clock = utc_now
    limits: Limits = _USUAL_LIMITS
    """How much may wait at a provider at once."""

    def due(self, limit: int = 50) -> list[uuid.UUID]:
        """Batches with something to do now that nobody holds."""
        query = select(Batch.id).where(*free_and_due(self.clock())).order_by(Batch.next_check_at).limit(limit)
        with self.database.transaction() as session:
            return list(session.execute(query).scalars())

    def advance(self, batch_id: uuid.UUID) -> bool:
        """Do all steps that can be done now for one batch; returns whether it was this caller's turn."""
        lease = Lease.take(self.database, self.clock, batch_id)
        if lease is None:
            return False
        try:
            while self._step(lease):
                pass
        except LeaseLost:
            log.warning("batch.lease_lost", extra=fields(batch=batch_id))
        finally:
            lease.release()
        return True

    def _step(self, lease: Lease) -> bool:
        """One step; returns whether the next one can follow at once."""
        turn: Turn | None = None
        try:
            turn = self._turn(lease)
            return self._admitted(turn) and self._do(turn)
        except GradingError as error:
            return self._after(lease, turn, error)
        except LeaseLost:
            raise
        except Exception:
            # A fault of our own: it is reported, and does not come back with every tick.
            self._postpone(lease, "internal", words_for("internal"), timedelta(seconds=pause_seconds(8)))
            raise

    def _turn(self, lease: Lease) -> Turn:
        with self.database.transaction() as session:
            batch = session.execute(select(Batch).where(Batch.id == lease.batch_id)).scalar_one()
        plain = self.providers.get(batch.provider)
        if plain is None:
            raise ProviderMisconfigured(f"The provider {batch.provider} is not set up. Set OPENAI_API_KEY.")
        provider = AuditedProvider(plain, self.database, batch)
        return Turn(batch, lease, provider, self.vault, self.clock, self.poll_seconds, self.limits)

    def _admitted(self, turn: Turn) -> bool:
        """Whether the provider may be called; if not, the batch waits until it may."""
        with self.database.transaction() as session:
            if freezing.hold(session, turn.batch, self.clock() + FROZEN_PAUSE):
                return False
        if not _calls(turn.batch):
            return True
        with self.database.transaction() as session:
            wait = provider_health.admit(session, turn.batch, self.clock())
        if wait is not None:
            turn.wait(wait.until - self.clock(), failure_code=wait.code, failure_words=words_for(wait.code))
        return wait is None

    def _do(self, turn: Turn) -> bool:
        step = _STEPS.get(turn.batch.step)
        if step is None:
            return False
        try:
            goes_on = step(turn)
        except ProviderError as error:
            turn.provider.note_failure(error)
            with self.database.transaction() as session:
                provider_health.note_failure(session, turn.batch, error, self.clock())
            raise
        if _calls(turn.batch):
            with self.database.transaction() as session:
                provider_health.note_success(session, turn.batch, self.clock())
        return goes_on

    def _after(self, lease: Lease, turn: Turn | None, error: GradingError) -> bool:
        """Note what went wrong and when to try again. A refusal before anything ran ends the batch."""
        step = turn.batch.step if turn else None
        log.warning("batch.postponed", extra=fields(batch=lease.batch_id, step=step, code=error.code))
        attempts = turn.batch.attempts + 1 if turn else 1
        if isinstance(error, ProviderUnavailable):
            pause = timedelta(seconds=pause_seconds(attempts, at_least=error.retry_after_seconds))
        else:
            pause = MISCONFIGURED_PAUSE
        if turn is not None and not isinstance(error, ProviderUnavailable | ProviderMisconfigured):
            if step in BEFORE_IT_RUNS:
                return turn.end(BatchState.FAILED, error.code, error.message)
            if error.code == "gone" and attempts >= GONE_FOR_GOOD and step in (BatchStep.POLL, BatchStep.INGEST):
                return finishing.without_results(turn, error)
        self._postpone(lease, error.code, error.message, pause)
        return False

    def _postpone(self, lease: Lease, code: str, words: str, pause: timedelta) -> None:
        lease.write(
            attempts=Batch.attempts + 1,
            next_check_at=self.clock() + pause,
            failure_code=code,
            failure_words=words,
        )


def _calls(batch: Batch) -> bool:
    """Whether the next step of a batch calls its provider."""
    nothing_left = batch.upload_started_at is None
    stays = batch.step is BatchStep.CLEAN_UP or batch.cancel_requested_at is not None
    return batch.step is not BatchStep.SEAL and not (nothing_left and stays)
