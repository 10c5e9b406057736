"""Figures for operators: the queue's by priority too; marks by which the same feedback to two students shows

Revision: 0016
Follows: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ACTS = {
    "insert": ("+new", "NEW TABLE AS new_rows"),
    "update": ("+new-old", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    "delete": ("-old", "OLD TABLE AS old_rows"),
}


def upgrade() -> None:
    # Without a default in between: the table is emptied and summed up anew.
    _drop_triggers()
    op.execute("DELETE FROM queue_tally")
    with op.batch_alter_table("queue_tally") as tally:
        tally.add_column(sa.Column("priority", sa.String(32), nullable=False))
    _sum_up("state, priority")
    _make_triggers("state, priority")
    # The table is not made anew: it may hold a million rows.
    op.add_column("assessment", sa.Column("comments_mark", sa.BigInteger(), nullable=True))
    marked = sa.text("comments_mark IS NOT NULL")
    op.create_index(
        "ix_assessment_comments_mark",
        "assessment",
        ["comments_mark"],
        sqlite_where=marked,
        postgresql_where=marked,
    )


def downgrade() -> None:
    op.drop_index("ix_assessment_comments_mark", table_name="assessment")
    op.drop_column("assessment", "comments_mark")
    _drop_triggers()
    op.execute("DELETE FROM queue_tally")
    with op.batch_alter_table("queue_tally") as tally:
        tally.drop_column("priority")
    _sum_up("state")
    _make_triggers("state")


def _sum_up(keys: str) -> None:
    op.execute(
        f"INSERT INTO queue_tally ({keys}, items, microdollars)"
        f" SELECT {keys}, count(*), sum(estimated_microdollars) FROM queue_item GROUP BY {keys}"
    )


def _drop_triggers() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for act in ACTS:
        op.execute(f"DROP TRIGGER queue_tally_{act}" + (" ON queue_item" if postgresql else ""))
        if postgresql:
            op.execute(f"DROP FUNCTION queue_tally_{act}()")


def _make_triggers(keys: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        _make_triggers_of_statements(keys)
    else:
        _make_triggers_of_rows(keys.split(", "))


def _make_triggers_of_statements(keys: str) -> None:
    counted = {
        "+new": f"SELECT {keys}, 1 AS items, estimated_microdollars AS cost FROM new_rows",
        "-old": f"SELECT {keys}, -1 AS items, -estimated_microdollars AS cost FROM old_rows",
    }
    counted["+new-old"] = f"{counted['+new']} UNION ALL {counted['-old']}"
    for act, (rows, tables) in ACTS.items():
        op.execute(
            f"CREATE FUNCTION queue_tally_{act}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" INSERT INTO queue_tally ({keys}, items, microdollars)"
            f" SELECT {keys}, sum(items), sum(cost) FROM ({counted[rows]}) AS moved GROUP BY {keys}"
            " HAVING sum(items) <> 0 OR sum(cost) <> 0; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER queue_tally_{act} AFTER {act.upper()} ON queue_item REFERENCING {tables}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION queue_tally_{act}()"
        )


def _make_triggers_of_rows(keys: list[str]) -> None:
    def same(row: str) -> str:
        return " AND ".join(f"{key} = {row}.{key}" for key in keys)

    def add(sign: str, row: str) -> str:
        return (
            f"UPDATE queue_tally SET items = items {sign} 1, microdollars = microdollars {sign}"
            f" {row}.estimated_microdollars WHERE {same(row)};"
        )

    columns, values = ", ".join(keys), ", ".join(f"NEW.{key}" for key in keys)
    begin = (
        f"INSERT INTO queue_tally ({columns}, items, microdollars) SELECT {values}, 0, 0"
        f" WHERE NOT EXISTS (SELECT 1 FROM queue_tally WHERE {same('NEW')});"
    )
    watched = [*keys, "estimated_microdollars"]
    moved = " OR ".join(f"OLD.{name} <> NEW.{name}" for name in watched)
    plus, minus = add("+", "NEW"), add("-", "OLD")
    op.execute(f"CREATE TRIGGER queue_tally_insert AFTER INSERT ON queue_item BEGIN {begin} {plus} END")
    op.execute(
        f"CREATE TRIGGER queue_tally_update AFTER UPDATE OF {', '.join(watched)} ON queue_item WHEN {moved}"
        f" BEGIN {minus} {begin} {plus} END"
    )
    op.execute(f"CREATE TRIGGER queue_tally_delete AFTER DELETE ON queue_item BEGIN {minus} END")
