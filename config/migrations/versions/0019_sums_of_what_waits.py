"""Sums of what waits, by model, for the pages of costs; what a batch lets wait at its provider

Revision: 0019
Follows: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TOKENS = ("text_tokens", "most_text_tokens", "prompt_tokens", "most_prompt_tokens", "most_answer_tokens")
COST = {"microdollars": "estimated_microdollars"}
BEFORE = ("state", "priority")
KINDS = (*BEFORE, "model")
SUMS = {**COST, **{name: name for name in TOKENS}}
TABLES = {
    "insert": "NEW TABLE AS new_rows",
    "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "OLD TABLE AS old_rows",
}
NEWEST_MODEL = (
    "SELECT prompt_version.model FROM submission"
    " JOIN prompt_version ON prompt_version.assignment_id = submission.assignment_id"
    " WHERE submission.id = queue_item.submission_id ORDER BY prompt_version.number DESC LIMIT 1"
)


def upgrade() -> None:
    _drop_triggers()
    op.execute("DELETE FROM queue_tally")
    with op.batch_alter_table("queue_tally") as tally:
        tally.add_column(sa.Column("model", sa.String(100), nullable=False))
        for name in TOKENS:
            tally.add_column(sa.Column(name, sa.BigInteger(), nullable=False))
    op.create_index("ix_queue_tally_kind", "queue_tally", KINDS)
    op.add_column("queue_item", sa.Column("model", sa.String(100), nullable=False, server_default=""))
    # What is completed never waits again: its rows, which are most, are left as they are.
    op.execute(f"UPDATE queue_item SET model = coalesce(({NEWEST_MODEL}), '') WHERE state <> 'completed'")
    _sum_up(KINDS, SUMS)
    _make_triggers(KINDS, SUMS)
    op.drop_index("ix_batch_finished_at", table_name="batch")
    op.create_index("ix_batch_finished_at", "batch", ["finished_at", "model", "provider_completed", "output_tokens"])
    op.create_index("ix_budget_warning_month", "budget_warning", ["month"])
    op.add_column("batch", sa.Column("refused_alone", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("batch", sa.Column("enqueued_tokens", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("batch", "enqueued_tokens")
    op.drop_column("batch", "refused_alone")
    op.drop_index("ix_budget_warning_month", table_name="budget_warning")
    op.drop_index("ix_batch_finished_at", table_name="batch")
    op.create_index("ix_batch_finished_at", "batch", ["finished_at"])
    _drop_triggers()
    op.execute("DELETE FROM queue_tally")
    op.drop_index("ix_queue_tally_kind", table_name="queue_tally")
    with op.batch_alter_table("queue_tally") as tally:
        for name in ("model", *TOKENS):
            tally.drop_column(name)
    op.drop_column("queue_item", "model")
    _sum_up(BEFORE, COST)
    _make_triggers(BEFORE, COST)


def _sum_up(kinds: tuple[str, ...], sums: dict[str, str]) -> None:
    added = ", ".join(f"sum({column})" for column in sums.values())
    op.execute(
        f"INSERT INTO queue_tally ({', '.join((*kinds, 'items', *sums))})"
        f" SELECT {', '.join(kinds)}, count(*), {added} FROM queue_item GROUP BY {', '.join(kinds)}"
    )


def _drop_triggers() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for act in TABLES:
        op.execute(f"DROP TRIGGER queue_tally_{act}" + (" ON queue_item" if postgresql else ""))
        if postgresql:
            op.execute(f"DROP FUNCTION queue_tally_{act}()")


def _make_triggers(kinds: tuple[str, ...], sums: dict[str, str]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        _make_triggers_of_statements(kinds, sums)
    else:
        _make_triggers_of_rows(kinds, sums)


def _make_triggers_of_statements(kinds: tuple[str, ...], sums: dict[str, str]) -> None:
    def counted(sign: str, rows: str) -> str:
        columns = ", ".join(f"{sign}{column} AS {name}" for name, column in sums.items())
        return f"SELECT {', '.join(kinds)}, {sign}1 AS items, {columns} FROM {rows}"

    new, old = counted("", "new_rows"), counted("-", "old_rows")
    rows = {"insert": new, "update": f"{new} UNION ALL {old}", "delete": old}
    added = [f"sum({figure})" for figure in ("items", *sums)]
    for act, tables in TABLES.items():
        op.execute(
            f"CREATE FUNCTION queue_tally_{act}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" INSERT INTO queue_tally ({', '.join((*kinds, 'items', *sums))})"
            f" SELECT {', '.join((*kinds, *added))} FROM ({rows[act]}) AS moved GROUP BY {', '.join(kinds)}"
            f" HAVING {' OR '.join(f'{one} <> 0' for one in added)}; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER queue_tally_{act} AFTER {act.upper()} ON queue_item REFERENCING {tables}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION queue_tally_{act}()"
        )


def _make_triggers_of_rows(kinds: tuple[str, ...], sums: dict[str, str]) -> None:
    def alike(row: str) -> str:
        return " AND ".join(f"{kind} = {row}.{kind}" for kind in kinds)

    def add(sign: str, row: str) -> str:
        columns = ", ".join(f"{name} = {name} {sign} {row}.{column}" for name, column in sums.items())
        return f"UPDATE queue_tally SET items = items {sign} 1, {columns} WHERE {alike(row)};"

    begin = (
        f"INSERT INTO queue_tally ({', '.join((*kinds, 'items', *sums))})"
        f" SELECT {', '.join(f'NEW.{kind}' for kind in kinds)}, {', '.join('0' for _ in ('items', *sums))}"
        f" WHERE NOT EXISTS (SELECT 1 FROM queue_tally WHERE {alike('NEW')});"
    )
    watched = [*kinds, *sums.values()]
    moved = " OR ".join(f"OLD.{column} <> NEW.{column}" for column in watched)
    plus, minus = add("+", "NEW"), add("-", "OLD")
    op.execute(f"CREATE TRIGGER queue_tally_insert AFTER INSERT ON queue_item BEGIN {begin} {plus} END")
    op.execute(
        f"CREATE TRIGGER queue_tally_update AFTER UPDATE OF {', '.join(watched)} ON queue_item WHEN {moved}"
        f" BEGIN {minus} {begin} {plus} END"
    )
    op.execute(f"CREATE TRIGGER queue_tally_delete AFTER DELETE ON queue_item BEGIN {minus} END")
