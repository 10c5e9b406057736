"""Copies of what is kept about a person, sealed while they wait to be fetched (P5)."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, state_type
from grading.models.columns import Created, Key, Moment, Sealed


class ExportState(StrEnum):
    """How far an export is."""

    WAITING = "waiting"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


_OPEN = text("state IN ('waiting', 'making')")


class PersonalExport(Base):
    """One archive for one person in one tenant. The row goes with its content when its time is over."""

    __tablename__ = "personal_export"
    __table_args__ = (
        Index(
            "uq_personal_export_open",
            "tenant_id",
            "person_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_personal_export_due", "state", "next_attempt_at"),
        CheckConstraint("(state = 'ready') = (ready_at IS NOT NULL)", name="ready_when_ready"),
    )

    id: Mapped[Key]
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("deployment.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    requested_by_kind: Mapped[str] = mapped_column(String(16))
    requested_by: Mapped[UUID | None]
    state: Mapped[ExportState] = mapped_column(state_type(ExportState, "export_state"), default=ExportState.WAITING)
    created_at: Mapped[Created]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[Moment | None]
    """When to begin, or to begin again after a worker died; None when there is nothing to do."""
    ready_at: Mapped[Moment | None]
    expires_at: Mapped[Moment] = mapped_column(index=True)
    parts: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(default=0)
    failure_code: Mapped[str | None] = mapped_column(String(64))


class ExportPart(Base):
    """A piece of the archive. Its id is made from export, try and number, so that pieces can't change places."""

    __tablename__ = "export_part"
    __table_args__ = (Index("ix_export_part_export_id", "export_id", "number"),)

    id: Mapped[Key]
    export_id: Mapped[UUID] = mapped_column(ForeignKey("personal_export.id"))
    number: Mapped[int]
    sealed_content: Mapped[Sealed]
