"""A no takes effect at once: in the queue, in a batch that was made, in one that is about to be sent, and not later."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from config.database import Database
from grading import agreements, privacy_limits, withholding
from grading.agreements import TakenBack
from grading.batches import compose, lifecycle, run, splitting
from grading.clearance import COURSE_SETTING, NO_CONSENT, SITE_LIMIT, obstacle_of
from grading.course_settings import agreement, own_settings
from grading.models import Batch, BatchRequest, Context, PrivacyLimits, QueueItem, ReviewDecision, Submission
from grading.models.limits import LegalBasis
from grading.privacy_decisions import Effect, decide_limits, decide_settings
from grading.privacy_limits import Limits, LimitsInvalid
from grading.states import BatchState, BatchStep, DecisionKind, QueueState, RequestState, SubmissionState
from grading.withholding import Scope
from privacy.audit import Actor
from privacy.consent import CURRENT_TEXT, give_consent, last_word, standing_consent, still_counts
from privacy.models import AuditEvent, Consent
from privacy.sealing import Vault
from tests import factories
from tests.conftest import START, StillClock
from tests.grading.batches.test_run import LIMITS, Scene, scene_of

ADMIN = Actor.administrator(uuid.uuid4())
OPEN = Limits(approved_providers=("openai",))


@pytest.fixture
def scene(database: Database, vault: Vault, clock: StillClock) -> Scene:
    """Three students have agreed and handed in."""
    return scene_of(database, vault, clock)


def disagree(session: Session, scene: Scene, place: int = 0) -> TakenBack:
    context = session.get_one(Context, scene.course.context.id)
    return agreements.disagree(
        session,
        context=context,
        person_id=scene.people[place],
        text=CURRENT_TEXT,
        provider="openai",
        clock=scene.clock,
    )


def put_back(session: Session, scene: Scene, place: int | None = 0) -> int:
    scope = Scope(scene.course.context.id, None if place is None else scene.people[place])
    return withholding.put_back(session, scene.vault, scope, provider="openai", actor=ADMIN, clock=scene.clock)


def standing(scene: Scene, place: int = 0) -> tuple[SubmissionState, str | None, QueueState]:
    with scene.database.transaction() as session:
        row = session.execute(
            select(Submission.state, Submission.by_hand_reason, QueueItem.state)
            .join(QueueItem, QueueItem.submission_id == Submission.id)
            .where(Submission.person_id == scene.people[place])
        ).one()
    return row[0], row[1], row[2]


BY_HAND = (SubmissionState.WITH_INSTRUCTOR, NO_CONSENT, QueueState.SKIPPED)
WAITS = (SubmissionState.WAITING, None, QueueState.QUEUED)


def test_a_no_takes_waiting_work_out_of_the_queue(scene: Scene) -> None:
    with scene.database.transaction() as session:
        done = disagree(session, scene)
    assert (done.withheld, list(done.sent)) == (1, [])
    assert standing(scene) == BY_HAND
    assert standing(scene, 1) == WAITS


def test_a_no_takes_work_out_of_a_batch_that_was_made(scene: Scene) -> None:
    batch_id = scene.create()
    with scene.database.transaction() as session:
        assert disagree(session, scene).withheld == 1
    assert standing(scene) == BY_HAND
    scene.submit(batch_id)
    scene.work()
    assert standing(scene) == BY_HAND
    assert len(scene.provider.files[f"file-{batch_id}"]) == 2


def test_work_that_was_taken_out_and_put_back_belongs_to_its_new_batch_alone(scene: Scene) -> None:
    first = scene.create()
    with scene.database.transaction() as session:
        disagree(session, scene)
        context = session.get_one(Context, scene.course.context.id)
        agreements.agree(session, context=context, person_id=scene.people[0], text=CURRENT_TEXT, clock=scene.clock)
        assert put_back(session, scene) == 1
        (item,) = session.execute(select(QueueItem.id).where(QueueItem.state == QueueState.QUEUED)).scalars()
        arguments = {"provider": "openai", "limits": LIMITS, "note": "", "administrator_id": scene.admin_id}
        compose.create(session, [item], clock=scene.clock, **arguments)
    scene.submit(first)
    assert standing(scene) == (SubmissionState.WAITING, None, QueueState.SELECTED)
    assert standing(scene, 1) == (SubmissionState.GRADING, None, QueueState.PROCESSING)


def test_cancelling_the_batch_does_not_bring_the_work_back(scene: Scene) -> None:
    batch_id = scene.create()
    with scene.database.transaction() as session:
        disagree(session, scene)
        lifecycle.cancel(session, batch_id, administrator_id=scene.admin_id, clock=scene.clock)
    assert standing(scene) == BY_HAND
    assert standing(scene, 1) == WAITS


def test_a_no_takes_work_out_of_a_batch_that_is_sealed_but_not_sent(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = scene.create()
    scene.submit(batch_id)
    monkeypatch.setitem(run._STEPS, BatchStep.UPLOAD, lambda turn: False)
    scene.work()
    with scene.database.transaction() as session:
        assert None not in session.execute(select(BatchRequest.sealed_body)).scalars().all()
        assert disagree(session, scene).withheld == 1
        held = session.execute(select(BatchRequest).where(BatchRequest.state == RequestState.FAILED)).scalar_one()
        assert (held.failure_code, held.sealed_body) == (NO_CONSENT, None)
    monkeypatch.undo()
    scene.work()
    assert len(scene.provider.files[f"file-{batch_id}"]) == 2


def test_a_batch_in_which_nothing_is_left_ends_without_being_sent(scene: Scene) -> None:
    batch_id = scene.create()
    with scene.database.transaction() as session:
        for place in range(3):
            disagree(session, scene, place)
    scene.submit(batch_id)
    scene.work()
    assert scene.provider.uploaded == 0
    assert (scene.batch().state, scene.batch().failure_code) == (BatchState.FAILED, "nothing_left")


def test_what_was_sent_is_said_and_goes_its_way(scene: Scene) -> None:
    scene.submit(scene.create())
    scene.work()
    with scene.database.transaction() as session:
        done = disagree(session, scene)
    assert done.withheld == 0
    (sent,) = done.sent
    assert (sent.provider, sent.model, sent.attempt, sent.answered) == ("openai", "gpt-6-luna", 1, False)
    assert sent.sent_at is not None
    scene.provider.end()
    scene.work()
    with scene.database.transaction() as session:
        (sent,) = withholding.sent_work(session, scene.course.context.id, scene.people[0])
        assert sent.answered


def test_work_that_was_held_back_does_not_count_as_sent(scene: Scene) -> None:
    batch_id = scene.create()
    with scene.database.transaction() as session:
        disagree(session, scene)
    scene.submit(batch_id)
    scene.work()
    with scene.database.transaction() as session:
        assert withholding.sent_work(session, scene.course.context.id, scene.people[0]) == []
        assert len(withholding.sent_work(session, scene.course.context.id, scene.people[1])) == 1


def test_work_that_had_left_before_it_was_held_back_still_counts_as_sent(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file was at the provider; the batch waited there, and went on without it when the student said no."""
    batch_id = scene.create()
    scene.submit(batch_id)
    monkeypatch.setitem(run._STEPS, BatchStep.CREATE, lambda turn: False)
    scene.work()
    assert len(scene.provider.files[f"file-{batch_id}"]) == 3
    with scene.database.transaction() as session:
        assert len(disagree(session, scene).sent) == 1
    monkeypatch.undo()
    scene.work()
    assert len(scene.provider.files[f"file-{batch_id}"]) == 2
    with scene.database.transaction() as session:
        held = session.execute(select(BatchRequest).where(BatchRequest.state == RequestState.FAILED)).scalar_one()
        assert held.failure_code == NO_CONSENT
        (sent,) = withholding.sent_work(session, scene.course.context.id, scene.people[0])
    assert not sent.answered
    assert sent.sent_at is not None


