"""Eight at once on one budget: what is set aside never passes the limit, and a settlement counts once."""

import uuid
from concurrent.futures import ThreadPoolExecutor

from config.database import Database
from grading.budget import charges, reading
from grading.budget.errors import BudgetRefused
from grading.budget.verifying import verify
from tests.conftest import START, StillClock
from tests.grading.budget.test_charges import ONE, OTHER, charge, limit

WORKERS = 8


def test_nobody_overdraws_a_budget(database: Database, clock: StillClock) -> None:
    limit(database, 1000, clock)

    def submit(number: int) -> int:
        done = 0
        for _ in range(3):
            try:
                with database.transaction() as session:
                    charges.reserve(session, charge(70, (ONE, OTHER)[number % 2]), START)
                done += 1
            except BudgetRefused:
                pass
        return done

    with ThreadPoolExecutor(WORKERS) as workers:
        accepted = sum(workers.map(submit, range(WORKERS)))
    assert accepted == 1000 // 70
    with database.transaction() as session:
        assert reading.site_standing(session, START).reserved == accepted * 70
        verify(session)


def test_a_settlement_counts_once_however_many_try(database: Database) -> None:
    reference = uuid.uuid4()
    with database.transaction() as session:
        charges.reserve(session, charge(500, reference=reference), START)

    def settle(_: int) -> bool:
        with database.transaction() as session:
            return charges.settle(session, charge(300, reference=reference), START)

    with ThreadPoolExecutor(WORKERS) as workers:
        assert sum(workers.map(settle, range(WORKERS))) == 1
    with database.transaction() as session:
        assert reading.site_standing(session, START).spent == 300
        verify(session)
