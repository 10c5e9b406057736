"""Retention: what goes by time, what stays, what is shown before, and a sweep that may be cut off anywhere."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from config.database import Base, Database
from grading import compliance_report, exports, retention, review, search, submissions
from grading.compliance_report import ReportFilter
from grading.course_settings import privacy_of
from grading.models import (
    AnonymizedText,
    Arrival,
    Assessment,
    Assignment,
    BatchRequest,
    ChangeKind,
    Context,
    Draft,
    PersonalExport,
    Processor,
    QueueItem,
    ReviewDecision,
    SearchTerm,
    Submission,
)
from grading.privacy_limits import Limits
from grading.queue import changes
from grading.states import ArrivalState, QueueState, SubmissionState
from grading.submissions import TextDeleted, Work
from grading.withholding import Scope, waiting_by_hand
from privacy.audit import Actor
from privacy.blind_index import BlindIndex
from privacy.keyring import LocalKeyRing
from privacy.models import AuditEvent
from tests import factories
from tests.grading.batches.test_run import Scene, scene_of
from tests.grading.cut_off import until_it_survives
from tests.grading.test_review import Reviewed, reviewed

__all__ = ["reviewed"]
LIMITS = Limits()


def sweep(scene: Scene, **chunks: int) -> int:
    return retention.sweep(scene.database, scene.vault, scene.clock, **chunks)


def one(scene: Scene) -> Submission:
    with scene.database.transaction() as session:
        return session.execute(select(Submission)).scalar_one()


def forecast(scene: Scene) -> retention.Forecast:
    with scene.database.transaction() as session:
        return retention.forecast(session, scene.course.context, LIMITS, scene.clock())


def released(reviewed: Reviewed, keyring: LocalKeyRing) -> Scene:
    """A released result of work that can be searched for and was copied for its author."""
    scene = reviewed.scene
    reviewed.approve()
    with scene.database.transaction() as session:
        submission = session.execute(select(Submission)).scalar_one()
        search.index_stored(session, scene.vault, BlindIndex(keyring), submission.id)
        tenant, person = scene.course.deployment.id, submission.person_id
        made = exports.request(
            session, tenant_id=tenant, person_id=person, actor=Actor.person(person), clock=scene.clock
        )
    assert exports.make(scene.database, scene.vault, made, scene.clock)
    return scene


def test_a_month_after_its_release_the_text_is_gone_and_the_result_stays(
    reviewed: Reviewed, keyring: LocalKeyRing
) -> None:
    scene = released(reviewed, keyring)
    scene.clock.forward(days=29)
    assert sweep(scene) == 0
    assert (forecast(scene).due, forecast(scene).soon) == (0, 1)
    scene.clock.forward(days=2)
    assert forecast(scene).due == 1
    assert sweep(scene) == 1
    assert sweep(scene) == 0
    submission = one(scene)
    assert submission.text_deleted_at == scene.clock()
    assert (submission.sealed_file, submission.sealed_file_name) == (None, None)
    assert submission.state is SubmissionState.RELEASED
    with scene.database.transaction() as session:
        for model in (AnonymizedText, SearchTerm, PersonalExport):
            assert session.execute(select(func.count()).select_from(model)).scalar_one() == 0, model
        assert session.execute(select(BatchRequest.sealed_body, BatchRequest.sealed_answer)).one() == (None, None)
        assert session.execute(select(Assessment.sealed_content)).scalar_one() is None
        assert session.execute(select(Assessment.comments_mark)).scalar_one() is None
        assert session.execute(select(Assessment.score_hundredths)).scalar_one() == 1333
        found = review.released_feedback(session, scene.vault, submission)
        assert found is not None
        assert found[0].score_hundredths == 1333
        assert found[1].comments
        assert all(not criterion.evidence for criterion in found[1].criteria)
        with pytest.raises(TextDeleted):
            submissions.open_submission(
                session,
                scene.vault,
                submission,
                tenant_id=scene.course.deployment.id,
                reader=Actor.system(),
            )
        assert submissions.open_for_pipeline(session, scene.vault, submission).text == ""
        proof = session.execute(select(AuditEvent).where(AuditEvent.event == "retention.texts_deleted")).scalar_one()
        assert (proof.object_id, proof.details) == (scene.course.context.id, {"deleted": 1})
        rows = compliance_report.report(session, ReportFilter()).rows
    assert [(row.submissions, row.here.submissions) for row in rows] == [(1, 1)]


def test_no_word_of_the_work_can_be_opened_afterwards(reviewed: Reviewed, keyring: LocalKeyRing) -> None:
    """Every sealed value of every table is opened where it stands: none holds a sentence of the work."""
    scene = released(reviewed, keyring)
    assert "lying is sometimes right" in everything(scene)
    scene.clock.forward(days=31)
    sweep(scene)
    left = everything(scene)
    assert "a doctor may stay silent" not in left
    assert "lying is sometimes right" not in left


def everything(scene: Scene) -> str:
    """All that can be opened with the key ring, whatever table it stands in."""
    from privacy.columns import SealedBytes
    from privacy.sealing import Place

    words = []
    with scene.database.transaction() as session:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, SealedBytes):
                    for row_id, blob in session.execute(select(table.c.id, column).where(column.is_not(None))).all():
                        place = Place(table.name, column.name.removeprefix("sealed_"), row_id)
                        words.append(scene.vault.open(session, place, blob).decode(errors="replace"))
    return "\n".join(words)


def test_work_that_nobody_graded_is_kept_for_a_year(database: Database, vault: Any, clock: Any) -> None:
    scene = scene_of(database, vault, clock, size=1)
    clock.forward(days=364)
    assert sweep(scene) == 0
    clock.forward(days=2)
    assert forecast(scene).due == 1
    assert sweep(scene) == 1
    submission = one(scene)
    assert (submission.state, submission.by_hand_reason) == (SubmissionState.WITH_INSTRUCTOR, "text_deleted")
    with database.transaction() as session:
        item = session.execute(select(QueueItem)).scalar_one()
        assert (item.state, item.failure_code) == (QueueState.SKIPPED, "text_deleted")
        put_back = changes.change_items(session, ChangeKind.PUT_BACK, "", [item.id], Actor.system(), "openai", clock)
        assert put_back.changed == 0
        assert waiting_by_hand(session, Scope(), provider="openai") == 0


def test_what_stands_in_a_batch_is_waited_for(sqlite_database: Database, vault: Any, clock: Any) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=1)
    scene.create()
    clock.forward(days=400)
    assert sweep(scene) == 0
    assert one(scene).text_deleted_at is None


def test_a_hold_keeps_everything_and_lifting_it_lets_time_go_on(reviewed: Reviewed, keyring: LocalKeyRing) -> None:
    scene = released(reviewed, keyring)
    context = scene.course.context
    with scene.database.transaction() as session:
        retention.place(
            session,
            scene.vault,
            context=context,
            reason="A complaint is open",
            administrator_id=scene.admin_id,
            clock=scene.clock,
        )
    with pytest.raises(retention.HoldRefused), scene.database.transaction() as session:
        retention.place(
            session, scene.vault, context=context, reason="Again", administrator_id=scene.admin_id, clock=scene.clock
        )
    scene.clock.forward(days=31)
    assert sweep(scene) == 0
    assert forecast(scene).held
    with scene.database.transaction() as session:
        found = retention.standing_hold(session, scene.vault, context.id)
        assert found is not None
        assert found.reason == "A complaint is open"
        retention.lift(session, context=context, administrator_id=scene.admin_id, clock=scene.clock)
    assert sweep(scene) == 1


def test_the_numbers_say_what_a_shorter_time_deletes_at_once(reviewed: Reviewed, keyring: LocalKeyRing) -> None:
    scene = released(reviewed, keyring)
    scene.clock.forward(days=10)
    with scene.database.transaction() as session:
        context_id = scene.course.context.id
        assert retention.effect_of_days(session, context_id, 30, scene.clock()) == 0
        assert retention.effect_of_days(session, context_id, 7, scene.clock()) == 1
        assert retention.effect_of_limit(session, 7, scene.clock()) == 1
        assert retention.effect_of_limit(session, 30, scene.clock()) == 0
    released_at = scene.clock() - timedelta(days=10)
    assert forecast(scene).next_at == released_at + timedelta(days=30)
    with scene.database.transaction() as session:
        session.execute(update(Context).values(data_retention_days=5000))
    with scene.database.transaction() as session:
        context = session.execute(select(Context)).scalar_one()
        assert privacy_of(context, LIMITS).retention_days == 365
        assert retention.forecast(session, context, LIMITS, scene.clock()).days == 365
        assert retention.pending(session, scene.clock() + timedelta(days=400)) == 1


def test_a_draft_goes_unless_it_can_still_be_handed_in(database: Database, vault: Any, clock: Any) -> None:
    with database.transaction() as session:
        course = factories.course(session, vault)
        person = factories.student(session, vault, course)
        closing = factories.assignment(session, course, clock, closes_at=clock() + timedelta(days=60))
        for shown in (closing, factories.assignment(session, course, clock)):
            submissions.save_draft(
                session,
                vault,
                tenant_id=course.deployment.id,
                assignment_id=shown.assignment.id,
                person_id=person.id,
                work=Work(text="Not yet"),
                clock=clock,
            )
    clock.forward(days=31)
    assert retention.sweep(database, vault, clock) == 1
    with database.transaction() as session:
        assert session.execute(select(Draft.assignment_id)).scalars().all() == [closing.assignment.id]
    clock.forward(days=60)
    assert retention.sweep(database, vault, clock) == 1


def test_work_that_never_arrived_is_forgotten_too(sqlite_database: Database, vault: Any, clock: Any) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=1)
    with sqlite_database.transaction() as session:
        assignment_id = session.execute(select(Assignment.id)).scalar_one()
        tenant, context = scene.course.deployment.id, scene.course.context.id
        processor = Processor(
            id=uuid.uuid4(), tenant_id=tenant, context_id=context, activity_id="a", assignment_id=assignment_id
        )
        session.add(processor)
        session.flush()
        for name, state in (("failed", ArrivalState.FAILED), ("waiting", ArrivalState.WAITING)):
            arrival = Arrival(
                id=uuid.uuid4(),
                processor_id=processor.id,
                tenant_id=tenant,
                person_id=scene.people[0],
                lms_submission_id=name,
                report_url="https://lms.example/r",
                state=state,
                created_at=clock(),
            )
            session.add(arrival)
    clock.forward(days=29)
    assert sweep(scene) == 0
    clock.forward(days=2)
    assert sweep(scene) == 1
    with sqlite_database.transaction() as session:
        assert session.execute(select(Arrival.lms_submission_id)).scalars().all() == ["waiting"]


def test_a_sweep_that_is_cut_off_at_any_statement_is_finished_by_the_next(
    sqlite_database: Database, vault: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grading.retention.sweeping.CHUNK", 1)
    scene = scene_of(sqlite_database, vault, clock, size=2)
    clock.forward(days=400)
    _, cut = until_it_survives(sqlite_database, lambda: sweep(scene))
    assert cut > 20
    with sqlite_database.transaction() as session:
        assert session.execute(select(func.count()).where(Submission.text_deleted_at.is_(None))).scalar_one() == 0
        deleted = [
            row.details["deleted"]
            for row in session.execute(
                select(AuditEvent).where(AuditEvent.event == "retention.texts_deleted")
            ).scalars()
        ]
    assert sum(deleted) == 2


def test_the_sweep_and_its_forecast_take_as_many_statements_for_ten_as_for_one(
    sqlite_database: Database, vault: Any, clock: Any
) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=10)
    clock.forward(days=400)
    statements: list[str] = []
    event.listen(sqlite_database.engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    with sqlite_database.transaction() as session:
        assert [(one.kept, one.due) for one in retention.courses(session, clock())] == [(10, 10)]
    assert len(statements) <= 6
    statements.clear()
    assert sweep(scene) == 10
    assert len(statements) <= 45


def test_the_oldest_are_found_by_the_index(postgresql_database: Database) -> None:
    with postgresql_database.transaction() as session:
        session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = session.connection().exec_driver_sql(
            "EXPLAIN SELECT id FROM submission WHERE text_deleted_at IS NULL AND kept_from <= now() "
            "ORDER BY kept_from, id LIMIT 50"
        )
        assert "ix_submission_kept_from" in "\n".join(row[0] for row in plan)


def test_a_newer_decision_starts_the_time_anew(reviewed: Reviewed) -> None:
    reviewed.approve()
    scene = reviewed.scene
    scene.clock.forward(days=20)
    reviewed.override()
    scene.clock.forward(days=20)
    assert sweep(scene) == 0
    with scene.database.transaction() as session:
        moments = session.execute(select(ReviewDecision.decided_at)).scalars().all()
    assert one(scene).kept_from == max(moments)
    assert isinstance(one(scene).id, uuid.UUID)
    with scene.database.transaction() as session:
        assert session.execute(select(func.count(Assignment.id))).scalar_one() == 1
