"""What the pages of costs show: how each budget stands, what was noted, and the record a page at a time."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from grading.budget import accounts
from grading.budget.months import Month
from grading.models import (
    Batch,
    BudgetAccount,
    BudgetEntry,
    BudgetLimit,
    BudgetWarning,
    Context,
)
from grading.models.budget import SITE, WARNED_AT
from grading.paging import position, read_position

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Standing:
    """How one budget stands this month, in micro-dollars."""

    scope_id: uuid.UUID
    name: str
    limit: int | None
    carried: int
    extra: int
    reserved: int
    spent: int
    rollover: bool

    @property
    def committed(self) -> int:
        """Set aside or spent."""
        return self.reserved + self.spent

    @property
    def allowed(self) -> int | None:
        """What may be committed in all; None without a limit."""
        return None if self.limit is None else self.limit + self.carried + self.extra

    @property
    def left(self) -> int | None:
        """What may still be set aside; None without a limit."""
        return None if self.allowed is None else max(0, self.allowed - self.committed)

    @property
    def percent(self) -> int | None:
        """How much is committed, in whole percent, rounded down; None without a limit, and for a limit of nothing."""
        return self.committed * accounts.PERCENT // self.allowed if self.allowed else None

    @property
    def level(self) -> int:
        """The part of the limit that was reached last; 0 below all of them."""
        reached = accounts.percents_reached(self.allowed, self.committed)
        if self.allowed == 0:
            return WARNED_AT[-1]
        return max(reached, default=0)


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One line of the record, with what it is about in words."""

    entry: BudgetEntry
    course: str
    batch_number: int | None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """A page of the record, and where the next one begins."""

    rows: list[EntryRow]
    next_after: str | None


def site_standing(session: Session, now: datetime) -> Standing:
    """How the whole site stands this month."""
    return standings(session, [SITE], now)[0]


def standings(session: Session, scopes: Sequence[uuid.UUID], now: datetime) -> list[Standing]:
    """How budgets stand this month, in the order asked for. Nothing is opened by looking."""
    month = accounts.this_month(session, now)
    rows = session.execute(
        select(BudgetAccount).where(BudgetAccount.month == str(month), BudgetAccount.scope_id.in_(list(scopes)))
    ).scalars()
    known = {row.scope_id: row for row in rows}
    limits = accounts.limits_of(session, scopes)
    extras = accounts.extras_of(session, month, scopes, now)
    unopened = {scope: limit for scope, limit in limits.items() if scope not in known and limit.rollover}
    carried = accounts.carries(session, month, unopened) if unopened else {}
    names = _names(session, scopes)
    return [
        Standing(
            scope_id=scope,
            name=names.get(scope, "Whole site" if scope == SITE else "A course that is gone"),
            limit=limits[scope].monthly_microdollars if scope in limits else None,
            carried=known[scope].carried_microdollars if scope in known else carried.get(scope, 0),
            extra=extras.get(scope, 0),
            reserved=known[scope].reserved_microdollars if scope in known else 0,
            spent=known[scope].spent_microdollars if scope in known else 0,
            rollover=scope in limits and limits[scope].rollover,
        )
        for scope in scopes
    ]


def committed_by_course(session: Session, course_id: uuid.UUID, now: datetime) -> int:
    """What a course has spent or set aside this month, in one statement."""
    month = accounts.this_month(session, now)
    found = session.get(BudgetAccount, (course_id, str(month)))
    return accounts.committed(found) if found else 0


def course_standings(session: Session, now: datetime, most: int = 200) -> list[Standing]:
    """Courses that have a limit or committed anything this month: the fullest budgets first."""
    month = accounts.this_month(session, now)
    limited = select(BudgetLimit.scope_id).where(BudgetLimit.monthly_microdollars.is_not(None))
    used = (
        select(BudgetAccount.scope_id)
        .where(
            BudgetAccount.month == str(month),
            BudgetAccount.reserved_microdollars + BudgetAccount.spent_microdollars > 0,
        )
        .order_by((BudgetAccount.reserved_microdollars + BudgetAccount.spent_microdollars).desc())
        .limit(most)
    )
    scopes = {*session.execute(limited).scalars(), *session.execute(used).scalars()} - {SITE}
    found = standings(session, sorted(scopes), now)
    return sorted(found, key=lambda one: (-(one.percent or 0), -one.committed, one.name))[:most]


def warnings(session: Session, month: Month) -> list[tuple[BudgetWarning, str]]:
    """What was noted in a month, the newest first, with the name of the course it is about."""
    rows = session.execute(
        select(BudgetWarning, Context.label, Context.title)
        .outerjoin(Context, Context.id == BudgetWarning.scope_id)
        .where(BudgetWarning.month == str(month))
        .order_by(BudgetWarning.noted_at.desc(), BudgetWarning.percent.desc(), BudgetWarning.scope_id)
        .limit(50)
    ).all()
    return [(row[0], "Whole site" if row[0].scope_id == SITE else row[1] or row[2] or "A course") for row in rows]


def entries(
    session: Session, *, course_id: uuid.UUID | None = None, after: str | None = None, size: int = PAGE_SIZE
) -> EntryPage:
    """The record, newest first (keyset paging).

    Raises:
        GradingError: `after` is not a position this function gave out.
    """
    query = (
        select(BudgetEntry, Context.label, Context.title, Batch.number)
        .outerjoin(Context, Context.id == BudgetEntry.course_id)
        .outerjoin(Batch, Batch.id == BudgetEntry.reference_id)
        .order_by(BudgetEntry.happened_at.desc(), BudgetEntry.id.desc())
        .limit(size + 1)
    )
    if course_id is not None:
        query = query.where(BudgetEntry.course_id == course_id)
    if after:
        moment, identifier = read_position(after)
        query = query.where(
            or_(
                BudgetEntry.happened_at < moment,
                and_(BudgetEntry.happened_at == moment, BudgetEntry.id < identifier),
            )
        )
    found = session.execute(query).all()
    rows = [
        EntryRow(entry, "No course" if entry.course_id == SITE else label or title or "A course that is gone", number)
        for entry, label, title, number in found[:size]
    ]
    last = rows[-1].entry if len(found) > size else None
    return EntryPage(rows, position(last.happened_at, last.id) if last else None)


def _names(session: Session, scopes: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    courses = [scope for scope in scopes if scope != SITE]
    if not courses:
        return {}
    rows = session.execute(select(Context.id, Context.label, Context.title).where(Context.id.in_(courses)))
    return {row[0]: row[1] or row[2] or "(untitled course)" for row in rows}
