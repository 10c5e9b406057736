"""Whatever people, the provider and crashes do, in any order: nothing is lost, doubled, overspent or sent unasked."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings, strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event, select

from config.database import Database
from grading.dead_letters import Remedy
from grading.models import Batch, QueueItem
from grading.models import ChangeKind as Kind
from grading.providers.base import TOO_MUCH_QUEUED, ProviderMisconfigured, ProviderUnavailable
from grading.queue import QueueFilter
from grading.states import Priority, QueueState
from privacy.sealing import Vault
from tests import thorough
from tests.grading.batches.ground import kept_file
from tests.grading.batches.recording import KINDS
from tests.grading.batches.world import COURSES, STUDENTS, World
from tests.grading.cut_off import Killed

EXAMPLES, STEPS = (60, 40) if thorough.THOROUGH else (5, 25)
some = strategies.sets(strategies.integers(0, 11), min_size=1, max_size=6)
"""Which of the items are ticked, by their place in the list."""
CALLS = ("upload", "create", "find", "poll", "results", "cancel", "delete")
LOST = ("upload-after", "create-after")


class AnyOrder(RuleBasedStateMachine):
    """Everybody acts as they like."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    @initialize(count=strategies.integers(1, COURSES * STUDENTS))
    def class_hands_in(self, count: int) -> None:
        for number in range(count):
            self.world.hand_in(number)

    @rule(student=strategies.integers(0, COURSES * STUDENTS - 1))
    def hand_in(self, student: int) -> None:
        self.world.hand_in(student)

    @precondition(lambda self: self.world.owner_of)
    @rule(place=strategies.integers(0, 5))
    def replace(self, place: int) -> None:
        """Somebody who has handed in does so again."""
        again = [number for number, one in enumerate(self.world.students) if one.newest is not None]
        self.world.hand_in(again[place % len(again)])

    @rule(student=strategies.integers(0, COURSES * STUDENTS - 1), agrees=strategies.booleans())
    def change_mind(self, student: int, agrees: bool) -> None:
        self.world.change_mind(student, agrees=agrees)

    @rule(course=strategies.integers(0, COURSES - 1), allowed=strategies.booleans())
    def allow(self, course: int, allowed: bool) -> None:
        self.world.allow(course, allowed=allowed)

    @rule(course=strategies.integers(0, COURSES - 1))
    def ask_for_withheld(self, course: int) -> None:
        self.world.ask_for_withheld(course)

    @rule(ticked=some)
    def compose_ticked(self, ticked: set[int]) -> None:
        self.world.compose(self.items(ticked))

    @rule(size=strategies.integers(1, 8))
    def compose_matching(self, size: int) -> None:
        self.world.compose(None, size)

    @rule(size=strategies.integers(1, 8))
    def compose_and_submit(self, size: int) -> None:
        if self.world.compose(None, size):
            self.submit(0)

    @rule(place=strategies.integers(0, 3))
    def submit(self, place: int) -> None:
        for batch_id in self.batches()[place : place + 1]:
            self.world.submit(batch_id)

    @rule(place=strategies.integers(0, 3))
    def cancel(self, place: int) -> None:
        for batch_id in self.batches()[place : place + 1]:
            self.world.cancel(batch_id)

    @rule(ticked=some, kind=strategies.sampled_from((Kind.SKIP, Kind.PUT_BACK)))
    def skip_or_put_back(self, ticked: set[int], kind: Kind) -> None:
        self.world.change(kind, "", self.items(ticked))

    @rule(ticked=some, priority=strategies.sampled_from(Priority))
    def set_priority(self, ticked: set[int], priority: Priority) -> None:
        self.world.change(Kind.PRIORITY, priority.value, self.items(ticked))

    @rule(ticked=some, later=strategies.booleans())
    def reschedule(self, ticked: set[int], later: bool) -> None:
        until = self.world.clock().replace(year=2027).isoformat() if later else ""
        self.world.change(Kind.RESCHEDULE, until, self.items(ticked))

    @rule(
        kind=strategies.sampled_from((Kind.SKIP, Kind.PUT_BACK)),
        states=strategies.sampled_from(((QueueState.QUEUED,), (QueueState.FAILED,), (QueueState.SKIPPED,))),
    )
    def change_all(self, kind: Kind, states: tuple[QueueState, ...]) -> None:
        self.world.change_all(kind, "", QueueFilter(states=states))

    @rule()
    def take_back(self) -> None:
        self.world.take_back()

    @rule(cancels=strategies.booleans())
    def freeze(self, cancels: bool) -> None:
        self.world.freeze(cancels=cancels)

    @precondition(lambda self: self.world.frozen)
    @rule()
    def unfreeze(self) -> None:
        self.world.unfreeze()

    @rule(
        course=strategies.none() | strategies.integers(0, COURSES - 1),
        amount=strategies.none() | strategies.integers(0, 6_000),
    )
    def set_limit(self, course: int | None, amount: int | None) -> None:
        self.world.set_limit(course, amount)

    @rule(amount=strategies.integers(1, 5_000))
    def override(self, amount: int) -> None:
        self.world.override(amount)

    @rule(ticked=some, remedy=strategies.sampled_from(Remedy))
    def remedy(self, ticked: set[int], remedy: Remedy) -> None:
        self.world.remedy(remedy, self.items(ticked))

    @rule(minutes=strategies.sampled_from((1.0, 15.0, 60.0)))
    def work(self, minutes: float) -> None:
        self.world.work(minutes)

    @rule(
        place=strategies.integers(0, 3),
        status=strategies.sampled_from(("completed", "expired", "cancelled")),
        kinds=strategies.lists(strategies.sampled_from(KINDS), min_size=1, max_size=4),
    )
    def batch_ends(self, place: int, status: str, kinds: list[str]) -> None:
        for remote in self.world.provider.running()[place : place + 1]:
            self.world.provider.finish(remote, status, kinds)

    @rule(place=strategies.integers(0, 3), code=strategies.sampled_from((TOO_MUCH_QUEUED, "model_not_found")))
    def batch_is_refused(self, place: int, code: str) -> None:
        for remote in self.world.provider.running()[place : place + 1]:
            self.world.provider.refuse(remote, code)

    @rule(call=strategies.sampled_from((*CALLS, *LOST)))
    def an_answer_is_lost(self, call: str) -> None:
        self.world.provider.faults[call] = ProviderUnavailable("Nobody answers.")

    @rule(call=strategies.sampled_from(("upload", "create")))
    def the_key_is_refused(self, call: str) -> None:
        self.world.provider.faults[call] = ProviderMisconfigured("The key is wrong.")

    @rule()
    def results_break_off(self) -> None:
        self.world.provider.cut_results = True

    @rule(when=strategies.sampled_from(("commit", "before_cursor_execute")), count=strategies.integers(1, 40))
    def crash(self, when: str, count: int) -> None:
        """A worker dies on its way; another takes over once the lease has run out."""
        with_crash(self.world.database, when, count, self.world.work)
        self.world.clock.forward(minutes=11)

    @invariant()
    def all_is_well(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        self.world.quieten()
        self.world.check_quiet()

    def items(self, ticked: set[int]) -> list[uuid.UUID]:
        with self.world.database.transaction() as session:
            ids = session.execute(select(QueueItem.id).order_by(QueueItem.created_at, QueueItem.id)).scalars().all()
        return [ids[place % len(ids)] for place in sorted(ticked)] if ids else []

    def batches(self) -> list[uuid.UUID]:
        """Newest first."""
        with self.world.database.transaction() as session:
            return list(session.execute(select(Batch.id).order_by(Batch.number.desc())).scalars())


def with_crash(database: Database, when: str, count: int, work: Callable[[], None]) -> None:
    """Do work in a process that dies at a commit or a statement: from there on it does nothing any more."""
    left = count

    def dies(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise Killed

    event.listen(database.engine, when, dies)
    try:
        work()
    except Killed:
        pass
    finally:
        event.remove(database.engine, when, dies)


@pytest.mark.properties
@pytest.mark.timeout(3600 if thorough.THOROUGH else 120)
def test_nothing_is_lost_doubled_overspent_or_sent_unasked(sqlite_database: Database, vault: Vault) -> None:
    prepared = World(sqlite_database, vault)
    prepared.prepare()
    restore = kept_file(sqlite_database)

    def machine() -> AnyOrder:
        restore()
        return AnyOrder(prepared.again())

    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # To find the shortest way to a failure takes minutes.
            phases=tuple(Phase) if thorough.THOROUGH else (Phase.explicit, Phase.reuse, Phase.generate),
        ),
    )
