"""Erasure of a submission, a course and a deployment: nothing names them but the proof, everybody else is untouched."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Uuid, event, func, select

from config.database import Base, Database
from grading import erasure, exports, retention, submissions
from grading.erasure import Target
from grading.erasure.carrying import LONGEST_WAIT
from grading.erasure.reach import PROOF, rows_in
from grading.models import (
    Arrival,
    Assessment,
    Assignment,
    Batch,
    Context,
    Deployment,
    DisclosureDeletion,
    ErasureRequest,
    Person,
    PersonalExport,
    Processor,
    ResourceLink,
    Submission,
)
from grading.models.disclosures import DeletedAt
from grading.models.erasures import ErasureScope, ErasureState
from grading.states import ArrivalState
from lti_tool.sessions import LaunchSession
from privacy.audit import Actor
from privacy.columns import SealedBytes
from privacy.models import AuditEvent, DataKey
from tests import factories
from tests.conftest import StillClock
from tests.grading.batches.test_run import Scene, scene_of
from tests.grading.cut_off import until_it_survives
from tests.grading.test_review import reviewed

__all__ = ["reviewed"]
KEPT_AS_AUTHORS = {
    "assignment.created_by",
    "prompt_version.created_by",
    "rubric_version.created_by",
    "review_decision.decided_by",
    "text_correction.created_by",
}
"""What somebody made as staff is the course's: it stays when they go, with an opaque id."""
NOT_OF_A_COURSE = {"tool_key", "legacy_consumer", "admin_session"}
"""Blindmark's own secrets and those of a registration, which no erasure of people's data takes."""
OUTLIVES = {"provider_file"}
"""Names batches by opaque ids until their files are gone; no batch is erased."""


def erase(scene: Scene, scope: ErasureScope, target_id: uuid.UUID, context_id: uuid.UUID | None = None) -> bool:
    request = ask(scene, scope, target_id, context_id)
    return erasure.carry_out(scene.database, scene.vault, request.id, scene.clock)


def ask(
    scene: Scene,
    scope: ErasureScope,
    target_id: uuid.UUID,
    context_id: uuid.UUID | None = None,
    *,
    decided: bool = True,
) -> ErasureRequest:
    with scene.database.transaction() as session:
        return erasure.request(
            session,
            Target(scene.course.deployment.id, scope, target_id, context_id),
            actor=Actor.administrator(scene.admin_id),
            decided=decided,
            clock=scene.clock,
        )


def columns_of_ids() -> Iterator[Any]:
    for table in Base.metadata.sorted_tables:
        if table.name not in PROOF:
            yield from (column for column in table.columns if isinstance(column.type, Uuid))


def assert_nobody_names(scene: Scene, ids: set[uuid.UUID]) -> None:
    with scene.database.transaction() as session:
        for column in columns_of_ids():
            left = session.execute(select(column).where(column.in_(ids)).limit(1)).first()
            assert left is None, str(column)


def ids_of(scene: Scene, model: Any) -> set[uuid.UUID]:
    with scene.database.transaction() as session:
        return set(session.execute(select(model.id)).scalars())


def whole_scene(database: Database, vault: Any, clock: StillClock) -> Scene:
    """Two students' work that came back, more of it from an LMS's own assignment, a copied link, and a visit."""
    scene = scene_of(database, vault, clock, size=2)
    scene.submit(scene.create())
    scene.work()
    scene.provider.end()
    scene.work()
    course = scene.course
    with database.transaction() as session:
        submission = session.execute(select(Submission).where(Submission.person_id == scene.people[0])).scalar_one()
        processor = Processor(
            id=uuid.uuid4(),
            tenant_id=course.deployment.id,
            context_id=course.context.id,
            activity_id="a",
            assignment_id=submission.assignment_id,
        )
        session.add(processor)
        session.flush()
        session.add(
            Arrival(
                processor_id=processor.id,
                tenant_id=course.deployment.id,
                person_id=submission.person_id,
                lms_submission_id="s",
                report_url="https://lms.example/r",
                submission_id=submission.id,
                state=ArrivalState.TAKEN,
            )
        )
        exports.request(
            session,
            tenant_id=course.deployment.id,
            person_id=submission.person_id,
            actor=Actor.person(submission.person_id),
            clock=clock,
        )
    return scene


