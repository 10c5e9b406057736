"""The gradebook outbox: messages to an LMS as rows, written with the decision they carry (house rule 4)."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base, state_type
from grading.models.columns import Created, Hundredths, Key, Moment, Sealed
from grading.models.submissions import Submission
from grading.states import PushKind, PushState


class GradePush(Base):
    """One message about one student's submission. Repeats carry the same body and the same timestamp."""

    __tablename__ = "grade_push"
    __table_args__ = (
        UniqueConstraint("assignment_id", "person_id", "number"),
        Index("ix_grade_push_due", "state", "next_attempt_at"),
        CheckConstraint("(kind = 'released') = (score_hundredths IS NOT NULL)", name="score_when_released"),
    )

    id: Mapped[Key]
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("deployment.id"), index=True)
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id"), index=True)
    number: Mapped[int]
    """1, 2, 3 … per student and assignment: the order in which the LMS must see them."""
    kind: Mapped[PushKind] = mapped_column(state_type(PushKind, "push_kind"))
    state: Mapped[PushState] = mapped_column(state_type(PushState, "push_state"), default=PushState.PENDING)
    score_hundredths: Mapped[Hundredths | None]
    maximum_hundredths: Mapped[Hundredths]
    sealed_comment: Mapped[Sealed | None]
    overwrite: Mapped[bool] = mapped_column(default=False)
    """Somebody decided that this replaces what was entered in the LMS."""
    scored_at: Mapped[Moment]
    """AGS `timestamp`: at least one second after the previous message about this student."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[Moment | None]
    lease_until: Mapped[Moment | None]
    delivered_at: Mapped[Moment | None]
    response_status: Mapped[int | None]
    failure_code: Mapped[str | None] = mapped_column(String(64))
    failure_words: Mapped[str | None] = mapped_column(Text())
    """What the LMS answered, shortened, without any of our own message repeated."""
    created_at: Mapped[Created]

    submission: Mapped[Submission] = relationship()


class LmsGrade(Base):
    """What an LMS's gradebook showed for a student when it was last read, in the assignment's own points."""

    __tablename__ = "lms_grade"
    __table_args__ = (UniqueConstraint("assignment_id", "person_id"),)

    id: Mapped[Key]
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    score_hundredths: Mapped[Hundredths | None]
    has_comment: Mapped[bool] = mapped_column(default=False)
    read_at: Mapped[Moment]
