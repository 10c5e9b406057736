"""Tenants and who came in: registrations, deployments, and what a launch tells about course, person and link.

Everything is found by the identity keys of LTI: (issuer, client_id), its deployment, the context and the person inside
it. Two launches may meet at any of these: each row is inserted unless its unique key exists, then read.
"""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from config.clock import Clock, utc_now
from config.database import Base, insert_ignoring_conflicts
from config.settings import is_loopback
from grading.assignments import link_to
from grading.errors import GradingError, NotFound
from grading.models import Context, Deployment, Enrolment, Person, Registration, ResourceLink
from grading.models.people import CourseRole, EnrolmentState
from grading.models.tenancy import DeploymentState, RegistrationState
from grading.people import profile_place
from privacy.audit import Actor, record
from privacy.sealing import Owner, Vault

T = TypeVar("T", bound=Base)
FRESH = timedelta(hours=1)


class PlatformRefused(GradingError):
    """An LMS can't be connected with these values. `field` names the wrong one."""

    code = "platform_refused"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class PlatformDetails:
    """What an LMS's administrator hands over."""

    issuer: str
    client_id: str
    name: str
    authorization_url: str
    token_url: str
    jwks_url: str
    token_audience: str = ""


@dataclass(frozen=True, slots=True)
class LaunchFacts:
    """What a verified launch says, in our own terms. Empty strings and None where it says nothing."""

    registration_id: uuid.UUID
    deployment_id: uuid.UUID
    subject: str
    role: CourseRole
    test_user: bool = False
    profile: dict[str, str] = field(default_factory=dict)
    lms_context_id: str = ""
    context_title: str = ""
    context_label: str = ""
    lms_link_id: str | None = None
    link_title: str = ""
    assignment_id: uuid.UUID | None = None
    """From the link's custom parameters or line item; only followed inside the same course."""
    lineitems_url: str | None = None
    lineitem_url: str | None = None
    ags_scopes: tuple[str, ...] = ()
    memberships_url: str | None = None
    product_family: str = ""


@dataclass(frozen=True, slots=True)
class LaunchRecord:
    """The rows a launch led to."""

    context_id: uuid.UUID
    person_id: uuid.UUID
    enrolment_id: uuid.UUID
    resource_link_id: uuid.UUID | None
    roster_wanted: bool


def register_platform(
    session: Session,
    details: PlatformDetails,
    lms_deployment_id: str | None = None,
    *,
    approved: bool = True,
    actor: Actor | None = None,
) -> tuple[Registration, Deployment | None]:
    """Connect an LMS, with one deployment if its id is known.

    Raises:
        PlatformRefused: a value is missing or unsafe, or the LMS is connected already.
    """
    _check(details)
    registration = Registration(
        id=uuid.uuid4(),
        issuer=details.issuer,
        client_id=details.client_id,
        name=details.name.strip(),
        authorization_url=details.authorization_url,
        token_url=details.token_url,
        token_audience=details.token_audience,
        jwks_url=details.jwks_url,
    )
    session.add(registration)
    try:
        session.flush()
    except IntegrityError as error:
        raise PlatformRefused(
            "An LMS with this issuer and client id is connected already.", field="client_id"
        ) from error
    deployment = None
    if lms_deployment_id:
        state = DeploymentState.APPROVED if approved else DeploymentState.PENDING
        deployment = Deployment(
            id=uuid.uuid4(), registration_id=registration.id, lms_deployment_id=lms_deployment_id, state=state
        )
        session.add(deployment)
    _audit(session, "platform.connected", actor, "registration", registration.id)
    return registration, deployment


def list_platforms(session: Session) -> list[Registration]:
    """All connected LMSs with their deployments."""
    query = select(Registration).options(selectinload(Registration.deployments)).order_by(Registration.name)
    return list(session.execute(query).scalars())


def get_platform(session: Session, registration_id: uuid.UUID) -> Registration:
    """One connected LMS with its deployments.

    Raises:
        NotFound: there is none.
    """
    found = session.get(Registration, registration_id, options=[selectinload(Registration.deployments)])
    if found is None:
        raise NotFound("There is no such platform. `blindmark platform list` shows all of them.")
    return found


def set_platform_state(
    session: Session, registration_id: uuid.UUID, state: RegistrationState, actor: Actor
) -> Registration:
    """Accept or refuse launches of an LMS from now on."""
    found = get_platform(session, registration_id)
    found.state = state
    _audit(session, f"platform.{state.value}", actor, "registration", found.id)
    return found


