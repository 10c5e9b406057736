"""Whose turn it is: the moment that orders the queue, worked out by the database itself.

Work runs in the order of `turn_at`. That is the moment it was handed in, three days earlier for high priority and three
days later for low: low priority waits behind normal work that came up to three days after it, and then goes first. An
order of moments never changes by itself, so an index can serve it at any size, and nothing can starve: whatever comes
in more than twice the shift after an item runs after it. Work that may not run before some moment has its turn then.
"""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from config.database import UtcDateTime
from grading.states import Priority

SHIFT_DAYS: Final = 3
SHIFTS: Final = {
    Priority.HIGH: timedelta(days=-SHIFT_DAYS),
    Priority.NORMAL: timedelta(0),
    Priority.LOW: timedelta(days=SHIFT_DAYS),
}


class TurnAt(ColumnElement[Any]):
    """SQL of the generated column, from the columns `queued_at`, `priority` and `not_before` of its row."""

    inherit_cache = True
    type = UtcDateTime()


def turn_at_sql(dialect: str) -> str:
    """The expression as a dialect writes it, for the model and for migrations.

        SQLite keeps moments as text: whole days are added to the part before the fraction of a
    second, which its functions of time would round. PostgreSQL adds days
        without any zone, which gives the same answer at all times, as it asks of generated columns.
    """
    cases = " ".join(
        f"WHEN '{priority.value}' THEN {_days(shift.days, dialect)}" for priority, shift in SHIFTS.items() if shift
    )
    days = f"CASE priority {cases} ELSE {_days(0, dialect)} END"
    if dialect == "sqlite":
        shifted = f"strftime('%Y-%m-%d %H:%M:%S', substr(queued_at, 1, 19), {days}) || substr(queued_at, 20)"
        return f"max({shifted}, coalesce(not_before, ''))"
    return f"GREATEST(timezone('UTC', timezone('UTC', queued_at) + {days}), not_before)"


def _days(days: int, dialect: str) -> str:
    return f"'{days:+d} days'" if dialect == "sqlite" else f"interval '{days} days'"


@compiles(TurnAt)
def _compile(_element: TurnAt, compiler: SQLCompiler, **_options: object) -> str:
    return turn_at_sql(compiler.dialect.name)
