"""Work handed in: sealed as it came, and sealed again as it may leave the building."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base, state_type
from grading.models.assignments import Assignment
from grading.models.columns import Created, Key, Moment, Sealed
from grading.models.people import Person
from grading.states import SubmissionState


class SubmissionSource(StrEnum):
    """How the work came in."""

    TEXT = "text"
    FILE = "file"


class Submission(Base):
    """One attempt of one person at one assignment."""

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("assignment_id", "person_id", "attempt"),
        CheckConstraint("attempt >= 1", name="attempt_positive"),
        Index("ix_submission_assignment_id_state", "assignment_id", "state", "submitted_at", "id"),
        # Of all attempts of a person, one counts.
        Index(
            "uq_submission_counting",
            "assignment_id",
            "person_id",
            unique=True,
            sqlite_where=text("state <> 'replaced'"),
            postgresql_where=text("state <> 'replaced'"),
        ),
        # What the retention sweep looks through, the oldest first.
        Index(
            "ix_submission_kept_from",
            "kept_from",
            "id",
            sqlite_where=text("text_deleted_at IS NULL"),
            postgresql_where=text("text_deleted_at IS NULL"),
        ),
        Index(
            "ix_submission_not_indexed", "id", sqlite_where=text("NOT indexed"), postgresql_where=text("NOT indexed")
        ),
    )

    id: Mapped[Key]
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    attempt: Mapped[int]
    state: Mapped[SubmissionState] = mapped_column(state_type(SubmissionState, "submission_state"))
    by_hand_reason: Mapped[str | None] = mapped_column(String(64))
    """Code saying why a person grades this without an assessment; None when the model is to assess it."""
    source: Mapped[SubmissionSource] = mapped_column(state_type(SubmissionSource, "submission_source"))
    media_type: Mapped[str] = mapped_column(String(128), default="text/plain")
    sealed_text: Mapped[Sealed]
    """What was read from the work, as the student saw it before handing in; nothing, sealed, once it was deleted."""
    text_deleted_at: Mapped[Moment | None]
    """When text and file were deleted, as the course's setting says; see `grading.retention`."""
    kept_from: Mapped[Created]
    """From when the days are counted for which the text is kept: hand-in, replacement or the last decision."""
    sealed_file: Mapped[Sealed | None]
    """The file as it came."""
    sealed_file_name: Mapped[Sealed | None]
    sealed_document_names: Mapped[Sealed | None]
    """JSON list: names found in document properties, which the anonymizer also hides."""
    characters: Mapped[int]
    words: Mapped[int]
    late: Mapped[bool] = mapped_column(default=False)
    indexed: Mapped[bool] = mapped_column(default=False)
    """Whether its words can be searched for; see `grading.search`."""
    submitted_at: Mapped[Moment]
    created_at: Mapped[Created]

    assignment: Mapped[Assignment] = relationship()
    person: Mapped[Person] = relationship()


class Draft(Base):
    """What a student has typed and not handed in yet."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("assignment_id", "person_id"), Index("ix_draft_saved_at", "saved_at", "id"))

    id: Mapped[Key]
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    source: Mapped[SubmissionSource] = mapped_column(state_type(SubmissionSource, "draft_source"))
    media_type: Mapped[str] = mapped_column(String(128), default="text/plain")
    sealed_text: Mapped[Sealed]
    sealed_file: Mapped[Sealed | None]
    sealed_file_name: Mapped[Sealed | None]
    sealed_document_names: Mapped[Sealed | None]
    warnings: Mapped[list[str]] = mapped_column(JSON(), default=list)
    """Codes of what the reader of the file noticed."""
    saved_at: Mapped[Moment]


class AnonymizedText(Base):
    """A submission as it may leave: the text without names, and the sealed map that leads back."""

    __tablename__ = "anonymized_text"

    id: Mapped[Key]
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id"), unique=True)
    sealed_text: Mapped[Sealed]
    sealed_map: Mapped[Sealed]
    findings: Mapped[dict[str, int]] = mapped_column(JSON(), default=dict)
    """How many of each type were hidden; no content."""
    created_at: Mapped[Created]
