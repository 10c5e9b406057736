"""Whether the connection with an LMS works: its keys can be read, it gives tokens, and for what (L5)."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from config.database import Database
from grading.models import Registration
from grading.tenancy import get_platform
from lti_tool.lti.platform_keys import PlatformKeys
from lti_tool.lti.registration.tool import NEEDED_SCOPES, SCOPE_WORDS, WISHED_SCOPES
from lti_tool.lti.services.connector import ServiceConnector
from lti_tool.lti.services.errors import ServiceFailed
from privacy.audit import Actor, record


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried."""

    what: str
    good: bool
    words: str
    needed: bool = True
    """Whether Blindmark can't do without it."""


def check_connection(
    database: Database, keys: PlatformKeys, connector: ServiceConnector, registration_id: UUID, actor: Actor
) -> list[Finding]:
    """Try everything that can be tried without a launch.

    Raises:
        NotFound: there is no such registration.
    """
    with database.transaction() as session:
        registration = get_platform(session, registration_id)
        jwks_url = registration.jwks_url
    findings = [_keys(keys, registration_id, jwks_url)]
    findings += _tokens(connector, registration_id)
    with database.transaction() as session:
        _note(session, registration_id, findings, actor)
    return findings


def _keys(keys: PlatformKeys, registration_id: UUID, jwks_url: str) -> Finding:
    count = keys.refresh(registration_id, jwks_url)
    if count is None:
        return Finding("Key set", False, "The LMS's keys could not be read from its key set address.")
    if count == 0:
        return Finding("Key set", False, "The key set holds no key that can sign launches (RSA, RS256).")
    return Finding("Key set", True, f"{count} key{'s' if count > 1 else ''} found.")


def _tokens(connector: ServiceConnector, registration_id: UUID) -> list[Finding]:
    findings = []
    for scopes, needed in ((NEEDED_SCOPES, True), (WISHED_SCOPES, False)):
        for scope in scopes:
            what = _sentence(SCOPE_WORDS[scope])
            try:
                granted = connector.granted(registration_id, (scope,))
            except ServiceFailed as failure:
                findings.append(Finding(what, False, failure.words, needed))
                continue
            good = scope in granted
            findings.append(Finding(what, good, "Allowed." if good else "Not allowed by the LMS.", needed))
    return findings


def _note(session: Session, registration_id: UUID, findings: list[Finding], actor: Actor) -> None:
    registration = session.get_one(Registration, registration_id)
    words = {_sentence(SCOPE_WORDS[scope]): scope for scope in (*NEEDED_SCOPES, *WISHED_SCOPES)}
    registration.granted_scopes = [words[one.what] for one in findings if one.good and one.what in words]
    record(
        session,
        event="platform.tested",
        actor=actor,
        tenant_id=None,
        object_type="registration",
        object_id=registration_id,
        details={"good": sum(one.good for one in findings), "bad": sum(not one.good for one in findings)},
    )


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]
