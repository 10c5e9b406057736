"""Triggers that keep the figures of the queue as its items move: how many there are of each kind, and their sums.

PostgreSQL adds rows of differences with each statement, so that no two writers wait for each other; a sweep folds them
into one row a kind. SQLite has one writer at a time and keeps such rows at once. A migration that makes `queue_item`
anew on SQLite makes these again.
"""

from collections.abc import Iterable
from typing import Final

KINDS: Final = ("state", "priority", "model")
"""Columns by which items are counted."""
SUMS: Final = {
    "microdollars": "estimated_microdollars",
    "text_tokens": "text_tokens",
    "most_text_tokens": "most_text_tokens",
    "prompt_tokens": "prompt_tokens",
    "most_prompt_tokens": "most_prompt_tokens",
    "most_answer_tokens": "most_answer_tokens",
}
"""Columns of a figure, and which column of the items each adds up."""
FIGURES: Final = ("items", *SUMS)
_TABLES: Final = {
    "insert": "NEW TABLE AS new_rows",
    "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "OLD TABLE AS old_rows",
}
TRIGGERS: Final = tuple(f"queue_tally_{act}" for act in _TABLES)


_ADD: Final = "UPDATE queue_tally SET {sums} WHERE {alike};"
_BEGIN: Final = (
    "INSERT INTO queue_tally ({columns}) SELECT {begun} WHERE NOT EXISTS (SELECT 1 FROM queue_tally WHERE {alike});"
)
_SQLITE: Final = (
    "CREATE TRIGGER queue_tally_insert AFTER INSERT ON queue_item BEGIN {begin} {plus} END",
    (
        "CREATE TRIGGER queue_tally_update AFTER UPDATE OF {watched} ON queue_item WHEN {moved} "
        "BEGIN {minus} {begin} {plus} END"
    ),
    "CREATE TRIGGER queue_tally_delete AFTER DELETE ON queue_item BEGIN {minus} END",
)
_POSTGRESQL: Final = (
    (
        "CREATE FUNCTION queue_tally_{act}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO queue_tally ({columns}) SELECT {kinds}, {added} FROM ({rows}) AS moved GROUP BY {kinds} "
        "HAVING {something}; RETURN NULL; END $$"
    ),
    (
        "CREATE TRIGGER queue_tally_{act} AFTER {act} ON queue_item REFERENCING {tables} "
        "FOR EACH STATEMENT EXECUTE FUNCTION queue_tally_{act}()"
    ),
)
_COUNTED: Final = "SELECT {kinds}, {sums} FROM {rows}"


def tally_triggers(dialect: str) -> list[str]:
    """The statements that make the triggers."""
    if dialect == "sqlite":
        return _of_rows()
    return [statement for act, tables in _TABLES.items() for statement in _of_statements(act, tables)]


def _of_rows() -> list[str]:
    watched = (*KINDS, *SUMS.values())
    words = {
        "plus": _ADD.format(sums=_listed(_moved("+", "NEW")), alike=_alike("NEW")),
        "minus": _ADD.format(sums=_listed(_moved("-", "OLD")), alike=_alike("OLD")),
        "begin": _BEGIN.format(
            columns=_listed((*KINDS, *FIGURES)),
            begun=_listed((*(f"NEW.{kind}" for kind in KINDS), *("0" for _ in FIGURES))),
            alike=_alike("NEW"),
        ),
        "watched": _listed(watched),
        "moved": " OR ".join(f"OLD.{column} <> NEW.{column}" for column in watched),
    }
    return [statement.format(**words) for statement in _SQLITE]


def _moved(sign: str, row: str) -> list[str]:
    sums = [f"{name} = {name} {sign} {row}.{column}" for name, column in SUMS.items()]
    return [f"items = items {sign} 1", *sums]


def _alike(row: str) -> str:
    return " AND ".join(f"{kind} = {row}.{kind}" for kind in KINDS)


def _of_statements(act: str, tables: str) -> list[str]:
    new, old = _counted("", "new_rows"), _counted("-", "old_rows")
    added = [f"sum({figure})" for figure in FIGURES]
    words = {
        "act": act,
        "tables": tables,
        "columns": _listed((*KINDS, *FIGURES)),
        "kinds": _listed(KINDS),
        "added": _listed(added),
        "something": " OR ".join(f"{one} <> 0" for one in added),
        "rows": {"insert": new, "update": f"{new} UNION ALL {old}", "delete": old}[act],
    }
    return [statement.format(**words) for statement in _POSTGRESQL]


def _counted(sign: str, rows: str) -> str:
    sums = [f"{sign}1 AS items", *(f"{sign}{column} AS {name}" for name, column in SUMS.items())]
    return _COUNTED.format(kinds=_listed(KINDS), sums=_listed(sums), rows=rows)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
