"""Limits of administrators, consent in several languages, the language of a visit, corrections of texts by hand

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "privacy_limits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("allow_llm_assessment", sa.Boolean(), nullable=False),
        sa.Column("approved_providers", sa.JSON(), nullable=False),
        sa.Column("ask_each_student", sa.Boolean(), nullable=False),
        sa.Column("longest_retention_days", sa.Integer(), nullable=False),
        sa.Column("default_retention_days", sa.Integer(), nullable=False),
        sa.Column(
            "legal_basis",
            sa.Enum("consent", "notice", name="legal_basis", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_privacy_limits_one_row")),
        sa.CheckConstraint("default_retention_days >= 1", name=op.f("ck_privacy_limits_default_retention_positive")),
        sa.CheckConstraint(
            "longest_retention_days >= default_retention_days",
            name=op.f("ck_privacy_limits_longest_retention_not_below_default"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_limits")),
    )
    op.create_table(
        "text_correction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("hide", "show", name="text_correction_kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_text_correction_assignment_id")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_text_correction_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_correction")),
    )
    op.create_index(op.f("ix_text_correction_assignment_id"), "text_correction", ["assignment_id"], unique=False)
    with op.batch_alter_table("consent") as consent:
        consent.add_column(sa.Column("text_language", sa.String(length=16), nullable=False, server_default="en"))
        consent.alter_column("given_at", existing_type=sa.DateTime(timezone=True), nullable=True)
        consent.create_check_constraint(
            op.f("ck_consent_something_was_said"), "given_at IS NOT NULL OR withdrawn_at IS NOT NULL"
        )
    op.add_column("launch_session", sa.Column("locale", sa.String(length=35), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("launch_session", "locale")
    # A no from the start becomes a yes that was taken back in the same moment: it is still a no.
    op.execute("UPDATE consent SET given_at = withdrawn_at WHERE given_at IS NULL")
    with op.batch_alter_table("consent") as consent:
        consent.drop_constraint(op.f("ck_consent_something_was_said"), type_="check")
        consent.alter_column("given_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        consent.drop_column("text_language")
    op.drop_index(op.f("ix_text_correction_assignment_id"), table_name="text_correction")
    op.drop_table("text_correction")
    op.drop_table("privacy_limits")