def second_course(scene: Scene, vault: Any) -> Context:
    """Another course of the same tenant, with a link that a copied course brought and one of the same students."""
    with scene.database.transaction() as session:
        deployment = scene.course.deployment
        other = Context(id=uuid.uuid4(), tenant_id=deployment.id, lms_context_id="c2", title="Logic")
        session.add(other)
        session.flush()
        assignment_id = session.execute(select(Assignment.id)).scalar_one()
        session.add(
            ResourceLink(id=uuid.uuid4(), context_id=other.id, lms_link_id="copied", named_assignment_id=assignment_id)
        )
        person = session.get_one(Person, scene.people[0])
        factories.enrol(
            session,
            vault,
            factories.Course(scene.course.registration, deployment, other, scene.course.teacher),
            person,
            factories.CourseRole.LEARNER,
            given_name="Mira",
        )
    return other


def test_a_submission_goes_with_all_that_hangs_on_it_and_its_attempt_stays_used(
    database: Database, vault: Any, clock: StillClock
) -> None:
    scene = whole_scene(database, vault, clock)
    with database.transaction() as session:
        gone, kept = session.execute(select(Submission).order_by(Submission.id)).scalars().all()
        numbers = erasure.submission_numbers(session, gone.id)
    context_id = numbers.target.context_id
    assert numbers.rows["assessment"] == 1
    assert erase(scene, ErasureScope.SUBMISSION, gone.id, context_id)
    assert_nobody_names(scene, {gone.id})
    assert ids_of(scene, Submission) == {kept.id}
    with database.transaction() as session:
        assert session.execute(select(Assessment.submission_id)).scalars().all() == [kept.id]
        deletions = session.execute(
            select(DisclosureDeletion.submissions).where(DisclosureDeletion.place == DeletedAt.HERE)
        ).scalars()
        assert list(deletions) == [1]
        shown = factories.view(session, scene.course, kept.assignment_id)
        again = factories.submission(session, vault, shown, session.get_one(Person, kept.person_id), clock)
        assert again.attempt == 2
    assert erase(scene, ErasureScope.SUBMISSION, kept.id, context_id)
    with database.transaction() as session:
        shown = factories.view(session, scene.course, kept.assignment_id)
        standing = submissions.standing(session, shown.assignment, kept.person_id, clock())
        assert standing.attempts_used == 2


def test_a_copy_that_was_asked_for_goes_with_somebody_of_whom_nothing_is_left(
    sqlite_database: Database, vault: Any, clock: StillClock
) -> None:
    scene = whole_scene(sqlite_database, vault, clock)
    context_id = scene.course.context.id
    assert erase(scene, ErasureScope.COURSE, context_id, context_id)
    assert ids_of(scene, PersonalExport) == set()
    with sqlite_database.transaction() as session:
        assert session.get(Person, scene.people[0]) is None


