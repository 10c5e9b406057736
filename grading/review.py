"""Review: a person reads an assessment beside the work and decides. Decisions are only ever added (R2, R3, R4).

Approving or overriding releases score and feedback to the student and writes the message to the gradebook in the same
transaction. The assessment as the model made it is never changed.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading import gradebook
from grading.assignments import AssignmentView
from grading.errors import GradingError
from grading.models import AnonymizedText, Assessment, Enrolment, ReviewDecision, Submission
from grading.points import format_points
from grading.results.schema import AssessmentContent, CriterionResult
from grading.states import (
    SUBMISSION_MOVES,
    AssessmentStatus,
    DecisionKind,
    ReviewStatus,
    SubmissionState,
    move,
)
from privacy.anonymizer import PseudonymMap, restore
from privacy.audit import Actor, record
from privacy.sealing import Owner, Place, Vault

DISCLOSURE = "Prepared with AI assistance. Your instructor read it and decided."
BY_HAND_DISCLOSURE = "Graded by your instructor."


class DecisionRefused(GradingError):
    """A decision that can't be taken as it was given. `field` names the entry that is wrong."""

    code = "decision_refused"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class CriterionFeedback(BaseModel):
    """One criterion as the student reads it."""

    model_config = ConfigDict(frozen=True)

    title: str
    level_title: str
    points_hundredths: int
    maximum_hundredths: int
    reasoning: str
    evidence: tuple[str, ...] = ()


