"""Many rows at once arrive as they would one by one, on both databases."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import DBAPIError, StatementError

from config.bulk import insert_rows, update_rows
from config.database import Database
from grading.models import Enrolment
from privacy.errors import NotSealed
from privacy.models import AuditEvent, DataKey, OwnerKind

NOW = datetime(2026, 11, 21, 12, 30, 15, 123456, tzinfo=UTC)
ODD = [
    "",
    "NULL",
    "null",
    'a "quoted" word',
    "back\\slash",
    "{a,b}",
    "'",
    "two\nlines",
    "Ünïcødé 漢字 🙂",
    "%s :name ?",
]


def key(**values: Any) -> dict[str, object]:
    row: dict[str, object] = {
        "id": uuid.uuid4(),
        "tenant_id": uuid.uuid4(),
        "owner_kind": OwnerKind.PERSON,
        "owner_id": uuid.uuid4(),
        "master_key_id": "m1",
        "wrapped": b"\x00\\x01,{}\"'NULL",
        "created_at": NOW,
        "destroyed_at": None,
    }
    return row | values


def entry(sequence: int, **values: Any) -> dict[str, object]:
    row: dict[str, object] = {
        "id": uuid.uuid4(),
        "chain": "test",
        "sequence": sequence,
        "happened_at": NOW,
        "event": "test.done",
        "actor_kind": "system",
        "actor_id": None,
        "tenant_id": uuid.uuid4(),
        "object_type": "thing",
        "object_id": None,
        "details": {},
        "previous": "0",
        "hash": "0",
    }
    return row | values


def kept(database: Database, model: type[AuditEvent | DataKey]) -> dict[object, dict[str, object]]:
    with database.transaction() as session:
        rows = session.execute(select(model.__table__)).mappings()
        return {row["id"]: dict(row) for row in rows}


def test_rows_of_every_type_are_stored_as_they_are(database: Database) -> None:
    entries = [entry(n, event=odd, details={"said": odd, "n": [n, None, True]}) for n, odd in enumerate(ODD)]
    keys = [key(), key(wrapped=b""), key(wrapped=None, destroyed_at=NOW, owner_kind=OwnerKind.COURSE)]
    with database.transaction() as session:
        insert_rows(session, AuditEvent, entries)
        insert_rows(session, DataKey, keys)
    assert kept(database, AuditEvent) == {row["id"]: row for row in entries}
    assert kept(database, DataKey) == {row["id"]: row for row in keys}


def test_each_row_gets_what_is_its_own(database: Database) -> None:
    first, second, third = key(), key(), key()
    with database.transaction() as session:
        insert_rows(session, DataKey, [first, second, third])
        changes = [
            {"id": first["id"], "wrapped": None, "destroyed_at": NOW, "master_key_id": 'm"2'},
            {"id": second["id"], "wrapped": b"new", "destroyed_at": None, "master_key_id": "m3"},
            {"id": uuid.uuid4(), "wrapped": b"nobody's", "destroyed_at": None, "master_key_id": "m4"},
        ]
        assert update_rows(session, DataKey, changes) == 2
    found = kept(database, DataKey)
    assert found == {first["id"]: first | changes[0], second["id"]: second | changes[1], third["id"]: third}


def test_what_is_too_long_is_refused_and_not_cut_off(postgresql_database: Database) -> None:
    with pytest.raises(DBAPIError), postgresql_database.transaction() as session:
        insert_rows(session, DataKey, [key(master_key_id="m" * 65)])


@pytest.mark.parametrize("value", [b"words as they are", b""])
def test_a_sealed_column_takes_nothing_that_was_not_sealed(database: Database, value: bytes) -> None:
    with pytest.raises((NotSealed, StatementError), match="not sealed"), database.transaction() as session:
        insert_rows(session, Enrolment, [{"id": uuid.uuid4(), "sealed_profile": value}])
    with pytest.raises((NotSealed, StatementError), match="not sealed"), database.transaction() as session:
        update_rows(session, Enrolment, [{"id": uuid.uuid4(), "sealed_profile": value}])


def test_a_moment_without_zone_is_refused(database: Database) -> None:
    with pytest.raises((ValueError, StatementError), match="time zone"), database.transaction() as session:
        insert_rows(session, DataKey, [key(created_at=NOW.replace(tzinfo=None))])


def test_no_rows_are_nothing_to_do(database: Database) -> None:
    with database.transaction() as session:
        insert_rows(session, DataKey, [])
        assert update_rows(session, DataKey, []) == 0


def test_postgresql_is_asked_once_however_many_rows_there_are(postgresql_database: Database) -> None:
    asked: list[str] = []
    event.listen(postgresql_database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    rows = [key() for _ in range(1000)]
    with postgresql_database.transaction() as session:
        insert_rows(session, DataKey, rows)
        update_rows(session, DataKey, [{"id": row["id"], "master_key_id": "m2"} for row in rows])
    assert [words.split()[0] for words in asked] == ["INSERT", "UPDATE"]
    assert {row["master_key_id"] for row in kept(postgresql_database, DataKey).values()} == {"m2"}
