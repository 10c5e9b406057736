"""What a student is told about time: from what happened, as a range, and honest when it takes longer."""

import uuid
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from grading.models import Batch, QueueItem
from grading.queue import expecting, position
from grading.queue.expecting import Expectation, Finished, expectation, expected, pace_of
from grading.states import BatchState, Priority, QueueState
from tests.conftest import START
from tests.grading.queue.items import Desk, at

HOURS = st.integers(1, 24 * 7)


BATCHES = st.lists(st.tuples(HOURS, st.integers(1, 24), st.integers(1, 500)), min_size=1, max_size=20)


@given(BATCHES, st.integers(0, 5000))
def test_the_latest_is_never_before_the_earliest_and_more_in_front_is_never_sooner(
    batches: list[tuple[int, int, int]], ahead: int
) -> None:
    finished = [
        Finished(START - timedelta(hours=ago + took), START - timedelta(hours=ago), items)
        for ago, took, items in batches
    ]
    pace = pace_of(finished, START)
    span, longer = expected(pace, START, ahead, ahead), expected(pace, START, ahead + 100, ahead + 100)
    if pace is None:
        assert span is None
        return
    assert span is not None
    assert longer is not None
    assert START < span[0] <= span[1]
    assert longer[0] > span[0]
    assert longer[1] > span[1]


def test_nothing_is_made_up_where_nothing_has_finished() -> None:
    assert expected(pace_of([], START), START, 3, 3) is None
    old = Finished(START - timedelta(days=9), START - timedelta(days=8), 10)
    assert pace_of([old], START) is None


def told(desk: Desk, item: uuid.UUID) -> Expectation:
    with desk.database.transaction() as session:
        submission = session.execute(select(QueueItem.submission_id).where(QueueItem.id == item)).scalar_one()
        found = expectation(session, submission, desk.clock())
    assert found is not None
    return found


def finish_batch(desk: Desk, submitted_at: datetime, finished_at: datetime, items: int, number: int) -> None:
    with desk.database.transaction() as session:
        session.add(
            Batch(
                number=number,
                state=BatchState.COMPLETED,
                provider="openai",
                model="gpt-6-luna",
                created_by=desk.admin_id,
                submitted_at=submitted_at,
                finished_at=finished_at,
                items=items,
            )
        )


def test_a_place_counts_what_runs_before_and_a_delay_is_said_with_what_was_promised(desk: Desk) -> None:
    desk.plant(2, priority=Priority.HIGH)
    (mine,) = desk.plant(1)
    desk.plant(3, priority=Priority.LOW)
    desk.plant(4, state=QueueState.COMPLETED, queued_at=at(desk.clock, days=1))
    first = told(desk, mine)
    assert (first.place, first.more, first.earliest, first.delayed) == (3, False, None, False)
    finish_batch(desk, at(desk.clock, hours=4), at(desk.clock, hours=2), 12, 1)
    second = told(desk, mine)
    assert second.earliest is not None
    assert second.latest is not None
    assert not second.delayed
    assert desk.clock() + timedelta(hours=2) < second.earliest <= second.latest
    desk.clock.forward(minutes=10)
    assert not told(desk, mine).delayed
    desk.clock.forward(days=2)
    late = told(desk, mine)
    assert late.promised_by == second.latest
    assert late.latest is not None
    assert late.latest > desk.clock()


def test_behind_a_thousand_the_place_is_a_lower_bound(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expecting, "COUNTED", 5)
    desk.plant(9, queued_at=at(desk.clock, hours=1))
    (mine,) = desk.plant(1)
    found = told(desk, mine)
    assert (found.place, found.more) == (5, True)
    with desk.database.transaction() as session:
        submission = session.execute(select(QueueItem.submission_id).where(QueueItem.id == mine)).scalar_one()
        assert position(session, submission) == 6
