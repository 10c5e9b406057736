"""Triggers that keep the figures of the queue as its items move.

PostgreSQL adds one row of differences a statement, so that no two writers wait for each other; a sweep folds them into
one row a state and priority. SQLite has one writer at a time and keeps such rows at once. A migration that makes
`queue_item` anew on SQLite makes these again.
"""

from typing import Final

_ADD: Final = (
    "UPDATE queue_tally SET items = items {sign} 1, microdollars = microdollars {sign} {row}.estimated_microdollars "
    "WHERE state = {row}.state AND priority = {row}.priority;"
)
_BEGIN: Final = (
    "INSERT INTO queue_tally (state, priority, items, microdollars) SELECT NEW.state, NEW.priority, 0, 0 "
    "WHERE NOT EXISTS (SELECT 1 FROM queue_tally WHERE state = NEW.state AND priority = NEW.priority);"
)
_SQLITE: Final = (
    "CREATE TRIGGER queue_tally_insert AFTER INSERT ON queue_item BEGIN {begin} {plus} END",
    (
        "CREATE TRIGGER queue_tally_update AFTER UPDATE OF state, priority, estimated_microdollars ON queue_item "
        "WHEN OLD.state <> NEW.state OR OLD.priority <> NEW.priority "
        "OR OLD.estimated_microdollars <> NEW.estimated_microdollars "
        "BEGIN {minus} {begin} {plus} END"
    ),
    "CREATE TRIGGER queue_tally_delete AFTER DELETE ON queue_item BEGIN {minus} END",
)
_POSTGRESQL: Final = (
    (
        "CREATE FUNCTION queue_tally_{act}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO queue_tally (state, priority, items, microdollars) "
        "SELECT state, priority, sum(items), sum(cost) FROM ({rows}) AS moved GROUP BY state, priority "
        "HAVING sum(items) <> 0 OR sum(cost) <> 0; RETURN NULL; END $$"
    ),
    (
        "CREATE TRIGGER queue_tally_{act} AFTER {act} ON queue_item REFERENCING {tables} "
        "FOR EACH STATEMENT EXECUTE FUNCTION queue_tally_{act}()"
    ),
)
_PLUS: Final = "SELECT state, priority, 1 AS items, estimated_microdollars AS cost FROM new_rows"
_MINUS: Final = "SELECT state, priority, -1 AS items, -estimated_microdollars AS cost FROM old_rows"
_ACTS: Final = {
    "insert": (_PLUS, "NEW TABLE AS new_rows"),
    "update": (f"{_PLUS} UNION ALL {_MINUS}", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    "delete": (_MINUS, "OLD TABLE AS old_rows"),
}
TRIGGERS: Final = tuple(f"queue_tally_{act}" for act in _ACTS)


def tally_triggers(dialect: str) -> list[str]:
    """The statements that make the triggers."""
    if dialect == "sqlite":
        plus, minus = _ADD.format(sign="+", row="NEW"), _ADD.format(sign="-", row="OLD")
        return [statement.format(plus=plus, minus=minus, begin=_BEGIN) for statement in _SQLITE]
    return [
        statement.format(act=act, rows=rows, tables=tables)
        for act, (rows, tables) in _ACTS.items()
        for statement in _POSTGRESQL
    ]
