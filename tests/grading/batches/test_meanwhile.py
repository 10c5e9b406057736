"""What students and administrators do while a batch is under way counts from that moment on."""

import uuid

import pytest
from sqlalchemy import select

from config.database import Database
from grading.models import Batch, QueueItem, Submission
from grading.providers.base import ProviderUnavailable
from grading.states import BatchState, QueueState, SubmissionState
from privacy.sealing import Vault
from tests.grading.batches.world import World


@pytest.fixture
def world(sqlite_database: Database, vault: Vault) -> World:
    """Two students have handed in, and a batch is made of it."""
    made = World(sqlite_database, vault)
    made.prepare()
    made.hand_in(0)
    made.hand_in(1)
    assert made.compose(None)
    return made


def batch_id(world: World) -> uuid.UUID:
    with world.database.transaction() as session:
        return session.execute(select(Batch.id).where(Batch.number == 1)).scalar_one()


def states(world: World) -> list[tuple[QueueState, str | None, SubmissionState]]:
    """Of each item in the order of handing in."""
    with world.database.transaction() as session:
        rows = session.execute(
            select(QueueItem.state, QueueItem.failure_code, Submission.state)
            .join(Submission, Submission.id == QueueItem.submission_id)
            .order_by(QueueItem.created_at)
        )
        return [tuple(row) for row in rows]


def ended(world: World) -> None:
    world.check()
    world.quieten()
    world.check_quiet()


def test_what_was_replaced_does_not_wait_again_when_its_batch_is_cancelled(world: World) -> None:
    world.hand_in(0)
    assert world.cancel(batch_id(world))
    assert states(world) == [
        (QueueState.SKIPPED, "replaced", SubmissionState.REPLACED),
        (QueueState.QUEUED, None, SubmissionState.WAITING),
        (QueueState.QUEUED, None, SubmissionState.WAITING),
    ]
    ended(world)


def test_what_was_replaced_does_not_wait_again_when_its_batch_expires(world: World) -> None:
    assert world.submit(batch_id(world))
    world.work()
    world.hand_in(0)
    world.change_mind(1, agrees=False)
    world.provider.finish(world.provider.running()[0], "expired", ("expired",))
    world.work()
    assert states(world) == [
        (QueueState.SKIPPED, "replaced", SubmissionState.REPLACED),
        (QueueState.SKIPPED, "no_consent", SubmissionState.WITH_INSTRUCTOR),
        (QueueState.QUEUED, None, SubmissionState.WAITING),
    ]
    ended(world)


def test_what_was_replaced_before_the_upload_is_not_sent(world: World) -> None:
    assert world.submit(batch_id(world))
    world.provider.faults["upload"] = ProviderUnavailable("Nobody answers.")
    world.work()
    world.hand_in(0)
    world.work()
    assert [len(lines) for lines in world.provider.files.values()] == [1]
    assert states(world)[0] == (QueueState.SKIPPED, "replaced", SubmissionState.REPLACED)
    ended(world)


@pytest.mark.parametrize("reason", ["no answer", "no room"])
def test_what_was_taken_back_is_not_worked_on_though_its_file_was_there(world: World, reason: str) -> None:
    assert world.submit(batch_id(world))
    if reason == "no answer":
        world.provider.faults["create"] = ProviderUnavailable("Nobody answers.")
    world.work()
    if reason == "no room":
        world.provider.refuse(world.provider.running()[0])
        world.work()
    world.change_mind(0, agrees=False)
    for _ in range(3):
        world.work()
    (running,) = world.provider.running()[-1:]
    assert len(world.provider.files[world.provider.file_of[running]]) == 1
    ended(world)


def test_a_create_that_did_not_arrive_is_not_repeated_while_everything_is_frozen(world: World) -> None:
    assert world.submit(batch_id(world))
    world.provider.faults["create"] = ProviderUnavailable("Nobody answers.")
    world.work()
    world.freeze(cancels=False)
    world.work()
    world.work()
    assert world.provider.creates == 0
    assert world.unfreeze()
    world.work(1)
    assert world.provider.creates == 1
    with world.database.transaction() as session:
        assert session.execute(select(Batch.state)).scalar_one() is BatchState.PROCESSING
    ended(world)
