"""What several pages of administrators need: who is signed in, and the courses to choose from."""

from flask import g
from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.models import Context, Deployment, Registration
from privacy.audit import Actor


def signed_in_actor() -> Actor:
    """The administrator who is signed in, as the audit log knows them."""
    return Actor.administrator(g.signed_in.administrator_id)


def course_choices(session: Session) -> list[tuple[str, str]]:
    """All courses for a filter, behind the choice of none in particular: (value, words)."""
    rows = session.execute(select(Context.id, Context.title, Context.label).order_by(Context.title))
    return [("", "All courses"), *((str(row.id), row.label or row.title or "(untitled course)") for row in rows)]


def tenant_choices(session: Session) -> list[tuple[str, str]]:
    """All deployments of LMSs for a filter, behind the choice of none in particular: (value, words)."""
    rows = session.execute(
        select(Deployment.id, Deployment.lms_deployment_id, Registration.name)
        .join(Registration, Registration.id == Deployment.registration_id)
        .order_by(Registration.name, Deployment.lms_deployment_id)
    )
    return [("", "All LMSs"), *((str(row.id), f"{row.name}, deployment {row.lms_deployment_id}") for row in rows)]
