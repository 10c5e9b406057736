"""One submission beside its assessment, and the instructor's decision about it (R3)."""

from dataclasses import dataclass
from uuid import UUID

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import review as reviewing
from grading import submissions
from grading.assignments import AssignmentView
from grading.errors import GradingError, NotFound
from grading.evidence import Passage, Quoted, highlight, in_paragraphs
from grading.models import ReviewDecision, Submission
from grading.people import names_of
from grading.points import parse_points
from grading.review import Feedback, OpenedAssessment
from grading.states import SubmissionState
from grading.submissions import Work
from lti_tool.pages.visited import visited_assignment
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, may, needs
from privacy.audit import Actor


@dataclass(frozen=True, slots=True)
class ReviewView:
    """Everything the review page shows."""

    view: AssignmentView
    submission: Submission
    work: Work | None
    """None once the text was deleted, as the course's setting says."""
    paragraphs: list[list[Passage]]
    opened: OpenedAssessment | None
    decisions: list[ReviewDecision]
    reasons: dict[UUID, str]
    released: tuple[ReviewDecision, Feedback] | None
    name: str
    number: int
    """Place in the list, from 1."""
    of: int
    previous_id: UUID | None
    next_id: UUID | None


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into the decision form, to show it again when it is refused."""

    score: str = ""
    comments: str = ""
    reason: str = ""
    error: str = ""
    field: str = ""


def load(session: Session, submission_id: UUID) -> ReviewView:
    """Read the page's content; the opening of the work is noted in the audit log."""
    vault = parts().vault
    view = visited_assignment(session)
    submission = submissions.find(session, assignment_id=view.assignment.id, submission_id=submission_id)
    work = _opened(session, submission)
    assessment = reviewing.newest_assessment(session, submission.id)
    opened = reviewing.open_assessment(session, vault, assessment) if assessment else None
    decisions = reviewing.decisions_of(session, submission.id)
    order = [row.submission.id for row in reviewing.rows_of_assignment(session, view)]
    place = order.index(submission.id) if submission.id in order else 0
    text = work.text if work else ""
    quotes = [
        Quoted(item.quote, item.spans)
        for criterion in (opened.content.criteria if opened else ())
        for item in criterion.evidence
    ]
    return ReviewView(
        view=view,
        submission=submission,
        work=work,
        paragraphs=in_paragraphs(highlight(text, quotes)),
        opened=opened,
        decisions=decisions,
        reasons=reviewing.open_reasons(session, vault, decisions),
        released=reviewing.released_feedback(session, vault, submission),
        name=names_of(session, vault, view.context.id, {submission.person_id}).get(submission.person_id, ""),
        number=place + 1,
        of=len(order),
        previous_id=order[place - 1] if place > 0 else None,
        next_id=order[place + 1] if place + 1 < len(order) else None,
    )


def _opened(session: Session, submission: Submission) -> Work | None:
    """The work; that it, or what is left of it, was looked at beside its student's name is in the audit log."""
    visit = current_visit()
    actor = Actor.person(visit.person_id)
    if submission.text_deleted_at is None:
        return submissions.open_submission(session, parts().vault, submission, tenant_id=visit.tenant_id, reader=actor)
    submissions.note_look(session, submission, tenant_id=visit.tenant_id, reader=actor)
    return None


@needs(Ability.REVIEW)
def review(submission_id: UUID) -> str:
    """The page."""
    return _page(submission_id, Typed())


@needs(Ability.REVIEW)
def approve(submission_id: UUID) -> Response:
    """Release the assessment as it stands and go on to the next one that needs somebody."""
    with parts().database.transaction() as session:
        view, submission = _found(session, submission_id)
        reviewing.approve(
            session,
            parts().vault,
            view=view,
            submission=submission,
            assessment_id=_assessment_id() or UUID(int=0),
            reviewer_id=current_visit().person_id,
            clock=parts().clock,
        )
    flash("Approved. The student sees it now, and the score is on its way to the gradebook.")
    return _onwards()


