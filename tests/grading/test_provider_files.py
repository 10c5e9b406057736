"""Files at a provider: noted, deleted, tried on while the provider fails, and found when nobody had noted them."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from config.database import Database
from grading import provider_files
from grading.models import Batch, DisclosureDeletion, ProviderFile
from grading.models.disclosures import DeletedAt
from grading.models.provider_files import ProviderFileState
from grading.providers.base import ProviderRefused, ProviderUnavailable
from grading.states import BatchStep
from privacy.models import AuditEvent
from tests.conftest import StillClock
from tests.grading.batches.test_run import Scene, scene_of


def went_and_came_back(database: Database, vault: Any, clock: StillClock) -> Scene:
    scene = scene_of(database, vault, clock, size=1)
    scene.submit(scene.create())
    scene.work()
    scene.provider.end()
    return scene


def rows(scene: Scene) -> list[ProviderFile]:
    with scene.database.transaction() as session:
        return list(session.execute(select(ProviderFile).order_by(ProviderFile.file_id)).scalars())


def work_off(scene: Scene) -> None:
    with scene.database.transaction() as session:
        due = provider_files.due(session, scene.clock())
    for row_id in due:
        provider_files.delete(scene.database, {"openai": scene.provider}, row_id, scene.clock)


def deleted_there(scene: Scene) -> int:
    with scene.database.transaction() as session:
        deletions = select(DisclosureDeletion.id).where(DisclosureDeletion.place == DeletedAt.PROVIDER)
        return len(session.execute(deletions).all())


def test_all_files_of_a_batch_are_noted_and_gone_when_it_is_done(
    database: Database, vault: Any, clock: StillClock
) -> None:
    scene = went_and_came_back(database, vault, clock)
    scene.work()
    assert scene.batch().step is BatchStep.DONE
    assert [row.state for row in rows(scene)] == [ProviderFileState.GONE] * 2
    assert sorted(row.file_id for row in rows(scene)) == sorted(scene.provider.deleted)
    assert deleted_there(scene) == 1


@pytest.mark.parametrize("error", [ProviderUnavailable("busy"), ProviderRefused("no")])
def test_a_file_that_can_not_be_deleted_is_tried_until_it_is_gone(
    sqlite_database: Database, vault: Any, clock: StillClock, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    scene = went_and_came_back(sqlite_database, vault, clock)

    def fails(_file_id: str) -> None:
        raise error

    monkeypatch.setattr(scene.provider, "delete_file", fails)
    scene.work()
    assert scene.batch().step is BatchStep.DONE
    assert {row.attempts for row in rows(scene)} == {1}
    assert deleted_there(scene) == 0
    for attempt in range(2, 6):
        clock.forward(hours=12)
        work_off(scene)
        assert {row.attempts for row in rows(scene)} == {attempt}
    with sqlite_database.transaction() as session:
        found = provider_files.standing(session)
    assert (found.waiting, found.failing) == (2, 2)
    monkeypatch.undo()
    work_off(scene)
    assert deleted_there(scene) == 0
    clock.forward(hours=12)
    work_off(scene)
    assert {row.state for row in rows(scene)} == {ProviderFileState.GONE}
    assert deleted_there(scene) == 1
    with sqlite_database.transaction() as session:
        events = list(session.execute(select(AuditEvent.event)).scalars())
    assert events.count("provider.files_deleted") == 1


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("after", [False, True])
def test_a_process_killed_around_the_deletion_leaves_a_row_that_the_next_one_takes(
    sqlite_database: Database, vault: Any, clock: StillClock, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    scene = went_and_came_back(sqlite_database, vault, clock)
    original = scene.provider.delete_file

    def dies(file_id: str) -> None:
        if after:
            original(file_id)
        raise Killed

    monkeypatch.setattr(scene.provider, "delete_file", dies)
    with pytest.raises(Killed):
        scene.work()
    monkeypatch.undo()
    clock.forward(seconds=provider_files.LEASE.total_seconds())
    work_off(scene)
    assert {row.state for row in rows(scene)} == {ProviderFileState.GONE}
    assert deleted_there(scene) == 1


def test_files_that_nobody_noted_are_found_by_the_batch_they_name(
    sqlite_database: Database, vault: Any, clock: StillClock
) -> None:
    scene = went_and_came_back(sqlite_database, vault, clock)
    scene.work()
    clock.forward(hours=2)
    batch_id = scene.batch().id
    # The upload's answer was lost twice: a second copy stands there, and files of somebody who shares the account.
    scene.provider.deleted.clear()
    scene.provider.files = {f"file-{batch_id}": [], f"file-{uuid.uuid4()}": [], "file-report": []}
    with sqlite_database.transaction() as session:
        session.execute(update(ProviderFile).values(file_id=ProviderFile.file_id + "-first"))
    assert provider_files.find_orphans(sqlite_database, scene.provider, clock) == 1
    assert provider_files.find_orphans(sqlite_database, scene.provider, clock) == 0
    work_off(scene)
    assert scene.provider.deleted == [f"file-{batch_id}"]
    assert [row.found for row in rows(scene) if row.file_id == f"file-{batch_id}"] == [True]


def test_a_file_whose_arrival_nobody_heard_of_goes_with_its_batch(
    sqlite_database: Database, vault: Any, clock: StillClock
) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=1)
    batch_id = scene.create()
    scene.submit(batch_id)
    scene.provider.lose_upload = True
    scene.work()
    with sqlite_database.transaction() as session:
        # As when a refusal ends it: no file id was ever noted.
        session.execute(update(Batch).values(step=BatchStep.CLEAN_UP, next_check_at=clock(), provider_file_id=None))
    scene.work()
    assert scene.provider.deleted == [f"file-{batch_id}"]
    assert deleted_there(scene) == 1


def test_files_of_a_batch_under_way_and_young_files_are_left_alone(
    sqlite_database: Database, vault: Any, clock: StillClock
) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=1)
    assert provider_files.find_orphans(sqlite_database, scene.provider, clock) == 0
    scene.submit(scene.create())
    scene.work()
    assert provider_files.find_orphans(sqlite_database, scene.provider, clock) == 0
    scene.provider.end()
    scene.work()
    scene.provider.deleted.clear()
    with sqlite_database.transaction() as session:
        session.execute(update(ProviderFile).values(file_id=ProviderFile.file_id + "-first"))
    scene.provider.created = clock() - timedelta(minutes=5)
    assert provider_files.find_orphans(sqlite_database, scene.provider, clock) == 0
    with sqlite_database.transaction() as session:
        assert session.execute(select(Batch.step)).scalar_one() is BatchStep.DONE