def approve_deployment(session: Session, deployment_id: uuid.UUID, actor: Actor | None = None) -> None:
    """Let a deployment in.

    Raises:
        NotFound: there is none.
    """
    deployment = session.get(Deployment, deployment_id)
    if deployment is None:
        raise NotFound("There is no such deployment. Reload the page.")
    deployment.state = DeploymentState.APPROVED
    _audit(session, "deployment.approved", actor, "deployment", deployment.id)


def find_registrations(session: Session, issuer: str, client_id: str | None) -> list[Registration]:
    """Active registrations of an issuer, of one client if named."""
    query = select(Registration).where(Registration.issuer == issuer, Registration.state == RegistrationState.ACTIVE)
    if client_id:
        query = query.where(Registration.client_id == client_id)
    return list(session.execute(query).scalars())


def find_or_note_deployment(session: Session, registration_id: uuid.UUID, lms_deployment_id: str) -> Deployment:
    """The deployment of a launch; one nobody knows is noted as pending, for an administrator to approve."""
    return _upsert(
        session,
        Deployment,
        {"registration_id": registration_id, "lms_deployment_id": lms_deployment_id},
        {"state": DeploymentState.PENDING},
    )


def record_launch(session: Session, vault: Vault, facts: LaunchFacts, clock: Clock = utc_now) -> LaunchRecord:
    """Note course, person, role, link and service addresses of a launch."""
    now = clock()
    registration = session.get_one(Registration, facts.registration_id)
    registration.last_launch_at = now
    registration.product_family = facts.product_family[:64] or registration.product_family
    context = _upsert(session, Context, {"tenant_id": facts.deployment_id, "lms_context_id": facts.lms_context_id}, {})
    context.title = facts.context_title[:255] or context.title
    context.label = facts.context_label[:255] or context.label
    context.lineitems_url = facts.lineitems_url or context.lineitems_url
    context.ags_scopes = list(facts.ags_scopes) or context.ags_scopes
    context.memberships_url = facts.memberships_url or context.memberships_url
    person = _upsert(session, Person, {"registration_id": facts.registration_id, "subject": facts.subject}, {})
    enrolment = _upsert(session, Enrolment, {"context_id": context.id, "person_id": person.id}, {"role": facts.role})
    enrolment.role, enrolment.role_from_launch = facts.role, True
    enrolment.state, enrolment.test_user, enrolment.seen_at = EnrolmentState.ACTIVE, facts.test_user, now
    if any(facts.profile.values()):
        enrolment.sealed_profile = vault.seal_json(
            session, Owner.person(facts.deployment_id, person.id), profile_place(enrolment.id), facts.profile
        )
    link_id = _link(session, context, facts, clock) if facts.lms_link_id else None
    wanted = bool(context.memberships_url) and (context.roster_read_at is None or now - context.roster_read_at > FRESH)
    return LaunchRecord(context.id, person.id, enrolment.id, link_id, wanted)


def _link(session: Session, context: Context, facts: LaunchFacts, clock: Clock) -> uuid.UUID:
    link = _upsert(session, ResourceLink, {"context_id": context.id, "lms_link_id": facts.lms_link_id}, {})
    link.title = facts.link_title[:255] or link.title
    link.lineitem_url = facts.lineitem_url or link.lineitem_url
    link.last_launch_at = clock()
    wanted = link.assignment_id or facts.assignment_id
    if wanted is not None:
        link_to(session, tenant_id=context.tenant_id, link=link, assignment_id=wanted)
    return link.id


def _upsert(session: Session, model: type[T], key: dict[str, Any], defaults: dict[str, Any]) -> T:
    query = select(model).filter_by(**key)
    found = session.execute(query).scalar_one_or_none()
    if found is None:
        session.execute(insert_ignoring_conflicts(session, model).values(id=uuid.uuid4(), **key, **defaults))
        found = session.execute(query).scalar_one()
    return found


def _check(details: PlatformDetails) -> None:
    if not details.name.strip() or len(details.name) > 200:
        raise PlatformRefused("Give the LMS a name of at most 200 characters.", field="name")
    if not details.client_id.strip() or len(details.client_id) > 255:
        raise PlatformRefused("The client id is missing: the LMS shows it after adding the tool.", field="client_id")
    for name in ("issuer", "authorization_url", "token_url", "jwks_url"):
        url = getattr(details, name)
        parts = urlsplit(url)
        secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
        if not secure or not parts.hostname or parts.fragment or len(url) > 2048:
            raise PlatformRefused("This must be a full https:// address.", field=name)


def _audit(session: Session, event: str, actor: Actor | None, kind: str, identifier: uuid.UUID) -> None:
    record(
        session,
        event=event,
        actor=actor or Actor.system(),
        tenant_id=None,
        object_type=kind,
        object_id=identifier,
    )
