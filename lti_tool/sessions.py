"""Visits: one row per launch, opened by its handle in the address together with the browser's own secret.

The handle alone opens nothing. The browser's secret lives in one cookie; only its hash is stored. Several launches in
one browser stay apart, because each has its handle.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from flask import Request
from sqlalchemy import ForeignKey, String, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from werkzeug.wrappers import Response

from config.database import Base, table_of
from grading.errors import GradingError
from grading.models import Context, Deployment, Enrolment, Registration
from grading.models.columns import Created, Key, Moment, Sealed
from grading.models.people import CourseRole, EnrolmentState
from grading.models.tenancy import DeploymentState, RegistrationState
from privacy.sealing import Owner, Place, Vault

COOKIE: Final = "__Host-blindmark"
KEY_HEADER: Final = "X-Blindmark-Key"
COOKIE_SECONDS: Final = 30 * 24 * 3600
KEPT: Final = timedelta(days=1)
"""How long a visit outlives its end; longer than a login can be answered."""


class VisitEnded(GradingError):
    """The launch has run out, belongs to another browser, or gives no access any more."""

    code = "visit_ended"
    status = 401


class LaunchSession(Base):
    """One launch in one browser."""

    __tablename__ = "launch_session"

    id: Mapped[Key]
    state_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Hash of the state of the login that this visit used up: no second launch can. A visit is kept for longer than a
    state lives."""
    handle: Mapped[str] = mapped_column(String(64), unique=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"), index=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("deployment.id"))
    resource_link_id: Mapped[UUID | None] = mapped_column(ForeignKey("resource_link.id"))
    message_type: Mapped[str] = mapped_column(String(64))
    sealed_message: Mapped[Sealed | None]
    """JSON of the claims that belong to this kind of message; read by `message_details`."""
    sealed_words: Mapped[Sealed | None]
    """JSON: what the next page says to somebody whose browser keeps no cookie to carry it."""
    administrator: Mapped[bool] = mapped_column(default=False)
    """An administrator of the LMS as a whole. Gives nothing in a course."""
    answered: Mapped[bool] = mapped_column(default=False)
    """A deep linking request is answered once."""
    assignment_id: Mapped[UUID | None]
    """What a visit is about that came by no link of ours."""
    locale: Mapped[str] = mapped_column(String(35), default="")
    """The language tag that the launch named (RFC 5646), if any: chooses the language of texts that have several."""
    proof_hash: Mapped[str | None] = mapped_column(String(64))
    """Hash of the ticket that a browser without cookies must show together with what the platform stores for it."""
    cookieless: Mapped[bool] = mapped_column(default=False)
    """Whether it came from a browser without cookies. What a cookie opened is not opened by anything else."""
    created_at: Mapped[Created]
    expires_at: Mapped[Moment] = mapped_column(index=True)


# Built once and run on the connection itself: every launch comes through here.
_OPEN = insert(table_of(LaunchSession))


@dataclass(frozen=True, slots=True)
class Visit:
    """Who visits, as what, and where; for views."""

    session_id: UUID
    handle: str
    person_id: UUID
    enrolment_id: UUID
    role: CourseRole
    test_user: bool
    registration_id: UUID
    tenant_id: UUID
    context_id: UUID
    resource_link_id: UUID | None
    message_type: str
    administrator: bool = False
    assignment_id: UUID | None = None
    service_urls: tuple[str, ...] = ()
    """Addresses of the course's services, at the site of the LMS that shows the visit."""
    locale: str = ""


def keeps_no_cookie(request: Request) -> bool:
    """Whether a request comes from a browser that carries the key of its visit in a header."""
    return not request.cookies.get(COOKIE) and bool(request.headers.get(KEY_HEADER))


def take_words(session: Session, vault: Vault, visit: Visit) -> list[Any]:
    """What the next page is to say, once."""
    row = session.get_one(LaunchSession, visit.session_id)
    if row.sealed_words is None:
        return []
    words: list[Any] = vault.open_json(session, _words_place(row.id), row.sealed_words)
    row.sealed_words = None
    return words


def keep_words(session: Session, vault: Vault, visit: Visit, words: list[Any]) -> None:
    """Leave something for the next page to say."""
    row = session.get_one(LaunchSession, visit.session_id)
    owner = Owner.person(visit.tenant_id, visit.person_id)
    row.sealed_words = vault.seal_json(session, owner, _words_place(row.id), words)


def _words_place(session_id: UUID) -> Place:
    return Place("launch_session", "words", session_id)


def browser_secret(request: Request) -> str:
    """The secret of the browser that asks; empty when it has none. The only place that reads it.

    A browser that keeps no cookie carries the key of its visit in a header that no other site can set.
    """
    return request.cookies.get(COOKIE) or request.headers.get(KEY_HEADER, "")


def give_browser_secret(response: Response, secret: str) -> None:
    """Keep the secret in the browser: readable in frames of other sites, apart for each of them, by no script."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=COOKIE_SECONDS,
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
        path="/",
    )


def new_browser_secret() -> str:
    """A fresh secret for a browser that has none."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """What is stored of a browser's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def open_visit(
    session: Session,
    visit_id: UUID,
    *,
    state_hash: str,
    handle: str,
    secret: str,
    proof: str,
    enrolment_id: UUID,
    tenant_id: UUID,
    resource_link_id: UUID | None,
    message_type: str,
    administrator: bool,
    locale: str,
    sealed_message: bytes | None,
    now: datetime,
    hours: float,
) -> None:
    """Note a launch; with a proof, the visit stays shut until a browser has given it.

    Args:
        state_hash: of the login that the launch answers. Another visit of the same login is an IntegrityError.
        sealed_message: the claims of the launch's own message, sealed for `message_place`.
    """
    session.connection().execute(
        _OPEN,
        {
            "id": visit_id,
            "state_hash": state_hash,
            "handle": handle,
            "browser_hash": hash_secret(secret),
            "enrolment_id": enrolment_id,
            "tenant_id": tenant_id,
            "resource_link_id": resource_link_id,
            "message_type": message_type,
            "sealed_message": sealed_message,
            "administrator": administrator,
            "answered": False,
            "locale": locale,
            "proof_hash": hash_secret(proof) if proof else None,
            "cookieless": bool(proof),
            "created_at": now,
            "expires_at": now + timedelta(hours=hours),
        },
    )


