"""What the audit log costs: transactions with an entry beside the same ones without, and writers side by side.

    python benchmarks/audit.py [seconds] [database URL]

Each round notes one event (or ten) in a transaction that also writes a row of its own, as every view does; beside it
the same transaction without the event. Then one process and eight processes write to one chain for as long. Without a
URL a SQLite file is used. The database must be empty: it is migrated, and rows are left in it.
"""

import multiprocessing
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

import lti_tool.tables  # noqa: F401 - registers every table
from config.clock import utc_now
from config.database import Database, open_database
from config.migrate import upgrade
from grading.models import ProviderAgreement
from privacy.audit import Actor, AuditLog, record
from privacy.keyring import create_keyring, load_keyring

TENANT = uuid.uuid4()
WRITERS = 8
MODES = ("no event", "one event", "ten events")


def note(session: Session, events: int) -> None:
    """A transaction's work: a row, and its events."""
    session.execute(
        insert(ProviderAgreement).values(
            id=uuid.uuid4(),
            provider="openai",
            name="n",
            reference="r",
            region="r",
            retention_days=30,
            endpoint="https://provider.example",
            in_force_from=utc_now().date(),
            created_at=utc_now(),
        )
    )
    for number in range(events):
        record(
            session,
            event="submission.opened",
            actor=Actor.person(TENANT),
            tenant_id=TENANT,
            object_type="submission",
            object_id=TENANT,
            details={"number": number},
        )


def opened(url: str, keyring: Path) -> Database:
    """The database with its log."""
    database = open_database(url)
    AuditLog(load_keyring(keyring)).attach(database.sessions)
    return database


def transactions(database: Database, events: int) -> Callable[[], None]:
    """One transaction with so many events."""

    def run() -> None:
        with database.transaction() as session:
            note(session, events)

    return run


def compare(database: Database, seconds: float) -> dict[str, float]:
    """Median milliseconds of each mode. They take turns, so that whatever else the machine does slows all of them."""
    runs = dict(zip(MODES, (transactions(database, events) for events in (0, 1, 10)), strict=True))
    taken: dict[str, list[float]] = {name: [] for name in runs}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            taken[name].append((time.perf_counter() - start) * 1000)
    return {name: statistics.median(times) for name, times in taken.items()}


def writer(url: str, keyring: Path, events: int, ready: Barrier, stop: Event, counted: Any) -> None:
    """Write until told to stop; says how many transactions that were."""
    database = opened(url, keyring)
    run = transactions(database, events)
    run()
    ready.wait()
    count = 0
    while not stop.is_set():
        run()
        count += 1
    counted.put(count)
    database.dispose()


def side_by_side(url: str, keyring: Path, writers: int, events: int, seconds: float) -> float:
    """Transactions a second of so many processes together."""
    context = multiprocessing.get_context("spawn")
    ready, stop, counted = context.Barrier(writers + 1), context.Event(), context.Queue()
    processes = [
        context.Process(target=writer, args=(url, keyring, events, ready, stop, counted)) for _ in range(writers)
    ]
    for process in processes:
        process.start()
    ready.wait()
    start = time.perf_counter()
    time.sleep(seconds)
    stop.set()
    total = sum(counted.get() for _ in processes)
    for process in processes:
        process.join()
    return total / (time.perf_counter() - start)


def main() -> None:
    """Measure, verify, and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{folder}/bench.db"
        keyring = Path(folder) / "keyring.json"
        create_keyring(keyring)
        database = opened(url, keyring)
        upgrade(database.engine)
        medians = compare(database, seconds)
        for name, middle in medians.items():
            sys.stdout.write(f"{name:<24} {middle:7.2f} ms   {middle / medians[MODES[0]]:5.2f} x\n")
        base = 0.0
        for writers in (1, WRITERS):
            plain = side_by_side(url, keyring, writers, 0, seconds)
            audited = side_by_side(url, keyring, writers, 1, seconds)
            base = base or audited
            sys.stdout.write(
                f"{writers} writers: {audited:7.0f} events/s ({audited / base:4.2f} x one writer), "
                f"{plain / audited:4.2f} x as many transactions without events\n"
            )
        start = time.perf_counter()
        counts = AuditLog(load_keyring(keyring)).verify(database.transaction)
        taken = time.perf_counter() - start
        entries = sum(counts.values())
        sys.stdout.write(f"verified {entries} entries, {entries / taken:.0f} a second\n")
        database.dispose()


if __name__ == "__main__":
    main()
