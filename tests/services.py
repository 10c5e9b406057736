"""What this machine offers the tests: PostgreSQL, Redis, Chromium. What is missing is skipped, or refused in CI."""

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
import redis
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

REQUIRE_ALL = os.environ.get("BLINDMARK_TEST_REQUIRE_ALL") == "1"
POSTGRESQL = os.environ.get("BLINDMARK_TEST_POSTGRESQL_URL", "postgresql+pg8000://postgres@127.0.0.1:5432/postgres")
# Tests that run side by side must not take each other's messages: each process has a Redis database of its own.
_REDIS_NUMBER = 15 - int("".join(filter(str.isdigit, os.environ.get("PYTEST_XDIST_WORKER", "0"))) or 0) % 8
REDIS = f"{os.environ.get('BLINDMARK_TEST_REDIS_URL', 'redis://127.0.0.1:6379')}/{_REDIS_NUMBER}"

HOW_TO = {
    "PostgreSQL": "start one that lets user postgres in on 127.0.0.1:5432 (Debian: apt-get install postgresql), "
    "or set BLINDMARK_TEST_POSTGRESQL_URL",
    "Redis": "start one on 127.0.0.1:6379 (Debian: apt-get install redis-server), or set BLINDMARK_TEST_REDIS_URL",
    "Open edX": "let this machine reach a Python package index once, so that `make interop-env` can install it",
    "Chromium": "install it (Debian: apt-get install chromium), or set BLINDMARK_TEST_CHROMIUM to its path",
}


def missing(service: str) -> None:
    """Skip the test with a line that says how to get the service; where everything is required, fail."""
    words = f"{service} was not found: {HOW_TO[service]}"
    if REQUIRE_ALL:
        pytest.fail(words)
    pytest.skip(words)


@cache
def postgresql_found() -> bool:
    """Whether a PostgreSQL server lets us in."""
    try:
        engine = create_engine(POSTGRESQL)
        with engine.connect():
            return True
    except SQLAlchemyError:
        return False


@cache
def redis_found() -> bool:
    """Whether a Redis server answers."""
    try:
        return bool(redis.Redis.from_url(REDIS, socket_connect_timeout=2).ping())
    except redis.RedisError:
        return False


@cache
def chromium() -> Path | None:
    """The browser's executable."""
    named = os.environ.get("BLINDMARK_TEST_CHROMIUM")
    found = named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return Path(found) if found else None


def create_postgresql_database(template: str | None = None) -> str:
    """Make a database, empty or as another one is, and return its URL."""
    name = f"blindmark_test_{uuid.uuid4().hex[:12]}"
    _administer(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{make_url(template).database}"' if template else ""))
    # What a test wrote need not outlive a power cut.
    _administer(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    return make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """A part that one process of this machine runs at a time."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def drop_postgresql_database(url: str) -> None:
    """Remove a database made for tests."""
    _administer(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')


def _administer(statement: str) -> None:
    engine = create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
