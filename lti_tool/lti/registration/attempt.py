"""One registration: written down, sent to the LMS once, and its answer stored.

The LMS's token is used once whatever happens. An attempt that is cut off between the request and its answer stays
`started`: the LMS may list Blindmark by then, so it is shown to the administrator and not repeated by itself.
"""

import json
import uuid
from dataclasses import dataclass
from typing import Any, Final

import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database, insert_ignoring_conflicts
from config.logging import fields, get_logger
from grading.models import Deployment, Registration
from grading.models.tenancy import DeploymentState
from grading.tenancy import PlatformDetails, PlatformRefused, find_connected, register_platform
from lti_tool.lti import platforms
from lti_tool.lti.models import DynamicRegistration, RegistrationProgress
from lti_tool.lti.outside import OutsideFailed, ask, read_json
from lti_tool.lti.registration import invitations
from lti_tool.lti.registration.configuration import PlatformConfiguration
from lti_tool.lti.registration.errors import RegistrationRefused
from lti_tool.lti.registration.tool import TOOL_CONFIGURATION, registration_body, wanted_scopes
from lti_tool.odd_signs import without_odd_signs
from lti_tool.sessions import hash_secret

LONGEST_WORDS: Final = 300
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a registration."""

    name: str
    deployment_known: bool
    approved: bool
    missing_scopes: tuple[str, ...]
    """Asked for and not granted, as far as the LMS said."""


def register(
    database: Database,
    http: requests.Session,
    configuration: PlatformConfiguration,
    *,
    token: str,
    invitation: str,
    base_url: str,
    clock: Clock = utc_now,
) -> Outcome:
    """Register with an LMS.

    Raises:
        RegistrationRefused: not allowed, tried before, or refused by the LMS; nothing is connected then.
    """
    attempt_id, invitation_id = _begin(database, configuration, token, invitation, clock)
    body = registration_body(configuration, base_url)
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        answer = ask(http, "POST", configuration.registration_endpoint, data=json.dumps(body), headers=headers)
    except OutsideFailed as failure:
        words = (
            "The LMS did not answer the registration. It may have added Blindmark all the same: "
            "if it lists Blindmark now, delete it there, then start again."
        )
        _fail(database, attempt_id, None, words, clock)
        raise RegistrationRefused(words, code="registration_unanswered") from failure
    content = _json(answer.body)
    if answer.status not in (200, 201) or content is None:
        words = f"The LMS refused the registration (HTTP {answer.status}): {_said(answer.body, token)}"
        _fail(database, attempt_id, invitation_id, words, clock)
        raise RegistrationRefused(words, code="registration_refused")
    client_id = content.get("client_id")
    if not isinstance(client_id, str) or not 0 < len(client_id) <= 255 or not client_id.isascii():
        words = "The LMS accepted the registration but gave no client id. Delete Blindmark there and start again."
        _fail(database, attempt_id, None, words, clock)
        raise RegistrationRefused(words, code="registration_answer")
    return _finish(database, attempt_id, configuration, content, client_id, invitation_id, clock)


def unfinished(session: Session) -> list[DynamicRegistration]:
    """Attempts that did not end well, newest first, for the administrator to see."""
    return list(
        session.execute(
            select(DynamicRegistration)
            .where(DynamicRegistration.state != RegistrationProgress.DONE)
            .order_by(DynamicRegistration.created_at.desc())
            .limit(5)
        ).scalars()
    )


def _begin(
    database: Database, configuration: PlatformConfiguration, token: str, invitation: str, clock: Clock
) -> tuple[uuid.UUID, uuid.UUID | None]:
    attempt_id = uuid.uuid4()
    with database.transaction() as session:
        invitation_id = invitations.admit(session, invitation, clock())
        if invitation_id is not None:
            invitations.use(session, invitation_id, clock())
        noted = session.execute(
            insert_ignoring_conflicts(session, DynamicRegistration)
            .values(
                id=attempt_id,
                token_hash=hash_secret(token or str(attempt_id)),
                issuer=configuration.issuer,
                state=RegistrationProgress.STARTED,
                invitation_id=invitation_id,
                created_at=clock(),
            )
            .returning(DynamicRegistration.id)
        ).first()
        if noted is None:
            raise RegistrationRefused(
                "This registration was sent before. Look under Platforms whether the LMS is connected; "
                "if not, start again in the LMS.",
                code="registration_repeated",
            )
    return attempt_id, invitation_id


def _finish(
    database: Database,
    attempt_id: uuid.UUID,
    configuration: PlatformConfiguration,
    content: dict[str, Any],
    client_id: str,
    invitation_id: uuid.UUID | None,
    clock: Clock,
) -> Outcome:
    granted = content.get("scope")
    scopes = granted.split() if isinstance(granted, str) else []
    tool = content.get(TOOL_CONFIGURATION)
    deployment = tool.get("deployment_id") if isinstance(tool, dict) else None
    known = isinstance(deployment, str) and 0 < len(deployment) <= 255
    platform = platforms.find(configuration.product_family, configuration.issuer)
    details = PlatformDetails(
        issuer=configuration.issuer,
        client_id=client_id,
        name=f"{platform.name} at {configuration.host}"[:200],
        authorization_url=configuration.authorization_endpoint,
        token_url=configuration.token_endpoint,
        jwks_url=configuration.jwks_uri,
        token_audience=configuration.token_audience,
    )
    try:
        with database.transaction() as session:
            registration = find_connected(session, details)
            if registration is None:
                registration, _ = register_platform(
                    session, details, deployment if known else None, approved=invitation_id is not None
                )
                registration.product_family = configuration.product_family
                registration.granted_scopes = scopes
            approved = _approved(session, registration, deployment)
            attempt = session.get_one(DynamicRegistration, attempt_id)
            attempt.state, attempt.registration_id = RegistrationProgress.DONE, registration.id
            attempt.finished_at = clock()
    except PlatformRefused as error:
        _fail(database, attempt_id, None, error.message, clock)
        raise RegistrationRefused(error.message, code="registration_known") from error
    log.info("registration.done", extra=fields(registration=registration.id, family=configuration.product_family))
    asked = wanted_scopes(configuration)
    return Outcome(
        name=details.name,
        deployment_known=known,
        approved=known and approved,
        missing_scopes=tuple(scope for scope in asked if scopes and scope not in scopes),
    )


def _approved(session: Session, registration: Registration, deployment: object) -> bool:
    """Whether the deployment is let in. What was decided stays when an LMS registers what is connected already."""
    session.flush()
    state = select(Deployment.state).where(
        Deployment.registration_id == registration.id, Deployment.lms_deployment_id == str(deployment)
    )
    return session.execute(state).scalar_one_or_none() is DeploymentState.APPROVED


def _fail(database: Database, attempt_id: uuid.UUID, invitation_id: uuid.UUID | None, words: str, clock: Clock) -> None:
    with database.transaction() as session:
        attempt = session.get_one(DynamicRegistration, attempt_id)
        attempt.state, attempt.failure_words, attempt.finished_at = RegistrationProgress.FAILED, words, clock()
        if invitation_id is not None:
            invitations.give_back(session, invitation_id)
    log.warning("registration.failed", extra=fields(attempt=attempt_id))


def _json(body: bytes) -> dict[str, Any] | None:
    try:
        content = read_json(body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _said(body: bytes, token: str) -> str:
    """The LMS's own words, shortened, on one line, without the secret that it may repeat."""
    words = " ".join(without_odd_signs(body.decode("utf-8", "replace")).split())
    if "<html" in words.lower() or "<!doctype" in words.lower():
        return "it answered with a web page."
    return (words.replace(token, "…") if token else words)[:LONGEST_WORDS] or "it gave no reason."
