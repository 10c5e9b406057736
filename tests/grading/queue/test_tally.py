"""The running sums of the queue are what a recount gives, whatever happened to the items and in whatever order."""

import random
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete, event, func, select, update

from config.database import Database
from grading.budget.comparison import compare, queue_estimate, waiting
from grading.estimates import TokenCounts
from grading.models import ChangeKind, QueueItem, QueueTally
from grading.models.tallies import FIGURES, KINDS, SUMS
from grading.queue import changes, tally
from grading.states import Priority, QueueState
from privacy.audit import Actor
from privacy.sealing import Vault
from tests.conftest import StillClock
from tests.factories import MODELS
from tests.grading.queue.items import Desk, desk_of
from tests.thorough import THOROUGH

STATES = (QueueState.QUEUED, QueueState.SELECTED, QueueState.FAILED, QueueState.SKIPPED, QueueState.COMPLETED)
Kept = dict[tuple[str, ...], tuple[int, ...]]


def kept(desk: Desk) -> Kept:
    """What the triggers have kept."""
    with desk.database.transaction() as session:
        rows = session.execute(
            select(
                *(getattr(QueueTally, kind) for kind in KINDS),
                *(func.sum(getattr(QueueTally, figure)) for figure in FIGURES),
            ).group_by(*(getattr(QueueTally, kind) for kind in KINDS))
        ).all()
    return _by_kind(rows)


def recounted(desk: Desk) -> Kept:
    """The same, counted from the items."""
    kinds = [getattr(QueueItem, kind) for kind in KINDS]
    with desk.database.transaction() as session:
        rows = session.execute(
            select(*kinds, func.count(), *(func.sum(getattr(QueueItem, column)) for column in SUMS.values())).group_by(
                *kinds
            )
        ).all()
    return _by_kind(rows)


def _by_kind(rows: Any) -> Kept:
    found = {tuple(map(str, row[:3])): tuple(map(int, row[3:])) for row in rows}
    return {kind: figures for kind, figures in found.items() if any(figures)}


def _some(desk: Desk, dice: random.Random) -> list[uuid.UUID]:
    ids = sorted(desk.values(QueueItem.state))
    return dice.sample(ids, dice.randint(0, len(ids)))


def _plant(desk: Desk, dice: random.Random) -> None:
    desk.plant_each(
        [
            {
                "state": dice.choice(STATES),
                "priority": dice.choice(list(Priority)),
                "model": dice.choice(MODELS),
                "text_tokens": dice.randint(0, 5000),
                "estimated_microdollars": dice.randint(0, 2**31),
            }
            for _ in range(dice.randint(0, 4))
        ]
    )


def _written(*columns: str) -> Callable[[Desk, random.Random], None]:
    """Writes new figures into some items."""

    def write(desk: Desk, dice: random.Random) -> None:
        values: dict[str, object] = {column: dice.randint(0, 2**30) for column in columns}
        if dice.random() < 0.5:
            values["model"] = dice.choice(MODELS)
        chosen = _some(desk, dice)
        with desk.database.transaction() as session:
            session.execute(update(QueueItem).where(QueueItem.id.in_(chosen)).values(values))

    return write


def _changed(kind: ChangeKind) -> Callable[[Desk, random.Random], None]:
    """An administrator changes some items."""

    def change(desk: Desk, dice: random.Random) -> None:
        value = dice.choice(list(Priority)).value if kind is ChangeKind.PRIORITY else ""
        chosen = _some(desk, dice)
        with desk.database.transaction() as session:
            changes.change_items(session, kind, value, chosen, Actor.system(), "openai", desk.clock)

    return change


def _delete(desk: Desk, dice: random.Random) -> None:
    chosen = _some(desk, dice)[:3]
    with desk.database.transaction() as session:
        session.execute(delete(QueueItem).where(QueueItem.id.in_(chosen)))


def _fold(desk: Desk, _dice: random.Random) -> None:
    with desk.database.transaction() as session:
        tally.fold(session, desk.clock())


ACTS = (
    _plant,
    _written("estimated_microdollars"),
    _written("text_tokens", "most_text_tokens"),
    _written("prompt_tokens", "most_prompt_tokens", "most_answer_tokens"),
    *(_changed(kind) for kind in (ChangeKind.SKIP, ChangeKind.PUT_BACK, ChangeKind.PRIORITY, ChangeKind.NOTE)),
    _delete,
    _fold,
)


@pytest.mark.parametrize("seed", range(40 if THOROUGH else 4))
def test_the_sums_are_what_a_recount_gives_after_any_sequence_of_changes(desk: Desk, seed: int) -> None:
    dice = random.Random(seed)
    for act in [_plant, _plant, *dice.choices(ACTS, k=12)]:
        act(desk, dice)
        assert kept(desk) == recounted(desk)
    _fold(desk, dice)
    assert kept(desk) == recounted(desk)
    with desk.database.transaction() as session:
        rows = session.execute(select(func.count()).select_from(QueueTally)).scalar_one()
    assert rows == len(recounted(desk))


def test_what_is_rolled_back_leaves_no_trace_in_the_sums(desk: Desk) -> None:
    desk.plant(3, text_tokens=100)
    before = kept(desk)
    with desk.database.session() as session:
        session.execute(update(QueueItem).values(text_tokens=7, model="gone"))
        session.execute(delete(QueueItem))
        session.rollback()
    assert kept(desk) == before == recounted(desk)


def test_many_writers_wait_for_nobody_but_whoever_has_the_same_items(
    postgresql_database: Database, vault: Vault, clock: StillClock
) -> None:
    """Each holds its own items changed, unfinished, while the others change theirs: no row of sums is shared."""
    desk = desk_of(postgresql_database, vault, clock)
    parts = [desk.plant(20, text_tokens=10 * number) for number in range(8)]
    all_have_written = threading.Barrier(len(parts) + 1, timeout=30)

    def write(ids: list[uuid.UUID]) -> None:
        with desk.database.transaction() as session:
            session.execute(update(QueueItem).where(QueueItem.id.in_(ids)).values(text_tokens=5, priority=Priority.LOW))
            all_have_written.wait()

    with ThreadPoolExecutor(len(parts)) as writers:
        written = [writers.submit(write, ids) for ids in parts]
        with desk.database.transaction() as session:
            tally.fold(session, clock())
            all_have_written.wait()
        for one in written:
            one.result(30)
    assert kept(desk) == recounted(desk)


def test_costs_are_read_from_the_sums_and_never_from_the_items(desk: Desk) -> None:
    """However much waits: the pages of costs read no item of the queue."""
    desk.plant(3, model="gpt-4o-mini", text_tokens=1000, most_text_tokens=1300, estimated_microdollars=700)
    desk.plant(2, model="gpt-6-luna", text_tokens=1000, most_text_tokens=1300, state=QueueState.SELECTED)
    desk.plant(4, state=QueueState.FAILED)
    statements: list[str] = []
    event.listen(desk.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    with desk.database.transaction() as session:
        compared, models = compare(session, MODELS, desk.clock())
        estimated = queue_estimate(session, desk.clock())
        alone = waiting(session)
    assert (compared.items, compared.counts) == (5, TokenCounts(5000, 6500, 2500, 3500, 7500))
    assert alone == compared
    assert {one.model.name for one in models} == set(MODELS)
    assert estimated.most == 3 * 700 + 2 * 100
    assert not [one for one in statements if "queue_item" in one]
