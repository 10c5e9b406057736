"""A batch from the queue to reviewed results: carried step by step, cut off anywhere, never sent twice."""

import uuid
from dataclasses import dataclass

import pytest
from sqlalchemy import event, select

from config.database import Database
from grading.batches import compose, ingest, lifecycle
from grading.batches.compose import Limits
from grading.batches.errors import BatchRefused
from grading.batches.lease import Lease
from grading.batches.run import Runner
from grading.models import Assessment, Batch, BatchRequest, Person, QueueItem, Submission
from grading.providers.base import JobInput, Outcome, RemoteState, ResultLine, Usage
from grading.states import BatchState, BatchStep, MoveRefused, QueueState, SubmissionState
from privacy.consent import withdraw_consent
from privacy.models import AuditEvent
from privacy.sealing import Vault
from tests import factories
from tests.conftest import StillClock
from tests.grading.provider import MemoryProvider

LIMITS = Limits(1, 100)


@dataclass
class Scene:
    """A class that has handed in, and the runner."""

    database: Database
    vault: Vault
    clock: StillClock
    provider: MemoryProvider
    course: factories.Course
    admin_id: uuid.UUID
    people: list[uuid.UUID]

    @property
    def runner(self) -> Runner:
        return Runner(self.database, self.vault, {"openai": self.provider}, 60.0, self.clock)

    def items(self) -> list[uuid.UUID]:
        with self.database.transaction() as session:
            return list(session.execute(select(QueueItem.id)).scalars())

    def create(self) -> uuid.UUID:
        with self.database.transaction() as session:
            return compose.create(
                session,
                list(session.execute(select(QueueItem.id)).scalars()),
                provider="openai",
                limits=LIMITS,
                note="first",
                administrator_id=self.admin_id,
                clock=self.clock,
            ).id

    def submit(self, batch_id: uuid.UUID) -> None:
        with self.database.transaction() as session:
            lifecycle.submit(session, batch_id, administrator_id=self.admin_id, clock=self.clock)

    def work(self) -> None:
        self.clock.forward(minutes=20)
        for batch_id in self.runner.due():
            self.runner.advance(batch_id)

    def batch(self) -> Batch:
        with self.database.transaction() as session:
            return session.execute(select(Batch)).scalar_one()

    def states(self) -> tuple[set[QueueState], set[SubmissionState]]:
        with self.database.transaction() as session:
            return (
                set(session.execute(select(QueueItem.state)).scalars()),
                set(session.execute(select(Submission.state)).scalars()),
            )


def scene_of(database: Database, vault: Vault, clock: StillClock, size: int = 3) -> Scene:
    with database.transaction() as session:
        course = factories.course(session, vault)
        shown = factories.assignment(session, course, clock)
        people = []
        for number in range(size):
            person = factories.student(session, vault, course, given_name="Mira", family_name=f"Okafor{number or ''}")
            factories.submission(session, vault, shown, person, clock)
            people.append(person.id)
        admin_id = factories.administrator(session).id
    return Scene(database, vault, clock, MemoryProvider(), course, admin_id, people)


@pytest.fixture
def scene(database: Database, vault: Vault, clock: StillClock) -> Scene:
    """Three students have handed in."""
    return scene_of(database, vault, clock)


def test_a_batch_goes_to_the_provider_and_comes_back_as_assessments(scene: Scene) -> None:
    scene.submit(scene.create())
    scene.work()
    assert scene.batch().state is BatchState.PROCESSING
    assert scene.states() == ({QueueState.PROCESSING}, {SubmissionState.GRADING})
    scene.provider.end()
    scene.work()
    batch = scene.batch()
    assert (batch.state, batch.step) == (BatchState.COMPLETED, BatchStep.DONE)
    assert (batch.input_tokens, batch.output_tokens) == (3000, 900)
    assert batch.actual_microdollars == 3 * 125
    assert scene.states() == ({QueueState.COMPLETED}, {SubmissionState.WITH_INSTRUCTOR})
    with scene.database.transaction() as session:
        scores = session.execute(select(Assessment.score_hundredths, Assessment.maximum_hundredths)).all()
    assert [tuple(row) for row in scores] == [(1333, 2000)] * 3
    assert len(scene.provider.deleted) == 2


def test_nothing_that_names_the_student_is_sent(scene: Scene) -> None:
    scene.submit(scene.create())
    scene.work()
    sent = scene.provider.sent()
    assert "lying is sometimes right" in sent
    assert "Mira" not in sent
    assert "Okafor" not in sent
    for person in scene.people:
        assert str(person) not in sent


