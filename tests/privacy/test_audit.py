"""The audit log: written with the transaction, chained, append-only; any tampering is named."""

import threading
import uuid

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError

from config.database import Database
from privacy.audit import Actor, AuditLog, record
from privacy.audit.reading import page
from privacy.errors import AuditBroken
from privacy.keyring import LocalKeyRing
from privacy.models import AuditEvent

TENANT = uuid.uuid4()


def note(database: Database, count: int = 1, tenant: uuid.UUID | None = TENANT) -> None:
    with database.transaction() as session:
        for number in range(count):
            record(
                session,
                event="test.happened",
                actor=Actor.person(uuid.uuid4()),
                tenant_id=tenant,
                object_type="thing",
                object_id=uuid.uuid4(),
                details={"number": number},
            )


class Failing:
    """A database that goes away just when a transaction ends."""

    def __call__(self, _connection: object) -> None:
        raise ConnectionError("gone")


def test_events_are_chained_per_tenant(database: Database, keyring: LocalKeyRing) -> None:
    note(database, 3)
    note(database, 2)
    note(database, 1, tenant=None)
    assert AuditLog(keyring).verify(database.transaction) == {str(TENANT): 5, "site": 1}


def test_what_is_rolled_back_leaves_no_event(database: Database, keyring: LocalKeyRing) -> None:
    session = database.session()
    record(session, event="x", actor=Actor.system(), tenant_id=None, object_type="y", object_id=None)
    session.rollback()
    session.commit()
    session.close()
    assert AuditLog(keyring).verify(database.transaction) == {}


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET event = 'other'", "DELETE FROM audit_event"])
def test_the_database_refuses_to_change_entries(database: Database, statement: str) -> None:
    note(database)
    with pytest.raises(DBAPIError, match="append-only"), database.transaction() as session:
        session.execute(text(statement))


def test_an_altered_entry_is_named(sqlite_database: Database, keyring: LocalKeyRing) -> None:
    note(sqlite_database, 3)
    with sqlite_database.transaction() as session:
        session.execute(text("DROP TRIGGER audit_event_no_update"))
        session.execute(text("UPDATE audit_event SET event = 'other' WHERE sequence = 2"))
    with pytest.raises(AuditBroken, match="entry 2"):
        AuditLog(keyring).verify(sqlite_database.transaction)


def test_a_chain_that_was_cut_off_is_noticed(sqlite_database: Database, keyring: LocalKeyRing) -> None:
    note(sqlite_database, 3)
    with sqlite_database.transaction() as session:
        session.execute(text("DROP TRIGGER audit_event_no_delete"))
        session.execute(text("DELETE FROM audit_event WHERE sequence = 3"))
    with pytest.raises(AuditBroken, match="cut off"):
        AuditLog(keyring).verify(sqlite_database.transaction)


def test_many_writers_at_once_keep_one_chain(postgresql_database: Database, keyring: LocalKeyRing) -> None:
    threads = [threading.Thread(target=lambda: [note(postgresql_database) for _ in range(5)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert AuditLog(keyring).verify(postgresql_database.transaction) == {str(TENANT): 40}


def test_two_processes_take_turns_at_one_chain(database: Database, keyring: LocalKeyRing) -> None:
    other = Database(database.engine)
    AuditLog(keyring).attach(other.sessions)
    for _ in range(3):
        note(database, 2)
        note(other, 3)
    assert AuditLog(keyring).verify(database.transaction) == {str(TENANT): 15}


def test_a_transaction_that_fails_at_its_end_leaves_the_chain_whole(
    sqlite_database: Database, keyring: LocalKeyRing
) -> None:
    note(sqlite_database)
    event.listen(sqlite_database.engine, "commit", fail := Failing())
    with pytest.raises(ConnectionError):
        note(sqlite_database, 2)
    event.remove(sqlite_database.engine, "commit", fail)
    note(sqlite_database)
    assert AuditLog(keyring).verify(sqlite_database.transaction) == {str(TENANT): 2}


def test_a_transaction_costs_the_same_however_many_events_it_has(database: Database) -> None:
    note(database)
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: statements.append(str(given[2])))
    note(database, 20)
    assert len(statements) == (1 if database.engine.dialect.name == "postgresql" else 2), statements


def test_pages_go_backwards_through_all_entries(database: Database) -> None:
    note(database, 5)
    seen: list[uuid.UUID] = []
    after: str | None = None
    with database.transaction() as session:
        while True:
            shown = page(session, after=after, size=2)
            seen += [row.id for row in shown.rows]
            after = shown.next_after
            if after is None:
                break
        assert len(set(seen)) == session.execute(select(func.count(AuditEvent.id))).scalar_one() == 5
