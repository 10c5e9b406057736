"""A copy of somebody's data: what it holds and what not, made in pieces, sealed, and gone when its time is over."""

import io
import json
import os
import uuid
import zipfile
from typing import Any

import pytest
from sqlalchemy import func, select

from config.database import Database
from grading import exports
from grading.errors import NotFound
from grading.exports import making
from grading.models import ExportPart, Person, PersonalExport
from grading.models.exports import ExportState
from grading.models.people import CourseRole
from grading.review.feedback import Feedback
from privacy.audit import Actor
from privacy.models import AuditEvent
from privacy.sealing import Place
from tests import factories
from tests.conftest import StillClock
from tests.grading.batches.test_run import Scene, scene_of
from tests.grading.test_review import Reviewed, reviewed

__all__ = ["reviewed"]


def ask(scene: Scene, person: uuid.UUID) -> uuid.UUID:
    with scene.database.transaction() as session:
        return exports.request(
            session,
            tenant_id=scene.course.deployment.id,
            person_id=person,
            actor=Actor.person(person),
            clock=scene.clock,
        )


def fetched(scene: Scene, export_id: uuid.UUID, person: uuid.UUID) -> bytes:
    found = exports.fetch(
        scene.database,
        scene.vault,
        export_id,
        tenant_id=scene.course.deployment.id,
        person_id=person,
        reader=Actor.person(person),
        now=scene.clock(),
    )
    return b"".join(found.pieces)


def make(scene: Scene, export_id: uuid.UUID) -> bool:
    return exports.make(scene.database, scene.vault, export_id, scene.clock)


def standing(scene: Scene) -> PersonalExport:
    with scene.database.transaction() as session:
        return session.execute(select(PersonalExport)).scalar_one()


def hand_in(scene: Scene, text: str, **work: Any) -> uuid.UUID:
    with scene.database.transaction() as session:
        shown = factories.assignment(session, scene.course, scene.clock, title="Second")
        person = session.get_one(Person, scene.people[0])
        return factories.submission(session, scene.vault, shown, person, scene.clock, text, **work).id


def test_what_a_copy_holds(reviewed: Reviewed, monkeypatch: pytest.MonkeyPatch) -> None:
    # So that pieces end within every part of the archive.
    monkeypatch.setattr(making, "PIECE", 300)
    reviewed.approve()
    scene = reviewed.scene
    person = scene.people[0]
    export_id = ask(scene, person)
    assert ask(scene, person) == export_id
    assert make(scene, export_id)
    assert not make(scene, export_id)
    archive = zipfile.ZipFile(io.BytesIO(fetched(scene, export_id, person)))
    assert archive.testzip() is None
    content = json.loads(archive.read("data.json"))
    work = content["submissions"][0]
    assert (work["result"]["score"], work["result"]["of"]) == ("13.33", "20")
    assert "Mira Okafor" in work["text"]
    sent = content["sent_to_ai_services"][0]
    assert "lying is sometimes right" in sent["text"]
    assert "Okafor" not in sent["text"]
    assert sent["answer"] == "{}"
    recipient = content["recipients"][0]
    assert (recipient["provider"], recipient["endpoint"]) == ("openai", "https://provider.example/v1")
    assert recipient["files_deleted_there_at"]
    assert content["consents"][0]["given_at"]
    assert content["told_to_the_learning_platform"][-1]["what"] == "released"
    log = [json.loads(line) for line in archive.read("log.jsonl").splitlines()]
    assert {"submission.handed_in", "review.approved"} <= {entry["event"] for entry in log}
    assert {entry["by"] for entry in log} >= {"you", "person"}
    assert str(scene.course.teacher.id) not in archive.read("log.jsonl").decode()


def test_a_proposal_that_nobody_released_is_not_in_it(reviewed: Reviewed) -> None:
    scene = reviewed.scene
    export_id = ask(scene, scene.people[0])
    assert make(scene, export_id)
    archive = zipfile.ZipFile(io.BytesIO(fetched(scene, export_id, scene.people[0])))
    content = json.loads(archive.read("data.json"))
    assert content["sent_to_ai_services"][0]["answer"] is None
    assert content["submissions"][0]["result"] is None


def test_classmates_are_not_named_and_the_author_and_teacher_are(
    sqlite_database: Database, vault: Any, clock: StillClock
) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=1)
    with sqlite_database.transaction() as session:
        other = Person(id=uuid.uuid4(), registration_id=scene.course.registration.id, subject="peer")
        session.add(other)
        session.flush()
        factories.enrol(
            session,
            vault,
            scene.course,
            other,
            CourseRole.LEARNER,
            given_name="Takumi",
            family_name="Watanabe",
            email="takumi.watanabe@school.example",
        )
    hand_in(
        scene,
        "My name is Mira Okafor. I thank my partner Takumi Watanabe (takumi.watanabe@school.example) "
        "and Professor Ada Teachwell.",
    )
    export_id = ask(scene, scene.people[0])
    assert make(scene, export_id)
    archive = zipfile.ZipFile(io.BytesIO(fetched(scene, export_id, scene.people[0])))
    work = json.loads(archive.read("data.json"))["submissions"]
    text = next(one["text"] for one in work if one["assignment"] == "Second")
    assert "Watanabe" not in text
    assert "watanabe" not in text
    assert "Mira Okafor" in text
    assert "Ada Teachwell" in text
    with sqlite_database.transaction() as session:
        peers = exports.peers.peers_of(session, vault, scene.course.context.id, scene.people[0])
        feedback = peers.feedback(Feedback(comments="You and Takumi Watanabe worked well, Mira Okafor."))
    assert "Watanabe" not in feedback.comments
    assert "Mira Okafor" in feedback.comments


