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

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database, insert_ignoring_conflicts
from config.logging import fields, get_logger
from grading import intake
from grading.backoff import pause_seconds
from grading.errors import NotFound
from grading.intake import AssetFacts, SubmissionFacts
from grading.models import Context, Deployment, Registration
from grading.models.tenancy import DeploymentState, RegistrationState
from grading.tenancy import find_registrations
from lti_tool.lti import claims as names
from lti_tool.lti import verify
from lti_tool.lti.errors import LtiError, refused
from lti_tool.lti.facts import custom_of, text_of
from lti_tool.lti.models import Notice, NoticeState, notice_place
from lti_tool.lti.outside import read_json
from lti_tool.lti.platform_keys import PlatformKeys
from privacy.audit import Actor, record
from privacy.sealing import Owner, Vault

MOST_AT_ONCE: Final = 200
MOST_ATTEMPTS: Final = 10
TAKE_NOTICE: Final = "blindmark.take_notice"
LEASE: Final = timedelta(minutes=5)
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
    """Takes deliveries and works them off. One per process."""

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

    def due(self, session: Session, now: datetime) -> list[UUID]:
        """Notices to work off now."""
        return list(
            session.execute(
                select(Notice.id)
                .where(Notice.state == NoticeState.WAITING, Notice.next_attempt_at <= now)
                .order_by(Notice.next_attempt_at)
                .limit(100)
            ).scalars()
        )

    def work_off(self, notice_id: UUID) -> None:
        """Do what one notice asks for, in one transaction with the note that it is done."""
        now = self._clock()
        with self._database.transaction() as session:
            claimed = session.execute(
                update(Notice)
                .where(Notice.id == notice_id, Notice.state == NoticeState.WAITING, Notice.next_attempt_at <= now)
                .values(attempts=Notice.attempts + 1, next_attempt_at=now + LEASE)
                .returning(Notice.attempts)
            ).scalar_one_or_none()
        if claimed is None:
            return
        try:
            with self._database.transaction() as session:
                # Locked before anything it leads to, as an erasure does: one that came first has emptied it.
                notice = session.execute(
                    select(Notice).where(Notice.id == notice_id, Notice.state == NoticeState.WAITING).with_for_update()
                ).scalar_one_or_none()
                if notice is None:
                    return
                self._act(session, notice)
                notice.state, notice.sealed_content = NoticeState.DONE, None
        except NotFound:
            self._put_off(notice_id, claimed)

    def _act(self, session: Session, notice: Notice) -> None:
        claims = self._vault.open_json(session, notice_place(notice.id), notice.sealed_content or b"")
        if notice.type == names.SUBMISSION_NOTICE:
            registration_id = session.get_one(Deployment, notice.tenant_id).registration_id
            facts = submission_facts(claims, notice.tenant_id, registration_id)
            intake.receive(session, self._vault, facts, self._clock)
        elif notice.type == names.CONTEXT_COPY_NOTICE:
            _note_copy(session, notice.tenant_id, claims)
        record(
            session,
            event="notice.worked_off",
            actor=Actor.system(),
            tenant_id=notice.tenant_id,
            object_type="notice",
            object_id=notice.id,
            details={"type": notice.type},
        )

    def _put_off(self, notice_id: UUID, attempts: int) -> None:
        """Nothing is attached yet: the answer to the deep linking request may still be on its way."""
        with self._database.transaction() as session:
            notice = session.get_one(Notice, notice_id)
            if attempts >= MOST_ATTEMPTS:
                notice.state, notice.sealed_content = NoticeState.FAILED, None
                log.warning("notice.failed", extra=fields(notice=notice_id, type=notice.type))
                return
            notice.next_attempt_at = self._clock() + timedelta(seconds=pause_seconds(attempts))

    def _verify(self, token: str) -> _Verified:
        kid = verify.read_header(token)
        issuer, client_id = _addressed(token)
        with self._database.transaction() as session:
            found = find_registrations(session, issuer, client_id)
        if len(found) != 1 or found[0].state is not RegistrationState.ACTIVE:
            raise refused("platform_unknown")
        registration: Registration = found[0]
        key = self._keys.find(registration.id, registration.jwks_url, kid)
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


