"""Money: what may be spent, what is set aside, what was spent, and who decided so (K1, K2).

All amounts are whole micro-dollars. `BudgetEntry` is the record: rows are only added. `BudgetAccount` holds the sums of
its rows for one month and scope, so that one row lock and one CHECK decide whether more may be set aside. A scope is a
course, or everything (`SITE`). Scopes and what money went to are named without foreign keys: the record outlives them.
"""

from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, keep_append_only, state_type
from grading.models.columns import Created, Key, MicroDollars, Moment

SITE: Final = UUID(int=0)
"""Stands where a course's id would, for the whole site. It sorts before every course: locks are taken in that order."""
WARNED_AT: Final = (75, 90, 95, 100)
"""Percent of a limit that are noted once each; the last one is the hard stop."""
_UNLIFTED: Final = text("lifted_at IS NULL")


class Purpose(StrEnum):
    """What money is set aside for."""

    BATCH = "batch"
    TEST_RUN = "test_run"  # a prompt tried on a sample, in real time
    REAL_TIME = "real_time"  # urgent work, at full price
    TASK = "task"  # other model tasks: rubrics, summaries, analyses


class EntryKind(StrEnum):
    """What an entry of the record says."""

    RESERVED = "reserved"  # the estimate, set aside before anything is sent
    SETTLED = "settled"  # what it really cost
    RELEASED = "released"  # the estimate, given back once the cost is known


class BudgetLimit(Base):
    """What a scope may spend in a month. No row, or no amount: no limit of its own."""

    __tablename__ = "budget_limit"
    __table_args__ = (CheckConstraint("monthly_microdollars >= 0", name="not_negative"),)

    scope_id: Mapped[UUID] = mapped_column(primary_key=True)
    monthly_microdollars: Mapped[MicroDollars | None]
    rollover: Mapped[bool] = mapped_column(default=False)
    """Whether the unused part of a month, up to one month's limit, is added to the next month."""
    changed_at: Mapped[Moment]


class BudgetAccount(Base):
    """The sums of one scope in one month of the site's time zone.

    What is committed (reserved and spent) never passes what the limit, the part carried over and emergency overrides
    allow, except for `overrun`: costs that came out higher than estimated, or a limit that was lowered since.
    """

    __tablename__ = "budget_account"
    __table_args__ = (
        CheckConstraint("reserved_microdollars >= 0", name="reserved_not_negative"),
        CheckConstraint("spent_microdollars >= 0", name="spent_not_negative"),
        CheckConstraint(
            "carried_microdollars >= 0 AND extra_microdollars >= 0 AND overrun_microdollars >= 0",
            name="allowance_not_negative",
        ),
        CheckConstraint(
            "limit_microdollars IS NULL OR reserved_microdollars + spent_microdollars <= limit_microdollars"
            " + carried_microdollars + extra_microdollars + overrun_microdollars",
            name="not_overdrawn",
        ),
    )

    scope_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    """As 2026-11."""
    limit_microdollars: Mapped[MicroDollars | None]
    carried_microdollars: Mapped[MicroDollars] = mapped_column(default=0)
    extra_microdollars: Mapped[MicroDollars] = mapped_column(default=0)
    """Sum of the emergency overrides that were in force when the account was last touched."""
    overrun_microdollars: Mapped[MicroDollars] = mapped_column(default=0)
    reserved_microdollars: Mapped[MicroDollars] = mapped_column(default=0)
    spent_microdollars: Mapped[MicroDollars] = mapped_column(default=0)


class BudgetEntry(Base):
    """One entry of the record. The same thing is noted once: a second settlement meets the unique constraint."""

    __tablename__ = "budget_entry"
    __table_args__ = (
        CheckConstraint("microdollars >= 0", name="not_negative"),
        UniqueConstraint("reference_id", "course_id", "kind"),
        Index("ix_budget_entry_happened_at", "happened_at", "id"),
        Index("ix_budget_entry_course_id", "course_id", "happened_at", "id"),
        Index("ix_budget_entry_month", "month", "course_id", "kind"),
    )

    id: Mapped[Key]
    happened_at: Mapped[Moment]
    month: Mapped[str] = mapped_column(String(7))
    """The account it belongs to: the month in which the money was set aside."""
    course_id: Mapped[UUID]
    """Whose budget; `SITE` for what belongs to no course. The site's own account counts every entry."""
    kind: Mapped[EntryKind] = mapped_column(state_type(EntryKind, "budget_entry_kind"))
    purpose: Mapped[Purpose] = mapped_column(state_type(Purpose, "budget_purpose"))
    reference_id: Mapped[UUID]
    """The batch, the test run or whatever else the money is for."""
    model: Mapped[str] = mapped_column(String(100))
    microdollars: Mapped[MicroDollars]


