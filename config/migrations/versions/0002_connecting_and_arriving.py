"""Connecting LMSs by themselves, and arriving in browsers without cookies

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "connection_policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(
                "closed",
                "invitation",
                "open",
                name="connection_mode",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_connection_policy_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection_policy")),
    )
    op.create_table(
        "legacy_consumer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("consumer_key", sa.String(length=255), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_legacy_consumer_registration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legacy_consumer")),
        sa.UniqueConstraint(
            "registration_id", "consumer_key", name=op.f("uq_legacy_consumer_registration_id_consumer_key")
        ),
    )
    op.create_table(
        "registration_invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"], ["administrator.id"], name=op.f("fk_registration_invitation_created_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_registration_invitation_token_hash")),
    )
    op.create_table(
        "dynamic_registration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "started",
                "done",
                "failed",
                name="registration_progress",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("invitation_id", sa.Uuid(), nullable=True),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("failure_words", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["registration_invitation.id"], name=op.f("fk_dynamic_registration_invitation_id")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_dynamic_registration_registration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dynamic_registration")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_dynamic_registration_token_hash")),
    )
    op.add_column("context", sa.Column("origin_ids", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("deployment", sa.Column("last_launch_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("launch_session", sa.Column("sealed_message", sa.LargeBinary(), nullable=True))
    op.add_column("launch_session", sa.Column("administrator", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("launch_session", sa.Column("proof_hash", sa.String(length=64), nullable=True))
    # Visits last hours: what a deep linking visit of before held is not carried over.
    op.drop_column("launch_session", "sealed_deep_linking")
    op.add_column("login_state", sa.Column("storage_target", sa.String(length=255), nullable=False, server_default=""))
    op.add_column("person", sa.Column("lti11_user_id", sa.String(length=255), nullable=True))
    op.add_column("registration", sa.Column("granted_scopes", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("resource_link", sa.Column("named_assignment_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("resource_link", "named_assignment_id")
    op.drop_column("registration", "granted_scopes")
    op.drop_column("person", "lti11_user_id")
    op.drop_column("login_state", "storage_target")
    op.add_column("launch_session", sa.Column("sealed_deep_linking", sa.LargeBinary(), nullable=True))
    op.drop_column("launch_session", "proof_hash")
    op.drop_column("launch_session", "administrator")
    op.drop_column("launch_session", "sealed_message")
    op.drop_column("deployment", "last_launch_at")
    op.drop_column("context", "origin_ids")
    op.drop_table("dynamic_registration")
    op.drop_table("registration_invitation")
    op.drop_table("legacy_consumer")
    op.drop_table("connection_policy")
