"""A launch: verify what the platform signed, consume state and nonce once, note who came, open a visit (L1).

A browser without cookies gets no visit from the launch alone: it must first show what the login stored with the
platform (LTI platform storage, OIDC login with client-side postMessages).
"""

import hmac
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading.arrivals import LaunchFacts, LaunchRecord, record_launch
from lti_tool.lti import claims as names
from lti_tool.lti import migration, roles, verify
from lti_tool.lti.answered import AnsweredLogin, find_login
from lti_tool.lti.errors import ADVICE, DeploymentPending, PlatformAnswered, refused
from lti_tool.lti.facts import message_claims, read_facts, read_locale
from lti_tool.lti.platform_keys import PlatformKeys
from lti_tool.lti.signed import read_token
from lti_tool.lti.states import States
from lti_tool.lti.storage import StoredProof, proof_of
from lti_tool.sessions import LaunchSession, hash_secret, message_place, new_browser_secret, open_visit
from privacy.audit import Actor, record
from privacy.sealing import Owner, Place, Vault

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a browser without cookies needs in order to show that it is the one that logged in."""

    ticket: str
    state: str
    nonce: str
    storage_target: str
    platform_origin: str


@dataclass(frozen=True, slots=True)
class Launch:
    """Where a launch led."""

    handle: str
    message_type: str
    context_id: UUID | None
    resumed: bool = False
    roster_wanted: bool = False
    """Whether the course's roster has not been read for a while."""
    proof: Proof | None = None
    """Set for a browser without cookies: the visit stays shut until the proof is given."""


