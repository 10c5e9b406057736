"""Deciding: approve, override, grade by hand, reject, take back. Decisions are only ever added (R2, R4).

A release writes state, decision and gradebook message in one transaction. What the model proposed is never changed.
"""

import uuid

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading import gradebook
from grading.assignments import AssignmentView
from grading.errors import GradingError
from grading.models import Assessment, ReviewDecision, Submission
from grading.points import format_points
from grading.report_rows import look_again
from grading.review.feedback import BY_HAND_DISCLOSURE, Feedback, feedback_from, plain_comment
from grading.review.reading import newest_assessment, open_assessment
from grading.states import (
    SUBMISSION_MOVES,
    AssessmentStatus,
    DecisionKind,
    ReviewStatus,
    SubmissionState,
    move,
)
from privacy.audit import Actor, record
from privacy.sealing import Owner, Place, Vault


class DecisionRefused(GradingError):
    """A decision that can't be taken as it was given. `field` names the entry that is wrong."""

    code = "decision_refused"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def approve(
    session: Session,
    vault: Vault,
    *,
    view: AssignmentView,
    submission: Submission,
    assessment_id: uuid.UUID,
    reviewer_id: uuid.UUID,
    clock: Clock = utc_now,
) -> ReviewDecision:
    """Release an assessment as it stands.

    Raises:
        DecisionRefused: a newer assessment has come, or this one has no score.
        MoveRefused: the submission was decided on in the meantime.
    """
    assessment = _current(session, submission, assessment_id)
    opened = open_assessment(session, vault, assessment)
    if opened is None or assessment.score_hundredths is None:
        raise DecisionRefused("This assessment has no score to approve. Grade the work by hand instead.")
    assessment.review_status = ReviewStatus.APPROVED
    return _decide(
        session,
        vault,
        view=view,
        submission=submission,
        kind=DecisionKind.APPROVED,
        score_hundredths=assessment.score_hundredths,
        feedback=feedback_from(opened.content),
        reason="",
        reviewer_id=reviewer_id,
        assessment_id=assessment.id,
        clock=clock,
    )


def override(
    session: Session,
    vault: Vault,
    *,
    view: AssignmentView,
    submission: Submission,
    assessment_id: uuid.UUID | None,
    score_hundredths: int,
    comments: str,
    reason: str,
    reviewer_id: uuid.UUID,
    clock: Clock = utc_now,
) -> ReviewDecision:
    """Release another score or other comments than proposed, or grade by hand where there is no assessment.

    Raises:
        DecisionRefused: the score is out of range, the reason is missing, or a newer assessment has come.
        MoveRefused: the submission can't be released now.
    """
    most = view.assignment.points_hundredths
    if not 0 <= score_hundredths <= most:
        raise DecisionRefused(f"The score must be between 0 and {format_points(most)}.", field="score")
    if not comments.strip():
        raise DecisionRefused("Write some words for the student.", field="comments")
    if assessment_id is None:
        feedback = Feedback(comments=comments.strip(), disclosure=BY_HAND_DISCLOSURE)
        kind = DecisionKind.BY_HAND
    else:
        if not reason.strip():
            raise DecisionRefused("Say why you change it: the original and your reason are kept.", field="reason")
        assessment = _current(session, submission, assessment_id)
        opened = open_assessment(session, vault, assessment)
        proposed = feedback_from(opened.content) if opened else Feedback(comments="")
        feedback = proposed.model_copy(update={"comments": comments.strip()})
        assessment.status, assessment.review_status = AssessmentStatus.OVERRIDDEN, ReviewStatus.APPROVED
        kind = DecisionKind.OVERRIDDEN
    return _decide(
        session,
        vault,
        view=view,
        submission=submission,
        kind=kind,
        score_hundredths=score_hundredths,
        feedback=feedback,
        reason=reason,
        reviewer_id=reviewer_id,
        assessment_id=assessment_id,
        clock=clock,
    )


def reject(
    session: Session,
    vault: Vault,
    *,
    view: AssignmentView,
    submission: Submission,
    assessment_id: uuid.UUID,
    reason: str,
    reviewer_id: uuid.UUID,
    clock: Clock = utc_now,
) -> ReviewDecision:
    """Set an assessment aside: the submission stays with the instructor, to be graded by hand.

    Raises:
        DecisionRefused: the reason is missing, a newer assessment has come, or the result is released already.
    """
    if not reason.strip():
        raise DecisionRefused("Say why you reject it: the original and your reason are kept.", field="reason")
    if submission.state is SubmissionState.RELEASED:
        raise DecisionRefused("The result is released. Take it back first, then reject the assessment.")
    assessment = _current(session, submission, assessment_id)
    assessment.review_status = ReviewStatus.REJECTED
    submission.by_hand_reason = "rejected"
    return _add(
        session, vault, view, submission, DecisionKind.REJECTED, None, None, reason, reviewer_id, assessment_id, clock
    )


