"""Assessments that a model proposed, and the decisions of people about them (R1, R2)."""

from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base, state_type
from grading.models.columns import Created, Hundredths, Key, Moment, Sealed
from grading.models.submissions import Submission
from grading.states import AssessmentStatus, DecisionKind, ReviewStatus

_MARKED = text("comments_mark IS NOT NULL")


class Assessment(Base):
    """What came back for one submission, made with exactly one prompt version and one rubric version."""

    __tablename__ = "assessment"
    __table_args__ = (
        CheckConstraint("score_hundredths >= 0", name="score_not_negative"),
        CheckConstraint("score_hundredths <= maximum_hundredths", name="score_within_maximum"),
        CheckConstraint("confidence BETWEEN 0 AND 100", name="confidence_range"),
        Index("ix_assessment_submission_id", "submission_id", "created_at"),
        Index("ix_assessment_comments_mark", "comments_mark", sqlite_where=_MARKED, postgresql_where=_MARKED),
    )

    id: Mapped[Key]
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id"))
    batch_request_id: Mapped[UUID | None] = mapped_column(ForeignKey("batch_request.id"), unique=True)
    """Unique: one line of a batch makes one assessment, however often its file is read."""
    prompt_version_id: Mapped[UUID] = mapped_column(ForeignKey("prompt_version.id"))
    rubric_version_id: Mapped[UUID] = mapped_column(ForeignKey("rubric_version.id"))
    provider: Mapped[str] = mapped_column(String(32))
    model: Mapped[str] = mapped_column(String(100))
    """As the provider named it in its answer."""
    status: Mapped[AssessmentStatus] = mapped_column(state_type(AssessmentStatus, "assessment_status"))
    review_status: Mapped[ReviewStatus] = mapped_column(
        state_type(ReviewStatus, "review_status"), default=ReviewStatus.PENDING
    )
    score_hundredths: Mapped[Hundredths | None]
    """Computed by us from the levels, scaled to the assignment's points; None when the assessment failed."""
    maximum_hundredths: Mapped[Hundredths]
    confidence: Mapped[int | None]
    """What the model said of itself, 0 to 100."""
    flags: Mapped[list[str]] = mapped_column(JSON(), default=list)
    """Codes of what validation noticed."""
    sealed_content: Mapped[Sealed | None]
    """JSON of `grading.results.schema.AssessmentContent`: per-criterion results, comments, evidence."""
    comments_mark: Mapped[int | None] = mapped_column(BigInteger())
    """Eight keyed bytes that stand for assignment and comments: the same for two students where the comments are. None
    where there is too little to compare."""
    failure_code: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[Created]

    submission: Mapped[Submission] = relationship()


class ReviewDecision(Base):
    """One decision of a person about a submission. Rows are only added: the latest one counts."""

    __tablename__ = "review_decision"
    __table_args__ = (
        UniqueConstraint("submission_id", "number"),
        CheckConstraint("(score_hundredths IS NULL) = (kind IN ('rejected', 'withdrawn'))", name="score_when_released"),
        CheckConstraint("score_hundredths >= 0", name="score_not_negative"),
    )

    id: Mapped[Key]
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id"))
    number: Mapped[int]
    """1, 2, 3 … within the submission: two people deciding at once collide here."""
    assessment_id: Mapped[UUID | None] = mapped_column(ForeignKey("assessment.id"), index=True)
    kind: Mapped[DecisionKind] = mapped_column(state_type(DecisionKind, "decision_kind"))
    score_hundredths: Mapped[Hundredths | None]
    sealed_feedback: Mapped[Sealed | None]
    """What the student reads, JSON of `grading.review.Feedback`."""
    sealed_reason: Mapped[Sealed | None]
    decided_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Moment]
    created_at: Mapped[Created]