def test_nothing_is_sent_before_the_second_step(scene: Scene) -> None:
    scene.create()
    scene.work()
    assert scene.provider.uploaded == 0
    assert scene.batch().state is BatchState.CREATED


def test_a_batch_is_submitted_once(scene: Scene) -> None:
    batch_id = scene.create()
    scene.submit(batch_id)
    with pytest.raises(MoveRefused):
        scene.submit(batch_id)


def test_items_of_a_batch_cannot_go_into_another(scene: Scene) -> None:
    scene.create()
    with pytest.raises(BatchRefused, match="no longer waiting"):
        scene.create()


@pytest.mark.parametrize("lost", ["lose_upload", "lose_create"])
def test_an_answer_that_got_lost_does_not_lead_to_a_second_batch(scene: Scene, lost: str) -> None:
    setattr(scene.provider, lost, True)
    scene.submit(scene.create())
    scene.work()
    scene.work()
    scene.provider.end()
    scene.work()
    assert scene.batch().state is BatchState.COMPLETED
    assert (scene.provider.uploaded, scene.provider.creates) == (1, 1)


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("point", ["line", "upload", "create", "poll", "results", "delete_file"])
@pytest.mark.parametrize("after", [False, True])
def test_a_process_killed_around_any_call_leaves_work_that_the_next_one_finishes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, point: str, after: bool
) -> None:
    scene.submit(scene.create())
    original = getattr(scene.provider, point)

    def dies(*arguments: object) -> object:
        if after:
            answered = original(*arguments)
            list(answered) if point == "results" else None
        raise Killed

    monkeypatch.setattr(scene.provider, point, dies)
    monkeypatch.setattr(Lease, "release", lambda *_: None)
    for _ in range(2):
        scene.provider.end()
        try:
            scene.work()
        except Killed:
            break
    monkeypatch.undo()
    for _ in range(3):
        scene.work()
        scene.provider.end()
    assert scene.batch().step is BatchStep.DONE
    assert scene.provider.creates == 1
    assert scene.states() == ({QueueState.COMPLETED}, {SubmissionState.WITH_INSTRUCTOR})
    with scene.database.transaction() as session:
        assert len(session.execute(select(Assessment.id)).all()) == 3


def test_two_workers_do_not_carry_the_same_batch(scene: Scene) -> None:
    batch_id = scene.create()
    scene.submit(batch_id)
    other = scene.runner
    original = scene.provider.upload
    turns: list[bool] = []

    def upload(job: str, content: JobInput) -> str:
        turns.append(other.advance(batch_id))
        return original(job, content)

    scene.provider.upload = upload  # type: ignore[method-assign, assignment]
    assert scene.runner.advance(batch_id)
    assert turns == [False]


def test_a_refused_batch_gives_its_items_back(scene: Scene) -> None:
    scene.submit(scene.create())
    scene.work()
    scene.provider.end("failed", RemoteState.REFUSED, refusal_code="mismatched_model", refusal_words="Two models.")
    scene.work()
    batch = scene.batch()
    assert (batch.state, batch.failure_code, batch.failure_words) == (
        BatchState.FAILED,
        "mismatched_model",
        "The provider found more than one model in the batch. Two models.",
    )
    assert scene.states() == ({QueueState.QUEUED}, {SubmissionState.WAITING})


def test_cancelling_before_submission_gives_the_items_back(scene: Scene) -> None:
    batch_id = scene.create()
    with scene.database.transaction() as session:
        lifecycle.cancel(session, batch_id, administrator_id=scene.admin_id, clock=scene.clock)
    assert scene.batch().state is BatchState.CANCELLED
    assert scene.states() == ({QueueState.QUEUED}, {SubmissionState.WAITING})


def test_cancelling_later_keeps_what_was_finished(scene: Scene) -> None:
    batch_id = scene.create()
    scene.submit(batch_id)
    scene.work()
    with scene.database.transaction() as session:
        lifecycle.cancel(session, batch_id, administrator_id=scene.admin_id, clock=scene.clock)
    scene.work()
    assert scene.batch().provider_status == "cancelling"
    first = scene.provider.sent().split('"custom_id": "')[1].split('"')[0]
    full = scene.provider.answer
    scene.provider.answer = lambda custom_id: (
        full(custom_id) if custom_id == first else ResultLine(custom_id, Outcome.NOT_EXECUTED, raw=b"{}")
    )
    scene.provider.end("cancelled")
    scene.work()
    assert scene.batch().state is BatchState.CANCELLED
    with scene.database.transaction() as session:
        states = sorted(session.execute(select(QueueItem.state)).scalars())
    assert states == [QueueState.COMPLETED, QueueState.QUEUED, QueueState.QUEUED]