def withdraw(
    session: Session,
    vault: Vault,
    *,
    view: AssignmentView,
    submission: Submission,
    reason: str,
    reviewer_id: uuid.UUID,
    clock: Clock = utc_now,
) -> ReviewDecision:
    """Take a released result back: the student no longer sees it and the gradebook is told.

    Raises:
        MoveRefused: nothing is released.
    """
    move(session, Submission.state, submission.id, SUBMISSION_MOVES, SubmissionState.WITH_INSTRUCTOR)
    session.refresh(submission)
    assessment = newest_assessment(session, submission.id)
    if assessment is not None:
        assessment.review_status = ReviewStatus.PENDING
    decision = _add(
        session,
        vault,
        view,
        submission,
        DecisionKind.WITHDRAWN,
        None,
        None,
        reason,
        reviewer_id,
        assessment.id if assessment else None,
        clock,
    )
    gradebook.announce_result(
        session, vault, view=view, submission=submission, decision=decision, comment="", clock=clock
    )
    return decision


def _current(session: Session, submission: Submission, assessment_id: uuid.UUID) -> Assessment:
    newest = newest_assessment(session, submission.id)
    if newest is None or newest.id != assessment_id:
        raise DecisionRefused("A newer assessment has come since you opened this page. Reload it before you decide.")
    return newest


def _decide(
    session: Session,
    vault: Vault,
    *,
    view: AssignmentView,
    submission: Submission,
    kind: DecisionKind,
    score_hundredths: int,
    feedback: Feedback,
    reason: str,
    reviewer_id: uuid.UUID,
    assessment_id: uuid.UUID | None,
    clock: Clock,
) -> ReviewDecision:
    """Release a result: state, decision and gradebook message together or not at all."""
    if submission.state is not SubmissionState.RELEASED:
        move(session, Submission.state, submission.id, SUBMISSION_MOVES, SubmissionState.RELEASED)
        session.refresh(submission)
    decision = _add(
        session,
        vault,
        view,
        submission,
        kind,
        score_hundredths,
        feedback,
        reason,
        reviewer_id,
        assessment_id,
        clock,
    )
    gradebook.announce_result(
        session,
        vault,
        view=view,
        submission=submission,
        decision=decision,
        comment=plain_comment(feedback),
        clock=clock,
    )
    return decision


def _add(
    session: Session,
    vault: Vault,
    view: AssignmentView,
    submission: Submission,
    kind: DecisionKind,
    score_hundredths: int | None,
    feedback: Feedback | None,
    reason: str,
    reviewer_id: uuid.UUID,
    assessment_id: uuid.UUID | None,
    clock: Clock,
) -> ReviewDecision:
    number = session.execute(
        select(func.coalesce(func.max(ReviewDecision.number), 0)).where(ReviewDecision.submission_id == submission.id)
    ).scalar_one()
    decision = ReviewDecision(
        id=uuid.uuid4(),
        submission_id=submission.id,
        number=number + 1,
        assessment_id=assessment_id,
        kind=kind,
        score_hundredths=score_hundredths,
        decided_by=reviewer_id,
        decided_at=clock(),
    )
    owner = Owner.person(view.context.tenant_id, submission.person_id)
    if feedback is not None:
        place = Place("review_decision", "feedback", decision.id)
        decision.sealed_feedback = vault.seal_text(session, owner, place, feedback.model_dump_json())
    if reason.strip():
        place = Place("review_decision", "reason", decision.id)
        decision.sealed_reason = vault.seal_text(session, owner, place, reason.strip())
    session.add(decision)
    # What is decided starts the time anew for which the text is kept.
    submission.kept_from = decision.decided_at
    try:
        session.flush()
    except IntegrityError as error:
        raise DecisionRefused("Somebody else decided on this at the same moment. Reload the page.") from error
    record(
        session,
        event=f"review.{kind.value}",
        actor=Actor.person(reviewer_id),
        tenant_id=view.context.tenant_id,
        object_type="submission",
        object_id=submission.id,
        details={"score_hundredths": score_hundredths, "number": decision.number},
    )
    look_again(session, submission.id, clock)
    return decision
