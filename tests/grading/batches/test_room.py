"""What may wait at a provider at once: batches wait for each other, say why, and lose no try by waiting."""

import uuid
from dataclasses import replace

import pytest
from sqlalchemy import select

from config.database import Database
from grading.batches import compose
from grading.batches.sizes import Limits
from grading.batches.watching import MOST_TRIES_OF_ONE
from grading.models import Batch, QueueItem
from grading.providers.base import TOO_MUCH_QUEUED, RemoteState
from grading.states import BatchState, BatchStep, QueueState
from privacy.models import AuditEvent
from privacy.sealing import Vault
from tests.conftest import StillClock
from tests.grading.batches.test_run import LIMITS, Scene, scene_of


@pytest.fixture
def scene(database: Database, vault: Vault, clock: StillClock) -> Scene:
    """Three students have handed in."""
    return scene_of(database, vault, clock)


def batch_of(scene: Scene, *places: int) -> uuid.UUID:
    """A batch of some items, submitted."""
    items = sorted(scene.items())
    with scene.database.transaction() as session:
        made = compose.create(
            session,
            [items[place] for place in places],
            provider="openai",
            limits=LIMITS,
            note="",
            administrator_id=scene.admin_id,
            clock=scene.clock,
        ).id
    scene.submit(made)
    return made


def work(scene: Scene, limits: Limits = LIMITS) -> None:
    """What a worker does for everything that is due."""
    scene.clock.forward(minutes=20)
    runner = replace(scene.runner, limits=limits)
    for batch_id in runner.due():
        runner.advance(batch_id)


def seen(scene: Scene, batch_id: uuid.UUID) -> Batch:
    with scene.database.transaction() as session:
        return session.get_one(Batch, batch_id)


def refuse(scene: Scene, batch_id: uuid.UUID) -> None:
    """The provider has no room, and says so once."""
    remote = f"batch-{batch_id}"
    scene.provider.batches[remote] = replace(
        scene.provider.batches[remote], status="failed", state=RemoteState.REFUSED, refusal_code=TOO_MUCH_QUEUED
    )
    work(scene)
    if seen(scene, batch_id).step is BatchStep.CREATE:
        work(scene)


def state_of(scene: Scene, batch_id: uuid.UUID) -> tuple[BatchState, set[QueueState], set[str | None]]:
    with scene.database.transaction() as session:
        items = session.execute(select(QueueItem.state, QueueItem.failure_code)).all()
    return seen(scene, batch_id).state, {row[0] for row in items}, {row[1] for row in items}


def test_waiting_for_others_uses_up_no_try_and_being_refused_alone_does(scene: Scene) -> None:
    others, lone = batch_of(scene, 0, 1), batch_of(scene, 2)
    work(scene)
    for _ in range(MOST_TRIES_OF_ONE + 2):
        refuse(scene, lone)
    assert state_of(scene, lone) == (BatchState.PROCESSING, {QueueState.PROCESSING}, {None})
    scene.provider.end_one(f"batch-{others}")
    work(scene)
    for _ in range(MOST_TRIES_OF_ONE - 1):
        refuse(scene, lone)
    assert seen(scene, lone).state is BatchState.PROCESSING
    refuse(scene, lone)
    assert state_of(scene, lone) == (
        BatchState.FAILED,
        {QueueState.COMPLETED, QueueState.FAILED},
        {None, "too_large"},
    )


def test_a_batch_waits_until_the_others_leave_it_room_and_says_why(scene: Scene) -> None:
    first = batch_of(scene, 0, 1)
    work(scene)
    tokens = seen(scene, first).enqueued_tokens
    assert tokens > 0
    with scene.database.transaction() as session:
        items = session.execute(
            select(QueueItem.most_text_tokens + QueueItem.most_prompt_tokens).order_by(QueueItem.id)
        ).scalars()
        assert tokens == sum(list(items)[:2])
    tight = Limits(1, 100, enqueued_tokens=tokens + 1)
    second = batch_of(scene, 2)
    for _ in range(3):
        work(scene, tight)
    waiting = seen(scene, second)
    assert (waiting.state, waiting.step, waiting.failure_code) == (
        BatchState.SUBMITTED,
        BatchStep.CREATE,
        TOO_MUCH_QUEUED,
    )
    assert "This goes on when there is room." in (waiting.failure_words or "")
    assert (scene.provider.creates, waiting.create_attempt, waiting.create_started_at) == (1, 1, None)
    with scene.database.transaction() as session:
        noted = session.execute(select(AuditEvent).where(AuditEvent.event == "batch.waits_for_room")).all()
    assert len(noted) == 1
    scene.provider.end_one(f"batch-{first}")
    work(scene, tight)
    work(scene, tight)
    assert (seen(scene, second).step, seen(scene, second).failure_code) == (BatchStep.POLL, None)


def test_a_batch_alone_is_tried_however_large_and_another_limit_is_another_models(scene: Scene) -> None:
    first = batch_of(scene, 0)
    work(scene, Limits(1, 100, enqueued_tokens=1))
    assert seen(scene, first).step is BatchStep.POLL
    second = batch_of(scene, 1)
    roomy = Limits(1, 100, enqueued_tokens=1, tokens_of_models={"gpt-6-luna": 10**6})
    work(scene, roomy)
    assert seen(scene, second).step is BatchStep.POLL
