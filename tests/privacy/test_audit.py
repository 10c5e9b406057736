"""The audit log: written with the transaction, chained, append-only; any tampering is named."""

import csv
import io
import json
import uuid
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from config.database import Database
from config.logging import EventFormatter
from privacy.audit import Actor, AuditLog, reading, record, verifying
from privacy.audit.exporting import as_csv, as_json_lines
from privacy.audit.reading import AuditFilter, page, stream
from privacy.errors import AuditBroken, PrivacyError
from privacy.keyring import LocalKeyRing, create_keyring, load_keyring
from privacy.models import AuditEvent
from tests.conftest import StillClock

TENANT = uuid.uuid4()
SET_BACK = "UPDATE audit_chain SET sequence = 2, head = (SELECT hash FROM audit_event WHERE sequence = 2)"


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


def chain_of(database: Database, statement: str, **values: object) -> None:
    """Do to the log what its triggers refuse."""
    with database.transaction() as session:
        session.execute(text("DROP TRIGGER IF EXISTS audit_event_no_update"))
        session.execute(text("DROP TRIGGER IF EXISTS audit_event_no_delete"))
        session.execute(text(statement), values)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE audit_event SET details = '{}' WHERE sequence = 2", "breaks at entry 2"),
        ("UPDATE audit_event SET actor_kind = 'system', actor_id = NULL WHERE sequence = 3", "breaks at entry 3"),
        ("UPDATE audit_event SET happened_at = '2020-01-01 00:00:00.000000' WHERE sequence = 1", "breaks at entry 1"),
        ("DELETE FROM audit_event WHERE sequence = 2", "breaks at entry 2"),
        ("DELETE FROM audit_event WHERE sequence = 4", "cut off after entry 3"),
        ("DELETE FROM audit_chain", "head of audit chain .* is missing"),
        ("UPDATE audit_chain SET sequence = 3", "has entries behind its head, from 4 on"),
        ("UPDATE audit_chain SET head = 'x'", "cut off after entry 4"),
    ],
)
def test_whatever_is_done_to_the_log_is_named(
    sqlite_database: Database, keyring: LocalKeyRing, statement: str, words: str
) -> None:
    note(sqlite_database, 4)
    chain_of(sqlite_database, statement)
    with pytest.raises(AuditBroken, match=words):
        AuditLog(keyring).verify(sqlite_database.transaction)


def test_another_key_ring_does_not_verify(database: Database, tmp_path: Path) -> None:
    note(database, 1)
    create_keyring(tmp_path / "other.json")
    with pytest.raises(AuditBroken, match="entry 1"):
        AuditLog(load_keyring(tmp_path / "other.json")).verify(database.transaction)