class Launcher:
    """Takes launches. One per process."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        keys: PlatformKeys,
        *,
        base_url: str,
        signing_key: str,
        session_hours: float,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._vault = vault
        self._keys = keys
        self._base_url = base_url
        self._signing_key = signing_key
        self.states = States(signing_key)
        self._hours = session_hours
        self._clock = clock

    def take(self, form: Mapping[str, str], secret: str) -> Launch:
        """Handle the platform's answer to a login.

        Raises:
            PlatformAnswered: the platform ended it with an error of its own.
            TokenRefused: a check failed; nothing was written.
            DeploymentPending: an administrator has to let the deployment in first.
        """
        login = self._answered(form.get("state", ""), secret)
        if form.get("error"):
            raise PlatformAnswered(
                f"Your LMS ended the launch by itself ({_error_code(form['error'])}). {ADVICE}", code="platform_error"
            )
        if login.handle is not None:
            return self._resume(login, login.handle)
        token = read_token(form.get("id_token", ""))
        key = self._keys.find(login.state.registration_id, login.jwks_url, token.kid, stored=login.keys)
        claims = verify.verify_token(token, key, issuer=login.issuer, client_id=login.client_id, now=self._clock())
        nonce = claims.get("nonce")
        expected = self.states.nonce(login.state_hash)
        if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.encode()):
            raise refused("nonce")
        verify.check_message(claims, own_origin=self._base_url, accepted=verify.LAUNCHES)
        try:
            launch = self._store(login, claims, secret)
        except IntegrityError:
            # The same message is being taken by another request: a button pressed twice, or a thief.
            login = self._answered(login.state.text, secret)
            if login.handle is None:
                raise
            return self._resume(login, login.handle)
        if launch is None:
            raise DeploymentPending(
                "Your LMS reaches Blindmark from a place that nobody has approved yet. "
                "Ask Blindmark's administrator to approve it under Platforms, then open the activity again."
            )
        return launch

    def prove(self, ticket: str, stored: StoredProof) -> tuple[str, str]:
        """Open the visit of a browser without cookies; returns its handle and the key that its requests carry.

        Raises:
            TokenRefused: the browser does not have what the login stored, or the ticket was used.
        """
        key = new_browser_secret()
        with self._database.transaction() as session:
            row = session.execute(
                select(LaunchSession.id, LaunchSession.handle, LaunchSession.state_hash).where(
                    LaunchSession.proof_hash == hash_secret(ticket), LaunchSession.expires_at > self._clock()
                )
            ).one_or_none()
            if row is None or not ticket:
                raise refused("ticket")
            visit_id, handle, state_hash = row
            if state_hash is None or not stored.fits(
                self._signing_key, state_hash=state_hash, nonce=self.states.nonce(state_hash)
            ):
                raise refused("state_of_another_browser")
            opened = session.execute(
                update(LaunchSession)
                .where(LaunchSession.id == visit_id, LaunchSession.proof_hash == hash_secret(ticket))
                .values(proof_hash=None, browser_hash=hash_secret(key))
                .returning(LaunchSession.id)
            ).first()
            if opened is None:
                raise refused("ticket")
        return handle, key

    def _answered(self, state: str, secret: str) -> AnsweredLogin:
        return find_login(self._database, self.states.read(state), secret, self._clock())

    def _resume(self, login: AnsweredLogin, handle: str) -> Launch:
        """The same message again. In the browser that it was for, it leads where it led; anywhere else nowhere."""
        if login.from_its_browser:
            return Launch(handle, "", None, resumed=True)
        ticket = secrets.token_urlsafe(32)
        with self._database.transaction() as session:
            again = session.execute(
                update(LaunchSession)
                .where(LaunchSession.handle == handle, LaunchSession.cookieless)
                .values(proof_hash=hash_secret(ticket))
                .returning(LaunchSession.id)
            ).first()
        if again is None:
            raise refused("replayed")
        return Launch(handle, "", None, resumed=True, proof=self._proof(login, ticket))

    def _store(self, login: AnsweredLogin, claims: dict[str, Any], secret: str) -> Launch | None:
        handle, ticket = secrets.token_urlsafe(18), secrets.token_urlsafe(32)
        facts = read_facts(claims, login.state.registration_id, claims[names.DEPLOYMENT_ID])
        with self._database.transaction() as session:
            facts = migration.with_proven_ids(session, self._vault, facts, claims)
            noted = record_launch(session, self._vault, facts, self._clock)
            if noted is None:
                return None
            # Without a cookie the visit gets a key that nobody knows, until the browser has proved itself.
            visit_id = uuid.uuid4()
            open_visit(
                session,
                visit_id,
                state_hash=login.state_hash,
                handle=handle,
                secret=secret or new_browser_secret(),
                proof="" if secret else ticket,
                enrolment_id=noted.enrolment_id,
                tenant_id=noted.tenant_id,
                resource_link_id=noted.resource_link_id,
                message_type=claims[names.MESSAGE_TYPE],
                administrator=roles.decide(claims[names.ROLES]).administrator,
                locale=read_locale(claims),
                sealed_message=self._seal_message(session, message_place(visit_id), noted, claims),
                now=self._clock(),
                hours=self._hours,
            )
            _audit(session, noted, claims[names.MESSAGE_TYPE], facts)
        log.info(
            "launch.accepted",
            extra=fields(context=noted.context_id, message=claims[names.MESSAGE_TYPE], role=facts.role.value),
        )
        return Launch(
            handle,
            claims[names.MESSAGE_TYPE],
            noted.context_id,
            roster_wanted=noted.roster_wanted,
            proof=None if secret else self._proof(login, ticket),
        )

    def _seal_message(
        self, session: Session, place: Place, noted: LaunchRecord, claims: dict[str, Any]
    ) -> bytes | None:
        details = message_claims(claims)
        if not details:
            return None
        return self._vault.seal_json(session, Owner.course(noted.tenant_id, noted.context_id), place, details)

    def stored_values(self, state: str, nonce: str) -> dict[str, str]:
        """What the login asks the platform to keep for a browser without cookies: names and values."""
        return proof_of(self._signing_key, state, nonce).entries(state, nonce)

    def _proof(self, login: AnsweredLogin, ticket: str) -> Proof:
        state, nonce = login.state, self.states.nonce(login.state_hash)
        return Proof(ticket, state.text, nonce, state.storage_target, login.platform_origin)


def _error_code(value: str) -> str:
    """An OIDC error code as far as it looks like one: the rest of such an answer is anybody's text."""
    return value if value.isascii() and value.replace("_", "").isalnum() and len(value) <= 40 else "unnamed"


def _audit(session: Session, noted: LaunchRecord, message_type: str, facts: LaunchFacts) -> None:
    record(
        session,
        event="launch.accepted",
        actor=Actor.person(noted.person_id),
        tenant_id=noted.tenant_id,
        object_type="context",
        object_id=noted.context_id,
        details={"message": message_type, "role": facts.role.value},
    )
