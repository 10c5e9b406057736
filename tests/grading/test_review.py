"""Review: a person decides, the student sees it, the gradebook is told, and nothing is ever overwritten."""

import uuid
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from config.database import Database
from grading import gradebook, review
from grading.assignments import AssignmentView
from grading.gradebook_port import ReceiptOutcome, ScoreMessage, ScoreReceipt
from grading.models import Assessment, GradePush, ReviewDecision, Submission
from grading.review import DecisionRefused
from grading.states import AssessmentStatus, DecisionKind, MoveRefused, PushKind, PushState, SubmissionState
from privacy.audit import Actor
from privacy.sealing import Vault
from tests import factories
from tests.conftest import StillClock
from tests.grading.batches.test_run import Scene, scene_of
from tests.grading.books import MemoryGradebook, taken


@dataclass
class Reviewed:
    """One submission with its assessment."""

    scene: Scene

    @property
    def database(self) -> Database:
        return self.scene.database

    def rows(self, session: object) -> tuple[AssignmentView, Submission, Assessment]:
        submission = session.execute(select(Submission)).scalar_one()  # type: ignore[attr-defined]
        assessment = session.execute(select(Assessment)).scalar_one()  # type: ignore[attr-defined]
        shown = factories.view(session, self.scene.course, submission.assignment_id)  # type: ignore[arg-type]
        return shown, submission, assessment

    def approve(self) -> None:
        with self.database.transaction() as session:
            shown, submission, assessment = self.rows(session)
            review.approve(
                session,
                self.scene.vault,
                view=shown,
                submission=submission,
                assessment_id=assessment.id,
                reviewer_id=self.scene.course.teacher.id,
                clock=self.scene.clock,
            )

    def override(self, score: int = 1500, reason: str = "The example is better than it was given credit for.") -> None:
        with self.database.transaction() as session:
            shown, submission, assessment = self.rows(session)
            review.override(
                session,
                self.scene.vault,
                view=shown,
                submission=submission,
                assessment_id=assessment.id,
                score_hundredths=score,
                comments="Well argued, Mira.",
                reason=reason,
                reviewer_id=self.scene.course.teacher.id,
                clock=self.scene.clock,
            )

    def withdraw(self) -> None:
        with self.database.transaction() as session:
            shown, submission, _ = self.rows(session)
            review.withdraw(
                session,
                self.scene.vault,
                view=shown,
                submission=submission,
                reason="",
                reviewer_id=self.scene.course.teacher.id,
                clock=self.scene.clock,
            )

    def deliver(self, book: MemoryGradebook) -> None:
        self.scene.clock.forward(minutes=30)
        with self.database.transaction() as session:
            due = gradebook.due(session, self.scene.clock())
        for push_id in due:
            gradebook.deliver(self.database, self.scene.vault, book, push_id, self.scene.clock)

    def pushes(self) -> list[tuple[PushKind, PushState]]:
        with self.database.transaction() as session:
            rows = session.execute(select(GradePush).order_by(GradePush.number)).scalars()
            return [(row.kind, row.state) for row in rows]


@pytest.fixture
def reviewed(database: Database, vault: Vault, clock: StillClock) -> Reviewed:
    """One student's work has come back from the provider."""
    scene = scene_of(database, vault, clock, size=1)
    scene.submit(scene.create())
    scene.work()
    scene.provider.end()
    scene.work()
    return Reviewed(scene)


def test_approval_releases_the_proposal_and_sends_it_to_the_gradebook(reviewed: Reviewed) -> None:
    reviewed.approve()
    book = taken()
    reviewed.deliver(book)
    sent = book.messages[-1]
    assert (sent.score_hundredths, sent.maximum_hundredths) == (1333, 2000)
    assert (sent.activity_progress, sent.grading_progress) == ("Completed", "FullyGraded")
    assert sent.comment is not None
    assert "You take a position" in sent.comment
    assert sent.comment.endswith("Your instructor read it and decided.")
    with reviewed.database.transaction() as session:
        _, submission, _ = reviewed.rows(session)
        released = review.released_feedback(session, reviewed.scene.vault, submission)
    assert released is not None
    assert released[0].kind is DecisionKind.APPROVED


def test_handing_in_is_announced_without_a_score(reviewed: Reviewed) -> None:
    book = taken()
    reviewed.deliver(book)
    assert [(one.activity_progress, one.grading_progress, one.score_hundredths) for one in book.messages] == [
        ("Submitted", "PendingManual", None)
    ]


def test_an_override_keeps_the_original_with_the_reason(reviewed: Reviewed) -> None:
    reviewed.override()
    with reviewed.database.transaction() as session:
        _, _, assessment = reviewed.rows(session)
        assert assessment.status is AssessmentStatus.OVERRIDDEN
        assert assessment.score_hundredths == 1333
        opened = review.open_assessment(session, reviewed.scene.vault, assessment)
        assert opened is not None
        assert "You take a position" in opened.content.comments
        decisions = review.decisions_of(session, assessment.submission_id)
        reasons = review.open_reasons(session, reviewed.scene.vault, decisions)
    assert decisions[0].score_hundredths == 1500
    assert "example" in reasons[decisions[0].id]


