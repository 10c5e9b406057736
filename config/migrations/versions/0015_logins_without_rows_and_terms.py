"""Logins without rows: the visit keeps the hash of the state that led to it; what LMSs are told about the terms

Logins under way when this runs begin anew: the address of the launch says so.

Revision ID: 0015
Follows: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("launch_session") as visit:
        visit.drop_constraint(op.f("uq_launch_session_login_id"), type_="unique")
        visit.drop_constraint(op.f("fk_launch_session_login_id"), type_="foreignkey")
        visit.add_column(sa.Column("state_hash", sa.String(length=64), nullable=True))
        visit.add_column(sa.Column("cookieless", sa.Boolean(), nullable=False, server_default=sa.false()))
        visit.create_unique_constraint(op.f("uq_launch_session_state_hash"), ["state_hash"])
    op.execute(
        "UPDATE launch_session SET state_hash ="
        " (SELECT login_state.state_hash FROM login_state WHERE login_state.id = launch_session.login_id)"
    )
    op.execute(
        "UPDATE launch_session SET cookieless = true WHERE login_id IN"
        " (SELECT login_state.id FROM login_state WHERE login_state.browser_hash <> launch_session.browser_hash)"
    )
    with op.batch_alter_table("launch_session") as visit:
        visit.drop_column("login_id")
    op.drop_index(op.f("ix_login_state_expires_at"), table_name="login_state")
    op.drop_table("login_state")
    op.add_column("deployment", sa.Column("terms_url", sa.String(length=2048), nullable=True))
    op.create_table(
        "terms_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deployment_id", sa.Uuid(), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "ask_again", "require", "waive", name="terms_act", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "started", "done", "failed", name="terms_progress", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("text_version", sa.String(length=32), nullable=False),
        sa.Column("failure_words", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.id"], name=op.f("fk_terms_order_deployment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_order")),
    )
    op.create_index("ix_terms_order_deployment_id", "terms_order", ["deployment_id", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_terms_order_deployment_id", table_name="terms_order")
    op.drop_table("terms_order")
    with op.batch_alter_table("deployment") as deployment:
        deployment.drop_column("terms_url")
    op.create_table(
        "login_state",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("storage_target", sa.String(length=255), nullable=False, server_default=""),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk_login_state_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_state")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_login_state_state_hash")),
    )
    op.create_index(op.f("ix_login_state_expires_at"), "login_state", ["expires_at"], unique=False)
    with op.batch_alter_table("launch_session") as visit:
        visit.drop_constraint(op.f("uq_launch_session_state_hash"), type_="unique")
        visit.drop_column("cookieless")
        visit.drop_column("state_hash")
        visit.add_column(sa.Column("login_id", sa.Uuid(), nullable=True))
        visit.create_foreign_key(
            op.f("fk_launch_session_login_id"), "login_state", ["login_id"], ["id"], ondelete="SET NULL"
        )
        visit.create_unique_constraint(op.f("uq_launch_session_login_id"), ["login_id"])
