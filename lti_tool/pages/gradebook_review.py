"""The gradebook's "view submission" (LtiSubmissionReviewRequest): that student's work and result (L9).

Whom the message names decides nothing. Platforms sign such a request for a classmate if asked to (a student can make
Moodle do it), so the role of the visit and our own rows decide.
"""

from flask import flash, redirect, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading.errors import NotAllowed
from grading.models import Person, Submission
from grading.states import SubmissionState
from lti_tool.pages.visited import visited_assignment
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, may
from lti_tool.sessions import Visit, message_details
from privacy.audit import Actor, record


def submission_review() -> Response:
    """Go to the work of the student that the gradebook names, or to one's own."""
    visit = current_visit()
    with parts().database.transaction() as session:
        subject = str(message_details(session, parts().vault, visit).get("for_user", ""))
        own = session.execute(select(Person.subject).where(Person.id == visit.person_id)).scalar_one()
        if may(visit, Ability.REVIEW):
            submission = _counting(session, visit, subject) if subject else None
            target: str | None = url_for(".overview")
            if submission is not None:
                target = url_for(".review", submission_id=submission.id)
        elif may(visit, Ability.HAND_IN) and subject in ("", own):
            return redirect(url_for(".assignment"), 303)
        else:
            _note_refusal(session, visit)
            target = None
    if target is None:
        raise NotAllowed("This work belongs to somebody else. You can open your own from the activity in your course.")
    if subject and submission is None:
        flash("This student has handed in nothing here yet.")
    return redirect(target, 303)


def _note_refusal(session: Session, visit: Visit) -> None:
    record(
        session,
        event="submission.review_refused",
        actor=Actor.person(visit.person_id),
        tenant_id=visit.tenant_id,
        object_type="context",
        object_id=visit.context_id,
    )


def _counting(session: Session, visit: Visit, subject: str) -> Submission | None:
    view = visited_assignment(session)
    return session.execute(
        select(Submission)
        .join(Person, Person.id == Submission.person_id)
        .where(
            Submission.assignment_id == view.assignment.id,
            Submission.state != SubmissionState.REPLACED,
            Person.registration_id == visit.registration_id,
            Person.subject == subject,
        )
    ).scalar_one_or_none()
