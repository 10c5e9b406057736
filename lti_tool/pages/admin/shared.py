"""What several pages of administrators need: who is signed in, the courses to choose from, how the money stands."""

from flask import g
from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.budget.situation import Situation, situation
from grading.models import Context, Deployment, Registration
from lti_tool.parts import parts
from privacy.audit import Actor


def signed_in_actor() -> Actor:
    """The administrator who is signed in, as the audit log knows them."""
    return Actor.administrator(g.signed_in.administrator_id)


def spending_situation() -> Situation:
    """What whoever is about to spend money should know now."""
    # Pages may be written while a transaction is open.
    with parts().database.glance() as session:
        return situation(session, parts().clock())


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
