"""Requests to forget a person, with the day by which each must be carried out (P5)."""

from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base
from grading.models.columns import Created, Key, Moment


class ErasureRequest(Base):
    """One request. It names the person by an opaque id without a foreign key: the row they had is gone afterwards."""

    __tablename__ = "erasure_request"
    __table_args__ = (
        Index(
            "uq_erasure_request_open",
            "tenant_id",
            "person_id",
            unique=True,
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("deployment.id"))
    person_id: Mapped[UUID]
    requested_by: Mapped[UUID]
    """The person who asked for it, for the audit log."""
    created_at: Mapped[Created]
    due_at: Mapped[Moment]
    done_at: Mapped[Moment | None] = mapped_column(index=True)
    removed: Mapped[dict[str, int]] = mapped_column(JSON(), default=dict)
    """Rows removed, per table."""
