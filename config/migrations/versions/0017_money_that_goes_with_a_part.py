"""What was set aside for a batch goes with the part of it that becomes a batch of its own

Revision: 0017
Follows: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# What was noted about money, once written, stays as it is.
SQLITE = "CREATE TRIGGER budget_transfer_no_{0} BEFORE {0} ON budget_transfer BEGIN SELECT RAISE(ABORT, 'budget_transfer is append-only'); END"
POSTGRESQL = (
    "CREATE FUNCTION budget_transfer_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'budget_transfer is append-only'; END $$",
    "CREATE TRIGGER budget_transfer_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON budget_transfer FOR EACH STATEMENT EXECUTE FUNCTION budget_transfer_append_only()",
)


def upgrade() -> None:
    op.create_table(
        "budget_transfer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("from_reference_id", sa.Uuid(), nullable=False),
        sa.Column("to_reference_id", sa.Uuid(), nullable=False),
        sa.Column("microdollars", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("microdollars > 0", name=op.f("ck_budget_transfer_something_moved")),
        sa.CheckConstraint("from_reference_id <> to_reference_id", name=op.f("ck_budget_transfer_to_another")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_transfer")),
        sa.UniqueConstraint("to_reference_id", "course_id", name=op.f("uq_budget_transfer_to_reference_id_course_id")),
    )
    op.create_index("ix_budget_transfer_from_reference_id", "budget_transfer", ["from_reference_id"], unique=False)
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in [SQLITE.format(act) for act in ("UPDATE", "DELETE")] if sqlite else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("budget_transfer")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION budget_transfer_append_only()")
