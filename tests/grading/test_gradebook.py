"""The gradebook beside the LMS's own: what somebody entered there is seen, kept, and replaced only when ticked."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from grading import gradebook
from grading.gradebook import Standing, StudentGrade
from grading.gradebook_port import GradebookUnavailable, ReceiptOutcome, ScoreReceipt
from grading.models import Assignment, Enrolment, GradePush
from grading.states import PushKind, PushState
from privacy.audit import Actor
from tests.grading.books import MemoryGradebook, taken
from tests.grading.test_review import Reviewed, reviewed

__all__ = ["reviewed"]


def subject_of(scene: Reviewed) -> str:
    with scene.database.transaction() as session:
        _, submission, _ = scene.rows(session)
        return submission.person.subject


def column(scene: Reviewed) -> None:
    """The LMS has named the column, so that its results can be read."""
    with scene.database.transaction() as session:
        session.execute(select(Assignment)).scalar_one().lineitem_url = "https://lms.example/lineitems/1"


def line(scene: Reviewed) -> StudentGrade:
    with scene.database.transaction() as session:
        view, submission, _ = scene.rows(session)
        return gradebook.compare(session, view.assignment.id, [submission.person_id])[0]


def look(scene: Reviewed, book: MemoryGradebook) -> bool:
    scene.scene.clock.forward(minutes=5)
    with scene.database.transaction() as session:
        assignment_id = session.execute(select(Assignment.id)).scalar_one()
    return gradebook.read_lms(scene.database, book, assignment_id, scene.scene.clock)


def resend(scene: Reviewed, *, overwrite: bool) -> int:
    with scene.database.transaction() as session:
        view, submission, _ = scene.rows(session)
        return gradebook.resend(
            session,
            scene.scene.vault,
            tenant_id=view.context.tenant_id,
            assignment_id=view.assignment.id,
            person_ids=[submission.person_id],
            overwrite={submission.person_id} if overwrite else set(),
            actor=Actor.system(),
            clock=scene.scene.clock,
        )


def test_a_released_score_stands_in_both_gradebooks(reviewed: Reviewed) -> None:
    column(reviewed)
    book = taken()
    reviewed.deliver(book)
    reviewed.approve()
    assert line(reviewed).standing is Standing.WAITING
    reviewed.deliver(book)
    look(reviewed, book)
    shown = line(reviewed)
    assert shown.standing is Standing.SENT
    assert shown.lms is not None
    assert shown.lms.score_hundredths == 1333
    assert resend(reviewed, overwrite=True) == 0


def test_a_grade_entered_in_the_lms_is_found_and_kept(reviewed: Reviewed) -> None:
    column(reviewed)
    book = taken()
    reviewed.approve()
    reviewed.deliver(book)
    book.enter(subject_of(reviewed), 18)
    reviewed.override(1500)
    sent = len(book.messages)
    reviewed.deliver(book)
    assert len(book.messages) == sent
    assert reviewed.pushes()[-1] == (PushKind.RELEASED, PushState.FAILED)
    assert line(reviewed).standing is Standing.CHANGED
    assert resend(reviewed, overwrite=False) == 0
    assert resend(reviewed, overwrite=True) == 1
    reviewed.deliver(book)
    assert book.messages[-1].score_hundredths == 1500
    assert book.messages[-1].overwrite
    assert (book.messages[-1].comment or "").startswith("Well argued, Mira.")
    look(reviewed, book)
    assert line(reviewed).standing is Standing.SENT


def test_a_grade_that_was_there_before_any_of_ours_is_kept_too(reviewed: Reviewed) -> None:
    column(reviewed)
    book = taken()
    book.enter(subject_of(reviewed), 12)
    reviewed.deliver(book)
    assert book.messages == []
    assert reviewed.pushes() == [(PushKind.SUBMITTED, PushState.OBSOLETE)]
    reviewed.approve()
    reviewed.deliver(book)
    assert book.messages == []
    assert line(reviewed).standing is Standing.CHANGED


def test_a_changed_grade_is_noticed_when_the_lms_is_read_again(reviewed: Reviewed) -> None:
    column(reviewed)
    book = taken()
    reviewed.approve()
    reviewed.deliver(book)
    book.enter(subject_of(reviewed), None)
    assert line(reviewed).standing is Standing.SENT
    look(reviewed, book)
    assert line(reviewed).standing is Standing.CHANGED


def test_a_rescaled_score_is_the_same_score(reviewed: Reviewed) -> None:
    column(reviewed)
    book = taken()
    reviewed.approve()
    reviewed.deliver(book)
    book.enter(subject_of(reviewed), 66.65, maximum=100)
    look(reviewed, book)
    assert line(reviewed).standing is Standing.SENT


def test_an_lms_that_shows_no_results_is_sent_to_all_the_same(reviewed: Reviewed) -> None:
    column(reviewed)
    book = taken()
    book.failure = GradebookUnavailable("no", offered=False)
    reviewed.approve()
    reviewed.deliver(book)
    reviewed.override(1500)
    reviewed.deliver(book)
    assert [sent.score_hundredths for sent in book.messages] == [1333, 1500]
    assert book.reads == 1


def test_an_lms_that_does_not_answer_is_asked_later(reviewed: Reviewed) -> None:
    column(reviewed)
    book = taken()
    book.failure = GradebookUnavailable("Your LMS is busy (HTTP 503).", offered=True)
    reviewed.approve()
    reviewed.deliver(book)
    assert book.messages == []
    assert reviewed.pushes()[-1] == (PushKind.RELEASED, PushState.PENDING)
    book.failure = None
    reviewed.deliver(book)
    assert len(book.messages) == 1


@pytest.mark.parametrize(("shown", "state"), [(13.33, PushState.DELIVERED), (18.0, PushState.FAILED)])
def test_a_newer_score_in_the_lms_is_looked_at(reviewed: Reviewed, shown: float, state: PushState) -> None:
    book = MemoryGradebook([], ScoreReceipt(ReceiptOutcome.ALREADY_THERE, 409, "newer"))
    reviewed.approve()
    book.enter(subject_of(reviewed), shown)
    reviewed.deliver(book)
    assert reviewed.pushes()[-1] == (PushKind.RELEASED, state)


def test_a_wait_that_the_lms_asks_for_is_kept(reviewed: Reviewed) -> None:
    book = MemoryGradebook([], ScoreReceipt(ReceiptOutcome.RETRY, 429, "busy", retry_after=7200.0))
    reviewed.approve()
    reviewed.deliver(book)
    with reviewed.database.transaction() as session:
        waiting = session.execute(select(GradePush).order_by(GradePush.number.desc())).scalars().first()
    assert waiting is not None
    assert waiting.next_attempt_at is not None
    assert waiting.next_attempt_at - reviewed.scene.clock() == timedelta(hours=2)
    sent = list(book.messages)
    reviewed.deliver(book)
    assert book.messages == sent
    reviewed.scene.clock.forward(hours=2)
    reviewed.deliver(book)
    # The same message to the letter: the LMS may have taken the first one, and would refuse another moment's.
    assert len(book.messages) == len(sent) + 1
    assert book.messages[-1] == sent[-1]


def test_test_users_are_never_sent(reviewed: Reviewed) -> None:
    before = len(reviewed.pushes())
    with reviewed.database.transaction() as session:
        _, submission, _ = reviewed.rows(session)
        session.execute(
            select(Enrolment).where(Enrolment.person_id == submission.person_id)
        ).scalar_one().test_user = True
    reviewed.approve()
    assert len(reviewed.pushes()) == before


def test_a_column_is_brought_up_to_date_once(reviewed: Reviewed) -> None:
    column(reviewed)
    book = taken()
    with reviewed.database.transaction() as session:
        assignment = session.execute(select(Assignment)).scalar_one()
        assignment.column_outdated = True
        assert gradebook.due_columns(session) == [assignment.id]
    book.failure = GradebookUnavailable("busy", offered=True)
    gradebook.update_column(reviewed.database, book, assignment.id)
    with reviewed.database.transaction() as session:
        assert gradebook.due_columns(session) == [assignment.id]
    book.failure = None
    gradebook.update_column(reviewed.database, book, assignment.id)
    with reviewed.database.transaction() as session:
        assert gradebook.due_columns(session) == []
    assert book.columns == [assignment.id]
