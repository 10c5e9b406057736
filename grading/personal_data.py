"""Everything that is kept about one person in a tenant, as a file for them (P5; GDPR article 15)."""

import io
import json
import uuid
import zipfile
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grading import review, submissions
from grading.models import Assignment, Context, Draft, Enrolment, IndividualDate, Person, Submission
from grading.people import profile_place
from grading.points import format_points
from privacy.audit import Actor, record
from privacy.models import Consent
from privacy.sealing import Vault


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


def export(session: Session, vault: Vault, *, tenant_id: uuid.UUID, person_id: uuid.UUID, reader: Actor) -> bytes:
    """A ZIP archive: `data.json` with everything in words, and the files that were handed in."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        content: dict[str, Any] = {
            "courses": _courses(session, vault, tenant_id, person_id),
            "consents": _consents(session, tenant_id, person_id),
            "submissions": _submissions(session, vault, tenant_id, person_id, reader, target),
            "drafts": _drafts(session, vault, tenant_id, person_id),
            "dates": _dates(session, tenant_id, person_id),
        }
        target.writestr("data.json", json.dumps(content, ensure_ascii=False, indent=2))
    record(
        session,
        event="personal_data.exported",
        actor=reader,
        tenant_id=tenant_id,
        object_type="person",
        object_id=person_id,
    )
    return archive.getvalue()


def _courses(session: Session, vault: Vault, tenant_id: uuid.UUID, person_id: uuid.UUID) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Enrolment, Context)
        .join(Context, Context.id == Enrolment.context_id)
        .where(Enrolment.person_id == person_id, Context.tenant_id == tenant_id)
    ).all()
    return [
        {
            "course": context.title,
            "role": enrolment.role.value,
            "state": enrolment.state.value,
            "known_as": vault.open_json(session, profile_place(enrolment.id), enrolment.sealed_profile)
            if enrolment.sealed_profile
            else {},
            "since": enrolment.created_at.isoformat(),
        }
        for enrolment, context in rows
    ]


def _consents(session: Session, tenant_id: uuid.UUID, person_id: uuid.UUID) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Consent)
        .where(Consent.tenant_id == tenant_id, Consent.person_id == person_id)
        .order_by(Consent.given_at, Consent.withdrawn_at)
    ).scalars()
    return [
        {
            "text_version": row.text_version,
            "text_language": row.text_language,
            "given_at": row.given_at.isoformat() if row.given_at else None,
            "withdrawn_at": row.withdrawn_at.isoformat() if row.withdrawn_at else None,
        }
        for row in rows
    ]


def _submissions(
    session: Session,
    vault: Vault,
    tenant_id: uuid.UUID,
    person_id: uuid.UUID,
    reader: Actor,
    target: zipfile.ZipFile,
) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Submission, Assignment)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(Submission.person_id == person_id, Context.tenant_id == tenant_id)
        .order_by(Submission.submitted_at)
    ).all()
    found = []
    for number, (submission, assignment) in enumerate(rows, start=1):
        work = submissions.open_submission(session, vault, submission, tenant_id=tenant_id, reader=reader)
        if work.file is not None:
            # The name comes from outside: only its last part is kept, behind a number of ours.
            name = (work.file_name or "file").replace("\\", "/").rpartition("/")[2][:100]
            target.writestr(f"files/{number:03d}-{name}", work.file)
        released = review.released_feedback(session, vault, submission)
        found.append(
            {
                "assignment": assignment.title,
                "attempt": submission.attempt,
                "submitted_at": submission.submitted_at.isoformat(),
                "state": submission.state.value,
                "file_name": work.file_name,
                "text": work.text,
                "result": {
                    "score": format_points(released[0].score_hundredths or 0),
                    "of": format_points(assignment.points_hundredths),
                    "feedback": released[1].model_dump(mode="json"),
                }
                if released
                else None,
            }
        )
    return found


def _drafts(session: Session, vault: Vault, tenant_id: uuid.UUID, person_id: uuid.UUID) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Draft, Assignment.title)
        .join(Assignment, Assignment.id == Draft.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(Draft.person_id == person_id, Context.tenant_id == tenant_id)
    ).all()
    return [
        {
            "assignment": title,
            "saved_at": draft.saved_at.isoformat(),
            "text": submissions.open_draft(session, vault, draft).text,
        }
        for draft, title in rows
    ]


def _dates(session: Session, tenant_id: uuid.UUID, person_id: uuid.UUID) -> list[dict[str, Any]]:
    rows = session.execute(
        select(IndividualDate, Assignment.title)
        .join(Assignment, Assignment.id == IndividualDate.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(IndividualDate.person_id == person_id, Context.tenant_id == tenant_id)
    ).all()
    return [
        {
            "assignment": title,
            "due_at": row.due_at.isoformat() if row.due_at else None,
            "closes_at": row.closes_at.isoformat() if row.closes_at else None,
        }
        for row, title in rows
    ]
