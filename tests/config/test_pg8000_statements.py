"""Statements are made ready once, and mean what they meant."""

from typing import Any

import pytest
from pg8000 import dbapi
from sqlalchemy import text

from config import pg8000_statements
from config.database import Database


def test_a_statement_is_made_ready_once(monkeypatch: pytest.MonkeyPatch) -> None:
    walked: list[str] = []
    convert = pg8000_statements._convert

    def counting(style: str, statement: str, values: Any) -> Any:
        walked.append(statement)
        return convert(style, statement, values)

    monkeypatch.setattr(pg8000_statements, "_convert", counting)
    pg8000_statements.remember_statements()
    for values in ((1, "a"), (2, "b"), (3, "c")):
        assert dbapi.convert_paramstyle("format", "SELECT %s, '100 %%', %s -- once", values) == (
            "SELECT $1, '100 %%', $2 -- once",
            values,
        )
    assert len(walked) == 1


@pytest.mark.parametrize("values", [{"word": "a"}, {"word": "50 % of $1 and 'more'"}])
def test_values_arrive_as_they_are(postgresql_database: Database, values: dict[str, str]) -> None:
    statement = text("SELECT CAST(:word AS text), '$$', mod(7, 4)")
    with postgresql_database.transaction() as session:
        assert session.execute(statement, values).one() == (values["word"], "$$", 3)


def test_a_very_long_statement_is_not_kept() -> None:
    pg8000_statements.remember_statements()
    kept = pg8000_statements._numbered.cache_info().currsize
    words = ", ".join(["%s"] * 20_000)
    statement, _ = dbapi.convert_paramstyle("format", f"SELECT {words}", (1,) * 20_000)
    assert statement.endswith("$20000")
    assert pg8000_statements._numbered.cache_info().currsize == kept
