"""Assignments of the LMS's own that send their work here, what they sent, and what we report back (L8)."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, state_type
from grading.models.columns import Created, Key, LmsId, Moment, Sealed, Url
from grading.states import ArrivalState


class Processor(Base):
    """One of our assignments attached to an assignment (activity) of the LMS's own."""

    __tablename__ = "processor"
    __table_args__ = (UniqueConstraint("context_id", "activity_id", "assignment_id"),)

    id: Mapped[Key]
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("deployment.id"))
    context_id: Mapped[UUID] = mapped_column(ForeignKey("context.id"))
    activity_id: Mapped[LmsId]
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"), index=True)
    created_at: Mapped[Created]


class Arrival(Base):
    """One submission in the LMS. A resubmission there is another one."""

    __tablename__ = "arrival"
    __table_args__ = (
        UniqueConstraint("processor_id", "lms_submission_id"),
        Index("ix_arrival_due", "state", "next_attempt_at"),
    )

    id: Mapped[Key]
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("deployment.id"))
    processor_id: Mapped[UUID] = mapped_column(ForeignKey("processor.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    lms_submission_id: Mapped[LmsId]
    report_url: Mapped[Url]
    submission_id: Mapped[UUID | None] = mapped_column(ForeignKey("submission.id"), index=True)
    state: Mapped[ArrivalState] = mapped_column(state_type(ArrivalState, "arrival_state"), default=ArrivalState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[Moment | None]
    lease_until: Mapped[Moment | None]
    created_at: Mapped[Created]


class ArrivalAsset(Base):
    """One file or text of a submission in the LMS, and the last report about it that the LMS has taken."""

    __tablename__ = "arrival_asset"
    __table_args__ = (
        UniqueConstraint("arrival_id", "asset_id"),
        Index("ix_arrival_asset_report", "next_report_at"),
    )

    id: Mapped[Key]
    arrival_id: Mapped[UUID] = mapped_column(ForeignKey("arrival.id"))
    number: Mapped[int]
    """1, 2, 3 … in the order of the notice."""
    asset_id: Mapped[LmsId]
    sealed_source: Mapped[Sealed]
    """JSON: url, title, file name: what a student wrote may stand in any of them."""
    content_type: Mapped[str] = mapped_column(String(128))
    size: Mapped[int]
    """Bytes, as announced; 0 when the LMS did not say."""
    checksum: Mapped[str] = mapped_column(String(64))
    """SHA-256 in base64, as announced; empty when the LMS did not say."""
    error_code: Mapped[str | None] = mapped_column(String(64))
    """Why it could not be read; None while it could."""
    reported: Mapped[str] = mapped_column(String(80), default="")
    """What the LMS was last told, as a code such as `Processed:3`."""
    reporting: Mapped[str] = mapped_column(String(80), default="")
    """What it is being told: a repeat keeps the moment below."""
    reported_at: Mapped[Moment | None]
    """`timestamp` of the report under way or last taken; only ever grows."""
    report_attempts: Mapped[int] = mapped_column(default=0)
    next_report_at: Mapped[Moment | None]
    """When to look whether there is something to report; None when the last word was said."""
    report_lease_until: Mapped[Moment | None]
    report_failure: Mapped[str | None] = mapped_column(String(200))
