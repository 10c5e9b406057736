"""Batches sent to a provider, and the one line of each that belongs to a queue item (B1)."""

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base, state_type
from grading.models.columns import Created, Json, Key, MicroDollars, Moment, Sealed
from grading.models.queue import QueueItem
from grading.states import BatchState, BatchStep, RequestState


class Batch(Base):
    """A batch job: what an administrator decided, what the provider was told, what came of it.

    `step` says what the runner does next. Each step commits its intent before it calls the provider and its outcome
    after; `id` travels in the provider's metadata, so that a doubtful call can be looked up before it is repeated.
    """

    __tablename__ = "batch"
    __table_args__ = (
        CheckConstraint("estimated_microdollars >= 0", name="estimate_not_negative"),
        Index("ix_batch_due", "step", "next_check_at"),
        Index("ix_batch_created_at", "created_at", "id"),
        Index("ix_batch_finished_at", "finished_at", "model", "provider_completed", "output_tokens"),
        Index("ix_batch_state", "state", "provider"),
    )

    id: Mapped[Key]
    number: Mapped[int] = mapped_column(unique=True)
    """What people call it: Batch 12."""
    state: Mapped[BatchState] = mapped_column(state_type(BatchState, "batch_state"), default=BatchState.CREATED)
    step: Mapped[BatchStep] = mapped_column(state_type(BatchStep, "batch_step"), default=BatchStep.SUBMIT)
    provider: Mapped[str] = mapped_column(String(32))
    model: Mapped[str] = mapped_column(String(100))
    note: Mapped[str] = mapped_column(Text(), default="")
    created_by: Mapped[UUID] = mapped_column(ForeignKey("administrator.id"))
    created_at: Mapped[Created]
    submitted_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]

    items: Mapped[int] = mapped_column(default=0)
    estimated_microdollars: Mapped[MicroDollars] = mapped_column(default=0)
    actual_microdollars: Mapped[MicroDollars] = mapped_column(default=0)
    input_tokens: Mapped[int] = mapped_column(default=0)
    output_tokens: Mapped[int] = mapped_column(default=0)
    price: Mapped[Json | None]
    """What its tokens cost, as it was when it was submitted; None before."""

    provider_file_id: Mapped[str | None] = mapped_column(String(255))
    upload_started_at: Mapped[Moment | None]
    create_started_at: Mapped[Moment | None]
    """Set before the provider is asked to create; a restart that finds it looks there before it asks again."""
    provider_batch_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    provider_status: Mapped[str | None] = mapped_column(String(64))
    provider_output_file_id: Mapped[str | None] = mapped_column(String(255))
    provider_error_file_id: Mapped[str | None] = mapped_column(String(255))
    provider_completed: Mapped[int] = mapped_column(default=0)
    provider_failed: Mapped[int] = mapped_column(default=0)
    create_attempt: Mapped[int] = mapped_column(default=1)
    """Which batch at the provider is meant: one that it refused whole for want of room is followed by another."""
    refused_alone: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often it was refused for want of room while nothing else of ours ran there: waiting for others is no try."""
    enqueued_tokens: Mapped[int] = mapped_column(BigInteger(), default=0, server_default="0")
    """Prompt tokens of what was last uploaded, at most: what the provider counts as waiting until the batch has run."""
    split_from_id: Mapped[UUID | None] = mapped_column(ForeignKey("batch.id"))
    """The batch that this one was part of, until it turned out to be too large for the provider."""
    cancel_requested_at: Mapped[Moment | None]
    cancel_reason: Mapped[str] = mapped_column(Text(), default="")
    """Whoever cancelled it, in their words."""

    next_check_at: Mapped[Moment | None]
    """When the runner looks again; None while there is nothing to do."""
    lease_until: Mapped[Moment | None]
    """While in the future, one worker holds the batch."""
    lease_token: Mapped[str | None] = mapped_column(String(32))
    """Whose lease it is. What a worker writes is guarded by it: one that was overtaken writes nothing."""
    moved_at: Mapped[Moment | None]
    """When it last came any further, here or at the provider."""
    alerted_at: Mapped[Moment | None]
    """Since when administrators are told that it is stuck; None once it moves again."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Tries of the present step that ended in an error worth repeating."""
    failure_code: Mapped[str | None] = mapped_column(String(64))
    failure_words: Mapped[str | None] = mapped_column(Text())


class BatchRequest(Base):
    """One line of a batch: which queue item, under which opaque id, what was sent and what came back."""

    __tablename__ = "batch_request"
    __table_args__ = (
        UniqueConstraint("batch_id", "queue_item_id"),
        Index("ix_batch_request_queue_item_id", "queue_item_id", "created_at"),
        Index(
            "uq_batch_request_live",
            "queue_item_id",
            unique=True,
            sqlite_where=text("state = 'prepared'"),
            postgresql_where=text("state = 'prepared'"),
        ),
        CheckConstraint("actual_microdollars >= 0", name="cost_not_negative"),
    )

    id: Mapped[Key]
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batch.id"), index=True)
    queue_item_id: Mapped[UUID] = mapped_column(ForeignKey("queue_item.id"))
    custom_id: Mapped[str] = mapped_column(String(64), unique=True)
    """Random; derived from nothing."""
    state: Mapped[RequestState] = mapped_column(
        state_type(RequestState, "request_state"), default=RequestState.PREPARED
    )
    prompt_version_id: Mapped[UUID] = mapped_column(ForeignKey("prompt_version.id"))
    rubric_version_id: Mapped[UUID] = mapped_column(ForeignKey("rubric_version.id"))
    sealed_body: Mapped[Sealed | None]
    """The request as sent; cleared of nothing until retention takes it."""
    sealed_answer: Mapped[Sealed | None]
    """The provider's line as it came."""
    disclosure_id: Mapped[UUID | None]
    """Where its sending was counted; None while it has not left. No foreign key: a disclosure is never removed."""
    body_bytes: Mapped[int | None]
    """Size of the request as it is sent, without its line break."""
    failure_code: Mapped[str | None] = mapped_column(String(64))
    provider_code: Mapped[str | None] = mapped_column(String(64))
    """The provider's own word for what was wrong with the request."""
    input_tokens: Mapped[int] = mapped_column(default=0)
    output_tokens: Mapped[int] = mapped_column(default=0)
    actual_microdollars: Mapped[MicroDollars] = mapped_column(default=0)
    created_at: Mapped[Created]
    finished_at: Mapped[Moment | None]

    queue_item: Mapped[QueueItem] = relationship()
    batch: Mapped[Batch] = relationship()
