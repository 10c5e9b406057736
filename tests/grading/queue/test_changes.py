"""What an administrator does with a whole filter: in bounded parts, guarded, undone, and side by side with another."""

import json
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, func, select, update

from config.database import Database
from grading.models import ChangeKind, QueueChange, QueueItem, QueueTally, Submission
from grading.queue import QueueFilter, carrying, changes, saved, statistics, tally
from grading.queue.changes import ChangeRefused
from grading.queue.saved import FilterNotSaved
from grading.states import Priority, QueueState, SubmissionState
from privacy.audit import Actor
from privacy.models import AuditEvent
from privacy.sealing import Vault
from tests.conftest import StillClock
from tests.grading.queue.items import Desk, at, desk_of

PROVIDER = "openai"


def no_words(*_: object) -> None:
    """The filters of these tests search for nothing."""


def change(desk: Desk, kind: ChangeKind, value: str = "", chosen: QueueFilter | None = None) -> QueueChange:
    """Everything that a filter shows, to its end."""
    with desk.database.transaction() as session:
        made = changes.change_matching(
            session,
            kind,
            value,
            chosen or QueueFilter(),
            Actor.administrator(desk.admin_id),
            expected=0,
            clock=desk.clock,
        )
    return carrying.carry_on(desk.database.transaction, made.id, no_words, PROVIDER, desk.clock)


def undo(desk: Desk, made: QueueChange) -> QueueChange:
    with desk.database.transaction() as session:
        back = changes.undo(session, made.id, Actor.administrator(desk.admin_id), desk.clock)
    return carrying.carry_on(desk.database.transaction, back.id, no_words, PROVIDER, desk.clock)


def audited(desk: Desk, name: str) -> list[int]:
    with desk.database.transaction() as session:
        rows = session.execute(select(AuditEvent.details).where(AuditEvent.event == name)).scalars()
        return [row["items"] for row in rows]


