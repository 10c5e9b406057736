"""The queue: ordered by priority and age, paged without gaps, changed by an administrator."""

import uuid

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from config.database import Database
from grading import queue
from grading.models import QueueItem, Submission
from grading.queue import FilterUnreadable, QueueFilter
from grading.states import Priority, QueueState, SubmissionState
from privacy.audit import Actor
from privacy.sealing import Vault
from tests.conftest import StillClock
from tests.grading.batches.test_run import Scene, scene_of

ACTOR = Actor.administrator(uuid.uuid4())


@pytest.fixture
def scene(database: Database, vault: Vault, clock: StillClock) -> Scene:
    """Five students have handed in."""
    return scene_of(database, vault, clock, size=5)


def order(scene: Scene, size: int = 2) -> list[uuid.UUID]:
    found: list[uuid.UUID] = []
    after: str | None = None
    with scene.database.transaction() as session:
        while True:
            page = queue.page(session, QueueFilter(), after=after, size=size)
            found += [row.id for row in page.rows]
            after = page.next_after
            if after is None:
                return found


def test_pages_show_every_item_once(scene: Scene) -> None:
    assert sorted(order(scene)) == sorted(scene.items())
    assert order(scene, 2) == order(scene, 50)


def test_priority_comes_before_age(scene: Scene) -> None:
    last = order(scene)[-1]
    with scene.database.transaction() as session:
        assert queue.set_priority(session, [last], Priority.HIGH, ACTOR) == 1
    assert order(scene)[0] == last
    with scene.database.transaction() as session:
        submission_id = session.execute(select(QueueItem.submission_id).where(QueueItem.id == last)).scalar_one()
        assert queue.position(session, submission_id) == 1


def test_a_skipped_item_goes_to_its_instructor_and_can_be_put_back(scene: Scene) -> None:
    chosen = scene.items()[:2]
    with scene.database.transaction() as session:
        assert queue.skip(session, chosen, ACTOR) == 2
        skipped = session.execute(
            select(Submission.by_hand_reason).where(Submission.state == SubmissionState.WITH_INSTRUCTOR)
        ).scalars()
        assert list(skipped) == ["skipped", "skipped"]
    with scene.database.transaction() as session:
        assert queue.put_back(session, chosen, ACTOR, clock=scene.clock) == 2
    assert scene.states() == ({QueueState.QUEUED}, {SubmissionState.WAITING})


def test_statistics_count_what_waits(scene: Scene) -> None:
    with scene.database.transaction() as session:
        figures = queue.statistics(session)
    assert figures.pending == 5
    assert figures.estimated_microdollars > 0
    assert figures.oldest_queued_at is not None


def test_a_submission_has_one_live_item(scene: Scene) -> None:
    with pytest.raises(IntegrityError), scene.database.transaction() as session:
        item = session.execute(select(QueueItem).limit(1)).scalar_one()
        session.add(
            QueueItem(
                tenant_id=item.tenant_id,
                context_id=item.context_id,
                submission_id=item.submission_id,
                queued_at=scene.clock(),
            )
        )


def test_a_page_costs_one_statement(scene: Scene) -> None:
    statements: list[str] = []
    event.listen(
        scene.database.engine, "before_cursor_execute", lambda *arguments: statements.append(str(arguments[2]))
    )
    with scene.database.transaction() as session:
        statements.clear()
        queue.page(session, QueueFilter())
        assert len([one for one in statements if one.lstrip().startswith("SELECT")]) == 1


@pytest.mark.parametrize("after", ["x", "1_2_3", "1_2026-01-01_no"])
def test_an_unreadable_position_is_refused(scene: Scene, after: str) -> None:
    with scene.database.transaction() as session, pytest.raises(FilterUnreadable):
        queue.page(session, QueueFilter(), after=after)


def test_items_of_a_batch_are_left_alone(scene: Scene) -> None:
    scene.create()
    with scene.database.transaction() as session:
        assert queue.skip(session, scene.items(), ACTOR) == 0
    with scene.database.transaction() as session:
        assert queue.put_back(session, scene.items(), ACTOR, clock=scene.clock) == 0
    assert scene.states() == ({QueueState.SELECTED}, {SubmissionState.WAITING})