def test_a_course_goes_and_other_courses_of_its_people_stay(database: Database, vault: Any, clock: StillClock) -> None:
    scene = whole_scene(database, vault, clock)
    other = second_course(scene, vault)
    context_id = scene.course.context.id
    ids = {context_id, *ids_of(scene, Assignment), *ids_of(scene, Submission)}
    with database.transaction() as session:
        numbers = erasure.course_numbers(session, context_id)
    assert (numbers.rows["submission"], numbers.rows["enrolment"]) == (2, 3)
    assert erase(scene, ErasureScope.COURSE, context_id, context_id)
    assert_nobody_names(scene, ids)
    assert ids_of(scene, Context) == {other.id}
    with database.transaction() as session:
        assert session.get_one(Person, scene.people[0]).subject.startswith("sub-")
        assert session.get(Person, scene.people[1]) is None
        live = session.execute(select(DataKey.owner_id).where(DataKey.destroyed_at.is_(None))).scalars()
        assert set(live) == {scene.people[0]}
        done = session.execute(select(ErasureRequest)).scalar_one()
        assert done.state is ErasureState.DONE
        assert done.removed["submission"] == 2
        events = list(session.execute(select(AuditEvent.event)).scalars())
        assert {"erasure.requested", "erasure.submissions_removed", "erasure.done"} <= set(events)
        assert session.execute(select(func.count()).select_from(PersonalExport)).scalar_one() == 1
        assert session.execute(select(Batch.items)).scalar_one() == 2


def test_a_deployment_goes_with_all_its_courses_people_and_keys(
    database: Database, vault: Any, clock: StillClock
) -> None:
    scene = whole_scene(database, vault, clock)
    second_course(scene, vault)
    with database.transaction() as session:
        elsewhere = factories.course(session, vault)
    tenant = scene.course.deployment.id
    with database.transaction() as session:
        sealed = session.execute(select(Submission.id, Submission.sealed_text)).first()
    ids = {tenant, *ids_of(scene, Assignment), *ids_of(scene, Submission), *scene.people}
    assert erase(scene, ErasureScope.DEPLOYMENT, tenant)
    assert_nobody_names(scene, ids)
    assert ids_of(scene, Deployment) == {elsewhere.deployment.id}
    assert ids_of(scene, Context) == {elsewhere.context.id}
    assert ids_of(scene, Person) == {elsewhere.teacher.id}
    with database.transaction() as session:
        live = session.execute(select(DataKey.tenant_id).where(DataKey.destroyed_at.is_(None))).scalars()
        assert set(live) == {elsewhere.deployment.id}
    assert sealed is not None


@pytest.mark.parametrize("scope", [ErasureScope.COURSE, ErasureScope.DEPLOYMENT, ErasureScope.PERSON])
def test_an_erasure_that_is_cut_off_at_any_statement_is_finished_later(
    sqlite_database: Database, vault: Any, clock: StillClock, monkeypatch: pytest.MonkeyPatch, scope: ErasureScope
) -> None:
    monkeypatch.setattr("grading.erasure.carrying.CHUNK", 1)
    scene = whole_scene(sqlite_database, vault, clock)
    target = {
        ErasureScope.COURSE: scene.course.context.id,
        ErasureScope.DEPLOYMENT: scene.course.deployment.id,
        ErasureScope.PERSON: scene.people[0],
    }[scope]
    request = ask(scene, scope, target)
    # Beyond the first statements only every third, which takes bearable time.
    done, cut = until_it_survives(
        sqlite_database,
        lambda: erasure.carry_out(sqlite_database, vault, request.id, clock),
        every=3,
        from_statement=12,
    )
    assert done
    assert cut > 12
    with sqlite_database.transaction() as session:
        row = session.get_one(ErasureRequest, request.id)
        assert row.removed["submission"] == (1 if scope is ErasureScope.PERSON else 2)
        removed = [
            found.details["rows"]
            for found in session.execute(
                select(AuditEvent).where(AuditEvent.event == "erasure.submissions_removed")
            ).scalars()
        ]
        assert sum(removed) == row.removed["submission"]
        deleted = session.execute(
            select(func.sum(DisclosureDeletion.submissions)).where(DisclosureDeletion.place == DeletedAt.HERE)
        ).scalar_one()
        assert deleted == row.removed["submission"]


