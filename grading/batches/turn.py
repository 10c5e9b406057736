"""What a step of the runner is given: one worker's turn with one batch."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from config.clock import Clock
from grading.batches.lease import Lease
from grading.batches.lifecycle import get, release_items
from grading.batches.provider_calls import AuditedProvider
from grading.batches.records import note_about
from grading.batches.sizes import Limits
from grading.budget import batches as budget
from grading.models import Batch
from grading.states import BATCH_MOVES, BatchState, BatchStep, move_many
from privacy.audit import Detail
from privacy.sealing import Vault


@dataclass(frozen=True, slots=True)
class Turn:
    """A batch as it stood when the step began, the lease on it, and what the step needs.

    Steps return whether the next one can follow at once.
    """

    batch: Batch
    lease: Lease
    provider: AuditedProvider
    vault: Vault
    clock: Clock
    poll_seconds: float
    limits: Limits

    @property
    def job(self) -> str:
        """The id under which the provider is asked for what is ours."""
        return str(self.batch.id)

    @property
    def since(self) -> datetime:
        """Nothing of the batch can be older than this at the provider."""
        return self.batch.submitted_at or self.batch.created_at

    def go_on(self, step: BatchStep, **values: object) -> bool:
        """Write that the next step can follow."""
        self.lease.write(step=step, attempts=0, **moved(self.clock()), **values)
        return True

    def wait(self, span: timedelta, **values: object) -> bool:
        """Write when to look again."""
        self.lease.write(next_check_at=self.clock() + span, **values)
        return False

    def end(self, state: BatchState, code: str | None = None, words: str | None = None) -> bool:
        """End a batch of which nothing ran: its items go back to the queue, its files are cleaned up."""
        now = self.clock()
        with self.lease.transaction() as session:
            move_many(
                session,
                Batch.state,
                [self.batch.id],
                BATCH_MOVES,
                state,
                step=BatchStep.CLEAN_UP,
                finished_at=now,
                attempts=0,
                failure_code=code,
                failure_words=words,
                **moved(now),
            )
            returned = release_items(session, self.batch, now)
            budget.settle(session, self.batch.id, now)
            self.record(session, f"batch.{state.value}", returned=returned, code=code)
        return True

    def record(self, session: Session, event: str, **details: Detail) -> None:
        """Put an event of the batch into the audit log."""
        note_about(session, event, self.batch, **details)

    def now_in(self, session: Session) -> Batch:
        """The batch as it stands inside a transaction."""
        return get(session, self.batch.id)


def moved(now: datetime) -> dict[str, object]:
    """Values of a batch that has come further."""
    return {"moved_at": now, "alerted_at": None}
