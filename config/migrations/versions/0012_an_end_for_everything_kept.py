"""An end for everything that is kept: retention, erasure of more than people, exports, files at providers

Revision: 0012
Follows: 0011
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _keep_track_of_texts()
    _widen_erasure_requests()
    _make_holds_and_provider_files()
    _make_exports()


def downgrade() -> None:
    op.drop_index("ix_export_part_export_id", table_name="export_part")
    op.drop_table("export_part")
    op.drop_index(op.f("ix_personal_export_person_id"), table_name="personal_export")
    op.drop_index(op.f("ix_personal_export_expires_at"), table_name="personal_export")
    op.drop_index("ix_personal_export_due", table_name="personal_export")
    op.drop_index("uq_personal_export_open", table_name="personal_export")
    op.drop_table("personal_export")
    op.drop_index("ix_provider_file_batch_id", table_name="provider_file")
    op.drop_index("ix_provider_file_due", table_name="provider_file")
    op.drop_table("provider_file")
    op.drop_index(op.f("ix_retention_hold_context_id"), table_name="retention_hold")
    op.drop_index("uq_retention_hold_standing", table_name="retention_hold")
    op.drop_table("retention_hold")
    _narrow_erasure_requests()
    op.drop_index("ix_draft_saved_at", table_name="draft")
    op.drop_index("ix_submission_kept_from", table_name="submission")
    op.drop_column("submission", "kept_from")
    op.drop_column("submission", "text_deleted_at")


def _keep_track_of_texts() -> None:
    op.add_column("submission", sa.Column("text_deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "submission",
        sa.Column("kept_from", sa.DateTime(timezone=True), nullable=False, server_default="2000-01-01 00:00:00.000000"),
    )
    op.execute(
        "UPDATE submission SET kept_from = COALESCE((SELECT MAX(decided_at) FROM review_decision"
        " WHERE review_decision.submission_id = submission.id), submitted_at)"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("submission", "kept_from", server_default=None)
    op.create_index(
        "ix_submission_kept_from",
        "submission",
        ["kept_from", "id"],
        sqlite_where=sa.text("text_deleted_at IS NULL"),
        postgresql_where=sa.text("text_deleted_at IS NULL"),
    )
    op.create_index("ix_draft_saved_at", "draft", ["saved_at", "id"])


def _states(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _widen_erasure_requests() -> None:
    rows = _take_rows_out(["id", "tenant_id", "person_id", "requested_by"])
    op.drop_index("uq_erasure_request_open", table_name="erasure_request")
    op.drop_index(op.f("ix_erasure_request_done_at"), table_name="erasure_request")
    op.drop_table("erasure_request")
    made = op.create_table(
        "erasure_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("scope", _states("erasure_scope", "person", "submission", "course", "deployment"), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=True),
        sa.Column("state", _states("erasure_state", "asked", "decided", "done", "rejected"), nullable=False),
        sa.Column("requested_by_kind", sa.String(length=16), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "(done_at IS NOT NULL) = (state IN ('done', 'rejected'))",
            name=op.f("ck_erasure_request_closed_when_settled"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_request")),
    )
    still_open = sa.text("state IN ('asked', 'decided')")
    op.create_index(
        "uq_erasure_request_open",
        "erasure_request",
        ["tenant_id", "scope", "target_id"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_index("ix_erasure_request_due", "erasure_request", ["state", "next_attempt_at"])
    op.create_index("ix_erasure_request_created_at", "erasure_request", ["created_at", "id"])
    for row in rows:
        row |= {
            "scope": "person",
            "target_id": row.pop("person_id"),
            "state": "done" if row["done_at"] else "decided",
            "requested_by_kind": "person",
            "next_attempt_at": row["created_at"],
        }
    if rows:
        op.bulk_insert(made, rows)


def _narrow_erasure_requests() -> None:
    rows = _take_rows_out(["id", "tenant_id", "target_id", "requested_by"], "scope = 'person' AND state <> 'rejected'")
    for name in ("uq_erasure_request_open", "ix_erasure_request_due", "ix_erasure_request_created_at"):
        op.drop_index(name, table_name="erasure_request")
    op.drop_table("erasure_request")
    made = op.create_table(
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
    tenants = set(op.get_bind().execute(sa.select(sa.table("deployment", sa.column("id", sa.Uuid())).c.id)).scalars())
    for row in rows:
        row["person_id"] = row.pop("target_id")
        row["requested_by"] = row["requested_by"] or row["person_id"]
    if kept := [row for row in rows if row["tenant_id"] in tenants]:
        op.bulk_insert(made, kept)


def _take_rows_out(ids: list[str], condition: str = "1 = 1") -> list[dict[str, object]]:
    moments = ["created_at", "due_at", "done_at"]
    table = sa.table(
        "erasure_request",
        *(sa.column(name, sa.Uuid()) for name in ids),
        *(sa.column(name, sa.DateTime(timezone=True)) for name in moments),
        sa.column("removed", sa.JSON()),
    )
    rows = op.get_bind().execute(sa.select(table).where(sa.text(condition))).mappings()
    return [{name: _in_utc(value) for name, value in row.items()} for row in rows]


def _in_utc(value: object) -> object:
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else value


def _make_holds_and_provider_files() -> None:
    op.create_table(
        "retention_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=False),
        sa.Column("placed_by", sa.Uuid(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["context_id"], ["context.id"], name=op.f("fk_retention_hold_context_id")),
        sa.ForeignKeyConstraint(["placed_by"], ["administrator.id"], name=op.f("fk_retention_hold_placed_by")),
        sa.ForeignKeyConstraint(["lifted_by"], ["administrator.id"], name=op.f("fk_retention_hold_lifted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_hold")),
    )
    standing = sa.text("lifted_at IS NULL")
    op.create_index(
        "uq_retention_hold_standing",
        "retention_hold",
        ["context_id"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_index(op.f("ix_retention_hold_context_id"), "retention_hold", ["context_id"])
    op.create_table(
        "provider_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("file_id", sa.String(length=255), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.Column("state", _states("provider_file_state", "present", "gone"), nullable=False),
        sa.Column("must_go_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failure_code", sa.String(length=64), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(gone_at IS NOT NULL) = (state = 'gone')", name=op.f("ck_provider_file_gone_when_gone")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_file")),
        sa.UniqueConstraint("provider", "file_id", name=op.f("uq_provider_file_provider_file_id")),
    )
    op.create_index("ix_provider_file_due", "provider_file", ["state", "next_attempt_at"])
    op.create_index("ix_provider_file_batch_id", "provider_file", ["batch_id", "state"])


def _make_exports() -> None:
    op.create_table(
        "personal_export",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by_kind", sa.String(length=16), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("state", _states("export_state", "waiting", "making", "ready", "failed"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("failure_code", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "(state = 'ready') = (ready_at IS NOT NULL)", name=op.f("ck_personal_export_ready_when_ready")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["deployment.id"], name=op.f("fk_personal_export_tenant_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_personal_export_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_export")),
    )
    still_open = sa.text("state IN ('waiting', 'making')")
    op.create_index(
        "uq_personal_export_open",
        "personal_export",
        ["tenant_id", "person_id"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_index("ix_personal_export_due", "personal_export", ["state", "next_attempt_at"])
    op.create_index(op.f("ix_personal_export_expires_at"), "personal_export", ["expires_at"])
    op.create_index(op.f("ix_personal_export_person_id"), "personal_export", ["person_id"])
    op.create_table(
        "export_part",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["personal_export.id"], name=op.f("fk_export_part_export_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_part")),
    )
    op.create_index("ix_export_part_export_id", "export_part", ["export_id", "number"])
