"""Tenants: which LMSs are connected, and which of their deployments are let in."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar, TypeVarTuple
from urllib.parse import urlsplit

from sqlalchemy import Select, bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload

from config.database import Base, table_of
from config.settings import is_loopback
from grading.errors import EntryRefused, NotFound
from grading.models import Deployment, Registration
from grading.models.tenancy import DeploymentState, RegistrationState
from privacy.audit import Actor, record

T = TypeVar("T", bound=Base)
Columns = TypeVarTuple("Columns")
FRESH = timedelta(hours=1)


class PlatformRefused(EntryRefused):
    """An LMS can't be connected with these values. `field` names the wrong one."""

    code = "platform_refused"


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


def find_connected(session: Session, details: PlatformDetails) -> Registration | None:
    """The accepted registration of this issuer and client, if all of its addresses are these: it came again.

    Under other addresses it is not the same: nobody may move a connection that an administrator let in.
    """
    found = find_registrations(session, details.issuer, details.client_id)
    addresses = (details.authorization_url, details.token_url, details.jwks_url, details.token_audience)
    for one in found:
        if (one.authorization_url, one.token_url, one.jwks_url, one.token_audience) == addresses:
            return one
    return None


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


def get_deployment(session: Session, deployment_id: uuid.UUID) -> Deployment:
    """One deployment with its registration.

    Raises:
        NotFound: there is none.
    """
    found = session.get(Deployment, deployment_id, options=[joinedload(Deployment.registration)])
    if found is None:
        raise NotFound("There is no such deployment. It may have been erased already. Reload the page.")
    return found


def approve_deployment(session: Session, deployment_id: uuid.UUID, actor: Actor | None = None) -> None:
    """Let a deployment in.

    Raises:
        NotFound: there is none.
    """
    deployment = get_deployment(session, deployment_id)
    deployment.state = DeploymentState.APPROVED
    _audit(session, "deployment.approved", actor, "deployment", deployment.id)


def disable_deployment(session: Session, deployment_id: uuid.UUID, actor: Actor | None = None) -> None:
    """Refuse launches from a deployment from now on; what it has stays.

    Raises:
        NotFound: there is none.
    """
    deployment = get_deployment(session, deployment_id)
    deployment.state = DeploymentState.DISABLED
    _audit(session, "deployment.disabled", actor, "deployment", deployment.id)


def of_issuer(query: Select[*Columns]) -> tuple[Select[*Columns], Select[*Columns]]:
    """A query about registrations, narrowed to the active ones of an issuer, and to those of one client among them.

    To be built once: putting a statement together takes longer than running it. Parameters: `issuer`, and `client`.
    """
    columns = table_of(Registration).c
    narrowed = query.where(columns.issuer == bindparam("issuer"), columns.state == RegistrationState.ACTIVE)
    return narrowed, narrowed.where(columns.client_id == bindparam("client"))


_OF_ISSUER, _OF_CLIENT = of_issuer(select(Registration))


def find_registrations(session: Session, issuer: str, client_id: str | None) -> list[Registration]:
    """Active registrations of an issuer, of one client if named."""
    found = session.execute(_OF_CLIENT if client_id else _OF_ISSUER, {"issuer": issuer, "client": client_id})
    return list(found.scalars())


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
