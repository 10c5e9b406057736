"""What a verified launch leads to: who came is noted and a visit opened, all in one transaction."""

import secrets
import uuid
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from config.logging import fields, get_logger
from grading.arrivals import LaunchRecord, record_launch
from grading.launch_facts import LaunchFacts
from lti_tool.lti import claims as names
from lti_tool.lti import migration, roles
from lti_tool.lti.answered import AnsweredLogin
from lti_tool.lti.facts import message_claims, read_facts, read_locale
from lti_tool.lti.states import States
from lti_tool.sessions import message_place, new_browser_secret, open_visit
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


class VisitOpener:
    """Opens visits. One per process."""

    def __init__(self, database: Database, vault: Vault, states: States, *, hours: float, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._states = states
        self._hours = hours
        self._clock = clock

    def open(self, login: AnsweredLogin, claims: dict[str, Any], secret: str) -> Launch | None:
        """Note a launch and open its visit; None when its deployment waits for an administrator.

        Args:
            secret: of the browser that answers; empty when it has none.

        Raises:
            PlatformChanged: the platform does not stand as it did when the message was checked.
            IntegrityError: the login led to a visit before.
        """
        handle, ticket = secrets.token_urlsafe(18), "" if secret else secrets.token_urlsafe(32)
        decision = roles.decide(claims[names.ROLES])
        facts = read_facts(claims, decision, login.platform.registration)
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
                proof=ticket,
                enrolment_id=noted.enrolment_id,
                tenant_id=noted.tenant_id,
                resource_link_id=noted.resource_link_id,
                message_type=claims[names.MESSAGE_TYPE],
                administrator=decision.administrator,
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
            proof=self.proof(login, ticket) if ticket else None,
        )

    def proof(self, login: AnsweredLogin, ticket: str) -> Proof:
        """What to ask of a browser without cookies."""
        state, nonce = login.state, self._states.nonce(login.state_hash)
        return Proof(ticket, state.text, nonce, state.storage_target, login.platform.origin)

    def _seal_message(
        self, session: Session, place: Place, noted: LaunchRecord, claims: dict[str, Any]
    ) -> bytes | None:
        details = message_claims(claims)
        if not details:
            return None
        return self._vault.seal_json(session, Owner.course(noted.tenant_id, noted.context_id), place, details)


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