def test_what_a_provider_never_gives_back_is_not_waited_for_longer_than_a_week(
    sqlite_database: Database, vault: Any, clock: StillClock
) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=2)
    scene.submit(scene.create())
    scene.work()
    request = ask(scene, ErasureScope.PERSON, scene.people[0])
    assert not erasure.carry_out(scene.database, vault, request.id, clock)
    clock.forward(seconds=LONGEST_WAIT.total_seconds() + 1)
    assert erasure.carry_out(scene.database, vault, request.id, clock)
    scene.provider.end()
    scene.work()
    with scene.database.transaction() as session:
        assert session.execute(select(func.count(Assessment.id))).scalar_one() == 1
        assert session.execute(select(Batch.items)).scalar_one() == 1
        assert session.execute(select(func.count()).where(Assessment.submission_id.is_(None))).scalar_one() == 0


def test_a_request_waits_for_its_decision_and_no_longer_than_its_term(
    sqlite_database: Database, vault: Any, clock: StillClock
) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=1)
    request = ask(scene, ErasureScope.PERSON, scene.people[0], decided=False)
    assert not erasure.carry_out(scene.database, vault, request.id, clock)
    clock.forward(days=28)
    with scene.database.transaction() as session:
        assert erasure.due(session, clock()) == []
    clock.forward(days=1, hours=1)
    with scene.database.transaction() as session:
        assert erasure.due(session, clock()) == [request.id]
        assert erasure.pending_before(session, clock() + timedelta(days=1)) == 1
    assert erasure.carry_out(scene.database, vault, request.id, clock)


def test_a_request_is_rejected_with_a_reason_or_taken_back_and_then_settled(
    sqlite_database: Database, vault: Any, clock: StillClock
) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=1)
    tenant, person = scene.course.deployment.id, scene.people[0]
    request = ask(scene, ErasureScope.PERSON, person, decided=False)
    with pytest.raises(erasure.DecisionRefused), scene.database.transaction() as session:
        erasure.reject(session, vault, request.id, reason=" ", administrator_id=scene.admin_id, clock=clock)
    with scene.database.transaction() as session:
        erasure.reject(
            session, vault, request.id, reason="An appeal is open", administrator_id=scene.admin_id, clock=clock
        )
    with scene.database.transaction() as session:
        row = erasure.standing(session, tenant, person)
        assert row is not None
        assert (row.state, erasure.reason_of(session, vault, row)) == (ErasureState.REJECTED, "An appeal is open")
    assert erasure.carry_out(scene.database, vault, request.id, clock)
    assert len(ids_of(scene, Submission)) == 1
    clock.forward(days=1)
    ask(scene, ErasureScope.PERSON, person, decided=False)
    with scene.database.transaction() as session:
        erasure.take_back(session, tenant, person, clock)
    with pytest.raises(erasure.DecisionRefused), scene.database.transaction() as session:
        erasure.decide(session, request.id, administrator_id=scene.admin_id, clock=clock)
    clock.forward(days=1)
    assert erase(scene, ErasureScope.PERSON, person)
    with scene.database.transaction() as session:
        rows = erasure.settled(session)
        assert [one.request.state for one in rows] == [ErasureState.DONE, ErasureState.REJECTED, ErasureState.REJECTED]
        assert [erasure.reason_of(session, vault, one.request) for one in rows] == ["", "", ""]


def test_a_hold_on_the_course_keeps_what_was_to_be_erased(
    sqlite_database: Database, vault: Any, clock: StillClock
) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=1)
    context = scene.course.context
    with scene.database.transaction() as session:
        retention.place(session, vault, context=context, reason="Court", administrator_id=scene.admin_id, clock=clock)
        submission_id = session.execute(select(Submission.id)).scalar_one()
    for scope, target in [
        (ErasureScope.PERSON, scene.people[0]),
        (ErasureScope.SUBMISSION, submission_id),
        (ErasureScope.COURSE, context.id),
        (ErasureScope.DEPLOYMENT, scene.course.deployment.id),
    ]:
        assert not erase(scene, scope, target, context.id), scope
    assert ids_of(scene, Submission) == {submission_id}
    with scene.database.transaction() as session:
        assert [row.held for row in erasure.open_requests(session)] == [True] * 4
        retention.lift(session, context=context, administrator_id=scene.admin_id, clock=clock)
    assert erase(scene, ErasureScope.DEPLOYMENT, scene.course.deployment.id)


