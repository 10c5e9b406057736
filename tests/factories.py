"""Makes the rows that tests start from: each function makes one thing and whatever it cannot be without."""

import json
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from grading import assignments, submissions
from grading.assignments import AssignmentDraft, AssignmentView
from grading.models import Administrator, Context, Deployment, Enrolment, Person, Registration, ResourceLink, Submission
from grading.models.people import CourseRole
from grading.models.tenancy import DeploymentState
from grading.people import profile_place
from grading.submissions import Work
from privacy.consent import give_consent
from privacy.sealing import Owner, Vault
from tests.conftest import StillClock

MODELS = ("gpt-6-luna", "gpt-4o-mini", "gpt-5.4-mini")
ESSAY = (
    "My name is Mira Okafor and I think lying is sometimes right.\n\n"
    "Kant says that we must never lie, because a lie treats the other person as a mere means. However, the murderer "
    "at the door shows that this rule can ask too much of us.\n\n"
    "For example, a doctor may stay silent for an hour. Therefore honesty is a duty, but not the only one."
)


@dataclass(frozen=True)
class Course:
    """A course with its tenant and a teacher."""

    registration: Registration
    deployment: Deployment
    context: Context
    teacher: Person


def registration(session: Session, **values: Any) -> Registration:
    """An LMS."""
    fields: dict[str, Any] = {
        "issuer": f"https://lms-{uuid.uuid4().hex[:8]}.example",
        "client_id": "client",
        "name": "Example LMS",
        "authorization_url": "https://lms.example/auth",
        "token_url": "https://lms.example/token",
        "jwks_url": "https://lms.example/jwks",
    }
    made = Registration(id=uuid.uuid4(), **(fields | values))
    session.add(made)
    session.flush()
    return made


def course(session: Session, vault: Vault, *, assisted: bool = True, **values: Any) -> Course:
    """A course in which AI-assisted feedback is on unless said otherwise."""
    lms = registration(session)
    deployment = Deployment(
        id=uuid.uuid4(), registration_id=lms.id, lms_deployment_id="1", state=DeploymentState.APPROVED
    )
    session.add(deployment)
    session.flush()
    fields: dict[str, Any] = {"lms_context_id": "c1", "title": "Introduction to Ethics", "label": "PHIL 101"}
    if assisted:
        fields |= {"allow_llm_assessment": True, "approved_providers": ["openai"]}
    context = Context(id=uuid.uuid4(), tenant_id=deployment.id, **(fields | values))
    session.add(context)
    session.flush()
    made = Course(lms, deployment, context, Person(id=uuid.uuid4(), registration_id=lms.id, subject="teacher"))
    session.add(made.teacher)
    session.flush()
    enrol(session, vault, made, made.teacher, CourseRole.INSTRUCTOR, given_name="Ada", family_name="Teachwell")
    return made


def enrol(
    session: Session, vault: Vault, course: Course, person: Person, role: CourseRole, **profile: str
) -> Enrolment:
    """Put a person into a course with a sealed profile."""
    names = {"name": f"{profile.get('given_name', '')} {profile.get('family_name', '')}".strip(), **profile}
    made = Enrolment(id=uuid.uuid4(), context_id=course.context.id, person_id=person.id, role=role)
    made.sealed_profile = vault.seal(
        session,
        Owner.person(course.deployment.id, person.id),
        profile_place(made.id),
        json.dumps(names).encode(),
    )
    session.add(made)
    session.flush()
    return made


def student(
    session: Session,
    vault: Vault,
    course: Course,
    *,
    given_name: str = "Mira",
    family_name: str = "Okafor",
    consents: bool = True,
) -> Person:
    """A learner of a course, who has agreed to AI-assisted feedback unless said otherwise."""
    person = Person(id=uuid.uuid4(), registration_id=course.registration.id, subject=f"sub-{uuid.uuid4().hex}")
    session.add(person)
    session.flush()
    enrol(session, vault, course, person, CourseRole.LEARNER, given_name=given_name, family_name=family_name)
    if consents:
        give_consent(session, tenant_id=course.deployment.id, person_id=person.id, context_id=course.context.id)
    return person


def draft(**values: Any) -> AssignmentDraft:
    """What a teacher typed for an assignment."""
    made = AssignmentDraft(
        title="Is it ever right to lie?",
        description="Argue for a position. Use at least one author from the reading list.",
        points_hundredths=2000,
        model="gpt-6-luna",
    )
    return replace(made, **values)


def assignment(session: Session, course: Course, clock: StillClock, **values: Any) -> AssignmentView:
    """An assignment with a link and a gradebook column."""
    made = assignments.create(
        session,
        context=course.context,
        author_id=course.teacher.id,
        draft=draft(**values),
        offered_models=MODELS,
        clock=clock,
    )
    made.lineitem_url = "https://lms.example/lineitems/1?type_id=2"
    session.add(
        ResourceLink(id=uuid.uuid4(), context_id=course.context.id, lms_link_id=str(made.id), assignment_id=made.id)
    )
    session.flush()
    return view(session, course, made.id)


def view(session: Session, course: Course, assignment_id: uuid.UUID) -> AssignmentView:
    """An assignment as the domain reads it."""
    return assignments.get(
        session, tenant_id=course.deployment.id, context_id=course.context.id, assignment_id=assignment_id
    )


def submission(
    session: Session,
    vault: Vault,
    shown: AssignmentView,
    person: Person,
    clock: StillClock,
    text: str = ESSAY,
    **work: Any,
) -> Submission:
    """Work handed in the way a student does it."""
    submissions.save_draft(
        session,
        vault,
        tenant_id=shown.context.tenant_id,
        assignment_id=shown.assignment.id,
        person_id=person.id,
        work=Work(text=text, **work),
        clock=clock,
    )
    return submissions.hand_in(session, vault, view=shown, person_id=person.id, provider="openai", clock=clock)


def administrator(session: Session, name: str = "admin", created_at: datetime | None = None) -> Administrator:
    """An account for /admin that nobody signs in with."""
    made = Administrator(id=uuid.uuid4(), username=name, password_hash="x")
    if created_at:
        made.created_at = created_at
    session.add(made)
    session.flush()
    return made
