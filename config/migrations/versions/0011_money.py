"""Budgets and their record, prices that administrators enter, tokens of queued work

Revision: 0011
Follows: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0014"
branch_labels = None
depends_on = None

# What was noted about money, once written, stays as it is.
SQLITE = "CREATE TRIGGER budget_entry_no_{0} BEFORE {0} ON budget_entry BEGIN SELECT RAISE(ABORT, 'budget_entry is append-only'); END"
POSTGRESQL = (
    "CREATE FUNCTION budget_entry_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'budget_entry is append-only'; END $$",
    "CREATE TRIGGER budget_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON budget_entry FOR EACH STATEMENT EXECUTE FUNCTION budget_entry_append_only()",
)
UNLIFTED = sa.text("lifted_at IS NULL")
# Nobody counted the tokens of what waits already: a likely figure and a bound, from its length, for comparisons.
TOKENS_FROM_LENGTH = """
    UPDATE queue_item SET prompt_tokens = 1500, most_prompt_tokens = 2500, most_answer_tokens = 1500,
    text_tokens = (SELECT (characters + 3) / 4 FROM submission WHERE submission.id = queue_item.submission_id),
    most_text_tokens = (SELECT characters FROM submission WHERE submission.id = queue_item.submission_id)
"""


def upgrade() -> None:
    op.create_table(
        "budget_account",
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("limit_microdollars", sa.BigInteger(), nullable=True),
        sa.Column("carried_microdollars", sa.BigInteger(), nullable=False),
        sa.Column("extra_microdollars", sa.BigInteger(), nullable=False),
        sa.Column("overrun_microdollars", sa.BigInteger(), nullable=False),
        sa.Column("reserved_microdollars", sa.BigInteger(), nullable=False),
        sa.Column("spent_microdollars", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "carried_microdollars >= 0 AND extra_microdollars >= 0 AND overrun_microdollars >= 0",
            name=op.f("ck_budget_account_allowance_not_negative"),
        ),
        sa.CheckConstraint(
            "limit_microdollars IS NULL OR reserved_microdollars + spent_microdollars <= limit_microdollars + carried_microdollars + extra_microdollars + overrun_microdollars",
            name=op.f("ck_budget_account_not_overdrawn"),
        ),
        sa.CheckConstraint("reserved_microdollars >= 0", name=op.f("ck_budget_account_reserved_not_negative")),
        sa.CheckConstraint("spent_microdollars >= 0", name=op.f("ck_budget_account_spent_not_negative")),
        sa.PrimaryKeyConstraint("scope_id", "month", name=op.f("pk_budget_account")),
    )
    op.create_table(
        "budget_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "reserved",
                "settled",
                "released",
                name="budget_entry_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "purpose",
            sa.Enum(
                "batch",
                "test_run",
                "real_time",
                "task",
                name="budget_purpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reference_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("microdollars", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("microdollars >= 0", name=op.f("ck_budget_entry_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_entry")),
        sa.UniqueConstraint(
            "reference_id", "course_id", "kind", name=op.f("uq_budget_entry_reference_id_course_id_kind")
        ),
    )
    op.create_index("ix_budget_entry_course_id", "budget_entry", ["course_id", "happened_at", "id"], unique=False)
    op.create_index("ix_budget_entry_happened_at", "budget_entry", ["happened_at", "id"], unique=False)
    op.create_index("ix_budget_entry_month", "budget_entry", ["month", "course_id", "kind"], unique=False)
    op.create_table(
        "budget_limit",
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("monthly_microdollars", sa.BigInteger(), nullable=True),
        sa.Column("rollover", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("monthly_microdollars >= 0", name=op.f("ck_budget_limit_not_negative")),
        sa.PrimaryKeyConstraint("scope_id", name=op.f("pk_budget_limit")),
    )
    op.create_table(
        "budget_warning",
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("percent", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("committed_microdollars", sa.BigInteger(), nullable=False),
        sa.Column("allowed_microdollars", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("percent IN (75, 90, 95, 100)", name=op.f("ck_budget_warning_known_percent")),
        sa.PrimaryKeyConstraint("scope_id", "month", "percent", name=op.f("pk_budget_warning")),
    )
    op.create_index("ix_budget_warning_noted_at", "budget_warning", ["noted_at"], unique=False)
    op.create_table(
        "return_assumption",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("minutes_per_assessment", sa.Integer(), nullable=False),
        sa.Column("hourly_microdollars", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("hourly_microdollars >= 0", name=op.f("ck_return_assumption_rate_not_negative")),
        sa.CheckConstraint("id = 1", name=op.f("ck_return_assumption_one_row")),
        sa.CheckConstraint("minutes_per_assessment BETWEEN 0 AND 600", name=op.f("ck_return_assumption_minutes_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_assumption")),
    )
    op.create_table(
        "budget_freeze",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("cancels_batches", sa.Boolean(), nullable=False),
        sa.Column("frozen_by", sa.Uuid(), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=False),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_budget_freeze_has_a_reason")),
        sa.ForeignKeyConstraint(["frozen_by"], ["administrator.id"], name=op.f("fk_budget_freeze_frozen_by")),
        sa.ForeignKeyConstraint(["lifted_by"], ["administrator.id"], name=op.f("fk_budget_freeze_lifted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_freeze")),
    )
    op.create_index("ix_budget_freeze_frozen_at", "budget_freeze", ["frozen_at"], unique=False)
    op.create_index(
        "uq_budget_freeze_unlifted",
        "budget_freeze",
        ["scope_id"],
        unique=True,
        sqlite_where=UNLIFTED,
        postgresql_where=UNLIFTED,
    )
    op.create_table(
        "budget_override",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("microdollars", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("expires_at > granted_at", name=op.f("ck_budget_override_ends_after_it_begins")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_budget_override_has_a_reason")),
        sa.CheckConstraint("microdollars > 0", name=op.f("ck_budget_override_something_granted")),
        sa.ForeignKeyConstraint(["granted_by"], ["administrator.id"], name=op.f("fk_budget_override_granted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_override")),
    )
    op.create_index("ix_budget_override_scope_id", "budget_override", ["scope_id", "month"], unique=False)
    op.create_table(
        "price_override",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("input_price", sa.BigInteger(), nullable=False),
        sa.Column("cached_price", sa.BigInteger(), nullable=False),
        sa.Column("output_price", sa.BigInteger(), nullable=False),
        sa.Column("batch_input_price", sa.BigInteger(), nullable=False),
        sa.Column("batch_cached_price", sa.BigInteger(), nullable=False),
        sa.Column("batch_output_price", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "input_price >= 0 AND cached_price >= 0 AND output_price >= 0 AND batch_input_price >= 0 AND batch_cached_price >= 0 AND batch_output_price >= 0",
            name=op.f("ck_price_override_not_negative"),
        ),
        sa.CheckConstraint("length(source) > 0", name=op.f("ck_price_override_has_a_source")),
        sa.ForeignKeyConstraint(["created_by"], ["administrator.id"], name=op.f("fk_price_override_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_override")),
    )
    op.create_index("ix_price_override_model", "price_override", ["provider", "model", "valid_from"], unique=False)
    op.create_table(
        "retirement_override",
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("retires_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(source) > 0", name=op.f("ck_retirement_override_has_a_source")),
        sa.ForeignKeyConstraint(["changed_by"], ["administrator.id"], name=op.f("fk_retirement_override_changed_by")),
        sa.PrimaryKeyConstraint("provider", "model", name=op.f("pk_retirement_override")),
    )
    op.add_column("batch", sa.Column("price", sa.JSON(), nullable=True))
    op.add_column("queue_item", sa.Column("text_tokens", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("queue_item", sa.Column("most_text_tokens", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("queue_item", sa.Column("prompt_tokens", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("queue_item", sa.Column("most_prompt_tokens", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("queue_item", sa.Column("most_answer_tokens", sa.Integer(), nullable=False, server_default="0"))
    op.execute(TOKENS_FROM_LENGTH)
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in [SQLITE.format(act) for act in ("update", "delete")] if sqlite else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.drop_column("queue_item", "most_answer_tokens")
    op.drop_column("queue_item", "most_prompt_tokens")
    op.drop_column("queue_item", "prompt_tokens")
    op.drop_column("queue_item", "most_text_tokens")
    op.drop_column("queue_item", "text_tokens")
    op.drop_column("batch", "price")
    op.drop_table("retirement_override")
    op.drop_index("ix_price_override_model", table_name="price_override")
    op.drop_table("price_override")
    op.drop_index("ix_budget_override_scope_id", table_name="budget_override")
    op.drop_table("budget_override")
    op.drop_index(
        "uq_budget_freeze_unlifted", table_name="budget_freeze", sqlite_where=UNLIFTED, postgresql_where=UNLIFTED
    )
    op.drop_index("ix_budget_freeze_frozen_at", table_name="budget_freeze")
    op.drop_table("budget_freeze")
    op.drop_table("return_assumption")
    op.drop_index("ix_budget_warning_noted_at", table_name="budget_warning")
    op.drop_table("budget_warning")
    op.drop_table("budget_limit")
    op.drop_index("ix_budget_entry_month", table_name="budget_entry")
    op.drop_index("ix_budget_entry_happened_at", table_name="budget_entry")
    op.drop_index("ix_budget_entry_course_id", table_name="budget_entry")
    op.drop_table("budget_entry")
    op.drop_table("budget_account")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION budget_entry_append_only()")
