"""Courses whose work is kept for now, whatever their setting says (P5)."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base
from grading.models.columns import Key, Moment, Sealed

_STANDING = text("lifted_at IS NULL")


class RetentionHold(Base):
    """A legal hold: nothing of a course is deleted while it stands, neither by time nor on request."""

    __tablename__ = "retention_hold"
    __table_args__ = (
        Index(
            "uq_retention_hold_standing",
            "context_id",
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
    )

    id: Mapped[Key]
    context_id: Mapped[UUID] = mapped_column(ForeignKey("context.id"), index=True)
    sealed_reason: Mapped[Sealed]
    """An administrator's words, under the course's key: they may name somebody."""
    placed_by: Mapped[UUID] = mapped_column(ForeignKey("administrator.id"))
    placed_at: Mapped[Moment]
    lifted_by: Mapped[UUID | None] = mapped_column(ForeignKey("administrator.id"))
    lifted_at: Mapped[Moment | None]
