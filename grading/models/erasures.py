"""Requests to erase a person, a submission, a course or a deployment, with the day by which each must be done (P5).

A row names what it is about by opaque ids without foreign keys: it is the proof that stays when all else is gone.
"""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, state_type
from grading.models.columns import Created, Key, Moment, Sealed


class ErasureScope(StrEnum):
    """What is to be erased."""

    PERSON = "person"
    SUBMISSION = "submission"
    COURSE = "course"
    DEPLOYMENT = "deployment"


class ErasureState(StrEnum):
    """How far a request is."""

    ASKED = "asked"  # an administrator has to look at it; on its last day it is carried out without
    DECIDED = "decided"  # is carried out as soon as nothing stands in the way
    DONE = "done"
    REJECTED = "rejected"


_OPEN = text("state IN ('asked', 'decided')")


class ErasureRequest(Base):
    """One request."""

    __tablename__ = "erasure_request"
    __table_args__ = (
        Index(
            "uq_erasure_request_open",
            "tenant_id",
            "scope",
            "target_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_erasure_request_due", "state", "next_attempt_at"),
        Index("ix_erasure_request_created_at", "created_at", "id"),
        CheckConstraint("(done_at IS NOT NULL) = (state IN ('done', 'rejected'))", name="closed_when_settled"),
    )

    id: Mapped[Key]
    tenant_id: Mapped[UUID]
    scope: Mapped[ErasureScope] = mapped_column(state_type(ErasureScope, "erasure_scope"), default=ErasureScope.PERSON)
    target_id: Mapped[UUID]
    """The person, submission, course or deployment."""
    context_id: Mapped[UUID | None]
    """The course that it was asked for in, if any."""
    state: Mapped[ErasureState] = mapped_column(state_type(ErasureState, "erasure_state"), default=ErasureState.DECIDED)
    requested_by_kind: Mapped[str] = mapped_column(String(16), default="person")
    requested_by: Mapped[UUID | None]
    """Who asked for it; None for an operator at the command line."""
    decided_by: Mapped[UUID | None]
    """The administrator who rejected it or had it carried out before its time."""
    sealed_reason: Mapped[Sealed | None]
    """Why it was rejected, under the key of the person."""
    created_at: Mapped[Created]
    due_at: Mapped[Moment]
    done_at: Mapped[Moment | None]
    """When it was carried out or rejected."""
    next_attempt_at: Mapped[Moment]
    """When to look at it again: work at a provider is waited for, and an undecided request for its last day."""
    removed: Mapped[dict[str, int]] = mapped_column(JSON(), default=dict)
    """Rows removed so far, per table."""