class Feedback(BaseModel):
    """What a student reads with their result, names restored. Sealed in `review_decision.sealed_feedback`."""

    model_config = ConfigDict(frozen=True)

    comments: str
    strengths: tuple[str, ...] = ()
    improvements: tuple[str, ...] = ()
    criteria: tuple[CriterionFeedback, ...] = ()
    disclosure: str = DISCLOSURE


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One line of the list of submissions of an assignment."""

    submission: Submission
    assessment: Assessment | None
    decision: ReviewDecision | None
    sealed_profile: bytes | None
    enrolment_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class OpenedAssessment:
    """An assessment with names restored, for someone entitled to read it."""

    assessment: Assessment
    content: AssessmentContent


def rows_of_assignment(session: Session, view: AssignmentView) -> list[ReviewRow]:
    """All counting submissions of an assignment with their newest assessment and decision, in one statement.

    Those that need a person come first, the least certain before the others.
    """
    newest_assessment = (
        select(Assessment.id)
        .where(Assessment.submission_id == Submission.id)
        .order_by(Assessment.created_at.desc(), Assessment.id)
        .limit(1)
        .correlate(Submission)
        .scalar_subquery()
    )
    newest_decision = (
        select(ReviewDecision.id)
        .where(ReviewDecision.submission_id == Submission.id)
        .order_by(ReviewDecision.number.desc())
        .limit(1)
        .correlate(Submission)
        .scalar_subquery()
    )
    found = session.execute(
        select(Submission, Assessment, ReviewDecision, Enrolment.sealed_profile, Enrolment.id)
        .outerjoin(Assessment, Assessment.id == newest_assessment)
        .outerjoin(ReviewDecision, ReviewDecision.id == newest_decision)
        .outerjoin(
            Enrolment,
            (Enrolment.person_id == Submission.person_id) & (Enrolment.context_id == view.context.id),
        )
        .where(Submission.assignment_id == view.assignment.id, Submission.state != SubmissionState.REPLACED)
    ).all()
    rows = [ReviewRow(*row) for row in found]
    return sorted(rows, key=_urgency)


def _urgency(row: ReviewRow) -> tuple[int, int, str]:
    order = {
        SubmissionState.WITH_INSTRUCTOR: 0,
        SubmissionState.GRADING: 1,
        SubmissionState.WAITING: 2,
        SubmissionState.RELEASED: 3,
    }
    confidence = row.assessment.confidence if row.assessment and row.assessment.confidence is not None else -1
    return order.get(row.submission.state, 9), confidence, str(row.submission.id)


def newest_assessment(session: Session, submission_id: uuid.UUID) -> Assessment | None:
    """The newest assessment of a submission."""
    return session.execute(
        select(Assessment)
        .where(Assessment.submission_id == submission_id)
        .order_by(Assessment.created_at.desc(), Assessment.id)
        .limit(1)
    ).scalar_one_or_none()


def decisions_of(session: Session, submission_id: uuid.UUID) -> list[ReviewDecision]:
    """All decisions about a submission, newest first."""
    return list(
        session.execute(
            select(ReviewDecision)
            .where(ReviewDecision.submission_id == submission_id)
            .order_by(ReviewDecision.number.desc())
        ).scalars()
    )


def open_assessment(session: Session, vault: Vault, assessment: Assessment) -> OpenedAssessment | None:
    """What an assessment says, with the names put back that stood in the work; None when it holds no content."""
    if assessment.sealed_content is None:
        return None
    raw = vault.open_text(session, Place("assessment", "content", assessment.id), assessment.sealed_content)
    content = AssessmentContent.model_validate_json(raw)
    names = _names(session, vault, assessment.submission_id)
    return OpenedAssessment(assessment, _restored(content, names) if names else content)


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
        feedback=_feedback(opened.content),
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
        proposed = _feedback(opened.content) if opened else Feedback(comments="")
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


def released_feedback(session: Session, vault: Vault, submission: Submission) -> tuple[ReviewDecision, Feedback] | None:
    """The result as its student sees it; None while nothing is released."""
    if submission.state is not SubmissionState.RELEASED:
        return None
    decision = session.execute(
        select(ReviewDecision)
        .where(ReviewDecision.submission_id == submission.id, ReviewDecision.sealed_feedback.is_not(None))
        .order_by(ReviewDecision.number.desc())
        .limit(1)
    ).scalar_one_or_none()
    if decision is None or decision.sealed_feedback is None:
        return None
    raw = vault.open_text(session, Place("review_decision", "feedback", decision.id), decision.sealed_feedback)
    return decision, Feedback.model_validate_json(raw)


def open_reasons(session: Session, vault: Vault, decisions: Sequence[ReviewDecision]) -> dict[uuid.UUID, str]:
    """The reasons given with decisions, by decision."""
    sealed = [
        (Place("review_decision", "reason", decision.id), decision.sealed_reason)
        for decision in decisions
        if decision.sealed_reason is not None
    ]
    opened = vault.open_many(session, sealed)
    return {place.row_id: reason.decode() for (place, _), reason in zip(sealed, opened, strict=True)}


def plain_comment(feedback: Feedback) -> str:
    """Feedback as the plain text that a gradebook shows."""
    parts = [feedback.comments]
    if feedback.strengths:
        parts.append("Strengths:\n" + "\n".join(f"- {item}" for item in feedback.strengths))
    if feedback.improvements:
        parts.append("Next steps:\n" + "\n".join(f"- {item}" for item in feedback.improvements))
    if feedback.criteria:
        parts.append(
            "\n".join(
                f"{criterion.title}: {criterion.level_title} "
                f"({format_points(criterion.points_hundredths)} / {format_points(criterion.maximum_hundredths)})"
                for criterion in feedback.criteria
            )
        )
    parts.append(feedback.disclosure)
    return "\n\n".join(parts)


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
    return decision


def _names(session: Session, vault: Vault, submission_id: uuid.UUID) -> PseudonymMap | None:
    row = session.execute(
        select(AnonymizedText).where(AnonymizedText.submission_id == submission_id)
    ).scalar_one_or_none()
    if row is None:
        return None
    return PseudonymMap.from_json(vault.open_text(session, Place("anonymized_text", "map", row.id), row.sealed_map))


def _restored(content: AssessmentContent, names: PseudonymMap) -> AssessmentContent:
    def back(text: str) -> str:
        return restore(text, names)

    return content.model_copy(
        update={
            "comments": back(content.comments),
            "confidence_reasoning": back(content.confidence_reasoning),
            "strengths": tuple(back(item) for item in content.strengths),
            "improvements": tuple(back(item) for item in content.improvements),
            "criteria": tuple(
                criterion.model_copy(
                    update={
                        "reasoning": back(criterion.reasoning),
                        "evidence": tuple(
                            item.model_copy(update={"quote": back(item.quote)}) for item in criterion.evidence
                        ),
                    }
                )
                for criterion in content.criteria
            ),
        }
    )


def _feedback(content: AssessmentContent) -> Feedback:
    return Feedback(
        comments=content.comments,
        strengths=content.strengths,
        improvements=content.improvements,
        criteria=tuple(_criterion_feedback(criterion) for criterion in content.criteria),
    )


def _criterion_feedback(criterion: CriterionResult) -> CriterionFeedback:
    return CriterionFeedback(
        title=criterion.title,
        level_title=criterion.level_title,
        points_hundredths=criterion.points_hundredths,
        maximum_hundredths=criterion.maximum_hundredths,
        reasoning=criterion.reasoning,
        evidence=tuple(item.quote for item in criterion.evidence if item.found),
    )