def test_work_that_left_in_a_file_that_was_divided_since_still_counts_as_sent(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider had the file and no room to work on all of it: what is sent later has left once already."""
    batch_id = scene.create()
    scene.submit(batch_id)
    monkeypatch.setitem(run._STEPS, BatchStep.CREATE, lambda turn: False)
    scene.work()
    with scene.database.transaction() as session:
        last = splitting.line_at(session, batch_id, 2)
        assert last is not None
        made = splitting.split(session, session.get_one(Batch, batch_id), last, scene.clock()).id
        whose = session.execute(
            select(Submission.person_id)
            .join(QueueItem, QueueItem.submission_id == Submission.id)
            .join(BatchRequest, BatchRequest.queue_item_id == QueueItem.id)
            .where(BatchRequest.batch_id == made)
        ).scalar_one()
        taken = disagree(session, scene, scene.people.index(whose))
    assert taken.withheld == 1
    (sent,) = taken.sent
    assert not sent.answered
    assert sent.sent_at is not None


def test_a_no_that_is_under_way_keeps_the_work_from_being_sent(scene: Scene) -> None:
    """The batch is about to be sent while somebody withdraws: the sending waits, and then leaves the work out."""
    batch_id = scene.create()
    scene.submit(batch_id)
    sending = threading.Thread(target=scene.work)
    with scene.database.transaction() as session:
        assert disagree(session, scene).withheld == 1
        sending.start()
        sending.join(timeout=1.0)
        assert scene.provider.uploaded == 0
    sending.join(timeout=30)
    assert not sending.is_alive()
    assert standing(scene) == BY_HAND
    assert len(scene.provider.files[f"file-{batch_id}"]) == 2


def test_a_no_that_comes_while_the_batch_is_sent_is_told_so(scene: Scene) -> None:
    scene.submit(scene.create())
    told: list[TakenBack] = []
    upload = scene.provider.upload

    def late(job: str, lines: list[bytes]) -> str:
        with scene.database.transaction() as session:
            told.append(disagree(session, scene))
        return upload(job, lines)

    scene.provider.upload = late  # type: ignore[method-assign]
    scene.work()
    assert told[0].withheld == 0
    assert len(told[0].sent) == 1


def test_a_yes_given_later_puts_work_back_only_when_asked(scene: Scene) -> None:
    with scene.database.transaction() as session:
        disagree(session, scene)
        assert put_back(session, scene) == 0
        context = session.get_one(Context, scene.course.context.id)
        agreements.agree(session, context=context, person_id=scene.people[0], text=CURRENT_TEXT, clock=scene.clock)
    assert standing(scene) == BY_HAND
    with scene.database.transaction() as session:
        scope = Scope(scene.course.context.id, scene.people[0])
        assert withholding.waiting_by_hand(session, scope, provider="openai") == 1
        assert put_back(session, scene) == 1
        assert put_back(session, scene) == 0
    assert standing(scene) == WAITS
    with scene.database.transaction() as session:
        assert len(session.execute(select(QueueItem.id)).all()) == 3


def test_work_that_never_had_a_turn_gets_one_with_its_price(
    database: Database, vault: Vault, clock: StillClock
) -> None:
    scene = scene_of(database, vault, clock, size=1)
    with database.transaction() as session:
        late = factories.student(session, vault, scene.course, given_name="Lea", family_name="Brandt", consents=False)
        first = session.execute(select(Submission)).scalar_one()
        shown = factories.view(session, scene.course, first.assignment_id)
        handed = factories.submission(session, vault, shown, late, clock)
        assert handed.by_hand_reason == NO_CONSENT
    with database.transaction() as session:
        give_consent(
            session, tenant_id=scene.course.deployment.id, person_id=late.id, context_id=scene.course.context.id
        )
        assert put_back(session, scene, None) == 1
    with database.transaction() as session:
        prices = session.execute(select(QueueItem.estimated_microdollars)).scalars().all()
        assert len(prices) == 2
        assert len(set(prices)) == 1
        assert prices[0] > 0


@pytest.mark.parametrize("reason", ["skipped", "failed", "rejected", "name_may_remain"])
def test_work_that_is_graded_by_hand_for_another_reason_stays(scene: Scene, reason: str) -> None:
    with scene.database.transaction() as session:
        for submission in session.execute(select(Submission)).scalars():
            submission.state, submission.by_hand_reason = SubmissionState.WITH_INSTRUCTOR, reason
        for item in session.execute(select(QueueItem)).scalars():
            item.state = QueueState.SKIPPED
    with scene.database.transaction() as session:
        assert put_back(session, scene, None) == 0


def test_work_that_somebody_has_decided_about_stays_with_them(scene: Scene) -> None:
    with scene.database.transaction() as session:
        disagree(session, scene)
        submission = session.execute(select(Submission).where(Submission.person_id == scene.people[0])).scalar_one()
        session.add(
            ReviewDecision(
                submission_id=submission.id,
                number=1,
                kind=DecisionKind.WITHDRAWN,
                decided_by=scene.course.teacher.id,
                decided_at=scene.clock(),
            )
        )
        context = session.get_one(Context, scene.course.context.id)
        agreements.agree(session, context=context, person_id=scene.people[0], text=CURRENT_TEXT, clock=scene.clock)
    with scene.database.transaction() as session:
        assert put_back(session, scene) == 0


def decide(limits: Limits) -> Callable[[Session, Scene], Effect]:
    return lambda session, scene: decide_limits(
        session, scene.vault, limits, configured=("openai",), provider="openai", actor=ADMIN, clock=scene.clock
    )


def test_a_site_limit_takes_everything_out_and_gives_it_back(scene: Scene) -> None:
    scene.create()
    with scene.database.transaction() as session:
        assert decide(replace(OPEN, allow_llm_assessment=False))(session, scene) == Effect(True, withheld=3)
    assert standing(scene) == (SubmissionState.WITH_INSTRUCTOR, SITE_LIMIT, QueueState.SKIPPED)
    with scene.database.transaction() as session:
        disagree(session, scene, 1)
        assert decide(OPEN)(session, scene) == Effect(True, put_back=2)
        assert decide(OPEN)(session, scene) == Effect(False)
    assert standing(scene) == WAITS
    assert standing(scene, 1)[0] is SubmissionState.WITH_INSTRUCTOR


def test_limits_are_audited_with_old_and_new_values(scene: Scene) -> None:
    with scene.database.transaction() as session:
        decide(replace(OPEN, longest_retention_days=60))(session, scene)
    with scene.database.transaction() as session:
        found = session.execute(select(AuditEvent).where(AuditEvent.event == "privacy_limits.changed")).scalar_one()
    assert found.actor_kind == "administrator"
    assert found.details == {
        "longest_retention_days_before": 365,
        "longest_retention_days_after": 60,
        "approved_providers_before": "any",
        "approved_providers_after": "openai",
    }


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"approved_providers": ("unknown",)}, "approved_providers"),
        ({"longest_retention_days": 0}, "longest_retention_days"),
        ({"longest_retention_days": 4000}, "longest_retention_days"),
        ({"default_retention_days": 0}, "default_retention_days"),
        ({"longest_retention_days": 20, "default_retention_days": 21}, "default_retention_days"),
    ],
)
def test_limits_that_make_no_sense_are_refused(scene: Scene, values: dict[str, object], field: str) -> None:
    with scene.database.transaction() as session, pytest.raises(LimitsInvalid) as refused:
        decide(replace(OPEN, **values))(session, scene)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_a_course_that_turns_it_off_grades_by_hand_and_gets_it_back_on_request(scene: Scene) -> None:
    def choose(**values: object) -> Effect:
        with scene.database.transaction() as session:
            context = session.get_one(Context, scene.course.context.id)
            return decide_settings(
                session,
                context=context,
                settings=replace(own_settings(context), **values),  # type: ignore[arg-type]
                configured=("openai",),
                provider="openai",
                actor_id=scene.course.teacher.id,
                clock=scene.clock,
            )

    scene.create()
    assert choose(allow_llm_assessment=False) == Effect(True, withheld=3)
    assert standing(scene) == (SubmissionState.WITH_INSTRUCTOR, COURSE_SETTING, QueueState.SKIPPED)
    assert choose(allow_llm_assessment=True) == Effect(True)
    assert standing(scene)[0] is SubmissionState.WITH_INSTRUCTOR
    with scene.database.transaction() as session:
        assert put_back(session, scene, None) == 3
    assert standing(scene) == WAITS
    assert choose() == Effect(False)


def test_new_courses_begin_with_the_default_of_the_site(scene: Scene) -> None:
    with scene.database.transaction() as session:
        assert privacy_limits.retention_of_new_courses(session) == 30
        decide(replace(OPEN, default_retention_days=7))(session, scene)
        assert privacy_limits.retention_of_new_courses(session) == 7


def tenant_wide(scene: Scene, place: int = 0) -> dict[str, uuid.UUID]:
    tenant = scene.course.deployment.id
    return {"tenant_id": tenant, "person_id": scene.people[place], "context_id": tenant}


def decline(session: Session, scene: Scene) -> None:
    """The first student declines the terms in the LMS."""
    agreements.decline_terms(
        session,
        tenant_id=scene.course.deployment.id,
        person_id=scene.people[0],
        text=CURRENT_TEXT,
        provider="openai",
        clock=scene.clock,
    )


def test_who_declines_the_terms_in_the_lms_says_no_in_every_course(scene: Scene) -> None:
    with scene.database.transaction() as session:
        give_consent(session, **tenant_wide(scene))
        decline(session, scene)
    assert standing(scene) == BY_HAND
    assert standing(scene, 1) == WAITS


def test_a_declined_term_counts_where_no_yes_is_needed_and_in_courses_of_later(scene: Scene) -> None:
    """A course of a site that only gives notice, in which the student has never said a word."""
    tenant = scene.course.deployment.id
    with scene.database.transaction() as session:
        decide(replace(OPEN, legal_basis=LegalBasis.NOTICE, ask_each_student=False))(session, scene)
        session.execute(update(Context).values(batch_processing_consent=False))
        session.execute(delete(Consent))
        assert put_back(session, scene, None) == 0
        decline(session, scene)
    assert standing(scene) == BY_HAND
    assert standing(scene, 1) == WAITS
    with scene.database.transaction() as session:
        switches = {"allow_llm_assessment": True, "batch_processing_consent": False, "approved_providers": ["openai"]}
        later = Context(id=uuid.uuid4(), tenant_id=tenant, lms_context_id="later", **switches)
        session.add(later)
        session.flush()
        said = last_word(session, scene.people[0], later.id, tenant)
        assert said is not None
        assert said.withdrawn_at is not None
        assert obstacle_of(session, "openai", later.id, scene.people[0]) == NO_CONSENT
        assert obstacle_of(session, "openai", later.id, scene.people[1]) is None
        give_consent(session, tenant_id=tenant, person_id=scene.people[0], context_id=later.id)
        assert obstacle_of(session, "openai", later.id, scene.people[0]) is None
        assert agreement(session, scene.course.context.id).refused == 1


def test_terms_accepted_in_the_lms_count_in_a_course_unless_something_else_was_said_there(scene: Scene) -> None:
    with scene.database.transaction() as session:
        newcomer = factories.student(session, scene.vault, scene.course, consents=False)
        tenant = scene.course.deployment.id
        for person_id in (newcomer.id, scene.people[0]):
            give_consent(session, tenant_id=tenant, person_id=person_id, context_id=tenant)
        disagree(session, scene)
        context = session.get_one(Context, scene.course.context.id)
        for person_id in (newcomer.id, scene.people[0]):
            agreements.carry(session, context=context, person_id=person_id, clock=scene.clock)
        assert still_counts(standing_consent(session, newcomer.id, context.id))
        assert standing_consent(session, scene.people[0], context.id) is None


ROW = {
    "id": 1,
    "allow_llm_assessment": True,
    "approved_providers": [],
    "ask_each_student": True,
    "longest_retention_days": 30,
    "default_retention_days": 30,
    "legal_basis": LegalBasis.CONSENT,
    "changed_at": START,
}


@pytest.mark.parametrize(
    "broken", [{"id": 2}, {"default_retention_days": 0}, {"longest_retention_days": 29}], ids=["row", "least", "most"]
)
def test_the_database_refuses_limits_that_cannot_be(database: Database, broken: dict[str, object]) -> None:
    with pytest.raises(DatabaseError, match=r"(?i)check constraint"), database.transaction() as session:
        session.add(PrivacyLimits(**ROW | broken))


def test_the_database_refuses_a_word_that_was_not_said(database: Database) -> None:
    with pytest.raises(DatabaseError, match=r"(?i)check constraint"), database.transaction() as session:
        session.add(
            Consent(
                tenant_id=uuid.uuid4(),
                person_id=uuid.uuid4(),
                context_id=uuid.uuid4(),
                text_version="x",
                text_hash="x",
            )
        )
