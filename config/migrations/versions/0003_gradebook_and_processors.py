"""Gradebook and processors

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasure_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["deployment.id"], name=op.f("fk_erasure_request_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_request")),
    )
    op.create_index(op.f("ix_erasure_request_done_at"), "erasure_request", ["done_at"], unique=False)
    op.create_index(
        "uq_erasure_request_open",
        "erasure_request",
        ["tenant_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "lms_grade",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("score_hundredths", sa.Integer(), nullable=True),
        sa.Column("has_comment", sa.Boolean(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_lms_grade_assignment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_lms_grade_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_grade")),
        sa.UniqueConstraint("assignment_id", "person_id", name=op.f("uq_lms_grade_assignment_id_person_id")),
    )
    op.create_index(op.f("ix_lms_grade_person_id"), "lms_grade", ["person_id"], unique=False)
    op.add_column("assignment", sa.Column("column_claimed_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("assignment", sa.Column("column_outdated", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("assignment", sa.Column("results_read_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("assignment", sa.Column("results_offered", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("grade_push", sa.Column("overwrite", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("grade_push", "overwrite")
    op.drop_column("assignment", "results_offered")
    op.drop_column("assignment", "results_read_at")
    op.drop_column("assignment", "column_outdated")
    op.drop_column("assignment", "column_claimed_until")
    op.drop_index(op.f("ix_lms_grade_person_id"), table_name="lms_grade")
    op.drop_table("lms_grade")
    op.drop_index(
        "uq_erasure_request_open",
        table_name="erasure_request",
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.drop_index(op.f("ix_erasure_request_done_at"), table_name="erasure_request")
    op.drop_table("erasure_request")
