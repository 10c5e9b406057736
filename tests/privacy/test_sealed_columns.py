"""Sealed columns take nothing that was not sealed, and what may hold a person's words or names is a sealed column."""

import uuid
from typing import Final

import pytest
from sqlalchemy import JSON, Column, Enum, LargeBinary, String, insert, update
from sqlalchemy.exc import StatementError

import lti_tool.tables  # noqa: F401 - registers every table
from config.clock import utc_now
from config.database import Base, Database
from lti_tool.lti.models import ToolKey
from privacy.columns import SHORTEST, SealedBytes, looks_sealed
from privacy.errors import NotSealed
from privacy.sealing import Owner, Place, Vault

PLAIN = [b"", b"plain words", b"\x01" + b"x" * (SHORTEST - 2), b"long plain words that are not sealed at all" * 3]


@pytest.mark.parametrize("plain", PLAIN)
def test_plain_words_are_refused_whatever_the_way(sqlite_database: Database, plain: bytes) -> None:
    values = {
        "id": uuid.uuid4(),
        "kid": "k",
        "public_jwk": {},
        "sealed_private_key": plain,
        "created_at": utc_now(),
        "activates_at": utc_now(),
    }
    session = sqlite_database.session()
    session.add(ToolKey(**values))
    with pytest.raises(StatementError) as by_object:
        session.flush()
    session.rollback()
    with pytest.raises(StatementError) as by_bulk:
        session.execute(insert(ToolKey), [values])
    session.rollback()
    with pytest.raises(StatementError) as by_update:
        session.execute(update(ToolKey).values(sealed_private_key=plain))
    session.close()
    with pytest.raises(StatementError) as on_connection, sqlite_database.connection() as connection:
        connection.execute(insert(ToolKey), values)
    for refused in (by_object, by_bulk, by_update, on_connection):
        assert isinstance(refused.value.orig, NotSealed)
        assert "plain words" not in str(refused.value)


def test_text_is_refused_too(sqlite_database: Database) -> None:
    with sqlite_database.session() as session, pytest.raises(StatementError, match="not sealed"):
        session.execute(update(ToolKey).values(sealed_private_key="\x01" + "x" * 60))


def test_sealed_values_pass_even_the_empty_one(sqlite_database: Database, vault: Vault) -> None:
    with sqlite_database.transaction() as session:
        place = Place("tool_key", "private_key", uuid.uuid4())
        blob = vault.seal(session, Owner.site(), place, b"")
        assert len(blob) == SHORTEST
        assert looks_sealed(blob)


CODE = "a code of ours"
OPAQUE = "an opaque identifier of the LMS or of the provider"
ADDRESS = "an address of an LMS, without a person in it"
HASH = "a hash or a random secret's hash"
TEACHING = "teaching material: what is asked, not what a person handed in"
LABEL = "what an administrator or an LMS calls a thing"
STAFF_NOTE = "an administrator's own words about an item or a batch, not a student's"
FAILURE = "words of ours or of another system about a failure, shortened"
PROVIDER_FACT = "a fact about a provider, from an agreement or the configuration"

