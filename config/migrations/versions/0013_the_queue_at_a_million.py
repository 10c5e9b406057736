"""The queue at a million items: its order as a generated column, changes of whole filters, saved filters, figures

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TURN_AT = {
    "sqlite": "max(strftime('%Y-%m-%d %H:%M:%S', substr(queued_at, 1, 19), CASE priority WHEN 'high' THEN '-3 days' WHEN 'low' THEN '+3 days' ELSE '+0 days' END) || substr(queued_at, 20), coalesce(not_before, ''))",
    "postgresql": "GREATEST(timezone('UTC', timezone('UTC', queued_at) + CASE priority WHEN 'high' THEN interval '-3 days' WHEN 'low' THEN interval '3 days' ELSE interval '0 days' END), not_before)",
}
KINDS = "'skip', 'put_back', 'priority', 'reschedule', 'note', 'undo'"
TASKS = "'grade_student_work', 'generate_rubric', 'generate_summary_feedback', 'analyze_question'"
TURN = ["state", "priority", "turn_at", "id"]
INDEXES = {
    "ix_queue_item_turn": (TURN, None),
    "ix_queue_item_course_turn": (["context_id", *TURN], None),
    "ix_queue_item_tenant_turn": (["tenant_id", *TURN], None),
    "ix_queue_item_age": (["state", "queued_at", "id"], None),
    "ix_queue_item_cost": (["state", "estimated_microdollars", "id"], None),
    "ix_queue_item_later": (TURN, "not_before IS NOT NULL"),
    "ix_queue_item_other_task": (["task_type", *TURN], "task_type <> 'grade_student_work'"),
    "ix_queue_item_change_id": (["change_id", "id"], "change_id IS NOT NULL"),
}
ADD = "UPDATE queue_tally SET items = items {sign} 1, microdollars = microdollars {sign} {row}.estimated_microdollars WHERE state = {row}.state;"
BEGIN = "INSERT INTO queue_tally (state, items, microdollars) SELECT NEW.state, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM queue_tally WHERE state = NEW.state);"
PLUS = "SELECT state, 1 AS items, estimated_microdollars AS cost FROM new_rows"
MINUS = "SELECT state, -1 AS items, -estimated_microdollars AS cost FROM old_rows"
FUNCTION = (
    "CREATE FUNCTION queue_tally_{act}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " INSERT INTO queue_tally (state, items, microdollars)"
    " SELECT state, sum(items), sum(cost) FROM ({rows}) AS moved GROUP BY state"
    " HAVING sum(items) <> 0 OR sum(cost) <> 0; RETURN NULL; END $$"
)
POSTGRESQL = {
    "insert": (PLUS, "NEW TABLE AS new_rows"),
    "update": (f"{PLUS} UNION ALL {MINUS}", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    "delete": (MINUS, "OLD TABLE AS old_rows"),
}


def upgrade() -> None:
    _make_tables()
    op.drop_index("ix_queue_item_state_priority", table_name="queue_item")
    op.drop_index("ix_queue_item_context_id", table_name="queue_item")
    with op.batch_alter_table("queue_item") as item:
        item.drop_column("priority_rank")
        item.add_column(sa.Column("task_type", sa.String(32), nullable=False, server_default="grade_student_work"))
        item.add_column(sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
        item.add_column(sa.Column("promised_by", sa.DateTime(timezone=True), nullable=True))
        item.add_column(sa.Column("change_id", sa.Uuid(), nullable=True))
        item.add_column(sa.Column("previous_priority", sa.String(32), nullable=True))
        item.add_column(sa.Column("previous_not_before", sa.DateTime(timezone=True), nullable=True))
        item.add_column(sa.Column("previous_note", sa.Text(), nullable=True))
        item.create_foreign_key(op.f("fk_queue_item_change_id"), "queue_change", ["change_id"], ["id"])
        item.create_check_constraint(op.f("ck_queue_item_queue_task_type"), f"task_type IN ({TASKS})")
        item.create_check_constraint(
            op.f("ck_queue_item_queue_previous_priority"), "previous_priority IN ('high', 'normal', 'low')"
        )
    dialect = op.get_bind().dialect.name
    kind = "DATETIME" if dialect == "sqlite" else "TIMESTAMP WITH TIME ZONE"
    kept = "VIRTUAL" if dialect == "sqlite" else "STORED"
    op.execute(f"ALTER TABLE queue_item ADD COLUMN turn_at {kind} GENERATED ALWAYS AS ({TURN_AT[dialect]}) {kept}")
    for name, (columns, condition) in INDEXES.items():
        where = sa.text(condition) if condition else None
        op.create_index(name, "queue_item", columns, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_batch_finished_at", "batch", ["finished_at"])
    op.create_index("ix_batch_state", "batch", ["state", "provider"])
    op.execute(
        "INSERT INTO queue_tally (state, items, microdollars)"
        " SELECT state, count(*), sum(estimated_microdollars) FROM queue_item GROUP BY state"
    )
    _make_triggers(dialect)


def _make_tables() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "queue_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("administrator_id", sa.Uuid(), nullable=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=True),
        sa.Column("undoes", sa.Uuid(), nullable=True),
        sa.Column("position", sa.String(128), nullable=True),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("changed_before", sa.Integer(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("finished_at", moment, nullable=True),
        sa.Column("undone_at", moment, nullable=True),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_queue_change_queue_change_kind")),
        sa.CheckConstraint("done >= 0 AND changed >= 0", name=op.f("ck_queue_change_counts_not_negative")),
        sa.ForeignKeyConstraint(["undoes"], ["queue_change.id"], name=op.f("fk_queue_change_undoes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_change")),
    )
    op.create_index("ix_queue_change_administrator_id", "queue_change", ["administrator_id", "made_at"])
    unfinished = sa.text("finished_at IS NULL")
    op.create_index(
        "ix_queue_change_unfinished", "queue_change", ["id"], sqlite_where=unfinished, postgresql_where=unfinished
    )
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("administrator_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("opens_first", sa.Boolean(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["administrator_id"], ["administrator.id"], name=op.f("fk_saved_filter_administrator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
    )
    op.create_index("uq_saved_filter_name", "saved_filter", ["administrator_id", "name"], unique=True)
    first = sa.text("opens_first")
    op.create_index(
        "uq_saved_filter_default",
        "saved_filter",
        ["administrator_id"],
        unique=True,
        sqlite_where=first,
        postgresql_where=first,
    )
    op.create_table(
        "queue_tally",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("microdollars", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_tally")),
    )


def _make_triggers(dialect: str) -> None:
    if dialect == "sqlite":
        plus, minus = ADD.format(sign="+", row="NEW"), ADD.format(sign="-", row="OLD")
        op.execute(f"CREATE TRIGGER queue_tally_insert AFTER INSERT ON queue_item BEGIN {BEGIN} {plus} END")
        op.execute(
            "CREATE TRIGGER queue_tally_update AFTER UPDATE OF state, estimated_microdollars ON queue_item"
            " WHEN OLD.state <> NEW.state OR OLD.estimated_microdollars <> NEW.estimated_microdollars"
            f" BEGIN {minus} {BEGIN} {plus} END"
        )
        op.execute(f"CREATE TRIGGER queue_tally_delete AFTER DELETE ON queue_item BEGIN {minus} END")
        return
    for act, (rows, tables) in POSTGRESQL.items():
        op.execute(FUNCTION.format(act=act, rows=rows))
        op.execute(
            f"CREATE TRIGGER queue_tally_{act} AFTER {act.upper()} ON queue_item REFERENCING {tables}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION queue_tally_{act}()"
        )


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    for act in POSTGRESQL:
        op.execute(f"DROP TRIGGER queue_tally_{act}" + (" ON queue_item" if dialect == "postgresql" else ""))
        if dialect == "postgresql":
            op.execute(f"DROP FUNCTION queue_tally_{act}()")
    op.drop_index("ix_batch_state", table_name="batch")
    op.drop_index("ix_batch_finished_at", table_name="batch")
    for name in INDEXES:
        op.drop_index(name, table_name="queue_item")
    op.execute("ALTER TABLE queue_item DROP COLUMN turn_at")
    with op.batch_alter_table("queue_item") as item:
        item.drop_constraint(op.f("fk_queue_item_change_id"), type_="foreignkey")
        item.drop_constraint(op.f("ck_queue_item_queue_task_type"), type_="check")
        item.drop_constraint(op.f("ck_queue_item_queue_previous_priority"), type_="check")
        for column in (
            *("task_type", "not_before", "promised_by", "change_id"),
            *("previous_priority", "previous_not_before", "previous_note"),
        ):
            item.drop_column(column)
        item.add_column(sa.Column("priority_rank", sa.Integer(), nullable=False, server_default="1"))
    op.execute("UPDATE queue_item SET priority_rank = CASE priority WHEN 'high' THEN 0 WHEN 'low' THEN 2 ELSE 1 END")
    with op.batch_alter_table("queue_item") as item:
        item.alter_column("priority_rank", server_default=None)
    op.create_index("ix_queue_item_state_priority", "queue_item", ["state", "priority_rank", "queued_at", "id"])
    op.create_index("ix_queue_item_context_id", "queue_item", ["context_id", "state", "queued_at"])
    op.drop_table("queue_tally")
    op.drop_table("saved_filter")
    op.drop_table("queue_change")
