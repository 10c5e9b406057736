"""A launch: verify what the platform signed, consume state and nonce once, note who came, open a visit (L1)."""

import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading.models import Registration
from grading.models.tenancy import DeploymentState, RegistrationState
from grading.tenancy import LaunchFacts, find_or_note_deployment, record_launch
from lti_tool.lti import claims as names
from lti_tool.lti import roles, verify
from lti_tool.lti.errors import ADVICE, DeploymentPending, PlatformAnswered, refused
from lti_tool.lti.models import LoginState
from lti_tool.lti.platform_keys import PlatformKeys
from lti_tool.sessions import hash_secret, open_visit
from privacy.audit import Actor, record
from privacy.sealing import Owner, Place, Vault

PROFILE_CLAIMS = ("name", "given_name", "family_name", "middle_name", "email")
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Launch:
    """Where a launch led."""

    handle: str
    message_type: str
    context_id: UUID | None
    resumed: bool = False
    roster_wanted: bool = False
    """Whether the course's roster has not been read for a while."""


@dataclass(frozen=True, slots=True)
class _Login:
    id: UUID
    nonce: str
    handle: str | None
    consumed: bool
    registration_id: UUID
    issuer: str
    client_id: str
    jwks_url: str


class Launcher:
    """Takes launches. One per process."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        keys: PlatformKeys,
        *,
        base_url: str,
        session_hours: float,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._vault = vault
        self._keys = keys
        self._base_url = base_url
        self._hours = session_hours
        self._clock = clock

    def take(self, form: Mapping[str, str], secret: str) -> Launch:
        """Handle the platform's answer to a login.

        Raises:
            PlatformAnswered: the platform ended it with an error of its own.
            TokenRefused: a check failed; nothing was written.
            DeploymentPending: an administrator has to let the deployment in first.
        """
        login = self._login(form.get("state", ""), secret)
        if form.get("error"):
            raise PlatformAnswered(
                f"Your LMS ended the launch by itself ({form['error'][:40]}). {ADVICE}", code="platform_error"
            )
        if login.consumed:
            if login.handle is None:
                raise refused("replayed")
            return Launch(login.handle, "", None, resumed=True)
        token = form.get("id_token", "")
        key = self._keys.find(login.registration_id, login.jwks_url, verify.read_header(token))
        claims = verify.verify_token(token, key, issuer=login.issuer, client_id=login.client_id, now=self._clock())
        nonce = claims.get("nonce")
        if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), login.nonce.encode()):
            raise refused("nonce")
        message_type = verify.check_message(claims, own_origin=self._base_url, accepted=verify.LAUNCHES)
        launch = self._store(login, claims, message_type, secret)
        if launch is None:
            raise DeploymentPending(
                "Your LMS reaches Blindmark from a place that nobody has approved yet. "
                "Ask Blindmark's administrator to approve it under Platforms, then open the activity again."
            )
        return launch

    def _login(self, state: str, secret: str) -> _Login:
        if not state:
            raise refused("no_state")
        with self._database.transaction() as session:
            row = session.execute(
                select(LoginState, Registration)
                .join(Registration, Registration.id == LoginState.registration_id)
                .where(LoginState.state_hash == hash_secret(state))
            ).one_or_none()
        if row is None:
            raise refused("unknown_state")
        login, registration = row
        if not secret:
            raise refused("no_cookie")
        if not hmac.compare_digest(login.browser_hash, hash_secret(secret)):
            raise refused("state_of_another_browser")
        if login.expires_at <= self._clock() and login.consumed_at is None:
            raise refused("state_expired")
        if registration.state is not RegistrationState.ACTIVE:
            raise refused("platform_disabled")
        return _Login(
            id=login.id,
            nonce=login.nonce,
            handle=login.visit_handle,
            consumed=login.consumed_at is not None,
            registration_id=registration.id,
            issuer=registration.issuer,
            client_id=registration.client_id,
            jwks_url=registration.jwks_url,
        )

    def _store(self, login: _Login, claims: dict[str, Any], message_type: str, secret: str) -> Launch | None:
        with self._database.transaction() as session:
            consumed = session.execute(
                update(LoginState)
                .where(LoginState.id == login.id, LoginState.consumed_at.is_(None))
                .values(consumed_at=self._clock())
                .returning(LoginState.id)
            ).first()
            if consumed is None:
                raise refused("replayed")
            deployment = find_or_note_deployment(session, login.registration_id, claims[names.DEPLOYMENT_ID])
            if deployment.state is not DeploymentState.APPROVED:
                return None
            facts = read_facts(claims, login.registration_id, deployment.id)
            noted = record_launch(session, self._vault, facts, self._clock)
            visit = open_visit(
                session,
                secret=secret,
                enrolment_id=noted.enrolment_id,
                tenant_id=deployment.id,
                resource_link_id=noted.resource_link_id,
                message_type=message_type,
                now=self._clock(),
                hours=self._hours,
            )
            if message_type == names.DEEP_LINKING_REQUEST:
                visit.sealed_deep_linking = self._vault.seal_json(
                    session,
                    Owner.course(deployment.id, noted.context_id),
                    Place("launch_session", "deep_linking", visit.id),
                    claims[names.DEEP_LINKING],
                )
            session.execute(update(LoginState).where(LoginState.id == login.id).values(visit_handle=visit.handle))
            _audit(session, deployment.id, noted.person_id, noted.context_id, message_type, facts.role.value)
        log.info("launch.accepted", extra=fields(context=noted.context_id, message=message_type, role=facts.role.value))
        return Launch(visit.handle, message_type, noted.context_id, roster_wanted=noted.roster_wanted)


def read_facts(claims: dict[str, Any], registration_id: UUID, deployment_id: UUID) -> LaunchFacts:
    """What a verified launch says, in our own terms. Missing and odd claims are read as absent."""
    context, link = _object(claims, names.CONTEXT), _object(claims, names.RESOURCE_LINK)
    ags, nrps = _object(claims, names.AGS), _object(claims, names.NRPS)
    lis, ext, platform = _object(claims, names.LIS), _object(claims, names.EXT), _object(claims, names.TOOL_PLATFORM)
    decision = roles.decide(claims[names.ROLES])
    profile = {name: _text(claims, name) for name in PROFILE_CLAIMS}
    profile |= {"sourcedid": _text(lis, "person_sourcedid"), "username": _text(ext, "user_username")}
    scopes = ags.get("scope")
    return LaunchFacts(
        registration_id=registration_id,
        deployment_id=deployment_id,
        subject=claims["sub"],
        role=decision.role,
        test_user=decision.test_user,
        profile=profile,
        lms_context_id=_text(context, "id"),
        context_title=_text(context, "title"),
        context_label=_text(context, "label"),
        lms_link_id=_text(link, "id") or None,
        link_title=_text(link, "title"),
        assignment_id=_assignment(claims),
        lineitems_url=_url(ags, "lineitems"),
        lineitem_url=_url(ags, "lineitem"),
        ags_scopes=tuple(scope for scope in scopes if isinstance(scope, str)) if isinstance(scopes, list) else (),
        memberships_url=_url(nrps, "context_memberships_url"),
        product_family=_text(platform, "product_family_code"),
    )


def _assignment(claims: dict[str, Any]) -> UUID | None:
    """From the custom parameter that deep linking set, or from the link's own address."""
    custom = _text(_object(claims, names.CUSTOM), "assignment_id")
    from_url = parse_qs(urlsplit(claims[names.TARGET_LINK_URI]).query).get("assignment", [""])[0]
    for value in (custom, from_url):
        try:
            return uuid.UUID(value)
        except ValueError:
            continue
    return None


def _object(claims: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = claims.get(name)
    return value if isinstance(value, dict) else {}


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    # A value that begins with "$" is a variable that the platform did not know.
    return value.strip()[:1000] if isinstance(value, str) and not value.startswith("$") else ""


def _url(claims: Mapping[str, Any], name: str) -> str | None:
    value = _text(claims, name)
    return value if value.startswith(("https://", "http://")) and len(value) <= 2048 else None


def _audit(session: Session, tenant_id: UUID, person_id: UUID, context_id: UUID, message_type: str, role: str) -> None:
    record(
        session,
        event="launch.accepted",
        actor=Actor.person(person_id),
        tenant_id=tenant_id,
        object_type="context",
        object_id=context_id,
        details={"message": message_type, "role": role},
    )
