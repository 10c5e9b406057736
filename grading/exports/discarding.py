"""Copies that go: after their time, and as soon as something in them has to go."""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, tuple_, update
from sqlalchemy.orm import Session

from grading.models import ExportPart, PersonalExport
from grading.models.exports import ExportState


def forget_old(session: Session, now: datetime) -> None:
    """Remove copies whose time is over, fetched or not."""
    over = select(PersonalExport.id).where(PersonalExport.expires_at <= now)
    session.execute(delete(ExportPart).where(ExportPart.export_id.in_(over)))
    session.execute(delete(PersonalExport).where(PersonalExport.expires_at <= now))


def discard(session: Session, people: Collection[tuple[uuid.UUID, uuid.UUID]], now: datetime) -> int:
    """Remove what was copied of people, (tenant, person), because some of it is deleted; returns how many copies.

    A copy that is being made at this moment is begun anew, without what is gone by then.
    """
    theirs = tuple_(PersonalExport.tenant_id, PersonalExport.person_id).in_(list(people))
    exports = select(PersonalExport.id).where(theirs)
    session.execute(
        update(PersonalExport)
        .where(theirs, PersonalExport.state == ExportState.MAKING)
        .values(state=ExportState.WAITING, next_attempt_at=now)
    )
    session.execute(delete(ExportPart).where(ExportPart.export_id.in_(exports)))
    gone = session.execute(delete(PersonalExport).where(theirs, PersonalExport.state == ExportState.READY))
    return cast("CursorResult[Any]", gone).rowcount


def forget_copies(session: Session, tenant_id: uuid.UUID, people: Collection[uuid.UUID]) -> None:
    """Remove every copy, asked for or made, of people of whom nothing is left in a tenant."""
    exports = select(PersonalExport.id).where(
        PersonalExport.tenant_id == tenant_id, PersonalExport.person_id.in_(people)
    )
    session.execute(delete(ExportPart).where(ExportPart.export_id.in_(exports)))
    session.execute(delete(PersonalExport).where(PersonalExport.id.in_(exports)))
