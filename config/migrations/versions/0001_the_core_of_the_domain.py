"""The core of the domain

Revision: 0001
Follows: nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# An audit entry, once written, stays as it is.
APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END",
        "CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit_event is append-only'; END $$",
        "CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event FOR EACH STATEMENT EXECUTE FUNCTION audit_event_append_only()",
    ),
}


def upgrade() -> None:
    op.create_table(
        "administrator",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(length=100), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_administrator")),
        sa.UniqueConstraint("username", name=op.f("uq_administrator_username")),
    )
    op.create_table(
        "audit_chain",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_chain")),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("object_type", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
        sa.UniqueConstraint("chain", "sequence", name=op.f("uq_audit_event_chain_sequence")),
    )
    op.create_index("ix_audit_event_happened_at", "audit_event", ["happened_at", "id"], unique=False)
    op.create_index("ix_audit_event_object", "audit_event", ["object_type", "object_id"], unique=False)
    op.create_index(op.f("ix_audit_event_tenant_id"), "audit_event", ["tenant_id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("text_version", sa.String(length=32), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_context_id"), "consent", ["context_id"], unique=False)
    op.create_index(op.f("ix_consent_tenant_id"), "consent", ["tenant_id"], unique=False)
    op.create_index(
        "uq_consent_standing",
        "consent",
        ["person_id", "context_id"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "data_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column(
            "owner_kind",
            sa.Enum(
                "person", "course", "site", name="data_key_owner", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("master_key_id", sa.String(length=64), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name=op.f("ck_data_key_destroyed_is_gone")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_key")),
    )
    op.create_index(op.f("ix_data_key_master_key_id"), "data_key", ["master_key_id"], unique=False)
    op.create_index(
        "uq_data_key_live",
        "data_key",
        ["tenant_id", "owner_kind", "owner_id"],
        unique=True,
        sqlite_where=sa.text("destroyed_at IS NULL"),
        postgresql_where=sa.text("destroyed_at IS NULL"),
    )
    op.create_table(
        "registration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("product_family", sa.String(length=64), nullable=False),
        sa.Column("authorization_url", sa.String(length=2048), nullable=False),
        sa.Column("token_url", sa.String(length=2048), nullable=False),
        sa.Column("token_audience", sa.String(length=2048), nullable=False),
        sa.Column("jwks_url", sa.String(length=2048), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "active", "disabled", name="registration_state", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_launch_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration")),
        sa.UniqueConstraint("issuer", "client_id", name=op.f("uq_registration_issuer_client_id")),
    )
    op.create_table(
        "tool_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("public_jwk", sa.JSON(), nullable=False),
        sa.Column("sealed_private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activates_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool_key")),
        sa.UniqueConstraint("kid", name=op.f("uq_tool_key_kid")),
    )
    op.create_table(
        "admin_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("administrator_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administrator_id"], ["administrator.id"], name=op.f("fk_admin_session_administrator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_session")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_admin_session_secret_hash")),
    )
    op.create_index(op.f("ix_admin_session_administrator_id"), "admin_session", ["administrator_id"], unique=False)
    op.create_table(
        "batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "created",
                "submitted",
                "processing",
                "completed",
                "failed",
                "cancelled",
                name="batch_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "step",
            sa.Enum(
                "submit",
                "seal",
                "upload",
                "create",
                "poll",
                "ingest",
                "clean_up",
                "done",
                name="batch_step",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("estimated_microdollars", sa.BigInteger(), nullable=False),
        sa.Column("actual_microdollars", sa.BigInteger(), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("provider_file_id", sa.String(length=255), nullable=True),
        sa.Column("upload_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("create_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_batch_id", sa.String(length=255), nullable=True),
        sa.Column("provider_status", sa.String(length=64), nullable=True),
        sa.Column("provider_output_file_id", sa.String(length=255), nullable=True),
        sa.Column("provider_error_file_id", sa.String(length=255), nullable=True),
        sa.Column("provider_completed", sa.Integer(), nullable=False),
        sa.Column("provider_failed", sa.Integer(), nullable=False),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure_code", sa.String(length=64), nullable=True),
        sa.Column("failure_words", sa.Text(), nullable=True),
        sa.CheckConstraint("estimated_microdollars >= 0", name=op.f("ck_batch_estimate_not_negative")),
        sa.ForeignKeyConstraint(["created_by"], ["administrator.id"], name=op.f("fk_batch_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("number", name=op.f("uq_batch_number")),
        sa.UniqueConstraint("provider_batch_id", name=op.f("uq_batch_provider_batch_id")),
    )
    op.create_index("ix_batch_created_at", "batch", ["created_at", "id"], unique=False)
    op.create_index("ix_batch_due", "batch", ["step", "next_check_at"], unique=False)
    op.create_table(
        "deployment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("lms_deployment_id", sa.String(length=255), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "approved",
                "disabled",
                name="deployment_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk_deployment_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment")),
        sa.UniqueConstraint(
            "registration_id", "lms_deployment_id", name=op.f("uq_deployment_registration_id_lms_deployment_id")
        ),
    )
    op.create_index(op.f("ix_deployment_registration_id"), "deployment", ["registration_id"], unique=False)
    op.create_table(
        "login_state",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visit_handle", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk_login_state_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_state")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_login_state_state_hash")),
    )
    op.create_index(op.f("ix_login_state_expires_at"), "login_state", ["expires_at"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk_person_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("registration_id", "subject", name=op.f("uq_person_registration_id_subject")),
    )
    op.create_table(
        "platform_key_set",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_platform_key_set_registration_id")
        ),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_platform_key_set")),
    )
    op.create_table(
        "context",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("lms_context_id", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("lineitems_url", sa.String(length=2048), nullable=True),
        sa.Column("ags_scopes", sa.JSON(), nullable=False),
        sa.Column("memberships_url", sa.String(length=2048), nullable=True),
        sa.Column("roster_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("roster_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("allow_llm_assessment", sa.Boolean(), nullable=False),
        sa.Column("approved_providers", sa.JSON(), nullable=False),
        sa.Column("data_retention_days", sa.Integer(), nullable=False),
        sa.Column("anonymize_submissions", sa.Boolean(), nullable=False),
        sa.Column("batch_processing_consent", sa.Boolean(), nullable=False),
        sa.Column("real_time_only_mode", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["deployment.id"], name=op.f("fk_context_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_context")),
        sa.UniqueConstraint("tenant_id", "lms_context_id", name=op.f("uq_context_tenant_id_lms_context_id")),
    )
    op.create_index(op.f("ix_context_tenant_id"), "context", ["tenant_id"], unique=False)
    op.create_table(
        "assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("points_hundredths", sa.Integer(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts_allowed", sa.Integer(), nullable=False),
        sa.Column("lineitem_url", sa.String(length=2048), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("attempts_allowed >= 0", name=op.f("ck_assignment_attempts_not_negative")),
        sa.CheckConstraint("points_hundredths > 0", name=op.f("ck_assignment_points_positive")),
        sa.ForeignKeyConstraint(["context_id"], ["context.id"], name=op.f("fk_assignment_context_id")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_assignment_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index(op.f("ix_assignment_context_id"), "assignment", ["context_id"], unique=False)
    op.create_table(
        "enrolment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "instructor",
                "grader",
                "designer",
                "learner",
                "observer",
                name="course_role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum("active", "left", name="enrolment_state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("test_user", sa.Boolean(), nullable=False),
        sa.Column("sealed_profile", sa.LargeBinary(), nullable=True),
        sa.Column("role_from_launch", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["context_id"], ["context.id"], name=op.f("fk_enrolment_context_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_enrolment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("context_id", "person_id", name=op.f("uq_enrolment_context_id_person_id")),
    )
    op.create_index("ix_enrolment_context_id_state", "enrolment", ["context_id", "state"], unique=False)
    op.create_index(op.f("ix_enrolment_person_id"), "enrolment", ["person_id"], unique=False)
    op.create_table(
        "draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "source",
            sa.Enum("text", "file", name="draft_source", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("media_type", sa.String(length=128), nullable=False),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_file", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_file_name", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_document_names", sa.LargeBinary(), nullable=True),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_draft_assignment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draft_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint("assignment_id", "person_id", name=op.f("uq_draft_assignment_id_person_id")),
    )
    op.create_index(op.f("ix_draft_person_id"), "draft", ["person_id"], unique=False)
    op.create_table(
        "prompt_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("system_instructions", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("temperature_hundredths", sa.Integer(), nullable=False),
        sa.Column("max_output_tokens", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("max_output_tokens > 0", name=op.f("ck_prompt_version_max_output_tokens_positive")),
        sa.CheckConstraint(
            "temperature_hundredths BETWEEN 0 AND 200", name=op.f("ck_prompt_version_temperature_range")
        ),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_prompt_version_assignment_id")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_prompt_version_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt_version")),
        sa.UniqueConstraint("assignment_id", "number", name=op.f("uq_prompt_version_assignment_id_number")),
    )
    op.create_table(
        "resource_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("lms_link_id", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=True),
        sa.Column("lineitem_url", sa.String(length=2048), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_launch_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_resource_link_assignment_id")),
        sa.ForeignKeyConstraint(["context_id"], ["context.id"], name=op.f("fk_resource_link_context_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource_link")),
        sa.UniqueConstraint("context_id", "lms_link_id", name=op.f("uq_resource_link_context_id_lms_link_id")),
    )
    op.create_index(op.f("ix_resource_link_assignment_id"), "resource_link", ["assignment_id"], unique=False)
    op.create_table(
        "rubric_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_rubric_version_assignment_id")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_rubric_version_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rubric_version")),
        sa.UniqueConstraint("assignment_id", "number", name=op.f("uq_rubric_version_assignment_id_number")),
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "grading",
                "with_instructor",
                "released",
                "replaced",
                name="submission_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("by_hand_reason", sa.String(length=64), nullable=True),
        sa.Column(
            "source",
            sa.Enum("text", "file", name="submission_source", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("media_type", sa.String(length=128), nullable=False),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_file", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_file_name", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_document_names", sa.LargeBinary(), nullable=True),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("attempt >= 1", name=op.f("ck_submission_attempt_positive")),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_submission_assignment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_submission_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint(
            "assignment_id", "person_id", "attempt", name=op.f("uq_submission_assignment_id_person_id_attempt")
        ),
    )
    op.create_index(
        "ix_submission_assignment_id_state",
        "submission",
        ["assignment_id", "state", "submitted_at", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_submission_person_id"), "submission", ["person_id"], unique=False)
    op.create_index(
        "uq_submission_counting",
        "submission",
        ["assignment_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'replaced'"),
        postgresql_where=sa.text("state <> 'replaced'"),
    )
    op.create_table(
        "anonymized_text",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_map", sa.LargeBinary(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_anonymized_text_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anonymized_text")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_anonymized_text_submission_id")),
    )
    op.create_table(
        "grade_push",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "submitted",
                "released",
                "withdrawn",
                name="push_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "sending",
                "delivered",
                "failed",
                "obsolete",
                name="push_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("score_hundredths", sa.Integer(), nullable=True),
        sa.Column("maximum_hundredths", sa.Integer(), nullable=False),
        sa.Column("sealed_comment", sa.LargeBinary(), nullable=True),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response_status", sa.Integer(), nullable=True),
        sa.Column("failure_code", sa.String(length=64), nullable=True),
        sa.Column("failure_words", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'released') = (score_hundredths IS NOT NULL)", name=op.f("ck_grade_push_score_when_released")
        ),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_grade_push_assignment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_grade_push_person_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_grade_push_submission_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["deployment.id"], name=op.f("fk_grade_push_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_push")),
        sa.UniqueConstraint(
            "assignment_id", "person_id", "number", name=op.f("uq_grade_push_assignment_id_person_id_number")
        ),
    )
    op.create_index("ix_grade_push_due", "grade_push", ["state", "next_attempt_at"], unique=False)
    op.create_index(op.f("ix_grade_push_person_id"), "grade_push", ["person_id"], unique=False)
    op.create_index(op.f("ix_grade_push_submission_id"), "grade_push", ["submission_id"], unique=False)
    op.create_index(op.f("ix_grade_push_tenant_id"), "grade_push", ["tenant_id"], unique=False)
    op.create_table(
        "launch_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("handle", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("resource_link_id", sa.Uuid(), nullable=True),
        sa.Column("message_type", sa.String(length=64), nullable=False),
        sa.Column("sealed_deep_linking", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_launch_session_enrolment_id")),
        sa.ForeignKeyConstraint(
            ["resource_link_id"], ["resource_link.id"], name=op.f("fk_launch_session_resource_link_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["deployment.id"], name=op.f("fk_launch_session_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_launch_session")),
        sa.UniqueConstraint("handle", name=op.f("uq_launch_session_handle")),
    )
    op.create_index(op.f("ix_launch_session_enrolment_id"), "launch_session", ["enrolment_id"], unique=False)
    op.create_index(op.f("ix_launch_session_expires_at"), "launch_session", ["expires_at"], unique=False)
    op.create_table(
        "queue_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "selected",
                "processing",
                "completed",
                "failed",
                "skipped",
                name="queue_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "priority",
            sa.Enum(
                "high", "normal", "low", name="queue_priority", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("priority_rank", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("estimated_microdollars", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("failure_code", sa.String(length=64), nullable=True),
        sa.Column("failure_words", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("estimated_microdollars >= 0", name=op.f("ck_queue_item_estimate_not_negative")),
        sa.ForeignKeyConstraint(["context_id"], ["context.id"], name=op.f("fk_queue_item_context_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_queue_item_submission_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["deployment.id"], name=op.f("fk_queue_item_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_item")),
    )
    op.create_index("ix_queue_item_context_id", "queue_item", ["context_id", "state", "queued_at"], unique=False)
    op.create_index(
        "ix_queue_item_state_priority", "queue_item", ["state", "priority_rank", "queued_at", "id"], unique=False
    )
    op.create_index(op.f("ix_queue_item_submission_id"), "queue_item", ["submission_id"], unique=False)
    op.create_index(
        "uq_queue_item_live",
        "queue_item",
        ["submission_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('queued', 'selected', 'processing')"),
        postgresql_where=sa.text("state IN ('queued', 'selected', 'processing')"),
    )
    op.create_table(
        "batch_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("queue_item_id", sa.Uuid(), nullable=False),
        sa.Column("custom_id", sa.String(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "prepared",
                "succeeded",
                "failed",
                "returned",
                name="request_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("prompt_version_id", sa.Uuid(), nullable=False),
        sa.Column("rubric_version_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=True),
        sa.Column("failure_code", sa.String(length=64), nullable=True),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("actual_microdollars", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("actual_microdollars >= 0", name=op.f("ck_batch_request_cost_not_negative")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_request_batch_id")),
        sa.ForeignKeyConstraint(
            ["prompt_version_id"], ["prompt_version.id"], name=op.f("fk_batch_request_prompt_version_id")
        ),
        sa.ForeignKeyConstraint(["queue_item_id"], ["queue_item.id"], name=op.f("fk_batch_request_queue_item_id")),
        sa.ForeignKeyConstraint(
            ["rubric_version_id"], ["rubric_version.id"], name=op.f("fk_batch_request_rubric_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_request")),
        sa.UniqueConstraint("batch_id", "queue_item_id", name=op.f("uq_batch_request_batch_id_queue_item_id")),
        sa.UniqueConstraint("custom_id", name=op.f("uq_batch_request_custom_id")),
    )
    op.create_index(op.f("ix_batch_request_batch_id"), "batch_request", ["batch_id"], unique=False)
    op.create_index(
        "uq_batch_request_live",
        "batch_request",
        ["queue_item_id"],
        unique=True,
        sqlite_where=sa.text("state = 'prepared'"),
        postgresql_where=sa.text("state = 'prepared'"),
    )
    op.create_table(
        "assessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("batch_request_id", sa.Uuid(), nullable=True),
        sa.Column("prompt_version_id", sa.Uuid(), nullable=False),
        sa.Column("rubric_version_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "completed",
                "failed",
                "overridden",
                name="assessment_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "review_status",
            sa.Enum(
                "pending",
                "approved",
                "rejected",
                name="review_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("score_hundredths", sa.Integer(), nullable=True),
        sa.Column("maximum_hundredths", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=True),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=True),
        sa.Column("failure_code", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("confidence BETWEEN 0 AND 100", name=op.f("ck_assessment_confidence_range")),
        sa.CheckConstraint("score_hundredths <= maximum_hundredths", name=op.f("ck_assessment_score_within_maximum")),
        sa.CheckConstraint("score_hundredths >= 0", name=op.f("ck_assessment_score_not_negative")),
        sa.ForeignKeyConstraint(
            ["batch_request_id"], ["batch_request.id"], name=op.f("fk_assessment_batch_request_id")
        ),
        sa.ForeignKeyConstraint(
            ["prompt_version_id"], ["prompt_version.id"], name=op.f("fk_assessment_prompt_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["rubric_version_id"], ["rubric_version.id"], name=op.f("fk_assessment_rubric_version_id")
        ),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_assessment_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
        sa.UniqueConstraint("batch_request_id", name=op.f("uq_assessment_batch_request_id")),
    )
    op.create_index("ix_assessment_submission_id", "assessment", ["submission_id", "created_at"], unique=False)
    op.create_table(
        "review_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "approved",
                "overridden",
                "by_hand",
                "rejected",
                "withdrawn",
                name="decision_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("score_hundredths", sa.Integer(), nullable=True),
        sa.Column("sealed_feedback", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(score_hundredths IS NULL) = (kind IN ('rejected', 'withdrawn'))",
            name=op.f("ck_review_decision_score_when_released"),
        ),
        sa.CheckConstraint("score_hundredths >= 0", name=op.f("ck_review_decision_score_not_negative")),
        sa.ForeignKeyConstraint(["assessment_id"], ["assessment.id"], name=op.f("fk_review_decision_assessment_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_review_decision_decided_by")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_review_decision_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_decision")),
        sa.UniqueConstraint("submission_id", "number", name=op.f("uq_review_decision_submission_id_number")),
    )
    op.create_index(op.f("ix_review_decision_assessment_id"), "review_decision", ["assessment_id"], unique=False)
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_index(op.f("ix_review_decision_assessment_id"), table_name="review_decision")
    op.drop_table("review_decision")
    op.drop_index("ix_assessment_submission_id", table_name="assessment")
    op.drop_table("assessment")
    op.drop_index(
        "uq_batch_request_live",
        table_name="batch_request",
        sqlite_where=sa.text("state = 'prepared'"),
        postgresql_where=sa.text("state = 'prepared'"),
    )
    op.drop_index(op.f("ix_batch_request_batch_id"), table_name="batch_request")
    op.drop_table("batch_request")
    op.drop_index(
        "uq_queue_item_live",
        table_name="queue_item",
        sqlite_where=sa.text("state IN ('queued', 'selected', 'processing')"),
        postgresql_where=sa.text("state IN ('queued', 'selected', 'processing')"),
    )
    op.drop_index(op.f("ix_queue_item_submission_id"), table_name="queue_item")
    op.drop_index("ix_queue_item_state_priority", table_name="queue_item")
    op.drop_index("ix_queue_item_context_id", table_name="queue_item")
    op.drop_table("queue_item")
    op.drop_index(op.f("ix_launch_session_expires_at"), table_name="launch_session")
    op.drop_index(op.f("ix_launch_session_enrolment_id"), table_name="launch_session")
    op.drop_table("launch_session")
    op.drop_index(op.f("ix_grade_push_tenant_id"), table_name="grade_push")
    op.drop_index(op.f("ix_grade_push_submission_id"), table_name="grade_push")
    op.drop_index(op.f("ix_grade_push_person_id"), table_name="grade_push")
    op.drop_index("ix_grade_push_due", table_name="grade_push")
    op.drop_table("grade_push")
    op.drop_table("anonymized_text")
    op.drop_index(
        "uq_submission_counting",
        table_name="submission",
        sqlite_where=sa.text("state <> 'replaced'"),
        postgresql_where=sa.text("state <> 'replaced'"),
    )
    op.drop_index(op.f("ix_submission_person_id"), table_name="submission")
    op.drop_index("ix_submission_assignment_id_state", table_name="submission")
    op.drop_table("submission")
    op.drop_table("rubric_version")
    op.drop_index(op.f("ix_resource_link_assignment_id"), table_name="resource_link")
    op.drop_table("resource_link")
    op.drop_table("prompt_version")
    op.drop_index(op.f("ix_draft_person_id"), table_name="draft")
    op.drop_table("draft")
    op.drop_index(op.f("ix_enrolment_person_id"), table_name="enrolment")
    op.drop_index("ix_enrolment_context_id_state", table_name="enrolment")
    op.drop_table("enrolment")
    op.drop_index(op.f("ix_assignment_context_id"), table_name="assignment")
    op.drop_table("assignment")
    op.drop_index(op.f("ix_context_tenant_id"), table_name="context")
    op.drop_table("context")
    op.drop_table("platform_key_set")
    op.drop_table("person")
    op.drop_index(op.f("ix_login_state_expires_at"), table_name="login_state")
    op.drop_table("login_state")
    op.drop_index(op.f("ix_deployment_registration_id"), table_name="deployment")
    op.drop_table("deployment")
    op.drop_index("ix_batch_due", table_name="batch")
    op.drop_index("ix_batch_created_at", table_name="batch")
    op.drop_table("batch")
    op.drop_index(op.f("ix_admin_session_administrator_id"), table_name="admin_session")
    op.drop_table("admin_session")
    op.drop_table("tool_key")
    op.drop_table("registration")
    op.drop_index(
        "uq_data_key_live",
        table_name="data_key",
        sqlite_where=sa.text("destroyed_at IS NULL"),
        postgresql_where=sa.text("destroyed_at IS NULL"),
    )
    op.drop_index(op.f("ix_data_key_master_key_id"), table_name="data_key")
    op.drop_table("data_key")
    op.drop_index(
        "uq_consent_standing",
        table_name="consent",
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.drop_index(op.f("ix_consent_tenant_id"), table_name="consent")
    op.drop_index(op.f("ix_consent_context_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_index(op.f("ix_audit_event_tenant_id"), table_name="audit_event")
    op.drop_index("ix_audit_event_object", table_name="audit_event")
    op.drop_index("ix_audit_event_happened_at", table_name="audit_event")
    op.drop_table("audit_event")
    op.drop_table("audit_chain")
    op.drop_table("administrator")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_event_append_only()")
