"""The migration claim: who somebody was to an LTI 1.1 tool. Believed only with a valid signature, else ignored.

The signature is base64(HMAC-SHA-256(the 1.1 secret, consumer key & deployment & issuer & client & exp & nonce))
(LTI 1.3 Core, migration guide).
"""

import base64
import hashlib
import hmac
import uuid
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.logging import fields, get_logger
from grading.launch_facts import LaunchFacts
from lti_tool.lti import claims as names
from lti_tool.lti.models import LegacyConsumer
from privacy.audit import Actor, record
from privacy.sealing import Owner, Place, Vault

log = get_logger(__name__)


def secret_place(consumer: LegacyConsumer) -> Place:
    """Where the secret of a consumer key is sealed."""
    return Place("legacy_consumer", "secret", consumer.id)


def keep_consumer(session: Session, vault: Vault, registration_id: UUID, consumer_key: str, secret: str) -> None:
    """Keep the secret of an LTI 1.1 consumer key, in place of an earlier one."""
    known = select(LegacyConsumer).where(
        LegacyConsumer.registration_id == registration_id, LegacyConsumer.consumer_key == consumer_key
    )
    row = session.execute(known).scalar_one_or_none()
    if row is None:
        row = LegacyConsumer(id=uuid.uuid4(), registration_id=registration_id, consumer_key=consumer_key)
    row.sealed_secret = vault.seal_text(session, Owner.site(), secret_place(row), secret)
    session.add(row)
    record(
        session,
        event="platform.legacy_key_kept",
        actor=Actor.system(),
        tenant_id=None,
        object_type="registration",
        object_id=registration_id,
    )


def with_proven_ids(session: Session, vault: Vault, facts: LaunchFacts, claims: dict[str, Any]) -> LaunchFacts:
    """The facts with the person's LTI 1.1 id, if the claim is there and its signature is right."""
    claim = claims.get(names.LTI11)
    if not isinstance(claim, dict) or not isinstance(claim.get("oauth_consumer_key"), str):
        return facts
    consumer = session.execute(
        select(LegacyConsumer).where(
            LegacyConsumer.registration_id == facts.verified_for.registration_id,
            LegacyConsumer.consumer_key == claim["oauth_consumer_key"],
        )
    ).scalar_one_or_none()
    if consumer is None:
        return facts
    secret = vault.open_text(session, secret_place(consumer), consumer.sealed_secret)
    signature = claim.get("oauth_consumer_key_sign")
    expected = migration_signature(secret, claims, claim["oauth_consumer_key"])
    if not isinstance(signature, str) or not hmac.compare_digest(signature.encode(), expected.encode()):
        log.warning("launch.migration_refused", extra=fields(registration=facts.verified_for.registration_id))
        return facts
    legacy = claim.get("user_id", claims["sub"])
    if not isinstance(legacy, str) or not 0 < len(legacy) <= 255:
        return facts
    return replace(facts, lti11_user_id=legacy)


def migration_signature(secret: str, claims: dict[str, Any], consumer_key: str) -> str:
    """The signature that a platform with this secret makes for a message."""
    audience = claims["aud"][0] if isinstance(claims["aud"], list) else claims["aud"]
    parts = (
        consumer_key,
        claims[names.DEPLOYMENT_ID],
        claims["iss"],
        audience,
        str(int(claims["exp"])),
        claims["nonce"],
    )
    digest = hmac.new(secret.encode(), "&".join(parts).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
