"""Money, months and forecasts as pure arithmetic: what must hold whatever the numbers are."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.budget.accounts import carried_over, over, percents_reached
from grading.budget.forecast import foresee
from grading.budget.limits import Assumptions
from grading.budget.money import DOLLAR, dollars, exact_dollars, read_dollars
from grading.budget.months import Month, day_begins
from grading.budget.report import saved
from grading.estimates import Estimate
from tests.thorough import tried

amounts = st.integers(0, 10**12)
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"])
moments = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "$0.00"),
        (12_345_678, "$12.35"),
        (1_234_567_890_000, "$1,234,567.89"),
        (995_000, "$1.00"),
        (994_999, "$0.9950"),
        (150, "$0.0002"),
        (49, "less than $0.0001"),
        (-2_500_000, "−$2.50"),
    ],
)
def test_amounts_read_as_people_write_them(amount: int, words: str) -> None:
    assert dollars(amount) == words


@tried(300)
@given(amounts)
def test_what_is_written_out_exactly_is_read_back(amount: int) -> None:
    assert read_dollars(exact_dollars(amount)) == amount


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("12", 12 * DOLLAR), (" $1,200.50 ", 1_200_500_000), ("0.000001", 1), ("5 $", 5 * DOLLAR)],
)
def test_amounts_are_read_as_people_type_them(typed: str, amount: int) -> None:
    assert read_dollars(typed) == amount


@pytest.mark.parametrize(
    "typed", ["", "-1", "1e3", "12,5", "0.0000001", "1.2.3", "abc", "999999999", "١٢", "12,34,567"]
)
def test_what_is_no_amount_is_not_guessed(typed: str) -> None:
    assert read_dollars(typed) is None


@tried(300)
@given(moments, zones)
def test_every_moment_lies_in_its_month_and_no_other(moment: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    month = Month.of(moment, zone)
    assert month.begins(zone) <= moment < month.ends(zone)
    assert month.ends(zone) == month.next().begins(zone)
    assert month.next().previous() == month
    assert Month.parse(str(month)) == month


def test_a_month_in_which_clocks_change_is_an_hour_shorter_or_longer() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    march, october = Month(2026, 3), Month(2026, 10)
    assert march.ends(berlin) - march.begins(berlin) == timedelta(days=31) - timedelta(hours=1)
    assert october.ends(berlin) - october.begins(berlin) == timedelta(days=31) + timedelta(hours=1)
    # 23:30 UTC on the last day of a month is the next month already, in summer by two hours, in winter by one.
    assert Month.of(datetime(2026, 6, 30, 22, 30, tzinfo=UTC), berlin) == Month(2026, 7)
    assert Month.of(datetime(2026, 11, 30, 22, 30, tzinfo=UTC), berlin) == Month(2026, 11)


def test_a_day_whose_midnight_is_skipped_begins_right_after_it() -> None:
    # Clocks in Lebanon go from 00:00 to 01:00; the day before ends where the day begins.
    beirut = ZoneInfo("Asia/Beirut")
    day = date(2026, 3, 29)
    assert day_begins(day, beirut) == datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert day_begins(day + timedelta(days=1), beirut) - day_begins(day, beirut) == timedelta(hours=23)


@pytest.mark.parametrize("text", ["2026", "2026-13", "2026-00", "26-01", "2026-1", "x-y"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the module says no more than that
        Month.parse(text)


@tried(300)
@given(amounts, amounts, amounts)
def test_rollover_never_carries_more_than_was_left_or_than_one_limit(limit: int, carried: int, used: int) -> None:
    kept = carried_over(limit, carried, used, rollover=True)
    assert 0 <= kept <= limit
    assert kept <= max(0, limit + carried - used)
    assert carried_over(limit, carried, used, rollover=False) == 0
    assert carried_over(None, carried, used, rollover=True) == 0


@tried(300)
@given(amounts, amounts, amounts, amounts)
def test_an_account_is_over_by_exactly_what_passes_its_allowance(
    limit: int, carried: int, extra: int, used: int
) -> None:
    excess = over(limit, carried, extra, used)
    assert used <= limit + carried + extra + excess
    assert excess == 0 or used == limit + carried + extra + excess
    assert over(None, carried, extra, used) == 0


@pytest.mark.parametrize(
    ("used", "reached"),
    [
        (74, []),
        (75, [75]),
        (89, [75]),
        (90, [75, 90]),
        (95, [75, 90, 95]),
        (99, [75, 90, 95]),
        (100, [75, 90, 95, 100]),
    ],
)
def test_warnings_come_at_their_percent(used: int, reached: list[int]) -> None:
    assert percents_reached(100, used) == reached
    assert percents_reached(None, used) == []
    assert percents_reached(0, used) == []


@tried(300)
@given(amounts, amounts, amounts, amounts, st.lists(amounts, max_size=14), st.integers(0, 30))
def test_a_forecast_keeps_its_order_and_never_falls_below_what_is_spent(
    spent: int, reserved: int, low: int, more: int, trend: list[int], days: int
) -> None:
    found = foresee(spent, reserved, Estimate(low, low + more), trend, days)
    assert spent <= found.low <= found.expected <= found.high


@tried(300)
@given(st.integers(0, 10**6), st.integers(0, 600), amounts)
def test_saved_time_is_worth_its_hours(assessments: int, minutes: int, rate: int) -> None:
    total, value = saved(assessments, Assumptions(minutes, rate))
    assert total == assessments * minutes
    assert value * 60 <= total * rate < (value + 1) * 60
