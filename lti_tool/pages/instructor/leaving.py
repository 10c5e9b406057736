"""What leaves the building: a submission beside the text that would be sent, and corrections by hand (P2, P4)."""

from dataclasses import dataclass
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grading import corrections, privacy_limits, submissions
from grading import leaving as domain
from grading.assignments import AssignmentView
from grading.clearance import obstacle_of
from grading.course_settings import CoursePrivacy, privacy_of
from grading.errors import NotFound
from grading.leaving import Leaving
from grading.models import Submission
from grading.models.corrections import CorrectionKind
from grading.people import names_of
from lti_tool.pages.visited import visited_assignment
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, needs
from privacy.audit import Actor


@dataclass(frozen=True, slots=True)
class LeavingPage:
    """Everything the page shows."""

    view: AssignmentView
    privacy: CoursePrivacy
    submission: Submission
    leaving: Leaving
    name: str
    obstacle: str | None
    """Code of what keeps this work from leaving at present."""
    number: int
    """Place in the list, from 1."""
    of: int
    previous_id: UUID | None
    next_id: UUID | None


@needs(Ability.REVIEW)
def leaving_sample() -> Response | str:
    """The newest submission as an example; words where there is none yet."""
    with parts().database.transaction() as session:
        view = visited_assignment(session)
        found = domain.order(session, view.assignment.id)
    if not found:
        return render_template("instructor/leaving_nothing.html", view=view)
    return redirect(url_for(".leaving", submission_id=found[0]), 303)


@needs(Ability.REVIEW)
def leaving(submission_id: UUID) -> str:
    """One submission, as handed in and as it would be sent; the look is noted in the audit log."""
    visit, vault = current_visit(), parts().vault
    with parts().database.transaction() as session:
        view = visited_assignment(session)
        submission = submissions.find(session, assignment_id=view.assignment.id, submission_id=submission_id)
        order = domain.order(session, view.assignment.id)
        place = order.index(submission.id) if submission.id in order else 0
        shown = LeavingPage(
            view=view,
            privacy=privacy_of(view.context, privacy_limits.current(session)),
            submission=submission,
            leaving=domain.look(session, vault, submission, view.context, Actor.person(visit.person_id)),
            name=names_of(session, vault, view.context.id, {submission.person_id}).get(submission.person_id, ""),
            obstacle=obstacle_of(session, parts().provider, view.context.id, submission.person_id),
            number=place + 1,
            of=len(order),
            previous_id=order[place - 1] if place > 0 else None,
            next_id=order[place + 1] if place + 1 < len(order) else None,
        )
    return render_template("instructor/leaving.html", shown=shown, view=view)


@needs(Ability.REVIEW)
def correct(submission_id: UUID) -> Response:
    """Hide selected or typed words in every text of the assignment, or leave a finding standing."""
    hides = request.form.get("do") != CorrectionKind.SHOW
    with parts().database.transaction() as session:
        view = visited_assignment(session)
        submissions.find(session, assignment_id=view.assignment.id, submission_id=submission_id)
        corrections.correct(
            session,
            parts().vault,
            view=view,
            kind=CorrectionKind.HIDE if hides else CorrectionKind.SHOW,
            words=request.form.get("words", ""),
            actor_id=current_visit().person_id,
        )
    flash(
        "Hidden from now on, in every text of this assignment."
        if hides
        else "Left standing from now on, in every text of this assignment.",
        "done",
    )
    return redirect(url_for(".leaving", submission_id=submission_id), 303)


@needs(Ability.REVIEW)
def undo_correction(submission_id: UUID) -> Response:
    """Forget a correction."""
    with parts().database.transaction() as session:
        view = visited_assignment(session)
        corrections.undo(session, view=view, correction_id=_correction_id(), actor_id=current_visit().person_id)
    flash("Undone.", "done")
    return redirect(url_for(".leaving", submission_id=submission_id), 303)


def _correction_id() -> UUID:
    try:
        return UUID(request.form.get("correction", ""))
    except ValueError as error:
        raise NotFound("This page is out of date. Reload it.") from error