def test_a_whole_filter_is_changed_in_parts_each_item_once_and_undone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Low priority moves items on in the order that is being walked: none is met twice, none is missed."""
    monkeypatch.setattr(carrying, "CHUNK", 4)
    ids = desk.plant_each(
        [{"queued_at": at(desk.clock, days=n % 7), "priority": list(Priority)[n % 3]} for n in range(15)]
    )
    left = desk.plant(2, state=QueueState.PROCESSING)
    before = desk.values(QueueItem.priority)
    with desk.database.transaction() as session:
        forecast = changes.forecast(session, ChangeKind.PRIORITY, QueueFilter(states=tuple(QueueState)))
    assert (forecast.matching, forecast.acts_on) == (17, 15)
    assert forecast.left_alone == {QueueState.PROCESSING: 2}
    made = change(desk, ChangeKind.PRIORITY, "low")
    assert made.changed == 10
    after = desk.values(QueueItem.priority)
    assert {after[item] for item in ids} == {Priority.LOW}
    assert {after[item] for item in left} == {Priority.NORMAL}
    assert sum(audited(desk, "queue.priority_changed")) == 10
    assert undo(desk, made).changed == 10
    assert desk.values(QueueItem.priority) == before
    with pytest.raises(ChangeRefused):
        undo(desk, made)


def test_what_comes_in_after_it_was_asked_for_is_not_touched(desk: Desk) -> None:
    desk.plant(2)
    with desk.database.transaction() as session:
        made = changes.change_matching(
            session, ChangeKind.SKIP, "", QueueFilter(), Actor.system(), expected=2, clock=desk.clock
        )
    desk.clock.forward(minutes=1)
    (newer,) = desk.plant(1)
    assert carrying.carry_on(desk.database.transaction, made.id, no_words, PROVIDER, desk.clock).changed == 2
    assert desk.values(QueueItem.state)[newer] is QueueState.QUEUED


def test_a_change_that_was_cut_off_goes_on_where_it_was(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "CHUNK", 2)
    ids = desk.plant(5)
    with desk.database.transaction() as session:
        made = changes.change_matching(
            session, ChangeKind.NOTE, "soon", QueueFilter(), Actor.system(), expected=5, clock=desk.clock
        )
    with desk.database.transaction() as session:
        assert carrying.advance(session, made.id, no_words, PROVIDER, desk.clock).done == 2
    with desk.database.transaction() as session:
        (again,) = carrying.due(session, desk.clock())
    assert carrying.carry_on(desk.database.transaction, again, no_words, PROVIDER, desk.clock).changed == 5
    assert set(desk.values(QueueItem.note).values()) == {"soon"}
    assert len(ids) == 5
    with desk.database.transaction() as session:
        assert carrying.due(session, desk.clock()) == []


def test_skipping_is_undone_in_place_and_what_was_decided_since_stays(desk: Desk) -> None:
    ids = desk.plant_each([{"queued_at": at(desk.clock, hours=n)} for n in range(3)])
    places = desk.values(QueueItem.turn_at)
    made = change(desk, ChangeKind.SKIP)
    with desk.database.transaction() as session:
        mine = select(QueueItem.submission_id).where(QueueItem.id == ids[0])
        session.execute(update(Submission).where(Submission.id.in_(mine)).values(state=SubmissionState.REPLACED))
    assert undo(desk, made).changed == 2
    states = desk.values(QueueItem.state)
    assert [states[item] for item in ids] == [QueueState.SKIPPED, QueueState.QUEUED, QueueState.QUEUED]
    assert desk.values(QueueItem.turn_at) == places


def test_undoing_leaves_what_somebody_changed_again(desk: Desk) -> None:
    first, second = desk.plant(2)
    made = change(desk, ChangeKind.PRIORITY, "low")
    with desk.database.transaction() as session:
        other = Actor.administrator(uuid.uuid4())
        assert (
            changes.change_items(session, ChangeKind.PRIORITY, "high", [first], other, PROVIDER, desk.clock).changed
            == 1
        )
    assert undo(desk, made).changed == 1
    priorities = desk.values(QueueItem.priority)
    assert (priorities[first], priorities[second]) == (Priority.HIGH, Priority.NORMAL)


def test_work_is_put_off_until_a_moment_and_notes_come_back(desk: Desk) -> None:
    (item,) = desk.plant(1)
    until = desk.clock() + timedelta(days=9)
    made = change(desk, ChangeKind.RESCHEDULE, until.isoformat())
    assert desk.values(QueueItem.turn_at)[item] == until
    assert undo(desk, made).changed == 1
    assert desk.values(QueueItem.not_before)[item] is None
    change(desk, ChangeKind.NOTE, "first")
    assert undo(desk, change(desk, ChangeKind.NOTE, "second")).changed == 1
    assert desk.values(QueueItem.note)[item] == "first"
    for kind, value in (
        (ChangeKind.RESCHEDULE, "soon"),
        (ChangeKind.RESCHEDULE, at(desk.clock, days=1).isoformat()),
        (ChangeKind.PRIORITY, "urgent"),
    ):
        with pytest.raises(ChangeRefused):
            change(desk, kind, value)


def test_of_several_old_items_of_one_work_the_newest_is_put_back_and_of_assessed_work_none(desk: Desk) -> None:
    old, newer = desk.plant(1, state=QueueState.FAILED, queued_at=at(desk.clock, days=1)), desk.plant(1)
    assessed = desk.plant(1, state=QueueState.SKIPPED)
    done = desk.plant(1, state=QueueState.COMPLETED)
    submissions = desk.values(QueueItem.submission_id)
    with desk.database.transaction() as session:
        skipped = {"state": QueueState.SKIPPED, "submission_id": submissions[old[0]]}
        session.execute(update(QueueItem).where(QueueItem.id == newer[0]).values(skipped))
        session.execute(update(QueueItem).where(QueueItem.id == done[0]).values(submission_id=submissions[assessed[0]]))
    chosen = QueueFilter(states=(QueueState.FAILED, QueueState.SKIPPED))
    assert change(desk, ChangeKind.PUT_BACK, chosen=chosen).changed == 1
    states = desk.values(QueueItem.state)
    assert [states[one[0]] for one in (old, newer, assessed)] == [
        QueueState.FAILED,
        QueueState.QUEUED,
        QueueState.SKIPPED,
    ]


def test_two_administrators_on_one_filter_move_each_item_once(
    postgresql_database: Database, vault: Vault, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four at once, two of each mind, in small parts: no deadlock, and the counts add up to what there was."""
    monkeypatch.setattr(carrying, "CHUNK", 7)
    desk = desk_of(postgresql_database, vault, clock)
    ids = desk.plant(60)
    skipped: list[int] = []
    failed: list[Exception] = []
    start = threading.Barrier(4)

    def act(kind: ChangeKind, value: str) -> None:
        start.wait()
        try:
            made = change(desk, kind, value)
        except Exception as error:  # noqa: BLE001 - told to the test
            failed.append(error)
            return
        if kind is ChangeKind.SKIP:
            skipped.append(made.changed)

    acts = [(ChangeKind.SKIP, ""), (ChangeKind.PRIORITY, "high")] * 2
    threads = [threading.Thread(target=act, args=one) for one in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert sum(skipped) == len(ids)
    assert set(desk.values(QueueItem.state).values()) == {QueueState.SKIPPED}
    assert sum(audited(desk, "queue.skipped")) == len(ids)


def test_a_part_takes_as_many_statements_however_large_it_is(desk: Desk) -> None:
    statements: list[str] = []
    event.listen(desk.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))

    def counted(kind: ChangeKind, value: str = "") -> int:
        statements.clear()
        change(desk, kind, value)
        return len([one for one in statements if not one.startswith(("SAVEPOINT", "RELEASE"))])

    counted(ChangeKind.PRIORITY, "low")
    desk.plant(2)
    few = [counted(kind, value) for kind, value in ((ChangeKind.PRIORITY, "low"), (ChangeKind.SKIP, ""))]
    desk.plant(40)
    assert [counted(kind, value) for kind, value in ((ChangeKind.PRIORITY, "low"), (ChangeKind.SKIP, ""))] == few


