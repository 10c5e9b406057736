"""Many rows of a table in one statement.

PostgreSQL gets them as one JSON text and reads that as a relation: its driver would otherwise go there and back for
every row, and a statement that spells all values out would be put together anew each time. SQLite, which has no network
in between, runs one prepared statement again and again.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, cast

from sqlalchemy import (
    JSON,
    ColumnElement,
    CursorResult,
    Executable,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy import cast as as_type
from sqlalchemy import column as named
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator, TypeEngine

from config.database import Base, table_of

Rows = Sequence[Mapping[str, object]]
_ROWS: Final = "given_rows"


def insert_rows(session: Session, model: type[Base], rows: Rows) -> None:
    """Insert rows that all name the same columns: every column that must not be empty, for nothing is filled in."""
    if rows:
        _run(session, _insert, model, rows)


def update_rows(session: Session, model: type[Base], rows: Rows) -> int:
    """Write to rows what each has of its own. They are found by `id`, and all name the same columns besides.

    Returns how many there were.
    """
    return _run(session, _update, model, rows) if rows else 0


def _at_once(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _run(
    session: Session, make: Callable[[Table, tuple[str, ...], bool], Executable], model: type[Base], rows: Rows
) -> int:
    table = table_of(model)
    statement = make(table, tuple(rows[0]), _at_once(session))
    parameters: Any
    if _at_once(session):
        parameters = {_ROWS: json.dumps(_checked(session, table, rows), ensure_ascii=False, default=_as_json)}
    else:
        parameters = [{_given(name): value for name, value in row.items()} for row in rows]
    return cast("CursorResult[Any]", session.connection().execute(statement, parameters)).rowcount


def _checked(session: Session, table: Table, rows: Rows) -> Rows:
    """The rows as the columns' own types let them pass: what a type refuses is refused on this way, too."""
    dialect = session.get_bind().dialect
    own = {name: kind for name in rows[0] if isinstance(kind := table.c[name].type, TypeDecorator)}
    return [
        {**row, **{name: kind.process_bind_param(row[name], dialect) for name, kind in own.items()}} for row in rows
    ]


@cache
def _insert(table: Table, names: tuple[str, ...], at_once: bool) -> Executable:
    if not at_once:
        return insert(table).values({name: bindparam(_given(name)) for name in names})
    chosen = select(*_relation(table, names).values())
    return insert(table).from_select(list(names), chosen, include_defaults=False)


@cache
def _update(table: Table, names: tuple[str, ...], at_once: bool) -> Executable:
    given: Mapping[str, ColumnElement[Any]]
    if at_once:
        given = _relation(table, names)
    else:
        given = {name: bindparam(_given(name), type_=table.c[name].type) for name in names}
    values = {name: value for name, value in given.items() if name != "id"}
    return update(table).where(table.c.id == given["id"]).values(values)


def _relation(table: Table, names: tuple[str, ...]) -> dict[str, ColumnElement[Any]]:
    """The columns of rows that come as JSON, which holds bytes as Base64."""
    columns = [named(name, _in_json(table.c[name].type)) for name in names]
    rows = func.json_to_recordset(as_type(bindparam(_ROWS, type_=Text()), JSON())).table_valued(*columns)
    relation = rows.render_derived(name=_ROWS, with_types=True)
    return {
        name: func.decode(relation.c[name], "base64") if _is_bytes(table.c[name].type) else relation.c[name]
        for name in names
    }


def _in_json(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """What a column is read from JSON as. Text has no length there: it would be cut off in place of being refused."""
    return Text() if isinstance(kind, String) or _is_bytes(kind) else kind


def _is_bytes(kind: TypeEngine[Any]) -> bool:
    return isinstance(kind, LargeBinary) or isinstance(getattr(kind, "impl", None), LargeBinary)


def _as_json(value: object) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _given(name: str) -> str:
    return f"given_{name}"
