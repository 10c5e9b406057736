"""A class that has handed in, a batch that was submitted, and a grader over HTTP: set up once, put back in a moment."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import Table, select, text
from sqlalchemy.orm import Session

from config.database import Base, Database
from grading import provider_files
from grading.batches import compose, lifecycle
from grading.batches.run import Runner
from grading.models import Batch, BatchRequest, QueueItem
from grading.providers.base import Provider, Usage
from grading.providers.catalogue import cost_microdollars
from grading.providers.openai import OpenAIProvider
from grading.states import BatchStep
from privacy.sealing import Vault
from tests import factories
from tests.conftest import START, StillClock

KEY = "demonstration-key"
BATCH_SECONDS = 3600.0
Fault = dict[str, Any]


@dataclass
class GraderControl:
    """Steers a running grader over HTTP."""

    url: str
    http: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, **body: Any) -> Any:
        """One call to /control."""
        response = self.http.request(
            method, f"{self.url}/control/{path}", json=body, headers={"Authorization": f"Bearer {KEY}"}, timeout=30
        )
        response.raise_for_status()
        return response.json()

    def forward(self, seconds: float = BATCH_SECONDS) -> None:
        """Let time pass at the provider."""
        self.call("POST", "forward", seconds=seconds)

    def break_things(self, faults: Iterable[Fault]) -> None:
        """Have things go wrong."""
        self.call("POST", "faults", faults=list(faults))

    def account(self) -> dict[str, Any]:
        """Files, batches and charges."""
        found: dict[str, Any] = self.call("GET", "account")
        return found

    def provider(self, **options: Any) -> OpenAIProvider:
        """The product's own client of it, which leaves second tries to the runner."""
        return OpenAIProvider(KEY, f"{self.url}/v1", **{"retries": 0, "timeout_seconds": 20.0} | options)


@dataclass
class Ground:
    """Everything around one submitted batch."""

    database: Database
    vault: Vault
    grader: GraderControl
    provider: Provider
    clock: StillClock = field(default_factory=StillClock)
    size: int = 3
    admin_id: uuid.UUID = field(default_factory=uuid.uuid4)
    restore: Callable[[], None] = lambda: None

    @property
    def runner(self) -> Runner:
        return Runner(self.database, self.vault, {"openai": self.provider}, 60.0, self.clock)

    def prepare(self) -> None:
        """Make the rows; they are kept to be put back before each test."""
        with self.database.transaction() as session:
            course = factories.course(session, self.vault)
            shown = factories.assignment(session, course, self.clock)
            for number in range(self.size):
                person = factories.student(session, self.vault, course, family_name=f"Okafor{number}")
                factories.submission(session, self.vault, shown, person, self.clock)
            self.admin_id = factories.administrator(session).id
            self.submit_all(session)
        sqlite = self.database.engine.dialect.name == "sqlite"
        self.restore = kept_file(self.database) if sqlite else kept_rows(self.database)

    def submit_all(self, session: Session) -> None:
        """Make a batch of all that waits, and submit it."""
        items = list(session.execute(select(QueueItem.id)).scalars())
        made = compose.create(
            session,
            items,
            provider="openai",
            limits=compose.Limits(1, 100),
            note="first",
            administrator_id=self.admin_id,
            clock=self.clock,
        )
        lifecycle.submit(session, made.id, administrator_id=self.admin_id, clock=self.clock)

    def reset(self) -> None:
        """Everything as it was after `prepare`, here and at the provider."""
        self.clock.now = START
        self.restore()
        self.grader.call("POST", "reset")

    def work(self, minutes: float = 20) -> None:
        """Let time pass here, and do what is due."""
        self.clock.forward(minutes=minutes)
        for batch_id in self.runner.due():
            self.runner.advance(batch_id)
        with self.database.transaction() as session:
            files = provider_files.due(session, self.clock())
        for file_id in files:
            provider_files.delete(self.database, {"openai": self.provider}, file_id, self.clock)

    def carry(self, rounds: int = 14) -> list[str]:
        """Work and let time pass until nothing is left to do; returns the words that batches showed on the way."""
        seen: list[str] = []
        for _ in range(rounds):
            self.work()
            batches = self.batches()
            seen += [batch.failure_words for batch in batches if batch.failure_words]
            if all(batch.step is BatchStep.DONE for batch in batches) and not self.files_left():
                return seen
            self.grader.forward()
        return seen

    def batches(self) -> list[Batch]:
        """All batches, in the order in which they were made."""
        with self.database.transaction() as session:
            return list(session.execute(select(Batch).order_by(Batch.number)).scalars())

    def files_left(self) -> int:
        """How many files still have to go at the provider."""
        with self.database.transaction() as session:
            return provider_files.standing(session).waiting

    def items(self) -> list[QueueItem]:
        """All queue items."""
        with self.database.transaction() as session:
            return list(session.execute(select(QueueItem)).scalars())

    def requests(self) -> list[BatchRequest]:
        """All lines of all batches."""
        with self.database.transaction() as session:
            return list(session.execute(select(BatchRequest)).scalars())

    def check_books(self) -> None:
        """What holds however things went: the bill is ours, no batch was made twice, no file stayed there."""
        account = self.grader.account()
        requests_ = self.requests()
        charged: dict[str, tuple[int, int]] = {}
        for charge in account["charges"]:
            assert charge["custom_id"] not in charged, "a line was executed twice"
            charged[charge["custom_id"]] = (charge["input_tokens"], charge["output_tokens"])
        ours = {one.custom_id: (one.input_tokens, one.output_tokens) for one in requests_ if one.input_tokens}
        assert ours == charged
        for one in requests_:
            usage = Usage(one.input_tokens, 0, one.output_tokens)
            assert one.actual_microdollars == cost_microdollars("gpt-6-luna", usage, self.clock(), batch=True)
        assert sum(batch.actual_microdollars for batch in self.batches()) == sum(
            one.actual_microdollars for one in requests_
        )
        intents = [tuple(sorted(batch["metadata"].items())) for batch in account["batches"]]
        assert len(intents) == len(set(intents)), "an intent was accepted twice"
        assert account["files"] == []


def kept_file(database: Database) -> Callable[[], None]:
    path = Path(database.engine.url.database or "")
    with database.engine.connect() as connection:
        connection.execute(text("COMMIT"))
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    content = path.read_bytes()

    def restore() -> None:
        database.dispose()
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.write_bytes(content)

    return restore


def _copied_back(table: Table) -> str:
    # What the database works out by itself can't be written.
    columns = [f'"{column.name}"' for column in table.columns if column.computed is None]
    kept = ", ".join(f"copy.{name}" for name in columns)
    return f'INSERT INTO public."{table.name}" ({", ".join(columns)}) SELECT {kept} FROM kept."{table.name}" AS copy'  # noqa: S608


def kept_rows(database: Database) -> Callable[[], None]:
    """Copies of all tables in a schema of their own; triggers and foreign keys are passed over on the way back."""
    tables = [table.name for table in Base.metadata.tables.values()]
    copies = [f'CREATE TABLE kept."{name}" AS TABLE public."{name}"' for name in tables]
    with database.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS kept CASCADE"))
        connection.execute(text("CREATE SCHEMA kept"))
        connection.execute(text(f"DO $$ BEGIN {'; '.join(copies)}; END $$"))
    back = [f'DELETE FROM public."{table.name}"; {_copied_back(table)}' for table in Base.metadata.tables.values()]  # noqa: S608
    script = text(f"DO $$ BEGIN {'; '.join(back)}; END $$")

    def restore() -> None:
        with database.engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(script)

    return restore
