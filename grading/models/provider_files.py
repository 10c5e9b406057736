"""Files that stand at a provider, until each is known to be gone there (P5)."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, state_type
from grading.models.columns import Key, Moment


class ProviderFileState(StrEnum):
    """Whether a file is still at its provider."""

    PRESENT = "present"
    GONE = "gone"


class ProviderFile(Base):
    """One file. The row outlives batch and course: it names its batch by an opaque id without a foreign key."""

    __tablename__ = "provider_file"
    __table_args__ = (
        UniqueConstraint("provider", "file_id"),
        Index("ix_provider_file_due", "state", "next_attempt_at"),
        Index("ix_provider_file_batch_id", "batch_id", "state"),
        CheckConstraint("(gone_at IS NOT NULL) = (state = 'gone')", name="gone_when_gone"),
    )

    id: Mapped[Key]
    provider: Mapped[str] = mapped_column(String(32))
    file_id: Mapped[str] = mapped_column(String(255))
    """The provider's id of the file."""
    batch_id: Mapped[UUID]
    found: Mapped[bool] = mapped_column(default=False)
    """Found by listing what the provider has: nobody had noted it."""
    state: Mapped[ProviderFileState] = mapped_column(
        state_type(ProviderFileState, "provider_file_state"), default=ProviderFileState.PRESENT
    )
    must_go_at: Mapped[Moment]
    """Since when it is no longer needed."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[Moment]
    failure_code: Mapped[str | None] = mapped_column(String(64))
    gone_at: Mapped[Moment | None]
