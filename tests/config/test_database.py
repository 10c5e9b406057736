"""The database: moments, transactions, and what SQLite is told."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import StatementError

from config.database import Database
from grading.models import Registration


def registration(**values: object) -> Registration:
    fields = {
        "issuer": "https://lms.example",
        "client_id": "c",
        "name": "LMS",
        "authorization_url": "https://lms.example/auth",
        "token_url": "https://lms.example/token",
        "jwks_url": "https://lms.example/jwks",
    }
    return Registration(**(fields | values))


def test_a_moment_comes_back_in_utc(database: Database) -> None:
    moment = datetime(2026, 11, 21, 12, 30, 15, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with database.transaction() as session:
        session.add(registration(created_at=moment))
    with database.transaction() as session:
        stored = session.execute(select(Registration.created_at)).scalar_one()
    assert stored == moment
    assert stored.tzinfo is UTC


def test_a_moment_without_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="time zone"), database.transaction() as session:
        session.add(registration(created_at=datetime(2026, 1, 1)))  # noqa: DTZ001 - the mistake under test


def test_an_exception_rolls_everything_back(database: Database) -> None:
    with pytest.raises(RuntimeError), database.transaction() as session:
        session.add(registration())
        session.flush()
        raise RuntimeError
    with database.transaction() as session:
        assert session.execute(select(Registration)).first() is None


def test_sqlite_keeps_foreign_keys_and_a_write_ahead_log(sqlite_database: Database) -> None:
    with sqlite_database.transaction() as session:
        assert session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        assert session.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"


def test_a_read_by_itself_waits_for_no_writer_and_what_it_writes_stands(sqlite_database: Database) -> None:
    with sqlite_database.transaction() as writer:
        writer.add(registration())
        writer.flush()
        with sqlite_database.connection() as reader:
            assert reader.execute(select(Registration.id)).first() is None
    with sqlite_database.connection() as alone:
        alone.execute(update(Registration).values(name="Another"))
    with sqlite_database.transaction() as session:
        assert session.execute(select(Registration.name)).scalar_one() == "Another"


def test_a_transaction_begins_as_a_writer_whatever_the_connection_did_before(sqlite_database: Database) -> None:
    with sqlite_database.connection() as alone:
        alone.execute(select(Registration.id)).all()
    with sqlite_database.transaction() as session:
        session.execute(select(Registration.id)).all()
        driver = session.connection().connection.driver_connection
        assert driver is not None
        assert driver.in_transaction
