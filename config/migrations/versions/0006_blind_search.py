"""Blind search

Revision: 0006
Follows: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_term",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("term", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_search_term_submission_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["deployment.id"], name=op.f("fk_search_term_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "term", "submission_id", name=op.f("pk_search_term")),
    )
    op.create_index(op.f("ix_search_term_submission_id"), "search_term", ["submission_id"], unique=False)
    op.add_column("submission", sa.Column("indexed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_submission_not_indexed",
        "submission",
        ["id"],
        unique=False,
        sqlite_where=sa.text("NOT indexed"),
        postgresql_where=sa.text("NOT indexed"),
    )


def downgrade() -> None:
    op.drop_index("ix_submission_not_indexed", table_name="submission")
    op.drop_column("submission", "indexed")
    op.drop_index(op.f("ix_search_term_submission_id"), table_name="search_term")
    op.drop_table("search_term")
