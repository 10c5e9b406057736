"""The queue: ordered by priority and age, paged without gaps, changed by an administrator."""

import uuid

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.database import Database
from grading import agreements, queue, withholding
from grading.clearance import NO_CONSENT
from grading.models import ChangeKind, Context, QueueItem, Submission
from grading.queue import FilterUnreadable, QueueFilter, changes
from grading.states import Priority, QueueState, SubmissionState
from grading.withholding import Scope
from privacy.audit import Actor
from privacy.consent import CURRENT_TEXT, give_consent
from privacy.sealing import Vault
from tests.conftest import StillClock
from tests.grading.batches.test_run import Scene, scene_of

ACTOR = Actor.administrator(uuid.uuid4())


@pytest.fixture
def scene(database: Database, vault: Vault, clock: StillClock) -> Scene:
    """Five students have handed in."""
    return scene_of(database, vault, clock, size=5)


def change(session: Session, kind: ChangeKind, item_ids: list[uuid.UUID], value: str = "") -> int:
    return changes.change_items(session, kind, value, item_ids, ACTOR, "openai").changed


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
        assert change(session, ChangeKind.PRIORITY, [last], Priority.HIGH) == 1
    assert order(scene)[0] == last
    with scene.database.transaction() as session:
        submission_id = session.execute(select(QueueItem.submission_id).where(QueueItem.id == last)).scalar_one()
        assert queue.position(session, submission_id) == 1


def test_a_skipped_item_goes_to_its_instructor_and_can_be_put_back(scene: Scene) -> None:
    chosen = scene.items()[:2]
    with scene.database.transaction() as session:
        assert change(session, ChangeKind.SKIP, chosen) == 2
        skipped = session.execute(
            select(Submission.by_hand_reason).where(Submission.state == SubmissionState.WITH_INSTRUCTOR)
        ).scalars()
        assert list(skipped) == ["skipped", "skipped"]
    with scene.database.transaction() as session:
        assert change(session, ChangeKind.PUT_BACK, chosen) == 2
    assert scene.states() == ({QueueState.QUEUED}, {SubmissionState.WAITING})


@pytest.mark.parametrize("failed", [False, True])
def test_work_without_consent_is_not_put_back_but_lies_where_such_work_lies(scene: Scene, failed: bool) -> None:
    items, course = scene.items(), scene.course
    with scene.database.transaction() as session:
        assert change(session, ChangeKind.SKIP, items) == 5
        if failed:
            session.execute(update(QueueItem).values(state=QueueState.FAILED, failure_code="schema"))
        agreements.disagree(
            session,
            context=session.get_one(Context, course.context.id),
            person_id=scene.people[0],
            text=CURRENT_TEXT,
            provider="openai",
            clock=scene.clock,
        )
    with scene.database.transaction() as session:
        assert change(session, ChangeKind.PUT_BACK, items) == 4
        assert change(session, ChangeKind.PUT_BACK, items) == 0
    with scene.database.transaction() as session:
        item, work = session.execute(
            select(QueueItem, Submission)
            .join(Submission, Submission.id == QueueItem.submission_id)
            .where(QueueItem.state != QueueState.QUEUED)
        ).one()
        assert work.person_id == scene.people[0]
        assert (item.state, item.failure_code) == (QueueState.SKIPPED, NO_CONSENT)
        assert (work.state, work.by_hand_reason) == (SubmissionState.WITH_INSTRUCTOR, NO_CONSENT)
        scene.clock.forward(minutes=1)
        give_consent(
            session,
            tenant_id=course.deployment.id,
            person_id=work.person_id,
            context_id=course.context.id,
            clock=scene.clock,
        )
        scope = Scope(course.context.id, work.person_id)
        assert withholding.put_back(session, scene.vault, scope, provider="openai", actor=ACTOR, clock=scene.clock) == 1
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
        assert change(session, ChangeKind.SKIP, scene.items()) == 0
    with scene.database.transaction() as session:
        assert change(session, ChangeKind.PUT_BACK, scene.items()) == 0
    assert scene.states() == ({QueueState.SELECTED}, {SubmissionState.WAITING})