def test_consent_withdrawn_after_the_batch_was_made_keeps_the_work_back(scene: Scene) -> None:
    batch_id = scene.create()
    with scene.database.transaction() as session:
        withdraw_consent(
            session,
            tenant_id=scene.course.deployment.id,
            person_id=scene.people[0],
            context_id=scene.course.context.id,
        )
    scene.submit(batch_id)
    scene.work()
    assert len(scene.provider.files[f"file-{batch_id}"]) == 2
    with scene.database.transaction() as session:
        held = session.execute(select(Submission).where(Submission.person_id == scene.people[0])).scalar_one()
    assert (held.state, held.by_hand_reason) == (SubmissionState.WITH_INSTRUCTOR, "no_consent")


def test_a_newer_attempt_keeps_the_older_one_from_being_sent(scene: Scene) -> None:
    batch_id = scene.create()
    with scene.database.transaction() as session:
        first = session.execute(select(Submission).where(Submission.person_id == scene.people[0])).scalar_one()
        shown = factories.view(session, scene.course, first.assignment_id)
        person = session.get_one(Person, scene.people[0])
        factories.submission(session, scene.vault, shown, person, scene.clock, text="My second, better attempt.")
    scene.submit(batch_id)
    scene.work()
    assert len(scene.provider.files[f"file-{batch_id}"]) == 2
    with scene.database.transaction() as session:
        states = session.execute(
            select(QueueItem.state)
            .join(Submission)
            .where(Submission.person_id == scene.people[0])
            .order_by(Submission.attempt)
        ).scalars()
        assert list(states) == [QueueState.SKIPPED, QueueState.QUEUED]


def test_a_missing_line_goes_back_to_the_queue(scene: Scene) -> None:
    scene.submit(scene.create())
    scene.work()
    scene.provider.answer = lambda _: None
    scene.provider.end()
    for _ in range(3):
        scene.work()
        assert scene.batch().step is BatchStep.INGEST, "read again, as fewer lines came than were announced"
    scene.work()
    assert scene.states() == ({QueueState.QUEUED}, {SubmissionState.WAITING})
    with scene.database.transaction() as session:
        assert set(session.execute(select(QueueItem.attempts)).scalars()) == {1}


@pytest.mark.parametrize(
    ("outcome", "code", "tries"), [(Outcome.ANSWERED, "schema", 2), (Outcome.BUSY, "provider_busy", 3)]
)
def test_work_that_fails_again_and_again_goes_to_a_person(
    scene: Scene, outcome: Outcome, code: str, tries: int
) -> None:
    scene.provider.answer = lambda custom_id: ResultLine(
        custom_id, outcome, text="not json", usage=Usage(10, 0, 1), raw=b"{}"
    )
    for _ in range(tries):
        assert scene.states() != ({QueueState.FAILED}, {SubmissionState.WITH_INSTRUCTOR})
        scene.submit(scene.create())
        scene.work()
        scene.provider.end()
        scene.work()
        scene.clock.forward(hours=2)
    assert scene.states() == ({QueueState.FAILED}, {SubmissionState.WITH_INSTRUCTOR})
    with scene.database.transaction() as session:
        codes = set(session.execute(select(BatchRequest.failure_code)).scalars())
        assert codes == {code}
        assert set(session.execute(select(Submission.by_hand_reason)).scalars()) == {"failed"}


def test_every_call_to_the_provider_is_in_the_audit_log(scene: Scene) -> None:
    scene.submit(scene.create())
    scene.work()
    scene.provider.end()
    scene.work()
    with scene.database.transaction() as session:
        events = set(session.execute(select(AuditEvent.event)).scalars())
    assert {"batch.submitted", "provider.uploading", "provider.creating", "provider.created"} <= events
    assert {"assessment.stored", "provider.files_deleted"} <= events


@pytest.mark.parametrize(("limit", "chunks"), [(ingest.CHUNK_BYTES, 1), (1, 3)])
def test_large_lines_are_taken_fewer_at_a_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, limit: int, chunks: int
) -> None:
    scene.submit(scene.create())
    scene.work()
    scene.provider.end()
    monkeypatch.setattr(ingest, "CHUNK_BYTES", limit)
    asked: list[str] = []
    event.listen(scene.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    scene.work()
    assert sum(words.startswith("INSERT INTO assessment ") for words in asked) == chunks
    assert scene.states() == ({QueueState.COMPLETED}, {SubmissionState.WITH_INSTRUCTOR})
