"""The month's spending as a plot: where its lines go, and the sentence that says what they show. Pure arithmetic."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from grading.budget.forecast import DailySpend, Forecast
from grading.budget.money import DOLLAR, dollars
from grading.budget.months import Month

WIDTH: Final = 640
HEIGHT: Final = 260
LEFT: Final = 128
RIGHT: Final = 20
TOP: Final = 16
BOTTOM: Final = 38


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: where, and what it says."""

    at: int
    words: str


@dataclass(frozen=True, slots=True)
class MonthPlot:
    """Coordinates in a box of `WIDTH` by `HEIGHT`, and the same as numbers for the table behind."""

    title: str
    spent: str
    """Points of the line of what was spent so far."""
    expected: str
    range: str
    """Corners of the area between the lowest and the highest forecast."""
    limit_y: int | None
    days: tuple[Tick, ...]
    amounts: tuple[Tick, ...]
    rows: tuple[tuple[date, int, int], ...]
    """Day, spent on it, spent so far."""
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def plot_month(month: Month, spend: DailySpend, forecast: Forecast, allowed: int | None) -> MonthPlot:
    """Draw a month so far, and what its rest will bring."""
    rows, total = [], 0
    for day, amount in spend.days:
        total += amount
        rows.append((day, amount, total))
    top = _nice_top(max(total, forecast.high, 1 if allowed is None else min(allowed, 3 * max(forecast.high, 1))))
    points = [(0, 0)] + [(index + 1, so_far) for index, (_, _, so_far) in enumerate(rows)]
    today = len(rows)

    def place(day: int, amount: int) -> str:
        return f"{_x(day, month.days)},{_y(amount, top)}"

    corners = [(today, total), (month.days, forecast.high), (month.days, forecast.low)]
    return MonthPlot(
        title=_finding(month, total, forecast, allowed),
        spent=" ".join(place(*point) for point in points),
        expected=" ".join((place(today, total), place(month.days, forecast.expected))),
        range=" ".join(place(*corner) for corner in corners),
        limit_y=_y(allowed, top) if allowed is not None and allowed <= top else None,
        days=tuple(Tick(_x(day, month.days), str(day)) for day in (1, 8, 15, 22, month.days)),
        amounts=tuple(Tick(_y(top * part // 4, top), dollars(top * part // 4)) for part in range(5)),
        rows=tuple(rows),
    )


def _finding(month: Month, total: int, forecast: Forecast, allowed: int | None) -> str:
    name = f"{month.first:%B}"
    if not forecast.high:
        return f"Nothing has been spent in {name}, and nothing waits"
    words = f"{name} will have cost about {dollars(forecast.expected)}"
    if allowed is None:
        return f"{words}; there is no limit"
    if total >= allowed:
        return f"The limit of {dollars(allowed)} for {name} is used up"
    if forecast.expected > allowed:
        reached = _day_reached(month, total, forecast, allowed)
        return f"{words}: the limit of {dollars(allowed)} is reached around {reached.day} {reached:%B}"
    return f"{words}, {dollars(allowed - forecast.expected)} below the limit"


def _day_reached(month: Month, total: int, forecast: Forecast, allowed: int) -> date:
    """On the straight line from what was spent by today to what is expected at the end."""
    last = month.next().first - timedelta(days=1)
    remaining = forecast.days_left
    to_come = forecast.expected - total
    return last - timedelta(days=remaining - remaining * (allowed - total) // to_come)


def _nice_top(amount: int) -> int:
    """The next 1, 2 or 5 with zeros behind it, so that the marks of the axis are round."""
    step = DOLLAR // 1000
    while True:
        for factor in (1, 2, 4, 8):
            if amount <= step * factor:
                return step * factor
        step *= 10


def _x(day: int, days: int) -> int:
    return LEFT + (WIDTH - LEFT - RIGHT) * day // days


def _y(amount: int, top: int) -> int:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * amount // top
