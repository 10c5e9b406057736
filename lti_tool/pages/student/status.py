"""The student's page of an assignment: what to do, where the work stands, the result (S3)."""

from dataclasses import dataclass
from uuid import UUID

from flask import render_template
from sqlalchemy.orm import Session

from grading import review, submissions
from grading.assignments import AssignmentView
from grading.extraction import SUPPORTED
from grading.models import ReviewDecision, Submission
from grading.queue import expecting
from grading.queue.expecting import Expectation
from grading.review import Feedback
from grading.states import SubmissionState
from grading.submissions import Standing, Work
from lti_tool.pages.student.consenting import ConsentView, load_consent
from lti_tool.pages.visited import visited_assignment
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, needs


@dataclass(frozen=True, slots=True)
class StudentView:
    """Everything the student's page shows."""

    view: AssignmentView
    standing: Standing
    consent: ConsentView
    draft: Work | None
    draft_saved: bool
    attempts: list[Submission]
    expectation: Expectation | None
    """Where it stands and how long it may take, while it waits or is being assessed."""
    result: tuple[ReviewDecision, Feedback] | None

    @property
    def current(self) -> Submission | None:
        """The attempt that counts."""
        return next((one for one in self.attempts if one.state is not SubmissionState.REPLACED), None)


def load(session: Session, person_id: UUID) -> StudentView:
    """Read the page's content in a constant number of statements."""
    from_parts = parts()
    view = visited_assignment(session)
    draft = submissions.find_draft(session, view.assignment.id, person_id)
    attempts = submissions.attempts_of(session, view.assignment.id, person_id)
    current = next((one for one in attempts if one.state is not SubmissionState.REPLACED), None)
    return StudentView(
        view=view,
        standing=submissions.standing(session, view.assignment, person_id, from_parts.clock()),
        consent=load_consent(session, view.context, person_id),
        draft=submissions.open_draft(session, from_parts.vault, draft) if draft else None,
        draft_saved=draft is not None,
        attempts=attempts,
        expectation=expecting.expectation(session, current.id, from_parts.clock()) if current else None,
        result=review.released_feedback(session, from_parts.vault, current) if current else None,
    )


@needs(Ability.HAND_IN)
def assignment() -> str:
    """The whole page."""
    with parts().database.transaction() as session:
        shown = load(session, current_visit().person_id)
    return render_template(
        "student/assignment.html", shown=shown, consent=shown.consent, accepted=SUPPORTED, page_refreshes=True
    )


@needs(Ability.HAND_IN)
def status() -> str:
    """The part of the page that refreshes itself."""
    with parts().database.transaction() as session:
        shown = load(session, current_visit().person_id)
    return render_template("student/_status.html", shown=shown)