def test_a_large_file_waits_in_sealed_pieces_that_can_not_change_places(
    sqlite_database: Database, vault: Any, clock: StillClock
) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=1)
    file = os.urandom(2_500_000)
    hand_in(scene, "A text", file=file, file_name="../../evil\\essay.docx")
    person = scene.people[0]
    export_id = ask(scene, person)
    assert make(scene, export_id)
    row = standing(scene)
    assert (row.state, row.parts) == (ExportState.READY, 3)
    archive = zipfile.ZipFile(io.BytesIO(fetched(scene, export_id, person)))
    name = next(name for name in archive.namelist() if name.startswith("files/"))
    assert name.removeprefix("files/")[3:] == "-essay.docx"
    assert archive.read(name) == file
    with sqlite_database.transaction() as session:
        first, second = session.execute(select(ExportPart).order_by(ExportPart.number).limit(2)).scalars().all()
        assert first.id == uuid.uuid5(export_id, "1:1")
        with pytest.raises(Exception, match="does not open in its place"):
            vault.open(session, Place("export_part", "content", second.id), first.sealed_content)


class Killed(BaseException):
    """The process ends here."""


def test_a_copy_that_was_cut_off_is_begun_anew_and_its_old_pieces_go(
    database: Database, vault: Any, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = scene_of(database, vault, clock, size=1)
    hand_in(scene, "A text", file=os.urandom(2_500_000), file_name="a.docx")
    person = scene.people[0]
    export_id = ask(scene, person)
    original = vault.seal
    pieces = 0

    def dies(session: Any, owner: Any, place: Place, plaintext: bytes) -> bytes:
        nonlocal pieces
        pieces += 1
        if pieces == 2:
            raise Killed
        sealed: bytes = original(session, owner, place, plaintext)
        return sealed

    monkeypatch.setattr(vault, "seal", dies)
    with pytest.raises(Killed):
        make(scene, export_id)
    monkeypatch.undo()
    assert not make(scene, export_id)
    clock.forward(seconds=making.LEASE.total_seconds())
    with database.transaction() as session:
        assert exports.due(session, clock()) == [export_id]
    assert make(scene, export_id)
    assert zipfile.ZipFile(io.BytesIO(fetched(scene, export_id, person))).testzip() is None
    parts = standing(scene).parts
    with database.transaction() as session:
        assert session.execute(select(func.count()).select_from(ExportPart)).scalar_one() == parts


def test_a_try_that_was_overtaken_adds_nothing(
    sqlite_database: Database, vault: Any, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=1)
    export_id = ask(scene, scene.people[0])
    write = making.write_archive

    def meanwhile(*arguments: Any) -> None:
        with sqlite_database.transaction() as session:
            exports.discard(session, {(scene.course.deployment.id, scene.people[0])}, clock())
        write(*arguments)

    monkeypatch.setattr(making, "write_archive", meanwhile)
    assert not make(scene, export_id)
    monkeypatch.undo()
    assert standing(scene).state is ExportState.WAITING
    assert make(scene, export_id)


def test_what_fails_is_tried_again_and_not_for_ever(
    sqlite_database: Database, vault: Any, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=1)
    export_id = ask(scene, scene.people[0])

    def fails(*_: Any) -> None:
        raise OSError("full")

    monkeypatch.setattr(making, "write_archive", fails)
    for _ in range(making.MOST_ATTEMPTS):
        with pytest.raises(OSError, match="full"):
            make(scene, export_id)
        clock.forward(hours=1)
    assert not make(scene, export_id)
    assert standing(scene).state is ExportState.FAILED
    monkeypatch.undo()
    assert make(scene, ask(scene, scene.people[0]))


def test_a_copy_is_there_for_a_week_and_only_for_whom_it_is_about(
    sqlite_database: Database, vault: Any, clock: StillClock
) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=2)
    person, other = scene.people
    export_id = ask(scene, person)
    with pytest.raises(NotFound):
        fetched(scene, export_id, person)
    assert make(scene, export_id)
    with pytest.raises(NotFound):
        fetched(scene, export_id, other)
    assert fetched(scene, export_id, person)
    newer = ask(scene, person)
    assert make(scene, newer)
    with pytest.raises(NotFound):
        fetched(scene, export_id, person)
    with sqlite_database.transaction() as session:
        noted = session.execute(select(func.count()).where(AuditEvent.event == "personal_data.exported")).scalar_one()
        assert noted == 1
    clock.forward(days=7, seconds=1)
    with pytest.raises(NotFound):
        fetched(scene, export_id, person)
    with sqlite_database.transaction() as session:
        exports.forget_old(session, clock())
        assert session.execute(select(func.count()).select_from(ExportPart)).scalar_one() == 0
        assert session.execute(select(func.count()).select_from(PersonalExport)).scalar_one() == 0
