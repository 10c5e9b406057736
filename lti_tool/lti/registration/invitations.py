"""Who may connect an LMS by dynamic registration: nobody, those with an invitation, or anybody (to be approved)."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from lti_tool.lti.models import ConnectionMode, ConnectionPolicy, RegistrationInvitation
from lti_tool.lti.registration.errors import bad_invitation, not_open
from lti_tool.sessions import hash_secret
from privacy.audit import Actor, record

LIFETIME: Final = timedelta(days=7)
LONGEST_NOTE: Final = 200


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """An invitation that can still be used."""

    id: uuid.UUID
    note: str
    expires_at: datetime


def mode(session: Session) -> ConnectionMode:
    """Who may connect now."""
    row = session.get(ConnectionPolicy, 1)
    return row.mode if row else ConnectionMode.INVITATION


def set_mode(session: Session, chosen: ConnectionMode, actor: Actor, clock: Clock = utc_now) -> None:
    """Change who may connect. LMSs that are connected stay so."""
    row = session.get(ConnectionPolicy, 1)
    if row is None:
        session.add(ConnectionPolicy(id=1, mode=chosen, changed_at=clock()))
    else:
        row.mode, row.changed_at = chosen, clock()
    record(
        session,
        event="registration.mode_changed",
        actor=actor,
        tenant_id=None,
        object_type="connection_policy",
        object_id=None,
        details={"mode": chosen.value},
    )


def invite(session: Session, note: str, administrator_id: uuid.UUID | None, clock: Clock = utc_now) -> str:
    """Make an invitation that one LMS may use once within a week; returns its secret, which is not kept."""
    token = secrets.token_urlsafe(32)
    row = RegistrationInvitation(
        id=uuid.uuid4(),
        token_hash=hash_secret(token),
        note=note.strip()[:LONGEST_NOTE],
        created_by=administrator_id,
        created_at=clock(),
        expires_at=clock() + LIFETIME,
    )
    session.add(row)
    _audit(session, "registration.invited", administrator_id, row.id)
    return token


def withdraw(session: Session, invitation_id: uuid.UUID, administrator_id: uuid.UUID | None, now: datetime) -> bool:
    """Take an unused invitation back; returns whether it was still open."""
    done = session.execute(
        update(RegistrationInvitation)
        .where(
            RegistrationInvitation.id == invitation_id,
            RegistrationInvitation.used_at.is_(None),
            RegistrationInvitation.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
        .returning(RegistrationInvitation.id)
    ).first()
    if done is not None:
        _audit(session, "registration.invitation_withdrawn", administrator_id, invitation_id)
    return done is not None


def open_invitations(session: Session, now: datetime) -> list[OpenInvitation]:
    """Those that can still be used."""
    rows = session.execute(
        select(RegistrationInvitation.id, RegistrationInvitation.note, RegistrationInvitation.expires_at)
        .where(*_usable(now))
        .order_by(RegistrationInvitation.expires_at)
    )
    return [OpenInvitation(*row) for row in rows]


def admit(session: Session, token: str, now: datetime) -> uuid.UUID | None:
    """The invitation of somebody who wants to connect; None when anybody may.

    Raises:
        RegistrationRefused: registrations are closed, or the invitation is not valid.
    """
    chosen = mode(session)
    if chosen is ConnectionMode.CLOSED:
        raise not_open()
    if not token:
        if chosen is ConnectionMode.OPEN:
            return None
        raise not_open()
    found = session.execute(
        select(RegistrationInvitation.id).where(RegistrationInvitation.token_hash == hash_secret(token), *_usable(now))
    ).scalar_one_or_none()
    if found is None:
        raise bad_invitation()
    return found


def use(session: Session, invitation_id: uuid.UUID, now: datetime) -> None:
    """Use an invitation up.

    Raises:
        RegistrationRefused: somebody was faster.
    """
    used = session.execute(
        update(RegistrationInvitation)
        .where(RegistrationInvitation.id == invitation_id, *_usable(now))
        .values(used_at=now)
        .returning(RegistrationInvitation.id)
    ).first()
    if used is None:
        raise bad_invitation()


def give_back(session: Session, invitation_id: uuid.UUID) -> None:
    """Let an invitation be used after all: the LMS refused for sure."""
    session.execute(
        update(RegistrationInvitation).where(RegistrationInvitation.id == invitation_id).values(used_at=None)
    )


def _usable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        RegistrationInvitation.used_at.is_(None),
        RegistrationInvitation.withdrawn_at.is_(None),
        RegistrationInvitation.expires_at > now,
    )


def _audit(session: Session, event: str, administrator_id: uuid.UUID | None, identifier: uuid.UUID) -> None:
    record(
        session,
        event=event,
        actor=Actor.administrator(administrator_id) if administrator_id else Actor.system(),
        tenant_id=None,
        object_type="registration_invitation",
        object_id=identifier,
    )
