"""What the month will have cost when it ends: from what was spent each day and from what waits (K3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from config.database import zone_of
from grading.budget.months import Month, day_begins, days_between
from grading.estimates import Estimate
from grading.models import BudgetEntry
from grading.models.budget import EntryKind

TREND_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Forecast:
    """The month's cost at its end, in micro-dollars: at least, as it looks, and at most."""

    low: int
    expected: int
    high: int
    daily_mean: int
    """What a day has cost lately."""
    days_left: int
    """Whole days after today."""


@dataclass(frozen=True, slots=True)
class DailySpend:
    """What was settled on each day of the month so far, where the site is."""

    days: tuple[tuple[date, int], ...]
    trend: tuple[int, ...]
    """The last two weeks up to yesterday, also across the month's beginning."""


def foresee(spent: int, reserved: int, queue: Estimate, trend: Sequence[int], days_left: int) -> Forecast:
    """Work a forecast out.

    What is under way and what waits will be paid for anyway; days to come bring more of what days have brought. The two
    overlap, so the expected figure takes the larger one and only the highest figure takes both.
    """
    daily = sum(trend) // len(trend) if trend else 0
    to_come = daily * (days_left + 1)
    known_low = min(queue.low, queue.most)
    return Forecast(
        low=spent + known_low,
        expected=spent + max(to_come, known_low),
        high=spent + reserved + queue.most + to_come,
        daily_mean=daily,
        days_left=days_left,
    )


def daily_spend(session: Session, now: datetime) -> DailySpend:
    """What was settled each day, in one statement."""
    zone = zone_of(session)
    today = now.astimezone(zone).date()
    first = Month.of(now, zone).first
    begin = min(first, today - timedelta(days=TREND_DAYS))
    days = days_between(begin, today)
    row = session.execute(
        select(*(_settled_on(day, zone) for day in days)).where(
            BudgetEntry.kind == EntryKind.SETTLED, BudgetEntry.happened_at >= day_begins(begin, zone)
        )
    ).one()
    spent = dict(zip(days, (int(value) for value in row), strict=True))
    return DailySpend(
        days=tuple((day, amount) for day, amount in spent.items() if day >= first),
        trend=tuple(amount for day, amount in spent.items() if today - timedelta(days=TREND_DAYS) <= day < today),
    )


def _settled_on(day: date, zone: tzinfo) -> ColumnElement[int]:
    within = and_(
        BudgetEntry.happened_at >= day_begins(day, zone),
        BudgetEntry.happened_at < day_begins(day + timedelta(days=1), zone),
    )
    return func.coalesce(func.sum(case((within, BudgetEntry.microdollars), else_=0)), 0)
