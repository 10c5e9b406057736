"""Sealing beside raw AES-256-GCM, and rewrapping data keys. Prints times and ratios of one run.

    python benchmarks/sealing.py [values] [data keys] [database URL]

Raw is `cryptography`'s AESGCM with a random nonce and no associated data: no key lookup, no format, no place. Sealing
goes through `Vault`, with its keys in memory as in a process at work. Rewrapping goes through the database given, or
through a fresh SQLite file; one that is given must be migrated and hold no data keys yet.
"""

import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, func, select

import lti_tool.tables  # noqa: F401 - registers every table
from config.database import Database, open_database
from config.migrate import upgrade
from privacy import rotation
from privacy.audit import Actor
from privacy.keyring import LocalKeyRing, WrappedKey, create_keyring, load_keyring
from privacy.models import DataKey
from privacy.sealing import Owner, Place, Vault, wrapping_context

TENANT = uuid.uuid4()
ROUNDS = 5


def seconds_each(work: Callable[[int], object], count: int) -> float:
    """Median over some rounds of the seconds that one call takes."""
    found = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for number in range(count):
            work(number)
        found.append((time.perf_counter() - begin) / count)
    return statistics.median(found)


def show(label: str, seconds: float, raw: float) -> None:
    """One line: operations a second, and how many times as long as raw."""
    sys.stdout.write(f"{label:<36} {1 / seconds:>12,.0f} /s   {seconds / raw:5.2f} x raw\n")


def measure_values(database: Database, ring: LocalKeyRing, count: int) -> None:
    """Seal and open one value at a time, and a page of them at once, in three sizes."""
    vault, cipher = Vault(ring), AESGCM(AESGCM.generate_key(256))
    owners = [Owner.person(TENANT, uuid.uuid4()) for _ in range(100)]
    place = Place("submission", "text", uuid.uuid4())
    for size in (200, 4_000, 100_000):
        plain, nonce = os.urandom(size), os.urandom(12)
        raw_blob = cipher.encrypt(nonce, plain, None)
        raw_seal = seconds_each(lambda _, plain=plain: cipher.encrypt(os.urandom(12), plain, None), count)  # type: ignore[misc]
        raw_open = seconds_each(lambda _, n=nonce, b=raw_blob: cipher.decrypt(n, b, None), count)  # type: ignore[misc]
        with database.transaction() as session:
            vault.prepare_keys(session, owners)
            blobs = [vault.seal(session, owner, place, plain) for owner in owners]
            page = [(place, blob) for blob in blobs]
            sys.stdout.write(f"{size:,} bytes\n")
            show("  raw AESGCM, encrypt", raw_seal, raw_seal)
            seal = seconds_each(lambda n, p=plain: vault.seal(session, owners[n % 100], place, p), count)  # type: ignore[misc]
            show("  seal", seal, raw_seal)
            show("  raw AESGCM, decrypt", raw_open, raw_open)
            one = seconds_each(lambda n, b=blobs: vault.open(session, place, b[n % 100]), count)  # type: ignore[misc]
            show("  open, one at a time", one, raw_open)
            many = seconds_each(lambda _, p=page: vault.open_many(session, p), max(count // 100, 1)) / 100  # type: ignore[misc]
            show("  open, 100 at a time", many, raw_open)


def measure_rewrap(database: Database, ring: LocalKeyRing, count: int) -> None:
    """Move data keys to a new master key, beside wrapping them without a database."""
    with database.transaction() as session:
        if session.scalar(select(func.count()).select_from(DataKey).where(DataKey.tenant_id != TENANT)):
            raise SystemExit("This database holds data keys of others.")
        session.execute(delete(DataKey))
    for start in range(0, count, 1000):
        with database.transaction() as session:
            owners = [Owner.person(TENANT, uuid.uuid4()) for _ in range(min(1000, count - start))]
            Vault(ring).prepare_keys(session, owners)
    actor = Actor.system()
    rotation.activate(database, ring, rotation.add(database, ring, actor), actor)
    begin = time.perf_counter()
    moved = rotation.rewrap(database, ring, actor, lambda _: None)
    rows = (time.perf_counter() - begin) / moved
    with database.transaction() as session:
        row = session.execute(select(DataKey).limit(1)).scalar_one()
        wrapped = WrappedKey(row.master_key_id, row.wrapped or b"", wrapping_context(row.id, row.tenant_id))
    alone = seconds_each(lambda _: ring.rewrap([wrapped]), count)
    sys.stdout.write(f"{moved:,} data keys, {database.engine.dialect.name}\n")
    show("  rewrap in memory", alone, alone)
    show("  rewrap in the database", rows, alone)
    with database.transaction() as session:
        session.execute(delete(DataKey))


@contextmanager
def opened(url: str | None, directory: Path) -> Iterator[Database]:
    """The database to measure on."""
    database = open_database(url or f"sqlite:///{directory / 'benchmark.db'}")
    if url is None:
        upgrade(database.engine)
    try:
        yield database
    finally:
        database.dispose()


def measure(values: int, keys: int, url: str | None) -> None:
    """Measure sealing and rewrapping, and print."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        create_keyring(directory / "keyring.json")
        ring = load_keyring(directory / "keyring.json")
        with opened(url, directory) as database:
            measure_values(database, ring, values)
            measure_rewrap(database, ring, keys)


def main() -> None:
    """Read what to measure from the command line."""
    given = sys.argv[1:]
    values = int(given[0]) if given else 5_000
    keys = int(given[1]) if len(given) > 1 else 20_000
    measure(values, keys, given[2] if len(given) > 2 else None)


if __name__ == "__main__":
    main()
