"""Instructors to filter by, as long as they are few enough to choose from."""

import json
import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.models import Context, Enrolment
from grading.models.people import EnrolmentState
from grading.people import display_name, profile_place
from grading.queue.filters import STAFF, QueueFilter
from privacy.sealing import Vault

MOST_CHOICES = 100


def instructor_choices(session: Session, vault: Vault, chosen: QueueFilter) -> list[tuple[uuid.UUID, str]] | None:
    """Who teaches in the courses that the filter is about, by name; None when there are too many to choose from."""
    query = select(Enrolment.person_id, Enrolment.id, Enrolment.sealed_profile).where(
        Enrolment.role.in_(STAFF), Enrolment.state == EnrolmentState.ACTIVE, Enrolment.sealed_profile.is_not(None)
    )
    if chosen.context_id:
        query = query.where(Enrolment.context_id == chosen.context_id)
    elif chosen.tenant_id:
        query = query.join(Context, Context.id == Enrolment.context_id).where(Context.tenant_id == chosen.tenant_id)
    rows = session.execute(query.limit(MOST_CHOICES + 1)).all()
    if len(rows) > MOST_CHOICES:
        return None
    opened = vault.open_many(session, [(profile_place(row.id), row.sealed_profile or b"") for row in rows])
    names = {row.person_id: display_name(json.loads(raw)) for row, raw in zip(rows, opened, strict=True)}
    return sorted(((person, name or "(no name)") for person, name in names.items()), key=lambda pair: pair[1])
