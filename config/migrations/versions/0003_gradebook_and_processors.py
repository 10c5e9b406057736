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
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.String(length=255), nullable=False),
        sa.Column("nonce_hash", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting", "done", "failed", name="notice_state", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["deployment.id"], name=op.f("fk_notice_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("tenant_id", "nonce_hash", name=op.f("uq_notice_tenant_id_nonce_hash")),
        sa.UniqueConstraint("tenant_id", "notice_id", name=op.f("uq_notice_tenant_id_notice_id")),
    )
    op.create_index("ix_notice_due", "notice", ["state", "next_attempt_at"], unique=False)
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
    op.create_table(
        "processor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.String(length=255), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_processor_assignment_id")),
        sa.ForeignKeyConstraint(["context_id"], ["context.id"], name=op.f("fk_processor_context_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["deployment.id"], name=op.f("fk_processor_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processor")),
        sa.UniqueConstraint(
            "context_id", "activity_id", "assignment_id", name=op.f("uq_processor_context_id_activity_id_assignment_id")
        ),
    )
    op.create_index(op.f("ix_processor_assignment_id"), "processor", ["assignment_id"], unique=False)
    op.create_table(
        "arrival",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("processor_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("lms_submission_id", sa.String(length=255), nullable=False),
        sa.Column("report_url", sa.String(length=2048), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "fetching",
                "taken",
                "failed",
                name="arrival_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_arrival_person_id")),
        sa.ForeignKeyConstraint(["processor_id"], ["processor.id"], name=op.f("fk_arrival_processor_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_arrival_submission_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["deployment.id"], name=op.f("fk_arrival_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival")),
        sa.UniqueConstraint(
            "processor_id", "lms_submission_id", name=op.f("uq_arrival_processor_id_lms_submission_id")
        ),
    )
    op.create_index("ix_arrival_due", "arrival", ["state", "next_attempt_at"], unique=False)
    op.create_index(op.f("ix_arrival_person_id"), "arrival", ["person_id"], unique=False)
    op.create_index(op.f("ix_arrival_submission_id"), "arrival", ["submission_id"], unique=False)
    op.create_table(
        "arrival_asset",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("arrival_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.String(length=255), nullable=False),
        sa.Column("sealed_source", sa.LargeBinary(), nullable=False),
        sa.Column("content_type", sa.String(length=128), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("reported", sa.String(length=80), nullable=False),
        sa.Column("reporting", sa.String(length=80), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report_attempts", sa.Integer(), nullable=False),
        sa.Column("next_report_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report_lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report_failure", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["arrival_id"], ["arrival.id"], name=op.f("fk_arrival_asset_arrival_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival_asset")),
        sa.UniqueConstraint("arrival_id", "asset_id", name=op.f("uq_arrival_asset_arrival_id_asset_id")),
    )
    op.create_index("ix_arrival_asset_report", "arrival_asset", ["next_report_at"], unique=False)
    op.add_column("assignment", sa.Column("column_claimed_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("assignment", sa.Column("column_outdated", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("assignment", sa.Column("results_read_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("assignment", sa.Column("results_offered", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("grade_push", sa.Column("overwrite", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("launch_session", sa.Column("sealed_words", sa.LargeBinary(), nullable=True))
    op.add_column("launch_session", sa.Column("answered", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("launch_session", sa.Column("assignment_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("launch_session", "assignment_id")
    op.drop_column("launch_session", "answered")
    op.drop_column("launch_session", "sealed_words")
    op.drop_column("grade_push", "overwrite")
    op.drop_column("assignment", "results_offered")
    op.drop_column("assignment", "results_read_at")
    op.drop_column("assignment", "column_outdated")
    op.drop_column("assignment", "column_claimed_until")
    op.drop_index("ix_arrival_asset_report", table_name="arrival_asset")
    op.drop_table("arrival_asset")
    op.drop_index(op.f("ix_arrival_submission_id"), table_name="arrival")
    op.drop_index(op.f("ix_arrival_person_id"), table_name="arrival")
    op.drop_index("ix_arrival_due", table_name="arrival")
    op.drop_table("arrival")
    op.drop_index(op.f("ix_processor_assignment_id"), table_name="processor")
    op.drop_table("processor")
    op.drop_index(op.f("ix_lms_grade_person_id"), table_name="lms_grade")
    op.drop_table("lms_grade")
    op.drop_index("ix_notice_due", table_name="notice")
    op.drop_table("notice")
    op.drop_index(
        "uq_erasure_request_open",
        table_name="erasure_request",
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.drop_index(op.f("ix_erasure_request_done_at"), table_name="erasure_request")
    op.drop_table("erasure_request")
