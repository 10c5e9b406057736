"""Celery's entry points: load, call one domain function, commit. Anything lost here is found again by the tick."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading import (
    erasure,
    exports,
    gradebook,
    intake,
    processor_reports,
    provider_files,
    retention,
    roster,
    search,
)
from grading.batches.run import Runner
from grading.gradebook_port import Gradebook
from grading.processor_port import AssetService
from grading.providers.base import ProviderError
from grading.queue import carrying
from grading.queue.searching import matching_with
from grading.roster import RosterSource, RosterUnavailable
from privacy.blind_index import BlindIndex
from privacy.sealing import Vault

TICK = "blindmark.tick"
SWEEP = "blindmark.sweep"
SWEEP_SECONDS = 900.0
ADVANCE_BATCH = "blindmark.advance_batch"
DELIVER_PUSH = "blindmark.deliver_push"
UPDATE_COLUMN = "blindmark.update_column"
ERASE = "blindmark.erase"
EXPORT = "blindmark.export"
DELETE_FILE = "blindmark.delete_file"
TAKE_IN = "blindmark.take_in"
REPORT = "blindmark.report"
INDEX = "blindmark.index"
CHANGE_QUEUE = "blindmark.change_queue"
REFRESH_ROSTER = "blindmark.refresh_roster"
log = get_logger(__name__)

Send = Callable[[str, list[str]], None]


@dataclass(frozen=True, slots=True)
class Chore:
    """Something that becomes due in the database: what is due now, and how one of it is done."""

    due: Callable[[Session, datetime], list[UUID]]
    run: Callable[[UUID], object]


@dataclass(frozen=True, slots=True)
class Work:
    """What the tasks do, apart from how they are called."""

    database: Database
    vault: Vault
    runner: Runner
    gradebook: Gradebook
    rosters: RosterSource
    assets: AssetService
    provider: str
    """The provider that new work is for."""
    most_bytes: int
    """Largest file taken from an LMS."""
    blind_index: BlindIndex
    clock: Clock = utc_now
    forget_waiting: erasure.ForgetWaiting = erasure.nothing_waits
    """Forgets what LMSs have told about something that is erased, and nobody has worked off."""
    chores: Mapping[str, Chore] = field(default_factory=dict)
    """What other rooms have to do, by task name."""
    sweeps: Sequence[Callable[[Session, datetime], None]] = ()
    """What other rooms want removed once it is old; run now and then."""

    def tick(self, send: Send) -> None:
        """Find everything that is due, whoever was meant to do it, and hand each to a task of its own."""
        for batch_id in self.runner.due():
            send(ADVANCE_BATCH, [str(batch_id)])
        for name, chore in self.all_chores().items():
            with self.database.transaction() as session:
                found = chore.due(session, self.clock())
            for identifier in found:
                send(name, [str(identifier)])

    def all_chores(self) -> dict[str, Chore]:
        """What is due by the database, and what to do about each."""
        return {
            DELIVER_PUSH: Chore(gradebook.due, self.deliver_push),
            UPDATE_COLUMN: Chore(lambda session, _: gradebook.due_columns(session), self.update_column),
            REFRESH_ROSTER: Chore(roster.due, self.refresh_roster),
            ERASE: Chore(erasure.due, self.erase),
            EXPORT: Chore(exports.due, self.export),
            DELETE_FILE: Chore(provider_files.due, self.delete_file),
            TAKE_IN: Chore(intake.due, self.take_in),
            REPORT: Chore(processor_reports.due, self.report),
            INDEX: Chore(search.due, self.index),
            CHANGE_QUEUE: Chore(carrying.due, self.change_queue),
            **self.chores,
        }

    def sweep(self) -> None:
        """Remove what is only remembered for a while, and work whose time is over."""
        for sweep in (exports.forget_old, *self.sweeps):
            with self.database.transaction() as session:
                sweep(session, self.clock())
        retention.sweep(self.database, self.vault, self.clock)
        self.find_orphans()

    def find_orphans(self) -> None:
        """Look for files at the providers that nobody noted. A provider that can't be reached is asked next time."""
        for provider in self.runner.providers.values():
            try:
                provider_files.find_orphans(self.database, provider, self.clock)
            except ProviderError as error:
                log.warning("provider.not_listed", extra=fields(provider=provider.name, code=error.code))

    def advance_batch(self, batch_id: str) -> None:
        """Carry one batch as far as it goes now."""
        self.runner.advance(UUID(batch_id))

    def refresh_roster(self, context_id: UUID) -> None:
        """Read one course's roster. What the LMS refuses now is tried again later; the old roster stays."""
        try:
            roster.refresh(self.database, self.vault, self.rosters, context_id, self.clock)
        except RosterUnavailable as error:
            log.warning("roster.unavailable", extra=fields(context=context_id, code=error.code))

    def deliver_push(self, push_id: UUID) -> None:
        """Send one message to a gradebook."""
        gradebook.deliver(self.database, self.vault, self.gradebook, push_id, self.clock)

    def update_column(self, assignment_id: UUID) -> None:
        """Bring one gradebook column up to date."""
        gradebook.update_column(self.database, self.gradebook, assignment_id)

    def erase(self, request_id: UUID) -> bool:
        """Carry one erasure out, or look again later; returns whether it is settled."""
        return erasure.carry_out(self.database, self.vault, request_id, self.clock, self.forget_waiting)

    def export(self, export_id: UUID) -> None:
        """Make one copy of a person's data."""
        exports.make(self.database, self.vault, export_id, self.clock)

    def delete_file(self, file_row_id: UUID) -> None:
        """Delete one file at its provider."""
        provider_files.delete(self.database, self.runner.providers, file_row_id, self.clock)

    def take_in(self, arrival_id: UUID) -> None:
        """Fetch what was handed in to an LMS's own assignment."""
        intake.take_in(
            self.database,
            self.vault,
            self.assets,
            arrival_id,
            provider=self.provider,
            most_bytes=self.most_bytes,
            clock=self.clock,
        )

    def index(self, submission_id: UUID) -> None:
        """Make the words of one submission findable."""
        with self.database.transaction() as session:
            search.index_stored(session, self.vault, self.blind_index, submission_id)

    def change_queue(self, change_id: UUID) -> None:
        """Carry out what is left of a change of everything that a filter shows."""
        matching = matching_with(self.blind_index)
        carrying.carry_on(self.database.transaction, change_id, matching, self.provider, self.clock)

    def report(self, asset_id: UUID) -> None:
        """Tell an LMS what became of a file."""
        processor_reports.deliver(self.database, self.vault, self.assets, asset_id, self.clock)


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

        # Not shared: another application in this process has its own database.
        app.task(name=name, shared=False)(task)

    run(TICK, lambda: work.tick(send))
    run(SWEEP, work.sweep)
    run(ADVANCE_BATCH, work.advance_batch)
    for name, chore in work.all_chores().items():
        run(name, lambda identifier, chore=chore: chore.run(UUID(identifier)))
    app.conf.beat_schedule = {
        "tick": {"task": TICK, "schedule": tick_seconds, "options": {"expires": tick_seconds * 2}},
        "sweep": {"task": SWEEP, "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
    }
