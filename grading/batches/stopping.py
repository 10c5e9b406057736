"""Cancelling everything that runs, after a freeze: each batch by itself, so that none keeps another from it."""

import uuid
from dataclasses import dataclass, field

from config.clock import Clock
from config.database import Database
from grading.batches import lifecycle
from grading.budget import freezing
from grading.errors import GradingError


@dataclass(frozen=True, slots=True)
class Stopped:
    """What became of the batches that ran."""

    cancelled: list[uuid.UUID] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Why some could not be cancelled, in words."""


def cancel_running(database: Database, administrator_id: uuid.UUID | None, clock: Clock) -> Stopped:
    """Cancel every batch that runs, a transaction for each. None is for an operator at the command line.

    Cut off on its way, it is simply done again: what was told to stop is not told twice.
    """
    with database.transaction() as session:
        ids = freezing.running_ids(session)
    stopped = Stopped()
    for batch_id in ids:
        try:
            with database.transaction() as session:
                lifecycle.cancel(session, batch_id, administrator_id=administrator_id, clock=clock)
        except GradingError as error:
            stopped.refused.append(error.message)
            continue
        stopped.cancelled.append(batch_id)
    return stopped
