"""Points: typed by people, kept as hundredths, exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.points import PointsUnreadable, format_points, parse_points, scale


@given(st.integers(min_value=0, max_value=10_000_000))
def test_writing_and_reading_points_changes_nothing(hundredths: int) -> None:
    assert parse_points(format_points(hundredths)) == hundredths


@pytest.mark.parametrize(("typed", "hundredths"), [("20", 2000), (" 12,5 ", 1250), ("0.05", 5), ("0", 0)])
def test_points_are_read_as_people_write_them(typed: str, hundredths: int) -> None:
    assert parse_points(typed) == hundredths


@pytest.mark.parametrize("typed", ["", "many", "1.005", "nan", "inf", "1e99", "2000000", "1.2.3"])
def test_what_is_no_number_of_points_is_refused_with_what_was_typed(typed: str) -> None:
    with pytest.raises(PointsUnreadable) as refused:
        parse_points(typed)
    assert typed in refused.value.message


def test_a_score_is_carried_to_another_maximum_rounded_half_up() -> None:
    assert scale(1200, 1800, 2000) == 1333
    assert scale(1, 8, 100) == 13
    assert scale(1800, 1800, 2000) == 2000
    assert scale(0, 1800, 2000) == 0