@pytest.mark.parametrize(("score", "reason", "field"), [(2001, "x", "score"), (-1, "x", "score"), (100, " ", "reason")])
def test_an_override_that_does_not_fit_changes_nothing(reviewed: Reviewed, score: int, reason: str, field: str) -> None:
    with pytest.raises(DecisionRefused) as refused:
        reviewed.override(score, reason)
    assert refused.value.field == field
    with reviewed.database.transaction() as session:
        assert session.execute(select(ReviewDecision)).first() is None


def test_a_second_approval_of_the_same_work_is_a_decision_of_its_own(reviewed: Reviewed) -> None:
    reviewed.approve()
    reviewed.override(1800)
    with reviewed.database.transaction() as session:
        numbers = sorted(session.execute(select(ReviewDecision.number)).scalars())
    assert numbers == [1, 2]
    book = taken()
    reviewed.deliver(book)
    assert [one.score_hundredths for one in book.messages] == [1800]


def test_a_result_taken_back_disappears_for_student_and_gradebook(reviewed: Reviewed) -> None:
    reviewed.approve()
    book = taken()
    reviewed.deliver(book)
    reviewed.withdraw()
    reviewed.deliver(book)
    assert book.messages[-1].score_hundredths is None
    assert book.messages[-1].timestamp > book.messages[-2].timestamp
    with reviewed.database.transaction() as session:
        _, submission, _ = reviewed.rows(session)
        assert submission.state is SubmissionState.WITH_INSTRUCTOR
        assert review.released_feedback(session, reviewed.scene.vault, submission) is None
    with pytest.raises(MoveRefused):
        reviewed.withdraw()


def test_a_decision_about_an_outdated_assessment_is_refused(reviewed: Reviewed) -> None:
    with reviewed.database.transaction() as session:
        shown, submission, _ = reviewed.rows(session)
        with pytest.raises(DecisionRefused, match="newer assessment"):
            review.approve(
                session,
                reviewed.scene.vault,
                view=shown,
                submission=submission,
                assessment_id=uuid.uuid4(),
                reviewer_id=reviewed.scene.course.teacher.id,
            )


def test_a_failed_delivery_is_tried_again_with_the_same_message(reviewed: Reviewed) -> None:
    reviewed.approve()
    book = MemoryGradebook([], ScoreReceipt(ReceiptOutcome.RETRY, 503, "The LMS is busy."))
    reviewed.deliver(book)
    reviewed.deliver(book)
    assert book.messages[0] == book.messages[1]
    book.receipt = ScoreReceipt(ReceiptOutcome.DELIVERED, 200, "")
    reviewed.deliver(book)
    assert reviewed.pushes()[-1] == (PushKind.RELEASED, PushState.DELIVERED)


def test_a_refused_delivery_waits_for_a_person(reviewed: Reviewed) -> None:
    reviewed.approve()
    reviewed.deliver(MemoryGradebook([], ScoreReceipt(ReceiptOutcome.REJECTED, 422, "The student is not enrolled.")))
    assert reviewed.pushes()[-1] == (PushKind.RELEASED, PushState.FAILED)
    with reviewed.database.transaction() as session:
        failed = session.execute(select(GradePush).where(GradePush.state == PushState.FAILED)).scalar_one()
        assert failed.failure_words == "The student is not enrolled."
        tenant = failed.tenant_id
        for asking, expected in ((uuid.uuid4(), 0), (tenant, 1)):
            again = gradebook.resend(
                session,
                reviewed.scene.vault,
                tenant_id=asking,
                assignment_id=failed.assignment_id,
                person_ids=[failed.person_id],
                overwrite=(),
                actor=Actor.system(),
                clock=reviewed.scene.clock,
            )
            assert again == expected


def test_a_worker_killed_while_sending_leaves_the_message_to_the_next_one(reviewed: Reviewed) -> None:
    reviewed.approve()

    class Dies(MemoryGradebook):
        def post_score(self, message: ScoreMessage) -> ScoreReceipt:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reviewed.deliver(Dies([], ScoreReceipt(ReceiptOutcome.DELIVERED, 200, "")))
    assert reviewed.pushes()[-1] == (PushKind.RELEASED, PushState.SENDING)
    book = taken()
    reviewed.deliver(book)
    assert len(book.messages) == 1
    assert reviewed.pushes()[-1] == (PushKind.RELEASED, PushState.DELIVERED)


def test_names_come_back_only_when_the_assessment_is_opened(reviewed: Reviewed) -> None:
    with reviewed.database.transaction() as session:
        _, _, assessment = reviewed.rows(session)
        opened = review.open_assessment(session, reviewed.scene.vault, assessment)
    assert opened is not None
    assert all(item.found for criterion in opened.content.criteria for item in criterion.evidence)
