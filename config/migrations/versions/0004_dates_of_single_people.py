"""Dates of single people, and subscriptions to notices

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "individual_date",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("due_at IS NOT NULL OR closes_at IS NOT NULL", name=op.f("ck_individual_date_some_date")),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_individual_date_assignment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_individual_date_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_individual_date")),
        sa.UniqueConstraint("assignment_id", "person_id", name=op.f("uq_individual_date_assignment_id_person_id")),
    )
    op.create_index(op.f("ix_individual_date_person_id"), "individual_date", ["person_id"], unique=False)
    op.add_column("resource_link", sa.Column("people_offered", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("resource_link", sa.Column("people_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deployment", sa.Column("notices_url", sa.String(2048), nullable=True))
    op.add_column("deployment", sa.Column("notice_types", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column("deployment", sa.Column("subscribed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deployment", sa.Column("subscription_tried_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in ("subscription_tried_at", "subscribed_at", "notice_types", "notices_url"):
        op.drop_column("deployment", name)
    op.drop_column("resource_link", "people_asked_at")
    op.drop_column("resource_link", "people_offered")
    op.drop_index(op.f("ix_individual_date_person_id"), table_name="individual_date")
    op.drop_table("individual_date")