def test_a_walk_reads_pages_and_tells_how_far_it_is(
    database: Database, keyring: LocalKeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(database, 7)
    monkeypatch.setattr(verifying, "PAGE", 3)
    told: list[tuple[str, int, int]] = []
    transactions: list[int] = []

    def transaction() -> AbstractContextManager[Session]:
        transactions.append(1)
        return database.transaction()

    AuditLog(keyring).verify(transaction, progress=lambda *step: told.append(step))
    assert told == [(str(TENANT), 3, 7), (str(TENANT), 6, 7), (str(TENANT), 7, 7)]
    assert len(transactions) == 4


class TestHeads:
    """Where chains end, kept elsewhere: what was cut off or rebuilt since shows."""

    def put_down(self, database: Database, log: AuditLog) -> str:
        with database.transaction() as session:
            return log.signed_heads(session)

    def test_a_log_that_only_grew_still_holds_them(self, database: Database, keyring: LocalKeyRing) -> None:
        log = AuditLog(keyring)
        note(database, 2)
        first = self.put_down(database, log)
        note(database, 3)
        note(database, 1, tenant=None)
        heads = log.read_heads([first, self.put_down(database, log), ""])
        assert len(heads) == 3
        assert log.verify(database.transaction, heads) == {str(TENANT): 5, "site": 1}

    def test_what_was_cut_off_with_its_head_set_back_is_named(
        self, sqlite_database: Database, keyring: LocalKeyRing
    ) -> None:
        log = AuditLog(keyring)
        note(sqlite_database, 3)
        heads = log.read_heads([self.put_down(sqlite_database, log)])
        chain_of(
            sqlite_database,
            "UPDATE audit_chain SET sequence = 2, head = (SELECT hash FROM audit_event WHERE sequence = 2)",
        )
        chain_of(sqlite_database, "DELETE FROM audit_event WHERE sequence = 3")
        log.verify(sqlite_database.transaction)
        with pytest.raises(AuditBroken, match=r"was cut off: it had 3 entries .* and has 2 now"):
            log.verify(sqlite_database.transaction, heads)

    def test_a_rebuilt_end_is_named(self, sqlite_database: Database, keyring: LocalKeyRing) -> None:
        log = AuditLog(keyring)
        note(sqlite_database, 3)
        heads = log.read_heads([self.put_down(sqlite_database, log)])
        chain_of(
            sqlite_database,
            "UPDATE audit_chain SET sequence = 2, head = (SELECT hash FROM audit_event WHERE sequence = 2)",
        )
        chain_of(sqlite_database, "DELETE FROM audit_event WHERE sequence = 3")
        note(sqlite_database, 2)
        log.verify(sqlite_database.transaction)
        with pytest.raises(AuditBroken, match="was rebuilt: entry 3"):
            log.verify(sqlite_database.transaction, heads)

    def test_an_altered_line_is_refused(self, database: Database, keyring: LocalKeyRing) -> None:
        log = AuditLog(keyring)
        note(database, 3)
        line = self.put_down(database, log)
        with pytest.raises(AuditBroken, match="Line 2 was altered"):
            log.read_heads([line, line.replace('"sequence": 3', '"sequence": 2')])

    @pytest.mark.parametrize("line", ["nonsense", "[]", "{}", '{"signature": 1, "noted_at": "x", "heads": []}'])
    def test_what_is_no_line_of_heads_is_refused(self, keyring: LocalKeyRing, line: str) -> None:
        with pytest.raises(PrivacyError, match="Line 1"):
            AuditLog(keyring).read_heads([line])


class TestFilters:
    """What the page and the exports narrow the log by."""

    def found(self, database: Database, **chosen: object) -> list[AuditEvent]:
        with database.transaction() as session:
            return page(session, AuditFilter(**chosen)).rows  # type: ignore[arg-type]

    def test_each_filter_narrows(self, database: Database) -> None:
        note(database, 3)
        note(database, 2, tenant=None)
        one = self.found(database)[0]
        assert len(self.found(database)) == 5
        assert len(self.found(database, tenant_id=TENANT)) == 3
        assert len(self.found(database, event="test.happened")) == 5
        assert self.found(database, event="other") == []
        assert len(self.found(database, actor_kind="person")) == 5
        assert self.found(database, actor_kind="system") == []
        assert [row.id for row in self.found(database, actor_id=one.actor_id)] == [one.id]
        assert [row.id for row in self.found(database, object_id=one.object_id)] == [one.id]
        assert self.found(database, until=one.happened_at)[0].id != one.id
        assert one.id in {row.id for row in self.found(database, since=one.happened_at)}
        chosen = select(AuditEvent.object_id).where(AuditEvent.id == one.id)
        assert [row.id for row in self.found(database, objects=chosen)] == [one.id]

    def test_a_stream_holds_each_entry_once_and_stops_where_told(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        note(database, 7)
        monkeypatch.setattr(reading, "EXPORT_PAGE", 3)
        everything = [row.id for row in stream(database.transaction, AuditFilter())]
        assert len(everything) == len(set(everything)) == 7
        assert [row.id for row in stream(database.transaction, AuditFilter(), 4)] == everything[:4]

    @pytest.mark.parametrize(
        "after", ["nonsense", "2026-11-21_x", "2026-11-21T09:00:00_00000000-0000-4000-8000-000000000000"]
    )
    def test_a_made_up_position_is_refused(self, database: Database, after: str) -> None:
        with database.transaction() as session, pytest.raises(PrivacyError, match="first page"):
            page(session, after=after)

    @pytest.mark.parametrize(
        "chosen",
        [
            {"event": "test.happened"},
            {"actor_kind": "administrator"},
            {"actor_id": uuid.UUID(int=1)},
            {"object_id": uuid.UUID(int=1)},
            {"tenant_id": uuid.UUID(int=1)},
            {},
        ],
    )
    def test_every_filter_has_its_index_in_the_order_of_the_page(
        self, sqlite_database: Database, chosen: dict[str, object]
    ) -> None:
        query = AuditFilter(**chosen).apply(select(AuditEvent))  # type: ignore[arg-type]
        ordered = query.order_by(AuditEvent.happened_at.desc(), AuditEvent.id.desc()).limit(101)
        with sqlite_database.transaction() as session:
            compiled = ordered.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
            plan = " ".join(str(row) for row in session.execute(text(f"EXPLAIN QUERY PLAN {compiled}")))
        assert "USING INDEX ix_audit_event_" in plan
        assert "TEMP B-TREE" not in plan


def test_exports_hold_every_field_and_no_formula(database: Database) -> None:
    with database.transaction() as session:
        record(
            session,
            event="=evil()",
            actor=Actor.system(),
            tenant_id=None,
            object_type="thing",
            object_id=None,
            details={"number": 1},
        )
    rows = list(stream(database.transaction, AuditFilter()))
    header, line = csv.reader(io.StringIO("".join(as_csv(rows))))
    shown = dict(zip(header, line, strict=True))
    assert shown["event"] == "'=evil()"
    assert shown["details"] == '{"number": 1}'
    written = json.loads(next(iter(as_json_lines(rows))))
    assert set(written) == set(header)
    assert written["hash"] == rows[0].hash
    assert written["details"] == {"number": 1}


def test_the_ends_are_published_to_the_log_stream_when_a_chain_has_grown(
    database: Database, keyring: LocalKeyRing, clock: StillClock, caplog: pytest.LogCaptureFixture
) -> None:
    log = AuditLog(keyring)
    caplog.set_level("INFO")
    for times in (0, 2, 0, 1):
        note(database, times)
        with database.transaction() as session:
            log.publish(session, clock())
            log.publish(session, clock())
    published = [record for record in caplog.records if record.getMessage() == "audit.heads"]
    assert len(published) == 2
    heads = log.read_heads(json.loads(EventFormatter("json").format(one))["heads"] for one in published)
    assert [head.sequence for head in heads] == [2, 3]
    assert heads[0].noted_at == clock()


def test_while_others_write_the_head_is_read_first(database: Database, keyring: LocalKeyRing) -> None:
    other = Database(database.engine)
    AuditLog(keyring).attach(other.sessions)
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: statements.append(str(given[2])))
    costs = []
    for who in (database, other, database, other, database, database, database):
        statements.clear()
        note(who, 1)
        costs.append(len(statements))
    alone = 1 if database.engine.dialect.name == "postgresql" else 2
    assert costs[-1] == alone
    assert costs[4:6] == [alone + 1] * 2
    assert AuditLog(keyring).verify(database.transaction) == {str(TENANT): 7}
