"""The database: one declarative base, column types that mean the same on SQLite and PostgreSQL, engine and sessions."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Insert,
    MetaData,
    Table,
    create_engine,
    event,
    exists,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.types import TypeDecorator

SQLITE_BUSY_SECONDS = 30
EACH_BY_ITSELF = "each_statement_by_itself"
"""On SQLite no transaction begins then; every statement stands for itself, and a read locks nobody out."""
_ZONE = "blindmark_zone"

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table of Blindmark hangs on this base; the room that owns a table defines it."""

    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Stored in UTC, refused without a zone, handed out aware on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware moment into UTC; SQLite stores it without the zone that all of them share."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone can't be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Hand out an aware moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def state_type(states: type[StrEnum], name: str) -> Enum:
    """A text column that holds one of `states`, with a CHECK constraint of the given name."""
    return Enum(
        states,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
        validate_strings=True,
    )


def make_engine(url: str) -> Engine:
    """An engine for SQLite (WAL, foreign keys, immediate transactions) or PostgreSQL.

    SQLite transactions begin IMMEDIATE: one that reads and then writes would otherwise fail at once when another
    writer was faster, without waiting for its turn.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        from config.pg8000_statements import remember_statements  # SQLite alone needs no driver for PostgreSQL.

        remember_statements()
        return create_engine(parsed, hide_parameters=True, pool_pre_ping=True, pool_size=10, max_overflow=10)
    engine = create_engine(parsed, hide_parameters=True, connect_args={"timeout": SQLITE_BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    # In place of an event: while an engine has events, every statement prepares for them.
    engine.dialect.do_begin = _begin_immediate  # type: ignore[method-assign, assignment]
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: PoolProxiedConnection) -> None:
    if not connection.info.pop(EACH_BY_ITSELF, False):
        connection.driver_connection.execute("BEGIN IMMEDIATE")  # type: ignore[union-attr]


def insert_ignoring_conflicts(session: Session, model: type[Base]) -> Insert:
    """An INSERT that leaves a row which some unique constraint already knows as it is (ON CONFLICT DO NOTHING)."""
    return _insert_ignoring_conflicts(session.get_bind().dialect.name, model)


@cache
def _insert_ignoring_conflicts(dialect: str, model: type[Base]) -> Insert:
    # Built once for each table: putting a statement together takes longer than running it.
    return _inserting(dialect)(model).on_conflict_do_nothing()


def insert_row(connection: Connection, model: type[Base], row: Mapping[str, object]) -> bool:
    """Insert one row by the names of its columns, unless some unique constraint knows it; returns whether it is new.

    For what is done at every launch: it takes a third of the time of a session's statement that hands back columns.
    """
    return connection.execute(_inserting_row(connection.dialect.name, model), row).rowcount == 1


@cache
def _inserting_row(dialect: str, model: type[Base]) -> Insert:
    inserting = _inserting(dialect)(table_of(model)).on_conflict_do_nothing()
    return inserting.execution_options(preserve_rowcount=True)


def _inserting(dialect: str) -> Callable[..., postgresql.Insert | sqlite.Insert]:
    return postgresql.insert if dialect == "postgresql" else sqlite.insert


def table_of(model: type[Base]) -> Table:
    """The table of a model. Statements of its columns are found again faster than those of the model's attributes."""
    return Base.metadata.tables[model.__tablename__]


def keep_append_only(model: type[Base]) -> None:
    """Have the database itself refuse to change or remove rows of a table, whoever asks.

    The triggers are made with the table; a migration that makes it spells them out as `append_only_triggers` does.
    """
    make_with(model, lambda dialect: append_only_triggers(model.__tablename__, dialect))


def make_with(model: type[Base], statements: Callable[[str], Iterable[str]]) -> None:
    """Have statements, by the name of the dialect, run whenever the table is made."""

    def create(_table: Table, connection: Connection, **_options: object) -> None:
        for statement in statements(connection.dialect.name):
            connection.exec_driver_sql(statement)

    event.listen(table_of(model), "after_create", create)


def append_only_triggers(table: str, dialect: str) -> list[str]:
    """The statements that make a table append-only."""
    refusal = f"'{table} is append-only'"
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, {refusal}); END"
            for act in ("UPDATE", "DELETE")
        ]
    function = f"{table}_append_only()"
    refuse = f"BEGIN RAISE EXCEPTION {refusal}; END"
    acts = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    return [
        f"CREATE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql AS $$ {refuse} $$",
        f"CREATE TRIGGER {table}_append_only {acts} FOR EACH STATEMENT EXECUTE FUNCTION {function}",
    ]


class Database:
    """The engine and its sessions. One per process; transactions belong to whoever opens them."""

    def __init__(self, engine: Engine, zone: tzinfo = UTC) -> None:
        self.engine = engine
        self.sessions = sessionmaker(engine, expire_on_commit=False, info={_ZONE: zone})

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits when the block ends and rolls back when it raises."""
        with self.sessions() as session, session.begin():
            yield session

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection for statements that need nothing of each other, load no objects and leave no trace in the audit
        log, where a session would take longer than the statement. What was written stands when the block ends."""
        with self.engine.connect() as connection:
            connection.info[EACH_BY_ITSELF] = True
            with connection.begin():
                yield connection

    @contextmanager
    def glance(self) -> Iterator[Session]:
        """A session for reading alone. On SQLite it locks nobody out, not even a transaction of the same request."""
        known = self.sessions.kw["info"]
        with self.connection() as connection, Session(connection, expire_on_commit=False, info=known) as session:
            yield session

    def session(self) -> Session:
        """A session that its caller commits and closes."""
        return self.sessions()

    def dispose(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()

    def after_fork(self) -> None:
        """Forget the pool of the parent process without closing its connections: they are still the parent's."""
        self.engine.dispose(close=False)


def open_database(url: str, zone: tzinfo = UTC) -> Database:
    """A database for a URL. `zone` is where the site's days and months begin."""
    return Database(make_engine(url), zone)


def zone_of(session: Session) -> tzinfo:
    """The time zone in which the site's days and months begin: every session knows it, so that nobody forgets it."""
    return cast("tzinfo", session.info.get(_ZONE, UTC))


def json_list_holds(session: Session, column: InstrumentedAttribute[list[str]], value: str) -> ColumnElement[bool]:
    """SQL: whether a JSON list of texts has `value` among its entries."""
    if session.get_bind().dialect.name == "postgresql":
        entries = func.json_array_elements_text(column).table_valued("value").render_derived()
    else:
        entries = func.json_each(column).table_valued("value")
    return exists(select(1).select_from(entries).where(entries.c.value == value))


JsonObject = dict[str, Any]
