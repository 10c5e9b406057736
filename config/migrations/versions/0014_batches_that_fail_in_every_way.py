"""Batches that fail in every way: fenced leases, splits, back-off, the health of providers

Revision: 0014
Follows: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("batch") as batch:
        batch.add_column(sa.Column("create_attempt", sa.Integer(), server_default="1", nullable=False))
        batch.add_column(sa.Column("split_from_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("cancel_reason", sa.Text(), server_default="", nullable=False))
        batch.add_column(sa.Column("lease_token", sa.String(length=32), nullable=True))
        batch.add_column(sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("alerted_at", sa.DateTime(timezone=True), nullable=True))
        batch.create_foreign_key(op.f("fk_batch_split_from_id"), "batch", ["split_from_id"], ["id"])
    with op.batch_alter_table("batch") as batch:
        batch.alter_column("create_attempt", server_default=None)
        batch.alter_column("cancel_reason", server_default=None)
    op.execute("UPDATE batch SET moved_at = submitted_at")
    with op.batch_alter_table("batch_request") as request:
        request.add_column(sa.Column("body_bytes", sa.Integer(), nullable=True))
        request.add_column(sa.Column("provider_code", sa.String(length=64), nullable=True))
        request.create_index(op.f("ix_batch_request_queue_item_id"), ["queue_item_id", "created_at"])
    # Lines that have not left yet are sealed anew, so that their size is known.
    op.execute("UPDATE batch SET step = 'seal' WHERE step = 'upload'")
    op.execute(
        "UPDATE batch_request SET sealed_body = NULL WHERE state = 'prepared'"
        " AND batch_id IN (SELECT id FROM batch WHERE step = 'seal')"
    )
    # The table is not made anew: it would lose the triggers that count its rows.
    op.add_column("queue_item", sa.Column("unexecuted", sa.Integer(), server_default="0", nullable=False))
    op.add_column("queue_item", sa.Column("output_limit", sa.Integer(), nullable=True))
    op.create_table(
        "provider_health",
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column(
            "state",
            sa.Enum("closed", "open", "stopped", name="circuit", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("pauses", sa.Integer(), nullable=False),
        sa.Column("next_probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probe_batch_id", sa.Uuid(), nullable=True),
        sa.Column("probe_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure_code", sa.String(length=64), nullable=True),
        sa.Column("failure_words", sa.Text(), nullable=True),
        sa.CheckConstraint("failures <= calls", name=op.f("ck_provider_health_failures_are_calls")),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_provider_health")),
    )
    op.create_table(
        "provider_event",
        sa.Column("webhook_id", sa.String(length=255), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_provider_event")),
    )
    op.create_index(op.f("ix_provider_event_received_at"), "provider_event", ["received_at"])


def downgrade() -> None:
    op.drop_table("provider_event")
    op.drop_table("provider_health")
    op.drop_column("queue_item", "output_limit")
    op.drop_column("queue_item", "unexecuted")
    with op.batch_alter_table("batch_request") as request:
        request.drop_index(op.f("ix_batch_request_queue_item_id"))
        request.drop_column("provider_code")
        request.drop_column("body_bytes")
    with op.batch_alter_table("batch") as batch:
        batch.drop_constraint(op.f("fk_batch_split_from_id"), type_="foreignkey")
        for name in ("alerted_at", "moved_at", "lease_token", "cancel_reason", "split_from_id", "create_attempt"):
            batch.drop_column(name)
