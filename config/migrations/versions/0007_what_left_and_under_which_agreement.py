"""What left, and under which agreement

Revision: 0007
Follows: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# What was counted, once written, stays as it is.
APPEND_ONLY = ("disclosure", "disclosure_deletion")
SQLITE = "CREATE TRIGGER {0}_no_{1} BEFORE {1} ON {0} BEGIN SELECT RAISE(ABORT, '{0} is append-only'); END"
POSTGRESQL = (
    "CREATE FUNCTION {0}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{0} is append-only'; END $$",
    "CREATE TRIGGER {0}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {0} FOR EACH STATEMENT EXECUTE FUNCTION {0}_append_only()",
)
AT_PROVIDER = sa.text("place = 'provider'")


def upgrade() -> None:
    op.create_table(
        "disclosure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("endpoint", sa.String(length=2048), nullable=False),
        sa.Column("consent_version", sa.String(length=32), nullable=False),
        sa.Column("submissions", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("submissions > 0", name=op.f("ck_disclosure_something_sent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure")),
    )
    op.create_index(op.f("ix_disclosure_batch_id"), "disclosure", ["batch_id"], unique=False)
    op.create_index("ix_disclosure_context_id", "disclosure", ["context_id", "month"], unique=False)
    op.create_index("ix_disclosure_month", "disclosure", ["month", "context_id"], unique=False)
    op.create_table(
        "disclosure_deletion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("disclosure_id", sa.Uuid(), nullable=False),
        sa.Column(
            "place",
            sa.Enum("here", "provider", name="deletion_place", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("submissions", sa.Integer(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("submissions > 0", name=op.f("ck_disclosure_deletion_something_deleted")),
        sa.ForeignKeyConstraint(
            ["disclosure_id"], ["disclosure.id"], name=op.f("fk_disclosure_deletion_disclosure_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_deletion")),
    )
    op.create_index(
        "ix_disclosure_deletion_disclosure_id", "disclosure_deletion", ["disclosure_id", "place"], unique=False
    )
    op.create_index(
        "uq_disclosure_deletion_provider",
        "disclosure_deletion",
        ["disclosure_id"],
        unique=True,
        sqlite_where=AT_PROVIDER,
        postgresql_where=AT_PROVIDER,
    )
    op.create_table(
        "provider_agreement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=100), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False),
        sa.Column("endpoint", sa.String(length=2048), nullable=False),
        sa.Column("in_force_from", sa.Date(), nullable=False),
        sa.Column("in_force_until", sa.Date(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("retention_days >= 0", name=op.f("ck_provider_agreement_retention_not_negative")),
        sa.CheckConstraint(
            "in_force_until IS NULL OR in_force_until >= in_force_from",
            name=op.f("ck_provider_agreement_ends_after_it_begins"),
        ),
        sa.ForeignKeyConstraint(["created_by"], ["administrator.id"], name=op.f("fk_provider_agreement_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_agreement")),
    )
    op.create_index("ix_provider_agreement_provider", "provider_agreement", ["provider", "in_force_from"], unique=False)
    op.add_column("batch_request", sa.Column("disclosure_id", sa.Uuid(), nullable=True))
    op.drop_index(op.f("ix_audit_event_tenant_id"), table_name="audit_event")
    op.drop_index("ix_audit_event_object", table_name="audit_event")
    for name, column in (
        ("event", "event"),
        ("actor", "actor_id"),
        ("actor_kind", "actor_kind"),
        ("object", "object_id"),
        ("tenant", "tenant_id"),
    ):
        op.create_index(f"ix_audit_event_{name}", "audit_event", [column, "happened_at", "id"], unique=False)
    for table in APPEND_ONLY:
        if op.get_bind().dialect.name == "sqlite":
            op.execute(SQLITE.format(table, "update"))
            op.execute(SQLITE.format(table, "delete"))
        else:
            for statement in POSTGRESQL:
                op.execute(statement.format(table))


def downgrade() -> None:
    for name in ("tenant", "object", "actor_kind", "actor", "event"):
        op.drop_index(f"ix_audit_event_{name}", table_name="audit_event")
    op.create_index("ix_audit_event_object", "audit_event", ["object_type", "object_id"], unique=False)
    op.create_index(op.f("ix_audit_event_tenant_id"), "audit_event", ["tenant_id"], unique=False)
    op.drop_column("batch_request", "disclosure_id")
    op.drop_index("ix_provider_agreement_provider", table_name="provider_agreement")
    op.drop_table("provider_agreement")
    op.drop_index(
        "uq_disclosure_deletion_provider",
        table_name="disclosure_deletion",
        sqlite_where=AT_PROVIDER,
        postgresql_where=AT_PROVIDER,
    )
    op.drop_index("ix_disclosure_deletion_disclosure_id", table_name="disclosure_deletion")
    op.drop_table("disclosure_deletion")
    op.drop_index("ix_disclosure_month", table_name="disclosure")
    op.drop_index("ix_disclosure_context_id", table_name="disclosure")
    op.drop_index(op.f("ix_disclosure_batch_id"), table_name="disclosure")
    op.drop_table("disclosure")
    if op.get_bind().dialect.name == "postgresql":
        for table in APPEND_ONLY:
            op.execute(f"DROP FUNCTION {table}_append_only()")