def forget_visits(session: Session, now: datetime) -> None:
    """Remove visits that ended a while ago: never one whose login could still be answered a second time."""
    session.execute(delete(LaunchSession).where(LaunchSession.expires_at < now - KEPT))


def load_visit(session: Session, handle: str, secret: str, now: datetime) -> Visit:
    """The visit of a request. Access is asked anew each time: enrolment, deployment and registration must stand.

    Raises:
        VisitEnded: there is no such visit for this browser now.
    """
    row = session.execute(
        select(LaunchSession, Enrolment, Deployment, Context.lineitems_url, Context.memberships_url)
        .join(Enrolment, Enrolment.id == LaunchSession.enrolment_id)
        .join(Context, Context.id == Enrolment.context_id)
        .join(Deployment, Deployment.id == LaunchSession.tenant_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(
            LaunchSession.handle == handle,
            LaunchSession.expires_at > now,
            LaunchSession.proof_hash.is_(None),
            Enrolment.state == EnrolmentState.ACTIVE,
            Deployment.state == DeploymentState.APPROVED,
            Registration.state == RegistrationState.ACTIVE,
        )
    ).one_or_none()
    if row is None or not secret or not hmac.compare_digest(row[0].browser_hash, hash_secret(secret)):
        raise VisitEnded("Your visit has ended. Open the activity again from your course page.")
    launch, enrolment, deployment, *services = row
    return Visit(
        session_id=launch.id,
        handle=launch.handle,
        person_id=enrolment.person_id,
        enrolment_id=enrolment.id,
        role=enrolment.role,
        test_user=enrolment.test_user,
        registration_id=deployment.registration_id,
        tenant_id=launch.tenant_id,
        context_id=enrolment.context_id,
        resource_link_id=launch.resource_link_id,
        message_type=launch.message_type,
        administrator=launch.administrator,
        assignment_id=launch.assignment_id,
        service_urls=tuple(url for url in services if url),
        locale=launch.locale,
    )


def message_place(session_id: UUID) -> Place:
    """Where the claims of a launch's own message are sealed."""
    return Place("launch_session", "message", session_id)


def message_details(session: Session, vault: Vault, visit: Visit) -> dict[str, Any]:
    """The claims that belong to the message of a visit; empty when it has none.

    Keys as far as the message has them: deep_linking, for_user, activity, submission, asset, report_type, eula,
    custom, notices. Nothing here is permission: a platform may sign what it should not.
    """
    launch = session.get_one(LaunchSession, visit.session_id)
    if launch.sealed_message is None:
        return {}
    details: dict[str, Any] = vault.open_json(session, message_place(launch.id), launch.sealed_message)
    return details
