"""Triggers that keep the figures of the queue as its items move.

PostgreSQL adds one row of differences a statement, so that no two writers wait for each other; a sweep folds them into
one row a state. SQLite has one writer at a time and keeps one row a state at once. A migration that makes `queue_item`
anew on SQLite makes these again.
"""

from typing import Final

_ADD: Final = "UPDATE queue_tally SET items = items {sign} 1, microdollars = microdollars {sign} {row}.estimated_microdollars WHERE state = {row}.state;"
_BEGIN: Final = (
    "INSERT INTO queue_tally (state, items, microdollars) "
    "SELECT NEW.state, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM queue_tally WHERE state = NEW.state);"
)
_PLUS: Final = "SELECT state, 1 AS items, estimated_microdollars AS cost FROM new_rows"
_MINUS: Final = "SELECT state, -1 AS items, -estimated_microdollars AS cost FROM old_rows"
_ROWS: Final = {"insert": _PLUS, "update": f"{_PLUS} UNION ALL {_MINUS}", "delete": _MINUS}
_TABLES: Final = {
    "insert": "NEW TABLE AS new_rows",
    "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "OLD TABLE AS old_rows",
}
TRIGGERS: Final = tuple(f"queue_tally_{act}" for act in _ROWS)


def tally_triggers(dialect: str) -> list[str]:
    """The statements that make the triggers."""
    if dialect == "sqlite":
        plus, minus = _ADD.format(sign="+", row="NEW"), _ADD.format(sign="-", row="OLD")
        moved = "OLD.state <> NEW.state OR OLD.estimated_microdollars <> NEW.estimated_microdollars"
        return [
            f"CREATE TRIGGER queue_tally_insert AFTER INSERT ON queue_item BEGIN {_BEGIN} {plus} END",
            "CREATE TRIGGER queue_tally_update AFTER UPDATE OF state, estimated_microdollars ON queue_item "
            f"WHEN {moved} BEGIN {minus} {_BEGIN} {plus} END",
            f"CREATE TRIGGER queue_tally_delete AFTER DELETE ON queue_item BEGIN {minus} END",
        ]
    return [statement for act in _ROWS for statement in _postgresql(act)]


def _postgresql(act: str) -> list[str]:
    body = (
        "INSERT INTO queue_tally (state, items, microdollars) "
        f"SELECT state, sum(items), sum(cost) FROM ({_ROWS[act]}) AS moved GROUP BY state "
        "HAVING sum(items) <> 0 OR sum(cost) <> 0"
    )
    return [
        f"CREATE FUNCTION queue_tally_{act}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$",
        f"CREATE TRIGGER queue_tally_{act} AFTER {act.upper()} ON queue_item REFERENCING {_TABLES[act]} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION queue_tally_{act}()",
    ]