@needs(Ability.REVIEW)
def override(submission_id: UUID) -> Response | str:
    """Release another score or other words; grade by hand where there is no assessment."""
    typed = Typed(
        score=request.form.get("score", ""),
        comments=request.form.get("comments", "").replace("\r\n", "\n"),
        reason=request.form.get("reason", "").replace("\r\n", "\n"),
    )
    try:
        with parts().database.transaction() as session:
            view, submission = _found(session, submission_id)
            reviewing.override(
                session,
                parts().vault,
                view=view,
                submission=submission,
                assessment_id=_assessment_id(),
                score_hundredths=parse_points(typed.score),
                comments=typed.comments,
                reason=typed.reason,
                reviewer_id=current_visit().person_id,
                clock=parts().clock,
            )
    except GradingError as error:
        return _refused(submission_id, typed, error)
    flash("Saved and released. The score is on its way to the gradebook.")
    return _onwards()


@needs(Ability.REVIEW)
def reject(submission_id: UUID) -> Response | str:
    """Set the assessment aside; the work stays here to be graded by hand."""
    typed = Typed(reason=request.form.get("reason", "").replace("\r\n", "\n"))
    try:
        with parts().database.transaction() as session:
            view, submission = _found(session, submission_id)
            reviewing.reject(
                session,
                parts().vault,
                view=view,
                submission=submission,
                assessment_id=_assessment_id() or UUID(int=0),
                reason=typed.reason,
                reviewer_id=current_visit().person_id,
                clock=parts().clock,
            )
    except GradingError as error:
        return _refused(submission_id, typed, error)
    flash("Set aside. You can grade this one by hand now.")
    return redirect(url_for(".review", submission_id=submission_id), 303)


@needs(Ability.REVIEW)
def withdraw(submission_id: UUID) -> Response:
    """Take a released result back."""
    with parts().database.transaction() as session:
        view, submission = _found(session, submission_id)
        reviewing.withdraw(
            session,
            parts().vault,
            view=view,
            submission=submission,
            reason=request.form.get("reason", ""),
            reviewer_id=current_visit().person_id,
            clock=parts().clock,
        )
    flash("Taken back: the student no longer sees this result, and the gradebook is told.")
    return redirect(url_for(".review", submission_id=submission_id), 303)


@needs(Ability.REVIEW)
def original(submission_id: UUID) -> FlaskResponse:
    """The file as it was handed in, as a download that no browser runs."""
    visit = current_visit()
    with parts().database.transaction() as session:
        _, submission = _found(session, submission_id)
        work = submissions.open_submission(
            session,
            parts().vault,
            submission,
            tenant_id=visit.tenant_id,
            reader=Actor.person(visit.person_id),
            as_file=True,
        )
    if work.file is None:
        raise NotFound("This work was typed, so there is no file.")
    response = FlaskResponse(work.file, mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=work.file_name or "submission")
    return response


def _found(session: Session, submission_id: UUID) -> tuple[AssignmentView, Submission]:
    view = visited_assignment(session)
    return view, submissions.find(session, assignment_id=view.assignment.id, submission_id=submission_id)


def _assessment_id() -> UUID | None:
    value = request.form.get("assessment", "")
    try:
        return UUID(value) if value else None
    except ValueError as error:
        raise NotFound("This page is out of date. Reload it.") from error


def _refused(submission_id: UUID, typed: Typed, error: GradingError) -> str:
    field = getattr(error, "field", "") or ("score" if error.code == "points_unreadable" else "")
    return _page(submission_id, Typed(typed.score, typed.comments, typed.reason, error=error.message, field=field))


def _page(submission_id: UUID, typed: Typed) -> str:
    with parts().database.transaction() as session:
        shown = load(session, submission_id)
    may_erase = may(current_visit(), Ability.ERASE)
    return render_template("instructor/review.html", shown=shown, view=shown.view, typed=typed, may_erase=may_erase)


def _onwards() -> Response:
    """To the next submission that needs somebody, or to the list when none does."""
    with parts().database.transaction() as session:
        view = visited_assignment(session)
        for row in reviewing.rows_of_assignment(session, view):
            if row.submission.state is SubmissionState.WITH_INSTRUCTOR:
                return redirect(url_for(".review", submission_id=row.submission.id), 303)
    return redirect(url_for(".overview"), 303)
