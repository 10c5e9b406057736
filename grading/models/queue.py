"""The queue: submissions that wait for an administrator to send them (Q1)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, Computed, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base, JsonObject, UtcDateTime, make_with, state_type
from grading.models.columns import Created, Key, MicroDollars, Moment
from grading.models.submissions import Submission
from grading.models.tallies import KINDS, tally_triggers
from grading.models.turns import TurnAt
from grading.states import Priority, QueueState, TaskType

_LIVE = text("state IN ('queued', 'selected', 'processing')")
_CHANGED = text("change_id IS NOT NULL")
_LATER = text("not_before IS NOT NULL")
_OTHER_TASK = text("task_type <> 'grade_student_work'")


class QueueItem(Base):
    """One submission's turn. A submission has at most one item that is live.

    The indexes serve the pages of the queue in order: each begins with what a filter fixes, then what it is sorted by.
    """

    __tablename__ = "queue_item"
    __table_args__ = (
        Index("uq_queue_item_live", "submission_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("ix_queue_item_turn", "state", "priority", "turn_at", "id"),
        Index("ix_queue_item_course_turn", "context_id", "state", "priority", "turn_at", "id"),
        Index("ix_queue_item_tenant_turn", "tenant_id", "state", "priority", "turn_at", "id"),
        Index("ix_queue_item_age", "state", "queued_at", "id"),
        Index("ix_queue_item_cost", "state", "estimated_microdollars", "id"),
        Index(
            "ix_queue_item_later", "state", "priority", "turn_at", "id", sqlite_where=_LATER, postgresql_where=_LATER
        ),
        Index(
            "ix_queue_item_other_task",
            *("task_type", "state", "priority", "turn_at", "id"),
            sqlite_where=_OTHER_TASK,
            postgresql_where=_OTHER_TASK,
        ),
        Index("ix_queue_item_change_id", "change_id", "id", sqlite_where=_CHANGED, postgresql_where=_CHANGED),
        CheckConstraint("estimated_microdollars >= 0", name="estimate_not_negative"),
    )

    id: Mapped[Key]
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("deployment.id"))
    context_id: Mapped[UUID] = mapped_column(ForeignKey("context.id"))
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id"), index=True)
    task_type: Mapped[TaskType] = mapped_column(
        state_type(TaskType, "queue_task_type"), default=TaskType.GRADE, server_default=TaskType.GRADE.value
    )
    state: Mapped[QueueState] = mapped_column(state_type(QueueState, "queue_state"), default=QueueState.QUEUED)
    priority: Mapped[Priority] = mapped_column(state_type(Priority, "queue_priority"), default=Priority.NORMAL)
    queued_at: Mapped[Moment]
    """When the work was handed in. It stays when the item is skipped and put back: nobody loses their place."""
    not_before: Mapped[Moment | None]
    """Rescheduled: no batch takes it before this."""
    turn_at: Mapped[datetime] = mapped_column(UtcDateTime(), Computed(TurnAt()))
    """What the order of the queue sorts by; see `grading.models.turns`."""
    estimated_microdollars: Mapped[MicroDollars] = mapped_column(default=0)
    """The most it can cost with today's prompt and prices."""
    model: Mapped[str] = mapped_column(String(100), default="", server_default="")
    """Whose price that is: the model that its assignment named when this was last worked out."""
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
    unexecuted: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often the provider gave it back without having begun."""
    output_limit: Mapped[int | None]
    """Tokens for the answer in place of the prompt's own limit, after an answer was cut off."""
    finished_at: Mapped[Moment | None]
    promised_by: Mapped[Moment | None]
    """The latest moment that its student was first told; what comes later is called delayed."""
    created_at: Mapped[Created]

    change_id: Mapped[UUID | None] = mapped_column(ForeignKey("queue_change.id"))
    """The last change by an administrator that touched it and has not been taken back."""
    previous_priority: Mapped[Priority | None] = mapped_column(state_type(Priority, "queue_previous_priority"))
    previous_not_before: Mapped[Moment | None]
    previous_note: Mapped[str | None] = mapped_column(Text())
    """What the change replaced."""

    submission: Mapped[Submission] = relationship()


