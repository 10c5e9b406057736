"""Handing in: confirmed only when stored, attempts counted, work without consent kept from the queue."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from config.database import Database
from grading import queue, submissions
from grading.assignments import AssignmentView
from grading.batches import compose
from grading.errors import NotFound
from grading.models import Draft, Person, QueueItem, Submission
from grading.models.submissions import SubmissionSource
from grading.states import QueueState, SubmissionState
from grading.submissions import SubmissionRefused, Work
from privacy.audit import Actor
from privacy.models import AuditEvent
from privacy.sealing import Vault
from tests import factories
from tests.conftest import StillClock


@dataclass
class Desk:
    """A student before an assignment."""

    database: Database
    vault: Vault
    clock: StillClock
    course: factories.Course
    view: AssignmentView
    person: Person

    def draft(self, work: Work) -> None:
        with self.database.transaction() as session:
            submissions.save_draft(
                session,
                self.vault,
                tenant_id=self.course.deployment.id,
                assignment_id=self.view.assignment.id,
                person_id=self.person.id,
                work=work,
                clock=self.clock,
            )

    def hand_in(self, text: str | None = "Some work of mine.") -> Submission:
        if text is not None:
            self.draft(Work(text=text))
        with self.database.transaction() as session:
            return submissions.hand_in(
                session,
                self.vault,
                view=factories.view(session, self.course, self.view.assignment.id),
                person_id=self.person.id,
                provider="openai",
                clock=self.clock,
            )


def desk_of(database: Database, vault: Vault, clock: StillClock, **values: object) -> Desk:
    assisted, consents = bool(values.pop("assisted", True)), bool(values.pop("consents", True))
    with database.transaction() as session:
        course = factories.course(session, vault, assisted=assisted)
        view = factories.assignment(session, course, clock, **values)
        person = factories.student(session, vault, course, consents=consents)
    return Desk(database, vault, clock, course, view, person)


@pytest.fixture
def desk(database: Database, vault: Vault, clock: StillClock) -> Desk:
    """A student who has agreed, in a course that allows assistance."""
    return desk_of(database, vault, clock)


def test_handing_in_stores_sealed_work_and_queues_it(desk: Desk) -> None:
    handed = desk.hand_in("My own words.")
    with desk.database.transaction() as session:
        stored = session.execute(select(Submission)).scalar_one()
        assert b"own words" not in stored.sealed_text
        assert queue.position(session, stored.id) == 1
        work = submissions.open_submission(
            session, desk.vault, stored, tenant_id=desk.course.deployment.id, reader=Actor.person(desk.person.id)
        )
        assert session.execute(select(Draft)).first() is None
    assert (handed.state, handed.attempt) == (SubmissionState.WAITING, 1)
    assert work.text == "My own words."


def test_a_file_comes_back_as_it_was_handed_in(desk: Desk) -> None:
    desk.draft(
        Work(
            text="Read from it.",
            source=SubmissionSource.FILE,
            media_type="application/pdf",
            file=b"%PDF-1.7 \x00\xff",
            file_name="Mira Okafor essay.pdf",
            document_names=("Mira Okafor",),
        )
    )
    handed = desk.hand_in(None)
    with desk.database.transaction() as session:
        work = submissions.open_for_pipeline(session, desk.vault, handed)
    assert (work.text, work.file_name, work.document_names) == (
        "Read from it.",
        "Mira Okafor essay.pdf",
        ("Mira Okafor",),
    )
    assert work.file is None, "nothing reads the file again"


def test_a_draft_replaces_the_one_before(desk: Desk) -> None:
    desk.draft(Work(text="first"))
    desk.draft(Work(text="second"))
    with desk.database.transaction() as session:
        draft = session.execute(select(Draft)).scalar_one()
        assert submissions.open_draft(session, desk.vault, draft).text == "second"


def test_a_newer_attempt_takes_the_place_of_the_waiting_one(desk: Desk) -> None:
    first, second = desk.hand_in("one"), desk.hand_in("two")
    with desk.database.transaction() as session:
        states = dict(iter(session.execute(select(Submission.attempt, Submission.state))))
        live = (
            session.execute(select(QueueItem.submission_id).where(QueueItem.state == QueueState.QUEUED)).scalars().all()
        )
    assert states == {1: SubmissionState.REPLACED, 2: SubmissionState.WAITING}
    assert live == [second.id] != [first.id]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"attempts_allowed": 1}, "all your attempts"),
        ({"opens_at": timedelta(days=1)}, "opens on"),
        ({"closes_at": timedelta(days=-1)}, "closed on"),
    ],
)
def test_what_is_not_allowed_is_refused_and_the_draft_is_kept(
    sqlite_database: Database, vault: Vault, clock: StillClock, values: dict[str, object], words: str
) -> None:
    moments = {key: clock() + value if isinstance(value, timedelta) else value for key, value in values.items()}
    desk = desk_of(sqlite_database, vault, clock, **moments)
    if "attempts_allowed" in values:
        desk.hand_in()
    with pytest.raises(SubmissionRefused, match=words):
        desk.hand_in("kept")
    with sqlite_database.transaction() as session:
        draft = session.execute(select(Draft)).scalar_one()
        assert submissions.open_draft(session, vault, draft).text == "kept"


@pytest.mark.parametrize("text", [None, "", "   \n"])
def test_nothing_cannot_be_handed_in(desk: Desk, text: str | None) -> None:
    with pytest.raises(SubmissionRefused, match="nothing to hand in"):
        desk.hand_in(text)


def test_work_after_the_due_date_is_marked_late(sqlite_database: Database, vault: Vault, clock: StillClock) -> None:
    desk = desk_of(sqlite_database, vault, clock, due_at=clock() + timedelta(hours=1))
    assert desk.hand_in("in time").late is False
    clock.forward(hours=2)
    assert desk.hand_in("too late").late is True


@pytest.mark.parametrize(
    ("values", "reason"), [({"consents": False}, "no_consent"), ({"assisted": False}, "course_setting")]
)
def test_work_that_may_not_be_sent_never_enters_the_queue(
    database: Database, vault: Vault, clock: StillClock, values: dict[str, object], reason: str
) -> None:
    handed = desk_of(database, vault, clock, **values).hand_in()
    assert (handed.state, handed.by_hand_reason) == (SubmissionState.WITH_INSTRUCTOR, reason)
    with database.transaction() as session:
        assert session.execute(select(func.count(QueueItem.id))).scalar_one() == 0


def test_the_composer_asks_again_whether_the_course_allows_it(desk: Desk) -> None:
    desk.hand_in()
    with desk.database.transaction() as session:
        context = session.merge(desk.course.context)
        context.allow_llm_assessment = False
        session.flush()
        ids = list(session.execute(select(QueueItem.id)).scalars())
        preview = compose.preview(session, ids, provider="openai", limits=compose.Limits(1, 10), clock=desk.clock)
    assert preview.candidates == ()
    assert any("off" in words for words in preview.left_behind)


def test_somebody_elses_submission_is_not_found(desk: Desk) -> None:
    handed = desk.hand_in()
    with desk.database.transaction() as session, pytest.raises(NotFound):
        submissions.find(session, assignment_id=handed.assignment_id, submission_id=handed.id, person_id=uuid.uuid4())


def test_every_opening_is_in_the_audit_log(desk: Desk) -> None:
    handed = desk.hand_in()
    reader = uuid.uuid4()
    with desk.database.transaction() as session:
        submissions.open_submission(
            session, desk.vault, handed, tenant_id=desk.course.deployment.id, reader=Actor.person(reader)
        )
    with desk.database.transaction() as session:
        opened = session.execute(select(AuditEvent).where(AuditEvent.event == "submission.opened")).scalar_one()
        assert (opened.actor_id, opened.object_id) == (reader, handed.id)