NOT_SEALED: Final = {
    "batch.cancel_reason": STAFF_NOTE,
    "batch.lease_token": "random, of use to nobody",
    "batch.price": "prices of a model",
    "batch_request.provider_code": CODE,
    "budget_account.month": "a month",
    "budget_entry.model": LABEL,
    "budget_entry.month": "a month",
    "budget_freeze.lift_reason": STAFF_NOTE,
    "budget_freeze.reason": STAFF_NOTE,
    "budget_override.month": "a month",
    "budget_override.reason": STAFF_NOTE,
    "budget_transfer.month": "a month",
    "budget_warning.month": "a month",
    "erasure_request.requested_by_kind": CODE,
    "personal_export.failure_code": CODE,
    "personal_export.requested_by_kind": CODE,
    "price_override.model": LABEL,
    "price_override.note": PROVIDER_FACT,
    "price_override.provider": CODE,
    "price_override.source": PROVIDER_FACT,
    "provider_event.webhook_id": OPAQUE,
    "provider_file.failure_code": CODE,
    "provider_file.file_id": OPAQUE,
    "provider_file.provider": CODE,
    "provider_health.failure_code": CODE,
    "provider_health.failure_words": FAILURE,
    "provider_health.provider": CODE,
    "queue_change.chosen": "a filter: codes, ids and dates; searched words are encrypted",
    "queue_change.position": "a place in an order: a moment and an id",
    "queue_change.value": STAFF_NOTE,
    "queue_item.previous_note": STAFF_NOTE,
    "queue_item.model": LABEL,
    "queue_tally.model": LABEL,
    "queue_tally.priority": CODE,
    "queue_tally.state": CODE,
    "retirement_override.model": LABEL,
    "retirement_override.provider": CODE,
    "retirement_override.source": PROVIDER_FACT,
    "saved_filter.content": "a filter: codes, ids and dates; searched words are encrypted",
    "saved_filter.name": LABEL,
    "admin_session.secret_hash": HASH,
    "administrator.password_hash": HASH,
    "administrator.username": "an administrator signs in by it; chosen for that, and no student",
    "anonymized_text.findings": "counts by kind",
    "arrival.lms_submission_id": OPAQUE,
    "arrival.report_url": ADDRESS,
    "arrival_asset.asset_id": OPAQUE,
    "arrival_asset.checksum": HASH,
    "arrival_asset.content_type": "a media type",
    "arrival_asset.error_code": CODE,
    "arrival_asset.report_failure": FAILURE,
    "arrival_asset.reported": CODE,
    "arrival_asset.reporting": CODE,
    "assessment.failure_code": CODE,
    "assessment.flags": CODE,
    "assessment.model": LABEL,
    "assessment.provider": CODE,
    "assignment.description": TEACHING,
    "assignment.lineitem_url": ADDRESS,
    "assignment.title": TEACHING,
    "audit_chain.chain": OPAQUE,
    "audit_chain.head": HASH,
    "audit_event.actor_kind": CODE,
    "audit_event.chain": OPAQUE,
    "audit_event.details": "codes, counts and opaque ids: erasure must never have to break the chain",
    "audit_event.event": CODE,
    "audit_event.hash": HASH,
    "audit_event.object_type": CODE,
    "audit_event.previous": HASH,
    "batch.failure_code": CODE,
    "batch.failure_words": FAILURE,
    "batch.model": LABEL,
    "batch.note": STAFF_NOTE,
    "batch.provider": CODE,
    "batch.provider_batch_id": OPAQUE,
    "batch.provider_error_file_id": OPAQUE,
    "batch.provider_file_id": OPAQUE,
    "batch.provider_output_file_id": OPAQUE,
    "batch.provider_status": CODE,
    "batch_request.custom_id": "random; derived from nothing",
    "batch_request.failure_code": CODE,
    "consent.text_language": CODE,
    "consent.text_hash": HASH,
    "consent.text_version": CODE,
    "deployment.notice_types": CODE,
    "deployment.notices_url": ADDRESS,
    "deployment.terms_url": ADDRESS,
    "context.ags_scopes": CODE,
    "context.approved_providers": CODE,
    "context.label": LABEL,
    "context.lineitems_url": ADDRESS,
    "context.lms_context_id": OPAQUE,
    "context.memberships_url": ADDRESS,
    "context.origin_ids": OPAQUE,
    "context.title": LABEL,
    "data_key.master_key_id": "an id of a master key",
    "data_key.wrapped": "a data key, wrapped by the key ring: what sealing itself rests on",
    "deployment.lms_deployment_id": OPAQUE,
    "draft.media_type": "a media type",
    "draft.warnings": CODE,
    "disclosure.consent_version": CODE,
    "disclosure.endpoint": PROVIDER_FACT,
    "disclosure.model": LABEL,
    "disclosure.month": "a month",
    "disclosure.provider": CODE,
    "dynamic_registration.failure_words": FAILURE,
    "dynamic_registration.issuer": ADDRESS,
    "dynamic_registration.token_hash": HASH,
    "erasure_request.removed": "counts by table",
    "grade_push.failure_code": CODE,
    "grade_push.failure_words": FAILURE,
    "launch_session.browser_hash": HASH,
    "launch_session.handle": "a random handle, of use only with the browser's secret",
    "launch_session.locale": CODE,
    "launch_session.message_type": CODE,
    "launch_session.proof_hash": HASH,
    "launch_session.state_hash": HASH,
    "legacy_consumer.consumer_key": OPAQUE,
    "notice.nonce_hash": HASH,
    "notice.notice_id": OPAQUE,
    "notice.type": CODE,
    "person.lti11_user_id": OPAQUE,
    "person.subject": "the LTI sub, opaque: people are found by it at each launch",
    "platform_key_set.content": "public keys of an LMS",
    "processor.activity_id": OPAQUE,
    "prompt_version.model": LABEL,
    "prompt_version.system_instructions": TEACHING,
    "prompt_version.template": TEACHING,
    "privacy_limits.approved_providers": CODE,
    "provider_agreement.endpoint": PROVIDER_FACT,
    "provider_agreement.name": PROVIDER_FACT,
    "provider_agreement.provider": CODE,
    "provider_agreement.reference": PROVIDER_FACT,
    "provider_agreement.region": PROVIDER_FACT,
    "queue_item.failure_code": CODE,
    "queue_item.failure_words": FAILURE,
    "queue_item.note": STAFF_NOTE,
    "registration.authorization_url": ADDRESS,
    "registration.client_id": OPAQUE,
    "registration.granted_scopes": CODE,
    "registration.issuer": ADDRESS,
    "registration.jwks_url": ADDRESS,
    "registration.name": LABEL,
    "registration.product_family": CODE,
    "registration.token_audience": ADDRESS,
    "registration.token_url": ADDRESS,
    "registration_invitation.note": LABEL,
    "registration_invitation.token_hash": HASH,
    "resource_link.lineitem_url": ADDRESS,
    "resource_link.lms_link_id": OPAQUE,
    "resource_link.title": LABEL,
    "retired_master_key.id": "an id of a master key",
    "rubric_version.content": TEACHING,
    "spent_login.state_hash": HASH,
    "submission.by_hand_reason": CODE,
    "submission.media_type": "a media type",
    "terms_order.failure_words": FAILURE,
    "terms_order.text_version": CODE,
    "tool_key.kid": OPAQUE,
    "tool_key.public_jwk": "a public key of ours",
}
"""Every column that could hold words and is not sealed, and why that is right."""


def may_hold_words(column: Column[object]) -> bool:
    kind = column.type
    return isinstance(kind, (String, JSON, LargeBinary)) and not isinstance(kind, Enum)


def test_every_column_that_may_hold_words_is_sealed_or_has_a_reason_not_to_be() -> None:
    open_columns, sealed = set(), set()
    for table in Base.metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, SealedBytes):
                sealed.add(f"{table.name}.{column.name}")
            elif may_hold_words(column):
                open_columns.add(f"{table.name}.{column.name}")
    assert open_columns - NOT_SEALED.keys() == set(), "seal these, or say why they need not be"
    assert NOT_SEALED.keys() - open_columns == set(), "these are gone or sealed by now"
    assert {name.split(".")[1].startswith("sealed_") for name in sealed} == {True}
    assert {
        "submission.sealed_text",
        "submission.sealed_file",
        "draft.sealed_text",
        "anonymized_text.sealed_map",
        "batch_request.sealed_body",
        "batch_request.sealed_answer",
        "assessment.sealed_content",
        "review_decision.sealed_feedback",
        "enrolment.sealed_profile",
        "grade_push.sealed_comment",
    } <= sealed
