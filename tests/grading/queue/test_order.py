"""The order of the queue: as the rule says, nothing starves, pages lose and repeat nothing, an index serves them."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, event, update

from grading.models import QueueItem
from grading.models.turns import SHIFTS
from grading.queue import QueueFilter, Sort, page
from grading.queue.filters import FilterUnreadable, read_filter
from grading.states import Priority, QueueState
from tests.conftest import START
from tests.grading.queue.items import Desk, at

MOMENTS = st.integers(0, 60 * 24 * 10).map(lambda minutes: START + timedelta(minutes=minutes, microseconds=minutes))
WORK = st.tuples(MOMENTS, st.sampled_from(Priority), st.one_of(st.none(), MOMENTS))
QUEUED = {state: QueueFilter(states=(state,)) for state in QueueState}


def turn_of(queued_at: datetime, priority: Priority, not_before: datetime | None) -> datetime:
    """The rule in Python, as the documentation states it."""
    shifted = queued_at + SHIFTS[priority]
    return max(shifted, not_before) if not_before else shifted


def walked(desk: Desk, chosen: QueueFilter, size: int) -> list[uuid.UUID]:
    found: list[uuid.UUID] = []
    after: str | None = None
    while True:
        with desk.database.transaction() as session:
            shown = page(session, chosen, after=after, size=size)
        found += [row.id for row in shown.rows]
        after = shown.next_after
        if after is None:
            return found


@given(st.lists(WORK, min_size=1, max_size=30), MOMENTS)
def test_whatever_its_priority_work_runs_before_all_that_comes_much_later(
    earlier: list[tuple[datetime, Priority, datetime | None]], moment: datetime
) -> None:
    longest = max(SHIFTS.values()) - min(SHIFTS.values())
    for priority in Priority:
        mine = turn_of(moment, priority, None)
        for queued_at, other, not_before in earlier:
            if queued_at > moment + longest:
                assert turn_of(queued_at, other, not_before) > mine


def test_the_database_orders_as_the_rule_says(desk: Desk) -> None:
    moments = [at(desk.clock, days=days, microseconds=days) for days in (0, 1, 2.5, 3, 3.5, 6, 9)]
    later = [None, desk.clock() + timedelta(days=1), at(desk.clock, days=2)]
    values = [
        {"queued_at": moment, "priority": priority, "not_before": not_before}
        for moment in moments
        for priority in Priority
        for not_before in later
    ]
    ids = desk.plant_each(values)
    turns = {item: turn_of(**own) for item, own in zip(ids, values, strict=True)}
    assert desk.values(QueueItem.turn_at) == turns
    assert walked(desk, QueueFilter(), 4) == sorted(ids, key=lambda item: (turns[item], item))
    with desk.database.transaction() as session:
        session.execute(update(QueueItem).where(QueueItem.id == ids[0]).values(priority=Priority.LOW))
    assert desk.values(QueueItem.turn_at)[ids[0]] == turn_of(moments[0], Priority.LOW, None)


def test_every_sort_shows_every_item_once(desk: Desk) -> None:
    ids = desk.plant_each(
        [
            {
                "queued_at": at(desk.clock, hours=number % 3),
                "priority": list(Priority)[number % 3],
                "state": (QueueState.QUEUED, QueueState.SELECTED, QueueState.FAILED)[number % 3],
                "estimated_microdollars": number % 4,
            }
            for number in range(12)
        ]
    )
    for sort in Sort:
        keys = desk.values(sort.column)
        chosen = QueueFilter(states=tuple(QueueState), sort=sort)
        assert walked(desk, chosen, 5) == sorted(ids, key=lambda item: (keys[item], item), reverse=sort.descending)
    with pytest.raises(FilterUnreadable), desk.database.transaction() as session:
        page(session, chosen, after=f"other_{START.isoformat()}_{ids[0]}")


def test_what_comes_in_while_pages_are_read_neither_hides_nor_repeats_anything(desk: Desk) -> None:
    """Pages of every size, with work of every priority coming in, and going, behind each of them."""
    before = set(
        desk.plant_each([{"queued_at": at(desk.clock, hours=n), "priority": p} for n in range(6) for p in Priority])
    )
    found: list[uuid.UUID] = []
    after, size = None, 1
    while True:
        with desk.database.transaction() as session:
            shown = page(session, QueueFilter(), after=after, size=size)
        found += [row.id for row in shown.rows]
        desk.plant_each([{"queued_at": at(desk.clock, hours=size), "priority": p} for p in Priority])
        after, size = shown.next_after, size + 2
        if after is None or size > 12:
            break
    assert len(found) == len(set(found))
    while after:
        with desk.database.transaction() as session:
            shown = page(session, QueueFilter(), after=after, size=50)
        found, after = found + [row.id for row in shown.rows], shown.next_after
    assert before <= set(found)
    assert len(found) == len(set(found))


def test_a_span_of_days_finds_what_was_handed_in_then_also_if_it_was_put_off(desk: Desk) -> None:
    values: list[dict[str, Any]] = [
        {"queued_at": at(desk.clock, days=days), "priority": own, "not_before": not_before}
        for days in range(8)
        for own in Priority
        for not_before in (None, desk.clock() + timedelta(days=20))
    ]
    ids = desk.plant_each(values)
    since, until = at(desk.clock, days=5), at(desk.clock, days=2)
    for priority, sort in product([None, *Priority], (Sort.TURN, Sort.LAST_TURN, Sort.NEWEST)):
        wanted = [
            item
            for item, own in zip(ids, values, strict=True)
            if since <= own["queued_at"] < until and priority in (None, own["priority"])
        ]
        found = walked(desk, QueueFilter(since=since, until=until, priority=priority, sort=sort), 10)
        assert sorted(found) == sorted(wanted)


def test_a_filter_goes_through_an_address_and_back() -> None:
    chosen = QueueFilter(
        states=(QueueState.FAILED,),
        context_id=uuid.uuid4(),
        priority=Priority.LOW,
        tenant_id=uuid.uuid4(),
        instructor_id=uuid.uuid4(),
        since=datetime(2026, 11, 1, 8, tzinfo=UTC),
        until=datetime(2026, 11, 2, 8, tzinfo=UTC),
        sought="hidden",
        sort=Sort.DEAREST,
    )
    assert read_filter(chosen.arguments()) == chosen
    assert read_filter({}) == QueueFilter()
    assert read_filter({"state": "all"}).states == tuple(QueueState)
    for wrong in ({"course": "x"}, {"since": "yesterday"}, {"sort": "name"}, {"state": ["queued", "gone"]}):
        with pytest.raises(FilterUnreadable):
            read_filter(wrong)


FILTERS = {
    "waiting": QueueFilter(),
    "all": QueueFilter(states=tuple(QueueState)),
    "one state": QUEUED[QueueState.FAILED],
    "low": QueueFilter(priority=Priority.LOW),
    "course": QueueFilter(context_id=uuid.uuid4()),
    "LMS": QueueFilter(tenant_id=uuid.uuid4()),
    "days": QueueFilter(since=START, until=START + timedelta(days=1)),
    "oldest": QueueFilter(sort=Sort.OLDEST),
    "dearest": QueueFilter(sort=Sort.DEAREST),
    "dearest of a course": QueueFilter(context_id=uuid.uuid4(), sort=Sort.DEAREST),
}


def test_a_page_is_one_statement_that_an_index_serves_in_order(desk: Desk) -> None:
    """No piece of a plan reads the table, or sorts more than the rows of a page."""
    found: list[tuple[str, Any]] = []
    event.listen(desk.database.engine, "before_cursor_execute", lambda *given: found.append((given[2], given[3])))
    for name, chosen in FILTERS.items():
        found.clear()
        with desk.database.transaction() as session:
            page(session, chosen)
        ((statement, values),) = [one for one in found if one[0].startswith("SELECT")]
        with desk.database.engine.connect() as connection:
            check = by_index_on_sqlite if connection.dialect.name == "sqlite" else by_index_on_postgresql
            assert check(connection, statement, values), name


def by_index_on_sqlite(connection: Connection, statement: str, values: Any) -> bool:
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    reads = [row for row in plan if re.search(r"(SCAN|SEARCH) queue_item", row[3]) and "(id=?)" not in row[3]]
    if reads and all("(context_id=?)" in row[3] for row in reads):
        return True  # one course, read as a whole and sorted
    sorted_in = {row[1] for row in plan if "FOR ORDER BY" in row[3]}
    served = all("USING" in row[3] and "INDEX ix_queue_item" in row[3] for row in reads)
    return bool(reads) and served and not sorted_in & {row[1] for row in reads}


def by_index_on_postgresql(connection: Connection, statement: str, values: Any) -> bool:
    for way in ("seqscan", "bitmapscan", "sort"):
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    lines = [str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values)]
    reads = [line for line in lines if "Scan" in line and " on queue_item" in line and "pk_queue_item" not in line]
    return bool(reads) and all("ix_queue_item" in line for line in reads)
