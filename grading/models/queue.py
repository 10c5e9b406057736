"""The queue: submissions that wait for an administrator to send them (Q1)."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base, state_type
from grading.models.columns import Created, Key, MicroDollars, Moment
from grading.models.submissions import Submission
from grading.states import Priority, QueueState

_LIVE = text("state IN ('queued', 'selected', 'processing')")


class QueueItem(Base):
    """One submission's turn. A submission has at most one item that is live."""

    __tablename__ = "queue_item"
    __table_args__ = (
        Index("uq_queue_item_live", "submission_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("ix_queue_item_state_priority", "state", "priority_rank", "queued_at", "id"),
        Index("ix_queue_item_context_id", "context_id", "state", "queued_at"),
        CheckConstraint("estimated_microdollars >= 0", name="estimate_not_negative"),
    )

    id: Mapped[Key]
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("deployment.id"))
    context_id: Mapped[UUID] = mapped_column(ForeignKey("context.id"))
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id"), index=True)
    state: Mapped[QueueState] = mapped_column(state_type(QueueState, "queue_state"), default=QueueState.QUEUED)
    priority: Mapped[Priority] = mapped_column(state_type(Priority, "queue_priority"), default=Priority.NORMAL)
    priority_rank: Mapped[int] = mapped_column(default=1)
    """0 high, 1 normal, 2 low: what the order of the queue sorts by."""
    queued_at: Mapped[Moment]
    estimated_microdollars: Mapped[MicroDollars] = mapped_column(default=0)
    """The most it can cost with today's prompt and prices."""
    text_tokens: Mapped[int] = mapped_column(default=0)
    """Tokens of the work, as counted; with the others below, what its cost is worked out from for any model."""
    most_text_tokens: Mapped[int] = mapped_column(default=0)
    """An upper bound of them, for models whose way of counting nobody knows."""
    prompt_tokens: Mapped[int] = mapped_column(default=0)
    """Tokens of what is sent with the work: instructions, task, rubric, form of the answer."""
    most_prompt_tokens: Mapped[int] = mapped_column(default=0)
    most_answer_tokens: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(Text(), default="")
    """An administrator's words."""
    failure_code: Mapped[str | None] = mapped_column(String(64))
    failure_words: Mapped[str | None] = mapped_column(Text())
    """Why the last try failed, without any of the student's words."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Tries that came to nothing; one that the provider never began does not count."""
    unexecuted: Mapped[int] = mapped_column(default=0)
    """How often the provider gave it back without having begun."""
    not_before: Mapped[Moment | None]
    """Goes into no batch before this; None: at any time."""
    output_limit: Mapped[int | None]
    """Tokens for the answer in place of the prompt's own limit, after an answer was cut off."""
    finished_at: Mapped[Moment | None]
    created_at: Mapped[Created]

    submission: Mapped[Submission] = relationship()