class BudgetTransfer(Base):
    """What was set aside for one thing and goes with a part of it that became a thing of its own. Rows are only added.

    No account changes: the money stays set aside, in the same month and for the same course.
    """

    __tablename__ = "budget_transfer"
    __table_args__ = (
        CheckConstraint("microdollars > 0", name="something_moved"),
        CheckConstraint("from_reference_id <> to_reference_id", name="to_another"),
        UniqueConstraint("to_reference_id", "course_id"),
        Index("ix_budget_transfer_from_reference_id", "from_reference_id"),
    )

    id: Mapped[Key]
    happened_at: Mapped[Moment]
    month: Mapped[str] = mapped_column(String(7))
    """The account in which it was set aside."""
    course_id: Mapped[UUID]
    from_reference_id: Mapped[UUID]
    to_reference_id: Mapped[UUID]
    """What it is for now. A thing is made of one other: it takes over once."""
    microdollars: Mapped[MicroDollars]


class BudgetWarning(Base):
    """A part of a limit that was reached in a month. Noted once; what notifies people starts from here."""

    __tablename__ = "budget_warning"
    __table_args__ = (
        CheckConstraint("percent IN (75, 90, 95, 100)", name="known_percent"),
        Index("ix_budget_warning_noted_at", "noted_at"),
        Index("ix_budget_warning_month", "month"),
    )

    scope_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    percent: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    committed_microdollars: Mapped[MicroDollars]
    allowed_microdollars: Mapped[MicroDollars]
    noted_at: Mapped[Moment]


class BudgetOverride(Base):
    """An emergency: more than the limit allows, for one scope and month, with a reason and an end."""

    __tablename__ = "budget_override"
    __table_args__ = (
        CheckConstraint("microdollars > 0", name="something_granted"),
        CheckConstraint("length(reason) > 0", name="has_a_reason"),
        CheckConstraint("expires_at > granted_at", name="ends_after_it_begins"),
        Index("ix_budget_override_scope_id", "scope_id", "month"),
    )

    id: Mapped[Key]
    scope_id: Mapped[UUID]
    month: Mapped[str] = mapped_column(String(7))
    microdollars: Mapped[MicroDollars]
    reason: Mapped[str] = mapped_column(Text())
    granted_by: Mapped[UUID | None] = mapped_column(ForeignKey("administrator.id"))
    """None for an operator at the command line."""
    granted_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    withdrawn_at: Mapped[Moment | None]


class BudgetFreeze(Base):
    """While one is not lifted, nothing new is sent anywhere."""

    __tablename__ = "budget_freeze"
    __table_args__ = (
        CheckConstraint("length(reason) > 0", name="has_a_reason"),
        Index("uq_budget_freeze_unlifted", "scope_id", unique=True, sqlite_where=_UNLIFTED, postgresql_where=_UNLIFTED),
        Index("ix_budget_freeze_frozen_at", "frozen_at"),
    )

    id: Mapped[Key]
    scope_id: Mapped[UUID] = mapped_column(default=SITE)
    reason: Mapped[str] = mapped_column(Text())
    cancels_batches: Mapped[bool] = mapped_column(default=False)
    """Whether what was running was to be cancelled, too."""
    frozen_by: Mapped[UUID | None] = mapped_column(ForeignKey("administrator.id"))
    frozen_at: Mapped[Created]
    lifted_by: Mapped[UUID | None] = mapped_column(ForeignKey("administrator.id"))
    lifted_at: Mapped[Moment | None]
    lift_reason: Mapped[str] = mapped_column(Text(), default="")


class ReturnAssumption(Base):
    """What an assessment by hand takes, for the return on investment. One row at most."""

    __tablename__ = "return_assumption"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("minutes_per_assessment BETWEEN 0 AND 600", name="minutes_range"),
        CheckConstraint("hourly_microdollars >= 0", name="rate_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    minutes_per_assessment: Mapped[int]
    hourly_microdollars: Mapped[MicroDollars]
    changed_at: Mapped[Moment]


keep_append_only(BudgetEntry)
keep_append_only(BudgetTransfer)
