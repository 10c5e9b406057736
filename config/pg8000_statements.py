"""Statements for PostgreSQL are made ready once, not at every execution.

pg8000 walks through each statement letter by letter, every time, to number its parameters. SQLAlchemy hands it the same
few hundred statements again and again, so that what came out the first time is remembered: for a select with many
columns the walk takes longer than the server's answer.
"""

from functools import lru_cache
from typing import Any

from pg8000 import dbapi

_STATEMENTS = 500
"""As many as SQLAlchemy keeps compiled."""
_LETTERS = 50_000
"""Longer ones, of bulk statements, are not worth their place."""
_convert = dbapi.convert_paramstyle


@lru_cache(_STATEMENTS)
def _numbered(statement: str) -> str:
    return str(_convert("format", statement, ())[0])


def _remembering(style: str, statement: str, values: Any) -> tuple[str, Any]:
    if style == "format" and len(statement) <= _LETTERS:
        return _numbered(statement), values
    converted: tuple[str, Any] = _convert(style, statement, values)
    return converted


def remember_statements() -> None:
    """Have every connection of this process take its statements from those that were made ready before."""
    dbapi.convert_paramstyle = _remembering
