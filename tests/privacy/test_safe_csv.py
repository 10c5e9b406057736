"""CSV that spreadsheets read as text: no formulas, nothing that breaks a line."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.safe_csv import FORMULA_STARTS, csv_lines


def read(*rows: list[object]) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(csv_lines(["a"], rows)))))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", '=HYPERLINK("x")'])
def test_what_a_spreadsheet_would_work_out_becomes_text(cell: str) -> None:
    assert read([cell])[1] == [f"'{cell}"]


def test_numbers_moments_and_nothing_stay_what_they_are() -> None:
    moment = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    assert read([-3, moment, None, "a,b"])[1] == ["-3", "2026-11-21T09:00:00+00:00", "", "a,b"]


@given(st.text())
def test_no_text_begins_a_formula_and_none_is_lost(cell: str) -> None:
    line = next(iter(list(csv_lines([cell], []))))
    (found,) = next(csv.reader(io.StringIO(line, newline="")), [""])
    assert not found.lstrip(" ").startswith(FORMULA_STARTS)
    assert found.removeprefix("'") == cell.removeprefix("'") or found == f"'{cell}"
