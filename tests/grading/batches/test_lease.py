"""A lease belongs to one worker, is renewed by work, and keeps a worker that slept from writing."""

import uuid

import pytest
from sqlalchemy import select

from config.database import Database
from grading.batches.lease import LENGTH, RENEWED_AFTER, Lease, LeaseLost
from grading.models import Batch
from grading.states import BatchStep
from tests import factories
from tests.conftest import StillClock


@pytest.fixture
def batch_id(database: Database, clock: StillClock) -> uuid.UUID:
    """A batch that is due."""
    with database.transaction() as session:
        made = Batch(
            number=1,
            provider="openai",
            model="gpt-6-luna",
            created_by=factories.administrator(session).id,
            step=BatchStep.POLL,
            next_check_at=clock(),
        )
        session.add(made)
    return made.id


def taken(database: Database, clock: StillClock, batch_id: uuid.UUID) -> Lease:
    lease = Lease.take(database, clock, batch_id)
    assert lease is not None
    return lease


def test_a_lease_is_one_workers_until_it_runs_out(database: Database, clock: StillClock, batch_id: uuid.UUID) -> None:
    slow = taken(database, clock, batch_id)
    assert Lease.take(database, clock, batch_id) is None
    clock.now += LENGTH
    assert Lease.take(database, clock, batch_id) is None
    clock.forward(seconds=1)
    fast = taken(database, clock, batch_id)
    with pytest.raises(LeaseLost), slow.transaction(attempts=7) as session:
        session.execute(select(Batch))
    with pytest.raises(LeaseLost):
        slow.write(attempts=7)
    slow.release()
    fast.write(attempts=3)
    with database.transaction() as session:
        assert session.execute(select(Batch.attempts, Batch.lease_token)).one() == (3, fast.token)
    fast.release()
    assert Lease.take(database, clock, batch_id) is not None


def test_work_that_goes_on_keeps_its_lease(database: Database, clock: StillClock, batch_id: uuid.UUID) -> None:
    lease = taken(database, clock, batch_id)
    for _ in range(9):
        clock.now += RENEWED_AFTER
        clock.forward(seconds=1)
        lease.keep()
        assert Lease.take(database, clock, batch_id) is None
