"""Four workers, eight administrators, a student and the provider act at once on PostgreSQL, and never in a circle."""

import random
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select

from config.database import Database
from grading.dead_letters import Remedy
from grading.models import Batch, BudgetAccount, QueueItem
from grading.models import ChangeKind as Kind
from grading.queue import QueueFilter
from grading.states import Priority, QueueState
from privacy.sealing import Vault
from tests.grading.batches.recording import KINDS
from tests.grading.batches.world import COURSES, STUDENTS, World

WORKERS, ADMINISTRATORS = 4, 8


@dataclass
class Crowd:
    """People and processes, each in a thread with sessions of its own. Whatever one of them meets fails the test: a
    deadlock, a batch accepted twice, a line executed twice."""

    world: World
    actions: int
    over: threading.Event

    def act(self) -> None:
        """Let everybody act until the administrators have done what they wanted."""
        self.world.provider.on_leaving = lambda _: None  # what is asked and what is sent have no common moment here
        with ThreadPoolExecutor(WORKERS + ADMINISTRATORS + 2) as pool:
            people = [pool.submit(self._administrator, random.Random(number)) for number in range(ADMINISTRATORS)]
            people.append(pool.submit(self._student, random.Random(99)))
            around = [pool.submit(self._worker) for _ in range(WORKERS)]
            around.append(pool.submit(self._provider, random.Random(98)))
            try:
                for one in people:
                    one.result()
            finally:
                self.over.set()
            for one in around:
                one.result()

    def _administrator(self, chance: random.Random) -> None:
        world = self.world
        wishes: list[Callable[[], object]] = [
            lambda: world.compose(None, chance.randint(1, 6)),
            lambda: world.compose(self._items(chance)),
            lambda: world.submit(self._batch(chance)),
            lambda: world.submit(self._batch(chance)),
            lambda: world.cancel(self._batch(chance)),
            lambda: world.change(Kind.SKIP, "", self._items(chance)),
            lambda: world.change(Kind.PUT_BACK, "", self._items(chance)),
            lambda: world.change(Kind.PRIORITY, chance.choice(list(Priority)), self._items(chance)),
            lambda: world.change_all(Kind.PUT_BACK, "", QueueFilter(states=(QueueState.SKIPPED,))),
            lambda: world.change_all(Kind.SKIP, "", QueueFilter()),
            lambda: world.remedy(chance.choice(list(Remedy)), self._items(chance)),
            lambda: world.freeze(cancels=chance.random() < 0.3),
            world.unfreeze,
            world.unfreeze,
        ]
        for _ in range(self.actions):
            chance.choice(wishes)()

    def _student(self, chance: random.Random) -> None:
        """Hands in, says no and yes again."""
        for _ in range(self.actions):
            number = chance.randrange(COURSES * STUDENTS)
            if chance.random() < 0.5:
                self.world.hand_in(number)
            else:
                self.world.change_mind(number, agrees=False)
                self.world.change_mind(number, agrees=True)

    def _worker(self) -> None:
        while not self.over.is_set():
            self.world.work(2)

    def _provider(self, chance: random.Random) -> None:
        while not self.over.wait(0.02):
            for remote in self.world.provider.running():
                self.world.provider.finish(remote, "completed", chance.choices(KINDS, k=2))

    def _items(self, chance: random.Random) -> list[uuid.UUID]:
        with self.world.database.transaction() as session:
            ids = list(session.execute(select(QueueItem.id)).scalars())
        return chance.sample(ids, min(len(ids), chance.randint(1, 6)))

    def _batch(self, chance: random.Random) -> uuid.UUID:
        with self.world.database.transaction() as session:
            ids = list(session.execute(select(Batch.id).order_by(Batch.number.desc()).limit(6)).scalars())
        return chance.choice(ids) if ids else uuid.uuid4()


@pytest.mark.parametrize("actions", [4, pytest.param(40, marks=(pytest.mark.proof, pytest.mark.timeout(900)))])
def test_nobody_waits_in_a_circle_and_nothing_is_done_twice(
    postgresql_database: Database, vault: Vault, actions: int
) -> None:
    world = World(postgresql_database, vault)
    world.prepare()
    for number in range(COURSES * STUDENTS):
        world.hand_in(number)
    with world.database.transaction() as session:
        estimate = session.execute(select(func.max(QueueItem.estimated_microdollars))).scalar_one()
    world.set_limit(None, 8 * estimate)
    Crowd(world, actions, threading.Event()).act()
    world.quieten()
    world.check_quiet()
    with world.database.transaction() as session:
        overdrawn = session.execute(select(func.max(BudgetAccount.overrun_microdollars))).scalar_one()
    assert overdrawn == 0
