"""How much is kept about one person in a tenant, for the page that offers it (P5; GDPR article 15)."""

import uuid
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grading.models import Assignment, Context, Draft, Enrolment, Person, Submission
from privacy.audit import Actor, record


@dataclass(frozen=True, slots=True)
class Summary:
    """How much there is, for the page that offers it."""

    person_id: uuid.UUID
    courses: int
    submissions: int
    drafts: int


def find_person(session: Session, tenant_id: uuid.UUID, registration_id: uuid.UUID, subject: str) -> Summary | None:
    """What is kept about somebody that an LMS names; None when nothing is."""
    person = session.execute(
        select(Person).where(Person.registration_id == registration_id, Person.subject == subject)
    ).scalar_one_or_none()
    if person is None:
        return None
    courses = select(Context.id).where(Context.tenant_id == tenant_id)
    assignments = select(Assignment.id).where(Assignment.context_id.in_(courses))
    counts = session.execute(
        select(
            select(func.count(Enrolment.id))
            .where(Enrolment.person_id == person.id, Enrolment.context_id.in_(courses))
            .scalar_subquery(),
            select(func.count(Submission.id))
            .where(Submission.person_id == person.id, Submission.assignment_id.in_(assignments))
            .scalar_subquery(),
            select(func.count(Draft.id))
            .where(Draft.person_id == person.id, Draft.assignment_id.in_(assignments))
            .scalar_subquery(),
        )
    ).one()
    return Summary(person.id, *counts) if any(counts) else None


def note_look(session: Session, tenant_id: uuid.UUID, found: Summary | None, reader: Actor) -> None:
    """Note that somebody asked what is kept about a person, also where nothing is."""
    record(
        session,
        event="personal_data.looked_up",
        actor=reader,
        tenant_id=tenant_id,
        object_type="person",
        object_id=found.person_id if found else None,
    )
