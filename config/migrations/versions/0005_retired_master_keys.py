"""Retired master keys, and triggers that refuse data keys under them

Revision: 0005
Follows: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SQLITE = (
    "CREATE TRIGGER data_key_live_master_insert BEFORE INSERT ON data_key WHEN NEW.wrapped IS NOT NULL AND EXISTS (SELECT 1 FROM retired_master_key WHERE id = NEW.master_key_id) BEGIN SELECT RAISE(ABORT, 'master key is retired'); END",
    "CREATE TRIGGER data_key_live_master_update BEFORE UPDATE OF master_key_id ON data_key WHEN NEW.wrapped IS NOT NULL AND EXISTS (SELECT 1 FROM retired_master_key WHERE id = NEW.master_key_id) BEGIN SELECT RAISE(ABORT, 'master key is retired'); END",
)
POSTGRESQL = (
    "CREATE FUNCTION data_key_live_master() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.wrapped IS NOT NULL AND EXISTS (SELECT 1 FROM retired_master_key WHERE id = NEW.master_key_id) THEN RAISE EXCEPTION 'master key is retired'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER data_key_live_master BEFORE INSERT OR UPDATE OF master_key_id ON data_key FOR EACH ROW EXECUTE FUNCTION data_key_live_master()",
)


def upgrade() -> None:
    op.create_table(
        "retired_master_key",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retired_master_key")),
    )
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER data_key_live_master ON data_key")
        op.execute("DROP FUNCTION data_key_live_master()")
    else:
        op.execute("DROP TRIGGER data_key_live_master_insert")
        op.execute("DROP TRIGGER data_key_live_master_update")
    op.drop_table("retired_master_key")
