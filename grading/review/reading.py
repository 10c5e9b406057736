"""Reading for review: lists, assessments with names restored, released feedback, reasons."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from grading.assignments import AssignmentView
from grading.models import AnonymizedText, Assessment, Enrolment, ReviewDecision, Submission
from grading.results.schema import AssessmentContent
from grading.review.feedback import Feedback, restored
from grading.states import SubmissionState
from privacy.anonymizer import PseudonymMap
from privacy.sealing import Place, Vault


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


def rows_of_assignment(
    session: Session, view: AssignmentView, matching: ColumnElement[bool] | None = None
) -> list[ReviewRow]:
    """All counting submissions of an assignment with their newest assessment and decision, in one statement.

    Those that need a person come first, the least certain before the others.

    Args:
        matching: a further condition on the submissions, as `grading.search` makes it.
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
    query = (
        select(Submission, Assessment, ReviewDecision, Enrolment.sealed_profile, Enrolment.id)
        .outerjoin(Assessment, Assessment.id == newest_assessment)
        .outerjoin(ReviewDecision, ReviewDecision.id == newest_decision)
        .outerjoin(
            Enrolment,
            (Enrolment.person_id == Submission.person_id) & (Enrolment.context_id == view.context.id),
        )
        .where(Submission.assignment_id == view.assignment.id, Submission.state != SubmissionState.REPLACED)
    )
    if matching is not None:
        query = query.where(matching)
    rows = [ReviewRow(*row) for row in session.execute(query).all()]
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
    return OpenedAssessment(assessment, restored(content, names or PseudonymMap()))


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


def _names(session: Session, vault: Vault, submission_id: uuid.UUID) -> PseudonymMap | None:
    row = session.execute(
        select(AnonymizedText).where(AnonymizedText.submission_id == submission_id)
    ).scalar_one_or_none()
    if row is None:
        return None
    return PseudonymMap.from_json(vault.open_text(session, Place("anonymized_text", "map", row.id), row.sealed_map))