def test_a_submission_of_another_tenant_is_never_reached(
    sqlite_database: Database, vault: Any, clock: StillClock
) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=1)
    with scene.database.transaction() as session:
        other = factories.course(session, vault)
        person = factories.student(session, vault, other)
        theirs = factories.submission(session, vault, factories.assignment(session, other, clock), person, clock).id
    assert erase(scene, ErasureScope.SUBMISSION, theirs, scene.course.context.id)
    assert erase(scene, ErasureScope.COURSE, other.context.id)
    assert erase(scene, ErasureScope.PERSON, person.id)
    assert theirs in ids_of(scene, Submission)
    assert other.context.id in ids_of(scene, Context)


def reached(scope: ErasureScope) -> set[str]:
    return {table.name for table in rows_in(scope, uuid.uuid4(), uuid.uuid4())}


def test_every_sealed_value_is_reached_by_the_erasure_of_its_deployment() -> None:
    """A table made tomorrow that seals something is reached, proof, or named above with a reason."""
    sealed = {
        table.name
        for table in Base.metadata.sorted_tables
        if any(isinstance(column.type, SealedBytes) for column in table.columns)
    }
    assert sealed - reached(ErasureScope.DEPLOYMENT) - PROOF == NOT_OF_A_COURSE & sealed


def test_every_column_that_names_a_person_is_erased_or_authorship() -> None:
    found = {
        f"{column.table.name}.{column.name}"
        for column in columns_of_ids()
        if any(key.column.table.name == "person" for key in column.foreign_keys) or column.name == "person_id"
    }
    covered = {name for name in found if name.endswith(".person_id")}
    assert {name.partition(".")[0] for name in covered} <= reached(ErasureScope.PERSON)
    assert found - covered == KEPT_AS_AUTHORS


def test_every_id_without_a_foreign_key_is_known_here() -> None:
    """Such a column is not followed by itself: whoever adds one decides here how its rows go."""
    loose = {
        f"{column.table.name}.{column.name}"
        for column in columns_of_ids()
        if not column.foreign_keys and column.name != "id" and column.table.name not in OUTLIVES
    }
    assert loose == {
        "batch_request.disclosure_id",  # proof, by a row that goes with its submission
        "consent.context_id",  # by name
        "consent.person_id",
        "consent.tenant_id",
        "launch_session.assignment_id",  # a visit goes with the enrolment it was made with
        "provider_health.probe_batch_id",  # of a batch, and none is erased
        "queue_change.administrator_id",  # whose account may go
        "personal_export.requested_by",  # the person themselves, or an administrator
        "resource_link.named_assignment_id",  # blanked
    }


@pytest.mark.parametrize("scope", ErasureScope)
def test_children_go_before_what_they_hang_on(scope: ErasureScope) -> None:
    order = list(rows_in(scope, uuid.uuid4(), uuid.uuid4()))
    for place, table in enumerate(order):
        for key in table.foreign_keys:
            if key.column.table is not table and key.column.table in order:
                assert order.index(key.column.table) > place, f"{table.name} → {key.column.table.name}"
    assert (LaunchSession.__tablename__ in reached(scope)) == (scope is not ErasureScope.SUBMISSION)


def test_the_numbers_take_one_statement_whatever_there_is(
    sqlite_database: Database, vault: Any, clock: StillClock
) -> None:
    scene = scene_of(sqlite_database, vault, clock, size=3)
    statements: list[str] = []
    event.listen(sqlite_database.engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    with sqlite_database.transaction() as session:
        assert erasure.course_numbers(session, scene.course.context.id).rows["submission"] == 3
    assert len(statements) == 2
