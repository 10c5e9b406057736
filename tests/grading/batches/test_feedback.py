"""What students are told is compared: with what others are told, and with the language of their work and task."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.bulk import Rows, insert_rows
from config.database import Base, Database
from grading.batches import compose, equal_feedback, ingest, lifecycle
from grading.models import Assessment, Assignment, QueueItem
from grading.providers.base import Outcome, ResultLine, Usage
from grading.results.validate import Flag
from privacy.sealing import Place, Vault
from tests import factories
from tests.conftest import StillClock
from tests.grading.batches.test_run import LIMITS, Scene, scene_of
from tests.grading.provider import good_answer


def _said(comments: str) -> str:
    return json.dumps(json.loads(good_answer()) | {"comments": comments})


def _grade(scene: Scene, *texts: str, **task: Any) -> None:
    """Have one student's work for each of these comments graded, in a batch of its own."""
    left = list(texts)
    scene.provider.answer = lambda custom_id: _answer(custom_id, left.pop())
    _submit(scene, len(texts), **task)
    scene.work()
    scene.provider.end()
    scene.work()


def _answer(custom_id: str, comments: str) -> ResultLine:
    usage = Usage(1, 0, 1)
    return ResultLine(custom_id, Outcome.ANSWERED, text=_said(comments), model="m", usage=usage, raw=b"{}")


def _submit(scene: Scene, size: int, **task: Any) -> uuid.UUID:
    """Submit a batch of the work of so many new students."""
    with scene.database.transaction() as session:
        first = session.execute(select(Assignment.id).order_by(Assignment.created_at)).scalars().first()
        if task or first is None:
            shown = factories.assignment(session, scene.course, scene.clock, **task)
        else:
            shown = factories.view(session, scene.course, first)
        items = []
        for _ in range(size):
            person = factories.student(session, scene.vault, scene.course)
            work = factories.submission(session, scene.vault, shown, person, scene.clock)
            items.append(session.execute(select(QueueItem.id).where(QueueItem.submission_id == work.id)).scalar_one())
        made = compose.create(
            session,
            items,
            provider="openai",
            limits=LIMITS,
            note="",
            administrator_id=scene.admin_id,
            clock=scene.clock,
        )
        lifecycle.submit(session, made.id, administrator_id=scene.admin_id, clock=scene.clock)
    return made.id


def _flagged(scene: Scene) -> dict[str, list[bool]]:
    """Whether each assessment is flagged for saying what another says, by its comments."""
    found: dict[str, list[bool]] = {}
    with scene.database.transaction() as session:
        for row in session.execute(select(Assessment)).scalars():
            content = scene.vault.open_json(session, Place("assessment", "content", row.id), row.sealed_content or b"")
            found.setdefault(content["comments"], []).append(Flag.EQUAL_FEEDBACK.value in row.flags)
    return found


def test_two_students_who_are_told_the_same_are_flagged_whenever_it_came(
    database: Database, vault: Vault, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = scene_of(database, vault, clock, size=0)
    same, other = "You take a position and support it with one example.", "Nobody else is told this, not even in part."
    alike, short = "nobody  else is told this, not even in PART.", "Good work."
    _grade(scene, same, same, other)
    assert _flagged(scene) == {same: [True, True], other: [False]}
    _grade(scene, alike, short, short)
    assert _flagged(scene) == {same: [True, True], other: [True], alike: [True], short: [False, False]}
    monkeypatch.setattr(equal_feedback, "MOST_MARKED", 2)
    _grade(scene, same, same)
    assert _flagged(scene)[same] == [True] * 4
    with database.transaction() as session:
        marked = session.execute(select(func.count(Assessment.comments_mark)).group_by(Assessment.comments_mark))
        assert sorted(marked.scalars()) == [0, 2, 2], "a course that is told the same does not slow later chunks down"
    _grade(scene, "This is told in two courses of study, and that is fine.", title="Another task")
    _grade(scene, "This is told in two courses of study, and that is fine.", title="A third task")
    assert list(_flagged(scene).values())[-1] == [False, False]
    with database.transaction() as session:
        assert all(row.flags.count("equal_feedback") <= 1 for row in session.execute(select(Assessment)).scalars())


def test_two_students_who_are_told_the_same_at_the_same_moment_are_flagged_too(
    postgresql_database: Database, vault: Vault, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = scene_of(postgresql_database, vault, clock, size=0)
    same = "You take a position and support it with one example."
    scene.provider.answer = lambda custom_id: _answer(custom_id, same)
    batches = [_submit(scene, 1), _submit(scene, 1)]
    scene.work()
    scene.provider.end()
    scene.clock.forward(minutes=20)
    both_have_stored = Barrier(2)

    def insert_and_wait(session: Session, model: type[Base], rows: Rows) -> None:
        insert_rows(session, model, rows)
        with suppress(BrokenBarrierError):  # whoever has to wait for the other one does not come here meanwhile
            both_have_stored.wait(timeout=1)

    monkeypatch.setattr(ingest, "insert_rows", insert_and_wait)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(scene.runner.advance, batches)) == [True, True]
    assert _flagged(scene) == {same: [True, True]}


def test_feedback_may_be_in_the_language_of_the_task(
    sqlite_database: Database, vault: Vault, clock: StillClock
) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=0)
    german = (
        "Du nimmst klar Stellung und stützt deine Meinung mit einem passenden Beispiel. Überlege dir für die nächste "
        "Fassung noch, was jemand dagegen sagen könnte, und beantworte diesen Einwand in einem eigenen Absatz."
    )
    task = "Schreibe auf Englisch, ob man jemals lügen darf. Die Rückmeldung bekommst du auf Deutsch."
    _grade(scene, german, title="Darf man lügen?", description=task)
    _grade(scene, german, title="Is it right to lie?", description="Argue for a position, and use one of the authors.")
    with sqlite_database.transaction() as session:
        rows = session.execute(select(Assessment.flags).order_by(Assessment.created_at)).scalars()
        assert [Flag.LANGUAGE_MISMATCH.value in flags for flags in rows] == [False, True]
