"""Asking for a copy, and where it stands."""

import uuid
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import insert_ignoring_conflicts
from grading.models import PersonalExport
from grading.models.exports import ExportState
from privacy.audit import Actor, record

KEPT: Final = timedelta(days=7)
"""How long a copy waits to be fetched."""


def request(
    session: Session, *, tenant_id: uuid.UUID, person_id: uuid.UUID, actor: Actor, clock: Clock = utc_now
) -> uuid.UUID:
    """Ask for a copy of what is kept about somebody in a tenant; returns its id. While it is made, it is one."""
    now = clock()
    made = session.execute(
        insert_ignoring_conflicts(session, PersonalExport)
        .values(
            id=uuid.uuid4(),
            tenant_id=tenant_id,
            person_id=person_id,
            requested_by_kind=actor.kind,
            requested_by=actor.id,
            state=ExportState.WAITING,
            created_at=now,
            next_attempt_at=now,
            expires_at=now + KEPT,
        )
        .returning(PersonalExport.id)
    ).scalar_one_or_none()
    if made is None:
        return session.execute(
            select(PersonalExport.id).where(
                PersonalExport.tenant_id == tenant_id,
                PersonalExport.person_id == person_id,
                PersonalExport.state.in_((ExportState.WAITING, ExportState.MAKING)),
            )
        ).scalar_one()
    record(
        session,
        event="personal_data.export_requested",
        actor=actor,
        tenant_id=tenant_id,
        object_type="person",
        object_id=person_id,
        details={"export": str(made)},
    )
    return made


def due(session: Session, now: datetime, limit: int = 20) -> list[uuid.UUID]:
    """Copies to make now, and ones that a worker died over."""
    return list(
        session.execute(
            select(PersonalExport.id)
            .where(
                PersonalExport.state.in_((ExportState.WAITING, ExportState.MAKING)),
                PersonalExport.next_attempt_at <= now,
            )
            .order_by(PersonalExport.next_attempt_at)
            .limit(limit)
        ).scalars()
    )


def newest(session: Session, tenant_id: uuid.UUID, person_id: uuid.UUID, now: datetime) -> PersonalExport | None:
    """The newest copy of somebody's data that has not run out."""
    return session.execute(
        select(PersonalExport)
        .where(
            PersonalExport.tenant_id == tenant_id,
            PersonalExport.person_id == person_id,
            PersonalExport.expires_at > now,
        )
        .order_by(PersonalExport.created_at.desc())
        .limit(1)
    ).scalar_one_or_none()
