"""Several batches at a provider that has room for one at a time."""

from sqlalchemy import select

from config.database import Database
from grading.models import Batch, QueueItem
from grading.states import BatchState
from privacy.sealing import Vault
from tests.grading.batches.world import World


def test_batches_for_which_there_is_no_room_follow_one_after_the_other(sqlite_database: Database, vault: Vault) -> None:
    world = World(sqlite_database, vault)
    world.prepare()
    for number in range(2):
        world.hand_in(number)
        with world.database.transaction() as session:
            newest = session.execute(select(QueueItem.id).where(QueueItem.state == "queued")).scalar_one()
        assert world.compose([newest])
        with world.database.transaction() as session:
            batch_id = session.execute(select(Batch.id).order_by(Batch.number.desc()).limit(1)).scalar_one()
        assert world.submit(batch_id)
    for _ in range(2):
        world.work()
        first, *others = world.provider.running()
        for remote in others:
            world.provider.refuse(remote)
        world.work(6)
        # What was refused waits for the one that runs, in one piece, and its money stays set aside.
        assert world.provider.running() == [first]
        world.check()
        world.provider.finish(first, "completed", ("good",))
        world.work(6)
    with world.database.transaction() as session:
        states = list(session.execute(select(Batch.state)).scalars())
    assert states == [BatchState.COMPLETED] * 2
    world.quieten()
    world.check_quiet()
