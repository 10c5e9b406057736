"""Forgetting a person: nothing of them is left in the tenant, everybody else is untouched."""

import io
import json
import zipfile
from typing import Any

import pytest
from sqlalchemy import func, select

from config.database import Base
from grading import erasure, exports, individual_dates, personal_data
from grading.erasure import Target
from grading.erasure.carrying import LOOK_AGAIN
from grading.individual_dates import Dates
from grading.models import Assessment, Batch, Enrolment, ErasureRequest, Person, QueueItem, Submission
from grading.models.erasures import ErasureScope
from privacy.audit import Actor
from privacy.errors import KeyDestroyed
from privacy.models import AuditEvent, Consent, DataKey
from privacy.sealing import Place
from tests.conftest import StillClock
from tests.grading.batches.test_run import Scene, scene_of
from tests.grading.test_review import Reviewed, reviewed

__all__ = ["reviewed"]


def ask(scene: Scene, person_id: Any) -> ErasureRequest:
    with scene.database.transaction() as session:
        return erasure.request(
            session,
            Target(scene.course.deployment.id, ErasureScope.PERSON, person_id),
            actor=Actor.person(scene.course.teacher.id),
            clock=scene.clock,
        )


def carry_out(scene: Scene, request: ErasureRequest) -> bool:
    return erasure.carry_out(scene.database, scene.vault, request.id, scene.clock)


def copy_of(scene: Scene, tenant: Any, person: Any) -> bytes:
    """What somebody takes along, made and fetched."""
    actor = Actor.person(person)
    with scene.database.transaction() as session:
        export_id = exports.request(session, tenant_id=tenant, person_id=person, actor=actor, clock=scene.clock)
    assert exports.make(scene.database, scene.vault, export_id, scene.clock)
    found = exports.fetch(
        scene.database,
        scene.vault,
        export_id,
        tenant_id=tenant,
        person_id=person,
        reader=actor,
        now=scene.clock(),
    )
    archive = b"".join(found.pieces)
    assert len(archive) == found.size
    return archive


def first_person(scene: Scene) -> Any:
    with scene.database.transaction() as session:
        return session.execute(select(Submission.person_id).order_by(Submission.submitted_at)).scalars().first()


def assessments(scene: Scene) -> int:
    with scene.database.transaction() as session:
        return session.execute(select(func.count(Assessment.id))).scalar_one()


def test_nothing_of_a_person_is_left(reviewed: Reviewed) -> None:
    reviewed.approve()
    scene = reviewed.scene
    person = first_person(scene)
    with scene.database.transaction() as session:
        sealed = session.execute(select(Submission.id, Submission.sealed_text)).one()
    request = ask(scene, person)
    assert ask(scene, person).id == request.id
    assert carry_out(scene, request)
    assert carry_out(scene, request)
    with scene.database.transaction() as session:
        for model in (Submission, Assessment, QueueItem, Consent):
            assert session.execute(select(func.count()).select_from(model)).scalar_one() == 0, model
        assert session.execute(select(Enrolment).where(Enrolment.person_id == person)).first() is None
        assert session.get_one(Person, person).subject.startswith("erased:")
        done = session.get_one(ErasureRequest, request.id)
        assert done.done_at is not None
        assert done.removed["submission"] == 1
        assert session.execute(select(DataKey).where(DataKey.owner_id == person)).scalar_one().wrapped is None
        with pytest.raises(KeyDestroyed):
            scene.vault.open(session, Place("submission", "text", sealed.id), sealed.sealed_text)
        events = set(session.execute(select(AuditEvent.event)).scalars())
    assert {"erasure.requested", "erasure.done"} <= events


def test_whatever_table_is_added_no_row_names_the_erased(reviewed: Reviewed) -> None:
    scene = reviewed.scene
    with scene.database.transaction() as session:
        submission, person = session.execute(select(Submission.id, Submission.person_id)).one()
        assignment_id = session.execute(select(Submission.assignment_id)).scalar_one()
        individual_dates.note(session, assignment_id, {person: Dates(due_at=scene.clock())}, scene.clock())
    assert carry_out(scene, ask(scene, person))
    proof = {"person", "erasure_request", "data_key", "audit_event"}
    with scene.database.transaction() as session:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if table.name not in proof and column.type.python_type is type(submission):
                    left = session.execute(select(table).where(column.in_([submission, person]))).first()
                    assert left is None, f"{table.name}.{column.name}"


def test_work_at_a_provider_is_waited_for(database: Any, vault: Any, clock: StillClock) -> None:
    scene = scene_of(database, vault, clock, size=2)
    scene.submit(scene.create())
    scene.work()
    request = ask(scene, first_person(scene))
    assert not carry_out(scene, request)
    with scene.database.transaction() as session:
        assert erasure.due(session, scene.clock()) == []
        assert erasure.due(session, scene.clock() + LOOK_AGAIN) == [request.id]
    scene.provider.end()
    scene.work()
    assert carry_out(scene, request)
    with scene.database.transaction() as session:
        assert session.execute(select(func.count(Submission.id))).scalar_one() == 1
        assert erasure.due(session, scene.clock() + LOOK_AGAIN) == []
    assert assessments(scene) == 1


def test_a_batch_that_was_not_sent_goes_without_the_person(database: Any, vault: Any, clock: StillClock) -> None:
    scene = scene_of(database, vault, clock, size=2)
    batch_id = scene.create()
    assert carry_out(scene, ask(scene, first_person(scene)))
    with scene.database.transaction() as session:
        assert session.get_one(Batch, batch_id).items == 1
    scene.submit(batch_id)
    scene.work()
    scene.provider.end()
    scene.work()
    assert assessments(scene) == 1


def test_everything_about_a_person_can_be_taken_along(reviewed: Reviewed) -> None:
    reviewed.approve()
    scene = reviewed.scene
    tenant, person = scene.course.deployment.id, first_person(scene)
    with scene.database.transaction() as session:
        subject = session.get_one(Person, person).subject
        found = personal_data.find_person(session, tenant, scene.course.registration.id, subject)
    archive = copy_of(scene, tenant, person)
    assert found is not None
    assert (found.person_id, found.submissions) == (person, 1)
    content = json.loads(zipfile.ZipFile(io.BytesIO(archive)).read("data.json"))
    assert content["submissions"][0]["result"]["score"] == "13.33"
    assert content["submissions"][0]["text"]
    assert content["courses"][0]["known_as"]
    assert content["consents"]
