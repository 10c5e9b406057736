"""What an erasure would take, in numbers, before anybody confirms it."""

import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.erasure.reach import count, rows_in
from grading.erasure.requests import Target
from grading.errors import NotFound
from grading.models import Assignment, Context, Enrolment, Person, Submission
from grading.models.erasures import ErasureScope
from grading.tenancy import get_deployment

_WORDS = {
    "context": "Courses",
    "assignment": "Assignments",
    "enrolment": "People in courses",
    "submission": "Submissions",
    "draft": "Drafts",
    "assessment": "Proposed assessments",
    "review_decision": "Decisions and feedback",
    "grade_push": "Messages to the gradebook",
    "consent": "Agreements of students",
}


@dataclass(frozen=True, slots=True)
class Numbers:
    """What would go."""

    target: Target
    name: str
    """What the thing is called: for a confirmation that is typed."""
    rows: dict[str, int]
    """Per table."""

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.rows.values())

    def in_words(self) -> list[tuple[str, int]]:
        """The numbers that mean something to people, then the rest in one."""
        named = [(words, self.rows[table]) for table, words in _WORDS.items() if table in self.rows]
        rest = sum(number for table, number in self.rows.items() if table not in _WORDS)
        return [*named, ("Other entries", rest)] if rest else named


def person_numbers(session: Session, tenant_id: uuid.UUID, person_id: uuid.UUID) -> Numbers:
    """Of a person in a tenant.

    Raises:
        NotFound: nothing is kept about them there.
    """
    rows = count(session, rows_in(ErasureScope.PERSON, tenant_id, person_id))
    if not rows or session.get(Person, person_id) is None:
        raise NotFound("Nothing is kept about this person.")
    return Numbers(Target(tenant_id, ErasureScope.PERSON, person_id), f"person {person_id}", rows)


def submission_numbers(session: Session, submission_id: uuid.UUID) -> Numbers:
    """Of a submission.

    Raises:
        NotFound: there is none.
    """
    row = session.execute(
        select(Context.tenant_id, Context.id, Assignment.title)
        .select_from(Submission)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(Submission.id == submission_id)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such submission. It may have been erased already.")
    rows = count(session, rows_in(ErasureScope.SUBMISSION, row.tenant_id, submission_id))
    return Numbers(Target(row.tenant_id, ErasureScope.SUBMISSION, submission_id, row.id), row.title, rows)


def course_numbers(session: Session, context_id: uuid.UUID) -> Numbers:
    """Of a course.

    Raises:
        NotFound: there is none.
    """
    context = session.get(Context, context_id)
    if context is None:
        raise NotFound("There is no such course. It may have been erased already.")
    rows = count(session, rows_in(ErasureScope.COURSE, context.tenant_id, context_id))
    target = Target(context.tenant_id, ErasureScope.COURSE, context_id, context_id)
    return Numbers(target, context.label or context.title or "untitled course", rows)


def deployment_numbers(session: Session, deployment_id: uuid.UUID) -> Numbers:
    """Of a deployment.

    Raises:
        NotFound: there is none.
    """
    deployment = get_deployment(session, deployment_id)
    rows = count(session, rows_in(ErasureScope.DEPLOYMENT, deployment_id, deployment_id))
    target = Target(deployment_id, ErasureScope.DEPLOYMENT, deployment_id)
    return Numbers(target, f"{deployment.registration.name} {deployment.lms_deployment_id}", rows)


def find_person(session: Session, registration_id: uuid.UUID, subject: str) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """The tenants of a registration in which somebody is known, each with their id: (tenant, person).

    Raises:
        NotFound: nowhere.
    """
    found = session.execute(
        select(Context.tenant_id, Person.id)
        .select_from(Person)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .join(Context, Context.id == Enrolment.context_id)
        .where(Person.registration_id == registration_id, Person.subject == subject)
        .distinct()
        .order_by(Context.tenant_id)
    ).all()
    if not found:
        raise NotFound("This LMS has told nothing of a person with this subject, or they were erased.")
    return [(tenant_id, person_id) for tenant_id, person_id in found]
