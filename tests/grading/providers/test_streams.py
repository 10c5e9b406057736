"""Files on their way: nothing whole in memory, nothing lost between two pieces, no patience without end."""

import io
import os
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.providers.base import JobInput, ProviderUnavailable
from grading.providers.streams import LINE_SECONDS, LineReader, lines_of

LINES = st.lists(st.binary(min_size=1, max_size=40).map(lambda line: line.replace(b"\n", b"x")), max_size=8)


def reader(lines: list[bytes]) -> LineReader:
    return LineReader(JobInput(lambda: iter(lines), len(lines), sum(len(line) + 1 for line in lines)))


@given(LINES, st.integers(1, 60))
def test_a_file_is_read_in_any_pieces_and_from_its_start_again(lines: list[bytes], size: int) -> None:
    whole = b"".join(line + b"\n" for line in lines)
    file = reader(lines)
    assert file.seek(0, os.SEEK_END) == len(whole)
    for _ in range(2):
        assert file.seek(0) == 0
        assert b"".join(iter(lambda: file.read(size), b"")) == whole


def test_a_file_goes_to_its_start_and_its_end_only() -> None:
    with pytest.raises(io.UnsupportedOperation):
        reader([b"a"]).seek(1)


def test_what_keeps_a_line_from_being_read_is_remembered() -> None:
    def lines() -> object:
        yield b"a"
        raise RuntimeError("no")

    file = LineReader(JobInput(lines, 2, 4))  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        file.read(100)
    assert isinstance(file.failure, RuntimeError)


@given(st.lists(st.text(st.characters(exclude_characters="\n\r"), max_size=20), max_size=8), st.integers(1, 30))
def test_lines_come_out_whatever_the_pieces_they_came_in(lines: list[str], size: int) -> None:
    whole = "\n".join(lines).encode("utf-8", "surrogatepass")
    chunks = [whole[start : start + size] for start in range(0, len(whole), size)]
    expected = [line.decode("utf-8", "replace") for line in whole.split(b"\n") if line.strip()]
    assert list(lines_of(chunks)) == expected


def test_a_line_that_takes_for_ever_is_given_up() -> None:
    ticks = count(0, LINE_SECONDS / 3)
    with pytest.raises(ProviderUnavailable, match="too slowly"):
        list(lines_of([b"{"] * 9, lambda: next(ticks)))


def test_many_lines_may_take_longer_than_one() -> None:
    ticks = count(0, LINE_SECONDS / 3)
    assert len(list(lines_of([b"{}\n"] * 9, lambda: next(ticks)))) == 9