class ChangeKind(StrEnum):
    """What an administrator does to items of the queue."""

    SKIP = "skip"
    PUT_BACK = "put_back"
    PRIORITY = "priority"
    RESCHEDULE = "reschedule"
    NOTE = "note"
    UNDO = "undo"


class QueueChange(Base):
    """One act of an administrator on many items, carried out a bounded part at a time.

    A change of everything that a filter shows can be about a million items: what is left to do stands here, so that a
    process that dies leaves nothing half done.
    """

    __tablename__ = "queue_change"
    __table_args__ = (
        Index("ix_queue_change_administrator_id", "administrator_id", "made_at"),
        Index(
            "ix_queue_change_unfinished",
            "id",
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
        CheckConstraint("done >= 0 AND changed >= 0", name="counts_not_negative"),
    )

    id: Mapped[Key]
    kind: Mapped[ChangeKind] = mapped_column(state_type(ChangeKind, "queue_change_kind"))
    administrator_id: Mapped[UUID | None]
    """None for an operator on the command line. No foreign key: as in the audit log, an account may go."""
    value: Mapped[str] = mapped_column(Text(), default="")
    """The priority, the moment, or the note."""
    chosen: Mapped[JsonObject | None] = mapped_column(JSON(none_as_null=True))
    """The filter it acts on; None where the items were ticked one by one."""
    undoes: Mapped[UUID | None] = mapped_column(ForeignKey("queue_change.id"))
    position: Mapped[str | None] = mapped_column(String(128))
    """How far the filter has been walked."""
    expected: Mapped[int] = mapped_column(default=0)
    """How many items the administrator was told."""
    done: Mapped[int] = mapped_column(default=0)
    """Items looked at so far."""
    changed: Mapped[int] = mapped_column(default=0)
    """Items that were really changed: the others had moved on by themselves."""
    changed_before: Mapped[int] = mapped_column(default=0)
    """Of these, what was changed before the present walk through the filter began."""
    made_at: Mapped[Moment]
    finished_at: Mapped[Moment | None]
    undone_at: Mapped[Moment | None]


class SavedFilter(Base):
    """A filter of the queue under a name, one administrator's own."""

    __tablename__ = "saved_filter"
    __table_args__ = (
        Index("uq_saved_filter_name", "administrator_id", "name", unique=True),
        Index(
            "uq_saved_filter_default",
            "administrator_id",
            unique=True,
            sqlite_where=text("opens_first"),
            postgresql_where=text("opens_first"),
        ),
    )

    id: Mapped[Key]
    administrator_id: Mapped[UUID] = mapped_column(ForeignKey("administrator.id"))
    name: Mapped[str] = mapped_column(String(60))
    content: Mapped[JsonObject] = mapped_column(JSON())
    opens_first: Mapped[bool] = mapped_column(default=False)
    """Whether the queue opens with it."""
    created_at: Mapped[Created]


class QueueTally(Base):
    """How many items there are of each state, priority and model, and the sums of their estimates and tokens: what the
    rows of such a kind add up to.

    Triggers keep it, so that no page counts a million rows; see `grading.models.tallies`.
    """

    __tablename__ = "queue_tally"
    __table_args__ = (Index("ix_queue_tally_kind", *KINDS),)

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    state: Mapped[str] = mapped_column(String(32))
    priority: Mapped[str] = mapped_column(String(32))
    model: Mapped[str] = mapped_column(String(100))
    items: Mapped[int] = mapped_column(BigInteger())
    microdollars: Mapped[MicroDollars]
    text_tokens: Mapped[int] = mapped_column(BigInteger())
    most_text_tokens: Mapped[int] = mapped_column(BigInteger())
    prompt_tokens: Mapped[int] = mapped_column(BigInteger())
    most_prompt_tokens: Mapped[int] = mapped_column(BigInteger())
    most_answer_tokens: Mapped[int] = mapped_column(BigInteger())


make_with(QueueTally, tally_triggers)
