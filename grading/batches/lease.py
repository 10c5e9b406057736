"""One worker holds a batch at a time: by a lease that a guarded UPDATE takes, that work renews and time takes away.

Everything that the holder writes is written in a transaction whose first statement renews the lease under its token. A
worker that slept through its lease finds its token gone and writes nothing.
"""

import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self, cast

from sqlalchemy import ColumnElement, CursorResult, or_, update
from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from grading.models import Batch
from grading.states import BatchStep

LENGTH: Final = timedelta(minutes=10)
RENEWED_AFTER: Final = LENGTH / 4


class LeaseLost(Exception):
    """Another worker holds the batch by now: whatever this one was about to write is not true any more."""


def free_and_due(now: datetime) -> list[ColumnElement[bool]]:
    """SQL: batches with something to do now that nobody holds."""
    return [
        Batch.step != BatchStep.DONE,
        Batch.next_check_at <= now,
        or_(Batch.lease_until.is_(None), Batch.lease_until < now),
    ]


@dataclass(slots=True)
class Lease:
    """The right to carry one batch, as long as it lasts."""

    database: Database
    clock: Clock
    batch_id: uuid.UUID
    token: str
    renewed_at: datetime

    @classmethod
    def take(cls, database: Database, clock: Clock, batch_id: uuid.UUID) -> Self | None:
        """Take a batch that is due and free; None when it is not."""
        now, token = clock(), secrets.token_hex(16)
        with database.transaction() as session:
            taken = session.execute(
                update(Batch)
                .where(Batch.id == batch_id, *free_and_due(now))
                .values(lease_until=now + LENGTH, lease_token=token)
                .returning(Batch.id)
            ).scalar_one_or_none()
        return cls(database, clock, batch_id, token, now) if taken else None

    @contextmanager
    def transaction(self, **values: object) -> Iterator[Session]:
        """A transaction of the holder: renews the lease, and writes these values to the batch, before anything else.

        Raises:
            LeaseLost: somebody else holds the batch; nothing is written.
        """
        now = self.clock()
        with self.database.transaction() as session:
            if not self._guarded(session, lease_until=now + LENGTH, **values):
                raise LeaseLost
            yield session
        self.renewed_at = now

    def write(self, **values: object) -> None:
        """Write to the batch. Raises LeaseLost."""
        with self.transaction(**values):
            pass

    def keep(self) -> None:
        """Renew the lease if it is not fresh any more: for work that goes on without writing. Raises LeaseLost."""
        if self.clock() - self.renewed_at > RENEWED_AFTER:
            self.write()

    def release(self) -> None:
        """Let go, unless somebody else holds it already."""
        with self.database.transaction() as session:
            self._guarded(session, lease_until=None, lease_token=None)

    def _guarded(self, session: Session, **values: object) -> bool:
        done = session.execute(
            update(Batch)
            .where(Batch.id == self.batch_id, Batch.lease_token == self.token)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        return cast("CursorResult[Any]", done).rowcount == 1
