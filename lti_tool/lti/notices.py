"""Notices of platforms (Platform Notification Service 1.0): verified like launches, stored at once, worked off later.

A platform may send a notice once only, so it is committed before the platform is answered. Each is told apart by its
id within its deployment: one that comes again changes nothing.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database, insert_ignoring_conflicts
from config.logging import fields, get_logger
from grading.models import Deployment, Registration
from grading.models.tenancy import DeploymentState, RegistrationState
from grading.tenancy import find_registrations
from lti_tool.lti import claims as names
from lti_tool.lti import verify
from lti_tool.lti.errors import LtiError, refused
from lti_tool.lti.models import Notice, NoticeState, notice_place
from lti_tool.lti.outside import read_json
from lti_tool.lti.platform_keys import PlatformKeys
from lti_tool.lti.signed import SignedToken, read_claims, read_token
from privacy.sealing import Owner, Vault

MOST_AT_ONCE: Final = 200
TAKE_NOTICE: Final = "blindmark.take_notice"
KEPT: Final = timedelta(days=30)
KNOWN: Final = frozenset({names.HELLO_WORLD_NOTICE, names.CONTEXT_COPY_NOTICE, names.SUBMISSION_NOTICE})
log = get_logger(__name__)


class NoticesRefused(LtiError):
    """What was sent is no list of notices, or none of them may come in."""

    code = "notices"
    status = 400


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a delivery."""

    accepted: tuple[UUID, ...]
    known_before: int
    ignored: int
    rejected: int


@dataclass(frozen=True, slots=True)
class _Verified:
    tenant_id: UUID
    registration_id: UUID
    claims: dict[str, Any]


class NoticeBox:
    """Takes deliveries. One per process; `NoticeWork` works off what it took."""

    def __init__(self, database: Database, vault: Vault, keys: PlatformKeys, clock: Clock = utc_now) -> None:
        self._database = database
        self._vault = vault
        self._keys = keys
        self._clock = clock

    def take(self, body: bytes) -> Taken:
        """Store the notices of a delivery. One that can't be trusted is left out; the others count.

        Raises:
            NoticesRefused: the body is no list of notices, or not one of them can be trusted.
        """
        tokens = _tokens(body)
        accepted: list[UUID] = []
        known = ignored = rejected = 0
        for token in tokens:
            try:
                verified = self._verify(token)
                stored = self._store(verified)
            except LtiError as error:
                rejected += 1
                log.warning("notice.refused", extra=fields(reason=error.code))
                continue
            if stored is None:
                ignored += 1
            elif stored is True:
                known += 1
            else:
                accepted.append(stored)
        if tokens and rejected == len(tokens):
            raise NoticesRefused("None of these notices was signed by a connected platform.", code="notices_untrusted")
        return Taken(tuple(accepted), known, ignored, rejected)

    def _verify(self, text: str) -> _Verified:
        token = read_token(text)
        issuer, client_id = _addressed(token)
        with self._database.transaction() as session:
            found = find_registrations(session, issuer, client_id)
        if len(found) != 1 or found[0].state is not RegistrationState.ACTIVE:
            raise refused("platform_unknown")
        registration: Registration = found[0]
        key = self._keys.find(registration.id, registration.jwks_url, token.kid)
        claims = verify.verify_token(token, key, issuer=issuer, client_id=client_id, now=self._clock())
        verify.check_notice(claims)
        with self._database.transaction() as session:
            tenant = session.execute(
                select(Deployment.id).where(
                    Deployment.registration_id == registration.id,
                    Deployment.lms_deployment_id == claims[names.DEPLOYMENT_ID],
                    Deployment.state == DeploymentState.APPROVED,
                )
            ).scalar_one_or_none()
        if tenant is None:
            raise refused("deployment_unknown")
        return _Verified(tenant, registration.id, claims)

    def _store(self, verified: _Verified) -> UUID | Literal[True] | None:
        """The new row's id; True when it is known; None when its kind is none of ours."""
        notice = verified.claims[names.NOTICE]
        if notice["type"] not in KNOWN:
            return None
        row_id, nonce = uuid.uuid4(), hashlib.sha256(str(verified.claims["nonce"]).encode()).hexdigest()
        with self._database.transaction() as session:
            known = session.execute(
                select(Notice.id).where(Notice.tenant_id == verified.tenant_id, Notice.notice_id == notice["id"])
            ).first()
            if known is not None:
                return True
            content = {name: value for name, value in verified.claims.items() if name not in _ENVELOPE}
            sealed = self._vault.seal_json(
                session, Owner.course(verified.tenant_id, verified.tenant_id), notice_place(row_id), content
            )
            made = session.execute(
                insert_ignoring_conflicts(session, Notice)
                .values(
                    id=row_id,
                    tenant_id=verified.tenant_id,
                    notice_id=notice["id"],
                    nonce_hash=nonce,
                    type=notice["type"],
                    state=NoticeState.WAITING,
                    sealed_content=sealed,
                    received_at=self._clock(),
                    next_attempt_at=self._clock(),
                    attempts=0,
                )
                .returning(Notice.id)
            ).first()
            if made is not None:
                return row_id
            again = session.execute(
                select(Notice.id).where(Notice.tenant_id == verified.tenant_id, Notice.notice_id == notice["id"])
            ).first()
        if again is None:
            raise refused("nonce_used")
        return True


_ENVELOPE: Final = frozenset({"iss", "aud", "azp", "exp", "iat", "nonce"})


def forget_notices(session: Session, now: datetime) -> None:
    """Remove notices that were worked off long ago; until then they keep repeats out."""
    session.execute(delete(Notice).where(Notice.state != NoticeState.WAITING, Notice.received_at < now - KEPT))


def _tokens(body: bytes) -> list[str]:
    try:
        content = read_json(body)
    except ValueError as error:
        raise NoticesRefused("This is not JSON.") from error
    notices = content.get("notices") if isinstance(content, dict) else None
    if not isinstance(notices, list) or len(notices) > MOST_AT_ONCE:
        raise NoticesRefused(f"A delivery is an object with a list `notices` of at most {MOST_AT_ONCE}.")
    return [one["jwt"] if isinstance(one, dict) and isinstance(one.get("jwt"), str) else "" for one in notices]


def _addressed(token: SignedToken) -> tuple[str, str]:
    """Who claims to have signed a token, and for whom; checked afterwards with the key of that platform."""
    claims = read_claims(token)
    issuer, audience = claims.get("iss"), claims.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    if not verify.is_id(issuer) or not verify.is_id(audience):
        raise refused("audience")
    return str(issuer), str(audience)
