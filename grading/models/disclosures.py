"""What left for a provider and when it was gone again: counts without anybody's data, which outlive it (P8).

Rows are only added. They name courses and batches by opaque ids without foreign keys, so that nothing that is erased or
swept takes them along.
"""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, keep_append_only, state_type
from grading.models.columns import Key, Moment, Url


class Disclosure(Base):
    """Submissions of one course that went to a provider in one batch, under one version of the consent text."""

    __tablename__ = "disclosure"
    __table_args__ = (
        CheckConstraint("submissions > 0", name="something_sent"),
        Index("ix_disclosure_month", "month", "context_id"),
        Index("ix_disclosure_context_id", "context_id", "month"),
    )

    id: Mapped[Key]
    batch_id: Mapped[UUID] = mapped_column(index=True)
    tenant_id: Mapped[UUID]
    context_id: Mapped[UUID]
    month: Mapped[str] = mapped_column(String(7))
    """UTC, as 2026-11."""
    provider: Mapped[str] = mapped_column(String(32))
    model: Mapped[str] = mapped_column(String(100))
    endpoint: Mapped[Url]
    """Where it was sent."""
    consent_version: Mapped[str] = mapped_column(String(32), default="")
    """Of the text that these students agreed to; empty where the course asks for no consent of each student."""
    submissions: Mapped[int]
    """Requests: work that is sent again in a later batch counts there again."""
    sent_at: Mapped[Moment]
    """Right before the first byte left."""


class DeletedAt(StrEnum):
    """Where something was deleted."""

    HERE = "here"
    PROVIDER = "provider"


class DisclosureDeletion(Base):
    """Some of the submissions of a disclosure are gone: their text here, or the files at the provider."""

    __tablename__ = "disclosure_deletion"
    __table_args__ = (
        CheckConstraint("submissions > 0", name="something_deleted"),
        Index("ix_disclosure_deletion_disclosure_id", "disclosure_id", "place"),
        Index(
            "uq_disclosure_deletion_provider",
            "disclosure_id",
            unique=True,
            sqlite_where=text("place = 'provider'"),
            postgresql_where=text("place = 'provider'"),
        ),
    )

    id: Mapped[Key]
    disclosure_id: Mapped[UUID] = mapped_column(ForeignKey("disclosure.id"))
    place: Mapped[DeletedAt] = mapped_column(state_type(DeletedAt, "deletion_place"))
    submissions: Mapped[int]
    happened_at: Mapped[Moment]


keep_append_only(Disclosure)
keep_append_only(DisclosureDeletion)
