"""Celery's entry points: load, call one domain function, commit. Anything lost here is found again by the tick."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading import erasure, gradebook, roster
from grading.batches.run import Runner
from grading.gradebook_port import Gradebook
from grading.roster import RosterSource, RosterUnavailable
from privacy.sealing import Vault

TICK = "blindmark.tick"
SWEEP = "blindmark.sweep"
SWEEP_SECONDS = 900.0
ADVANCE_BATCH = "blindmark.advance_batch"
DELIVER_PUSH = "blindmark.deliver_push"
UPDATE_COLUMN = "blindmark.update_column"
ERASE = "blindmark.erase"
REFRESH_ROSTER = "blindmark.refresh_roster"
log = get_logger(__name__)

Send = Callable[[str, list[str]], None]


@dataclass(frozen=True, slots=True)
class Work:
    """What the tasks do, apart from how they are called."""

    database: Database
    vault: Vault
    runner: Runner
    gradebook: Gradebook
    rosters: RosterSource
    clock: Clock = utc_now
    sweeps: Sequence[Callable[[Session, datetime], None]] = ()
    """What other rooms want removed once it is old; run now and then."""

    def tick(self, send: Send) -> None:
        """Find everything that is due, whoever was meant to do it, and hand each to a task of its own."""
        for batch_id in self.runner.due():
            send(ADVANCE_BATCH, [str(batch_id)])
        with self.database.transaction() as session:
            pushes = gradebook.due(session, self.clock())
            courses = roster.due(session, self.clock())
            columns = gradebook.due_columns(session)
            erasures = erasure.due(session)
        for push_id in pushes:
            send(DELIVER_PUSH, [str(push_id)])
        for request_id in erasures:
            send(ERASE, [str(request_id)])
        for assignment_id in columns:
            send(UPDATE_COLUMN, [str(assignment_id)])
        for context_id in courses:
            send(REFRESH_ROSTER, [str(context_id)])

    def sweep(self) -> None:
        """Remove what is only remembered for a while."""
        for sweep in self.sweeps:
            with self.database.transaction() as session:
                sweep(session, self.clock())

    def refresh_roster(self, context_id: str) -> None:
        """Read one course's roster. What the LMS refuses now is tried again later; the old roster stays."""
        try:
            roster.refresh(self.database, self.vault, self.rosters, UUID(context_id), self.clock)
        except RosterUnavailable as error:
            log.warning("roster.unavailable", extra=fields(context=context_id, code=error.code))

    def advance_batch(self, batch_id: str) -> None:
        """Carry one batch as far as it goes now."""
        self.runner.advance(UUID(batch_id))

    def deliver_push(self, push_id: str) -> None:
        """Send one message to a gradebook."""
        gradebook.deliver(self.database, self.vault, self.gradebook, UUID(push_id), self.clock)

    def update_column(self, assignment_id: str) -> None:
        """Bring one gradebook column up to date."""
        gradebook.update_column(self.database, self.gradebook, UUID(assignment_id))

    def erase(self, request_id: str) -> None:
        """Forget one person, or look again later."""
        with self.database.transaction() as session:
            erasure.carry_out(session, self.vault, UUID(request_id), self.clock)


def register(app: Any, work: Work, tick_seconds: float) -> None:
    """Give a Celery application its tasks and its schedule."""

    def send(name: str, arguments: list[str]) -> None:
        app.send_task(name, args=arguments)

    def run(name: str, function: Callable[..., None]) -> None:
        def task(*arguments: str) -> None:
            try:
                function(*arguments)
            except Exception:
                log.exception("task.failed", extra=fields(task=name))
                raise

        app.task(name=name)(task)

    run(TICK, lambda: work.tick(send))
    run(SWEEP, work.sweep)
    run(ADVANCE_BATCH, work.advance_batch)
    run(DELIVER_PUSH, work.deliver_push)
    run(UPDATE_COLUMN, work.update_column)
    run(ERASE, work.erase)
    run(REFRESH_ROSTER, work.refresh_roster)
    app.conf.beat_schedule = {
        "tick": {"task": TICK, "schedule": tick_seconds, "options": {"expires": tick_seconds * 2}},
        "sweep": {"task": SWEEP, "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
    }