def test_figures_follow_every_move_and_cost_two_statements(desk: Desk) -> None:
    def figures() -> Any:
        with desk.database.transaction() as session:
            return statistics(session)

    assert figures() == tally.QueueStatistics(0, 0, 0, 0, None)
    ids = desk.plant_each([{"queued_at": at(desk.clock, hours=n), "priority": p} for n in range(3) for p in Priority])
    put_off = desk.plant(1, queued_at=at(desk.clock, days=9), not_before=desk.clock() + timedelta(days=1))
    desk.plant(2, state=QueueState.FAILED)
    desk.plant(1, state=QueueState.PROCESSING)
    assert figures() == tally.QueueStatistics(10, 1, 2, 1000, at(desk.clock, hours=2))
    change(desk, ChangeKind.SKIP, chosen=QueueFilter(priority=Priority.LOW))
    with desk.database.transaction() as session:
        session.execute(update(QueueItem).where(QueueItem.id == ids[0]).values(estimated_microdollars=5))
        session.execute(delete(QueueItem).where(QueueItem.id == put_off[0]))
        tally.fold(session, desk.clock())
    assert figures() == tally.QueueStatistics(6, 1, 2, 505, at(desk.clock, hours=2))
    with desk.database.transaction() as session:
        assert session.execute(select(func.count()).select_from(QueueTally)).scalar_one() <= len(QueueState) * len(
            Priority
        )


def test_filters_are_kept_by_name_one_opens_first_and_others_are_not_touched(desk: Desk) -> None:
    mine, theirs = desk.admin_id, desk.other_admin()
    with desk.database.transaction() as session:
        saved.save_filter(session, theirs, "Late", QueueFilter(), opens_first=True)
        saved.save_filter(session, mine, " Late  work ", QueueFilter(priority=Priority.LOW), opens_first=True)
        saved.save_filter(session, mine, "Failed", QueueFilter(states=(QueueState.FAILED,)), opens_first=True)
        saved.save_filter(session, mine, "Late work", QueueFilter(priority=Priority.HIGH), opens_first=False)
        kept = saved.saved_filters(session, mine)
        assert [(one.name, one.opens_first) for one in kept] == [("Failed", True), ("Late work", False)]
        assert json.loads(json.dumps(kept[1].content)) == {"state": "waiting", "priority": "high"}
        with pytest.raises(FilterNotSaved):
            saved.save_filter(session, mine, "  ", QueueFilter(), opens_first=False)
        assert saved.delete_filter(session, mine, kept[0].id) == "Failed"
        assert len(saved.saved_filters(session, theirs)) == 1
