"""What a failed line leads to, row by row."""

from dataclasses import replace
from datetime import timedelta

import pytest

from grading.batches.retrying import MOST_UNEXECUTED, Tries, after
from tests.conftest import START

FRESH = Tries(attempts=0, unexecuted=0, last_code=None, output_limit=None, used_limit=1500)


@pytest.mark.parametrize("code", ["expired", "cancelled"])
def test_what_was_never_begun_goes_back_at_once_and_counts_no_try(code: str) -> None:
    following = after(code, replace(FRESH, attempts=2), START)
    assert (following.again, following.attempts, following.unexecuted, following.not_before) == (True, 2, 1, None)
    assert not after(code, replace(FRESH, unexecuted=MOST_UNEXECUTED - 1), START).again


@pytest.mark.parametrize("code", ["provider_busy", "missing"])
def test_a_busy_provider_is_tried_three_times_with_pauses_that_grow(code: str) -> None:
    first, second = after(code, FRESH, START), after(code, replace(FRESH, attempts=1), START)
    assert first.again
    assert first.not_before is not None
    assert timedelta(minutes=2) < first.not_before - START <= timedelta(minutes=5)
    assert second.not_before is not None
    assert timedelta(minutes=5) <= second.not_before - START <= timedelta(minutes=10)
    assert not after(code, replace(FRESH, attempts=2), START).again


def test_an_answer_that_was_cut_off_gets_twice_the_room_once() -> None:
    first = after("truncated", FRESH, START)
    assert (first.again, first.output_limit) == (True, 3000)
    assert not after("truncated", replace(FRESH, attempts=1, output_limit=3000, used_limit=3000), START).again


@pytest.mark.parametrize("code", ["schema", "criteria", "level", "unreadable_answer"])
def test_an_answer_that_is_not_as_agreed_is_asked_for_once_more(code: str) -> None:
    assert after(code, FRESH, START).again
    assert after(code, replace(FRESH, attempts=1, last_code="provider_busy"), START).again
    assert not after(code, replace(FRESH, attempts=1, last_code="schema"), START).again


@pytest.mark.parametrize("code", ["refused", "content_filter", "rejected", "something_new"])
def test_what_would_fail_again_goes_to_a_person_at_once(code: str) -> None:
    following = after(code, FRESH, START)
    assert (following.again, following.attempts) == (False, 1)
