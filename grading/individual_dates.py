"""Dates of single people: learnt from their own launches, and for a whole course from its roster (L4).

An LMS that knows individual dates puts them into the custom parameters of a link, resolved for each person: in a
launch, and in the message section that a roster has when it is read for one link (NRPS 2.0, `rlid`). Not every LMS has
either, and a date that is not there changes nothing.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from config.database import insert_ignoring_conflicts
from grading.models import Assignment, Context, Deployment, IndividualDate, Person, ResourceLink

MOST_LINKS: Final = 25
ASK_AGAIN_AFTER: Final = timedelta(days=7)
STILL_OF_INTEREST: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Dates:
    """When something is due and closes for one person. None where the LMS says nothing."""

    due_at: datetime | None = None
    closes_at: datetime | None = None

    def __bool__(self) -> bool:
        return self.due_at is not None or self.closes_at is not None


NO_DATES: Final = Dates()


@dataclass(frozen=True, slots=True)
class LinkToAsk:
    """A link whose people may have dates of their own."""

    id: uuid.UUID
    lms_link_id: str
    assignment_id: uuid.UUID


def links_to_ask(session: Session, context_id: uuid.UUID, now: datetime) -> list[LinkToAsk]:
    """Links of a course that show an assignment which is not long over, as far as the LMS answers for links."""
    ended = now - STILL_OF_INTEREST
    rows = session.execute(
        select(ResourceLink.id, ResourceLink.lms_link_id, Assignment.id)
        .join(Assignment, Assignment.id == ResourceLink.assignment_id)
        .where(
            ResourceLink.context_id == context_id,
            or_(Assignment.due_at.is_(None), Assignment.due_at > ended),
            or_(
                ResourceLink.people_offered,
                ResourceLink.people_asked_at.is_(None),
                ResourceLink.people_asked_at < now - ASK_AGAIN_AFTER,
            ),
        )
        .order_by(ResourceLink.created_at.desc())
        .limit(MOST_LINKS)
    )
    return [LinkToAsk(*row) for row in rows]


def note_asked(session: Session, link_id: uuid.UUID, *, offered: bool, now: datetime) -> None:
    """Note whether the LMS told about the people of a link."""
    session.execute(
        update(ResourceLink).where(ResourceLink.id == link_id).values(people_offered=offered, people_asked_at=now)
    )


def note_subjects(
    session: Session, context_id: uuid.UUID, assignment_id: uuid.UUID, dates: Mapping[str, Dates], now: datetime
) -> None:
    """Note the dates of people by their ids at the LMS."""
    registration = (
        select(Deployment.registration_id)
        .join(Context, Context.tenant_id == Deployment.id)
        .where(Context.id == context_id)
        .scalar_subquery()
    )
    people = session.execute(
        select(Person.subject, Person.id).where(Person.registration_id == registration, Person.subject.in_(list(dates)))
    )
    note(session, assignment_id, {row.id: dates[row.subject] for row in people}, now)


def note(session: Session, assignment_id: uuid.UUID, dates: Mapping[uuid.UUID, Dates], now: datetime) -> None:
    """Note dates in a constant number of statements. Whoever has none any more goes by the assignment's own."""
    known = {
        row.person_id: row
        for row in session.execute(
            select(IndividualDate).where(
                IndividualDate.assignment_id == assignment_id, IndividualDate.person_id.in_(list(dates))
            )
        ).scalars()
    }
    gone = [row.id for person_id, row in known.items() if not dates[person_id]]
    if gone:
        session.execute(delete(IndividualDate).where(IndividualDate.id.in_(gone)))
    changed = [
        {"id": row.id, "due_at": wanted.due_at, "closes_at": wanted.closes_at, "noted_at": now}
        for person_id, row in known.items()
        if (wanted := dates[person_id]) and (row.due_at, row.closes_at) != (wanted.due_at, wanted.closes_at)
    ]
    if changed:
        session.execute(update(IndividualDate), changed)
    new = [
        {
            "id": uuid.uuid4(),
            "assignment_id": assignment_id,
            "person_id": person_id,
            "due_at": wanted.due_at,
            "closes_at": wanted.closes_at,
            "noted_at": now,
        }
        for person_id, wanted in dates.items()
        if wanted and person_id not in known
    ]
    if new:
        session.execute(insert_ignoring_conflicts(session, IndividualDate), new)


def read_moment(value: str) -> datetime | None:
    """A moment as LTI writes it (ISO 8601 with a zone); None for anything else."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
