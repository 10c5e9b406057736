"""A login whose visit was removed stays used up

Revision: 0018
Follows: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SQLITE = (
    "CREATE TRIGGER launch_session_spent AFTER DELETE ON launch_session WHEN OLD.state_hash IS NOT NULL BEGIN INSERT OR IGNORE INTO spent_login (state_hash, opened_at) VALUES (OLD.state_hash, OLD.created_at); END",
    "CREATE TRIGGER launch_session_not_again AFTER INSERT ON launch_session WHEN EXISTS (SELECT 1 FROM spent_login WHERE state_hash = NEW.state_hash) BEGIN SELECT RAISE(ABORT, 'this login has led to a visit'); END",
)
POSTGRESQL = (
    "CREATE FUNCTION launch_session_spent() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO spent_login (state_hash, opened_at) VALUES (OLD.state_hash, OLD.created_at) ON CONFLICT DO NOTHING; RETURN NULL; END $$",
    "CREATE TRIGGER launch_session_spent AFTER DELETE ON launch_session FOR EACH ROW WHEN (OLD.state_hash IS NOT NULL) EXECUTE FUNCTION launch_session_spent()",
    "CREATE FUNCTION launch_session_not_again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM spent_login WHERE state_hash = NEW.state_hash) THEN RAISE EXCEPTION 'this login has led to a visit' USING ERRCODE = 'unique_violation'; END IF; RETURN NULL; END $$",
    "CREATE TRIGGER launch_session_not_again AFTER INSERT ON launch_session FOR EACH ROW EXECUTE FUNCTION launch_session_not_again()",
)


def upgrade() -> None:
    op.create_table(
        "spent_login",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_spent_login")),
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for trigger in ("launch_session_spent", "launch_session_not_again"):
        op.execute(f"DROP TRIGGER {trigger}" + (" ON launch_session" if postgresql else ""))
        if postgresql:
            op.execute(f"DROP FUNCTION {trigger}()")
    op.drop_table("spent_login")
