"""A visit uses up its login: one unique column in place of a mark at the login

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("launch_session") as visit:
        visit.add_column(sa.Column("login_id", sa.Uuid(), nullable=True))
        visit.create_foreign_key(
            op.f("fk_launch_session_login_id"), "login_state", ["login_id"], ["id"], ondelete="SET NULL"
        )
        visit.create_unique_constraint(op.f("uq_launch_session_login_id"), ["login_id"])
    op.execute(
        "UPDATE launch_session SET login_id ="
        " (SELECT login_state.id FROM login_state WHERE login_state.visit_handle = launch_session.handle)"
    )
    op.execute(
        "DELETE FROM login_state WHERE consumed_at IS NOT NULL"
        " AND id NOT IN (SELECT login_id FROM launch_session WHERE login_id IS NOT NULL)"
    )
    with op.batch_alter_table("login_state") as login:
        login.drop_column("consumed_at")
        login.drop_column("visit_handle")


def downgrade() -> None:
    with op.batch_alter_table("login_state") as login:
        login.add_column(sa.Column("visit_handle", sa.String(length=64), nullable=True))
        login.add_column(sa.Column("consumed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE login_state SET"
        " visit_handle = (SELECT handle FROM launch_session WHERE login_id = login_state.id),"
        " consumed_at = (SELECT created_at FROM launch_session WHERE login_id = login_state.id)"
    )
    with op.batch_alter_table("launch_session") as visit:
        visit.drop_constraint(op.f("uq_launch_session_login_id"), type_="unique")
        visit.drop_constraint(op.f("fk_launch_session_login_id"), type_="foreignkey")
        visit.drop_column("login_id")
