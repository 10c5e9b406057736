"""An index for what a person has said in a course and in its tenant, asked for each work that may leave.

Revision ID: 0010
Follows: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_consent_person_id", "consent", ["person_id", "context_id"])


def downgrade() -> None:
    op.drop_index("ix_consent_person_id", "consent")
