"""What people decided by hand about the texts of an assignment before they leave (P2)."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, state_type
from grading.models.columns import Created, Key, Sealed


class CorrectionKind(StrEnum):
    """What is to happen to the words."""

    HIDE = "hide"
    SHOW = "show"


class TextCorrection(Base):
    """Words to hide in every text of an assignment, or to leave standing although they were found."""

    __tablename__ = "text_correction"

    id: Mapped[Key]
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"), index=True)
    kind: Mapped[CorrectionKind] = mapped_column(state_type(CorrectionKind, "text_correction_kind"))
    sealed_words: Mapped[Sealed]
    """Under the course's key: they may name somebody."""
    created_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[Created]
