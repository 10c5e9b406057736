"""Lines are sealed in the order that saves money, and those that may not leave are taken out together."""

import json
from itertools import groupby

import pytest
from sqlalchemy import event, func, select

from config.database import Database
from grading.batches.holding import hold_all
from grading.clearance import TOO_LARGE
from grading.models import Batch, BatchRequest
from grading.states import QueueState, RequestState, SubmissionState
from privacy.models import AuditEvent
from privacy.sealing import Vault
from tests import factories
from tests.conftest import StillClock
from tests.grading.batches.test_run import Scene, scene_of


def test_the_lines_of_an_assignment_stand_together_in_the_file(
    database: Database, vault: Vault, clock: StillClock
) -> None:
    scene = scene_of(database, vault, clock, size=0)
    with database.transaction() as session:
        tasks = [factories.assignment(session, scene.course, clock, title=title) for title in ("One", "Two", "Three")]
        for _ in range(4):
            for task in tasks:
                clock.forward(seconds=1)
                person = factories.student(session, vault, scene.course)
                factories.submission(session, vault, task, person, clock)
    scene.submit(scene.create())
    scene.work()
    (lines,) = scene.provider.files.values()
    shared = [json.loads(line)["messages"][0][1] for line in lines]
    assert len(shared) == 12
    assert len(set(shared)) == len([words for words, _ in groupby(shared)]) == 3


def _held(scene: Scene) -> int:
    """Take every line out of a batch that waits for the provider; returns the number of statements."""
    scene.submit(scene.create())
    with scene.database.transaction() as session:
        batch = session.execute(select(Batch)).scalar_one()
    asked: list[str] = []
    event.listen(scene.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with scene.database.transaction() as session:
        hold_all(session, batch, TOO_LARGE, scene.clock)
    with scene.database.transaction() as session:
        lines = session.execute(select(BatchRequest.state, BatchRequest.failure_code, BatchRequest.sealed_body)).all()
        noted = session.execute(select(func.count()).where(AuditEvent.event == "batch.item_held")).scalar_one()
    assert set(lines) == {(RequestState.FAILED, TOO_LARGE, None)}
    assert noted == len(lines) == len(scene.people)
    assert scene.states() == ({QueueState.FAILED}, {SubmissionState.WITH_INSTRUCTOR})
    return len(asked)


@pytest.mark.parametrize("size", [2, 9])
def test_taking_out_many_lines_takes_as_many_statements_as_taking_out_few(
    database: Database, vault: Vault, clock: StillClock, size: int
) -> None:
    assert _held(scene_of(database, vault, clock, size=size)) <= 12