def submission_facts(claims: dict[str, Any], tenant_id: UUID, registration_id: UUID) -> SubmissionFacts:
    """What a submission notice says, in the domain's terms.

    Raises:
        NotFound: it does not say what was handed in, by whom, and where the files are.
    """
    activity, submission = _object(claims, names.ACTIVITY), _object(claims, names.SUBMISSION)
    service, report = _object(claims, names.ASSET_SERVICE), _object(claims, names.ASSET_REPORT)
    subject = verify.person_concerned(claims)
    assets = [_asset(one) for one in service.get("assets", []) if isinstance(one, dict)]
    facts = SubmissionFacts(
        tenant_id=tenant_id,
        registration_id=registration_id,
        activity_id=text_of(activity, "id"),
        assignment_id=_uuid(custom_of(claims).get("assignment_id", "")),
        lms_submission_id=text_of(submission, "id")[:255],
        subject=str(subject or "")[:255],
        report_url=text_of(report, "report_url"),
        assets=tuple(asset for asset in assets if asset.asset_id and asset.url.startswith("http")),
    )
    if not (facts.activity_id and facts.lms_submission_id and facts.subject and facts.report_url and facts.assets):
        raise NotFound("The notice does not say what was handed in.")
    return facts


def forget_notices(session: Session, now: datetime) -> None:
    """Remove notices that were worked off long ago; until then they keep repeats out."""
    session.execute(delete(Notice).where(Notice.state != NoticeState.WAITING, Notice.received_at < now - KEPT))


def _asset(given: dict[str, Any]) -> AssetFacts:
    size = given.get("size")
    return AssetFacts(
        asset_id=text_of(given, "asset_id")[:255],
        url=str(given.get("url") or "")[:2048],
        content_type=text_of(given, "content_type"),
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else 0,
        checksum=text_of(given, "sha256_checksum")[:64],
        title=text_of(given, "title")[:255],
        file_name=text_of(given, "filename")[:255],
    )


def _note_copy(session: Session, tenant_id: UUID, claims: dict[str, Any]) -> None:
    context = _object(claims, names.CONTEXT)
    lms_context_id, origins = text_of(context, "id"), claims.get(names.ORIGIN_CONTEXTS)
    if not verify.is_id(lms_context_id) or not isinstance(origins, list):
        raise NotFound("The notice does not say which course was copied.")
    session.execute(
        insert_ignoring_conflicts(session, Context).values(
            id=uuid.uuid4(), tenant_id=tenant_id, lms_context_id=lms_context_id, title=text_of(context, "title")[:255]
        )
    )
    row = session.execute(
        select(Context).where(Context.tenant_id == tenant_id, Context.lms_context_id == lms_context_id)
    ).scalar_one()
    row.origin_ids = [one for one in origins if isinstance(one, str) and one][:20]


def _tokens(body: bytes) -> list[str]:
    try:
        content = read_json(body)
    except ValueError as error:
        raise NoticesRefused("This is not JSON.") from error
    notices = content.get("notices") if isinstance(content, dict) else None
    if not isinstance(notices, list) or len(notices) > MOST_AT_ONCE:
        raise NoticesRefused(f"A delivery is an object with a list `notices` of at most {MOST_AT_ONCE}.")
    return [one["jwt"] if isinstance(one, dict) and isinstance(one.get("jwt"), str) else "" for one in notices]


def _addressed(token: str) -> tuple[str, str]:
    """Who claims to have signed a token, and for whom; checked afterwards with the key of that platform."""
    claims = verify.unverified_claims(token)
    issuer, audience = claims.get("iss"), claims.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    if not verify.is_id(issuer) or not verify.is_id(audience):
        raise refused("audience")
    return str(issuer), str(audience)


def _object(claims: dict[str, Any], name: str) -> dict[str, Any]:
    value = claims.get(name)
    return value if isinstance(value, dict) else {}


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
