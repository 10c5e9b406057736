"""Whether work may leave: every reason against it, in the composer, at sealing, and right before sending."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from config.database import Database
from grading import privacy_limits
from grading.batches import compose, lifecycle, sending
from grading.batches.errors import BatchRefused
from grading.batches.turn import Turn
from grading.clearance import COURSE_SETTING, NO_CONSENT, SITE_LIMIT, obstacle_of
from grading.course_settings import CourseSettings, change_settings, own_settings, privacy_of
from grading.models import BatchRequest, Context, QueueItem, Submission
from grading.models.limits import LegalBasis
from grading.models.tenancy import Deployment, DeploymentState, Registration, RegistrationState
from grading.privacy_limits import Limits
from grading.providers.base import JobInput
from grading.states import BatchState, QueueState, RequestState, SubmissionState
from privacy.audit import Actor
from privacy.consent import give_consent, refuse_consent, withdraw_consent
from privacy.consent_words import consent_texts
from privacy.models import AuditEvent, Consent
from privacy.sealing import Vault
from tests import factories
from tests.conftest import StillClock
from tests.grading.batches.test_run import LIMITS, Scene, scene_of

ADMIN = Actor.administrator(uuid.uuid4())
OPEN = Limits(approved_providers=("openai",))
NOTICE = replace(OPEN, legal_basis=LegalBasis.NOTICE, ask_each_student=False)
Change = Callable[[Session, Scene], None]


@pytest.fixture
def scene(database: Database, vault: Vault, clock: StillClock) -> Scene:
    """Three students have agreed and handed in."""
    return scene_of(database, vault, clock)


def limits(**values: object) -> Change:
    """An administrator sets the limits."""

    def change(session: Session, _: Scene) -> None:
        wanted = replace(OPEN, **values)  # type: ignore[arg-type]
        privacy_limits.change(session, wanted, configured=("openai", "other"), actor=ADMIN)

    return change


def course(**values: object) -> Change:
    """An instructor changes the course."""

    def change(session: Session, scene: Scene) -> None:
        for name, value in values.items():
            setattr(session.get_one(Context, scene.course.context.id), name, value)

    return change


def who(scene: Scene, place: int = 0) -> dict[str, uuid.UUID]:
    return {
        "tenant_id": scene.course.deployment.id,
        "person_id": scene.people[place],
        "context_id": scene.course.context.id,
    }


def all_withdraw(session: Session, scene: Scene) -> None:
    for place in range(len(scene.people)):
        withdraw_consent(session, **who(scene, place))


def older_words(session: Session, _: Scene) -> None:
    for consent in session.execute(select(Consent)).scalars():
        consent.text_version = "2020-01"


def tenant_pending(session: Session, scene: Scene) -> None:
    session.get_one(Deployment, scene.course.deployment.id).state = DeploymentState.PENDING


def lms_disabled(session: Session, scene: Scene) -> None:
    session.get_one(Registration, scene.course.registration.id).state = RegistrationState.DISABLED


FORBIDDING: dict[str, tuple[Change, str]] = {
    "site forbids it": (limits(allow_llm_assessment=False), SITE_LIMIT),
    "site approves another provider": (limits(approved_providers=("other",)), SITE_LIMIT),
    "site approves no provider": (limits(approved_providers=()), SITE_LIMIT),
    "course has it off": (course(allow_llm_assessment=False), COURSE_SETTING),
    "course approves nobody": (course(approved_providers=[]), COURSE_SETTING),
    "course approves another provider": (course(approved_providers=["openai-other", "other"]), COURSE_SETTING),
    "names are not taken out": (course(anonymize_submissions=False), COURSE_SETTING),
    "real time only": (course(real_time_only_mode=True), COURSE_SETTING),
    "consent withdrawn": (all_withdraw, NO_CONSENT),
    "consent to older words": (older_words, NO_CONSENT),
}


@pytest.mark.parametrize("reason", FORBIDDING)
def test_nothing_that_may_not_leave_gets_into_a_batch(scene: Scene, reason: str) -> None:
    change, code = FORBIDDING[reason]
    with scene.database.transaction() as session:
        change(session, scene)
    with scene.database.transaction() as session:
        ids = list(session.execute(select(QueueItem.id)).scalars())
        plan = compose.preview(session, ids, provider="openai", limits=LIMITS, clock=scene.clock)
        assert plan.candidates == ()
        assert plan.left_behind == {compose.LEFT_BEHIND[code]: 3}
    with pytest.raises(BatchRefused, match="None of these items"):
        scene.create()


@pytest.mark.parametrize("change", [tenant_pending, lms_disabled])
def test_nothing_of_a_tenant_that_was_shut_gets_into_a_batch(scene: Scene, change: Change) -> None:
    with scene.database.transaction() as session:
        change(session, scene)
    with pytest.raises(BatchRefused, match="disabled or not approved"):
        scene.create()


@pytest.mark.parametrize("reason", FORBIDDING)
def test_what_may_not_leave_any_more_is_not_sealed(scene: Scene, reason: str) -> None:
    change, code = FORBIDDING[reason]
    scene.submit(scene.create())
    with scene.database.transaction() as session:
        change(session, scene)
    scene.work()
    assert scene.provider.uploaded == 0
    assert (scene.batch().state, scene.batch().failure_code) == (BatchState.FAILED, "nothing_left")
    with scene.database.transaction() as session:
        assert set(session.execute(select(Submission.by_hand_reason)).scalars()) == {code}
        assert set(session.execute(select(BatchRequest.sealed_body)).scalars()) == {None}


@pytest.mark.parametrize("reason", FORBIDDING)
def test_sealed_lines_are_asked_about_once_more_before_they_are_sent(
    scene: Scene, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, code = FORBIDDING[reason]
    batch_id = scene.create()
    scene.submit(batch_id)
    line, left = scene.provider.line, len(scene.people)

    def count(*arguments: object) -> bytes:
        nonlocal left
        left -= 1
        return line(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(scene.provider, "line", count)
    original = sending._what_leaves

    def changed_first(turn: Turn) -> JobInput | None:
        assert left == 0
        with scene.database.transaction() as session:
            change(session, scene)
        return original(turn)

    monkeypatch.setattr(sending, "_what_leaves", changed_first)
    scene.work()
    assert scene.provider.uploaded == 0
    assert scene.batch().upload_started_at is None
    with scene.database.transaction() as session:
        assert set(session.execute(select(Submission.by_hand_reason)).scalars()) == {code}
        assert set(session.execute(select(Submission.state)).scalars()) == {SubmissionState.WITH_INSTRUCTOR}
        assert set(session.execute(select(BatchRequest.sealed_body)).scalars()) == {None}


def test_consent_withdrawn_between_composing_and_sending_holds_back_that_work_alone(scene: Scene) -> None:
    batch_id = scene.create()
    scene.submit(batch_id)
    with scene.database.transaction() as session:
        withdraw_consent(session, **who(scene))
    scene.work()
    assert len(scene.provider.files[f"file-{batch_id}"]) == 2
    with scene.database.transaction() as session:
        held = session.execute(select(Submission).where(Submission.person_id == scene.people[0])).scalar_one()
        assert (held.state, held.by_hand_reason) == (SubmissionState.WITH_INSTRUCTOR, NO_CONSENT)
        states = sorted(session.execute(select(QueueItem.state)).scalars())
    assert states == [QueueState.FAILED, QueueState.PROCESSING, QueueState.PROCESSING]


def test_consent_is_part_of_the_query_that_reads_the_work(scene: Scene) -> None:
    """What may not leave is not even read: the condition stands in the statement, not in a loop behind it."""
    with scene.database.transaction() as session:
        withdraw_consent(session, **who(scene))
    read: list[str] = []
    event.listen(scene.database.engine, "before_cursor_execute", lambda *arguments: read.append(str(arguments[2])))
    with scene.database.transaction() as session:
        ids = list(session.execute(select(QueueItem.id)).scalars())
        plan = compose.preview(session, ids, provider="openai", limits=LIMITS, clock=scene.clock)
    assert len(plan.candidates) == 2
    (reading,) = [statement for statement in read if "sealed_text" in statement]
    for part in ("FROM consent", "privacy_limits", "allow_llm_assessment", "approved_providers"):
        assert part in reading.partition("WHERE")[2]


def test_a_tightened_limit_holds_at_once_and_a_loosened_one_gives_back_what_courses_chose(scene: Scene) -> None:
    def allowed() -> bool:
        with scene.database.transaction() as session:
            return obstacle_of(session, "openai", scene.course.context.id, scene.people[0]) is None

    assert allowed()
    with scene.database.transaction() as session:
        limits(allow_llm_assessment=False)(session, scene)
    assert not allowed()
    with scene.database.transaction() as session:
        assert session.get_one(Context, scene.course.context.id).allow_llm_assessment
        limits()(session, scene)
    assert allowed()


@pytest.mark.parametrize("asks", [True, False])
@pytest.mark.parametrize("must_ask", [True, False])
@pytest.mark.parametrize("basis", LegalBasis)
def test_a_yes_is_needed_unless_site_and_course_both_go_without(
    scene: Scene, asks: bool, must_ask: bool, basis: LegalBasis
) -> None:
    with scene.database.transaction() as session:
        limits(legal_basis=basis, ask_each_student=must_ask)(session, scene)
        course(batch_processing_consent=asks)(session, scene)
        newcomer = factories.student(session, scene.vault, scene.course, consents=False)
    needed = asks or must_ask or basis is LegalBasis.CONSENT
    with scene.database.transaction() as session:
        context = session.get_one(Context, scene.course.context.id)
        assert privacy_of(context, privacy_limits.current(session)).asks_first is needed
        silent = obstacle_of(session, "openai", context.id, newcomer.id)
        assert silent == (NO_CONSENT if needed else None)
        refuse_consent(
            session, tenant_id=context.tenant_id, person_id=newcomer.id, context_id=context.id, clock=scene.clock
        )
        assert obstacle_of(session, "openai", context.id, newcomer.id) == NO_CONSENT
        give_consent(session, tenant_id=context.tenant_id, person_id=newcomer.id, context_id=context.id)
        assert obstacle_of(session, "openai", context.id, newcomer.id) is None


def test_pages_and_the_database_agree_on_what_a_course_allows(scene: Scene) -> None:
    """`CoursePrivacy.sends_to` is what pages say, `obstacle` is what holds."""
    switches = product([True, False], repeat=4)
    for (allow, anonymize, real_time, site), approved in product(switches, [("openai",), ("other",), ()]):
        with scene.database.transaction() as session:
            limits(allow_llm_assessment=site)(session, scene)
            course(
                allow_llm_assessment=allow,
                anonymize_submissions=anonymize,
                real_time_only_mode=real_time,
                approved_providers=list(approved),
            )(session, scene)
            session.flush()
            context = session.get_one(Context, scene.course.context.id)
            said = privacy_of(context, privacy_limits.current(session)).sends_to("openai")
            holds = obstacle_of(session, "openai", context.id, scene.people[0]) is None
            assert said is holds


def test_two_changes_of_a_course_are_audited_with_old_and_new_values(scene: Scene) -> None:
    with scene.database.transaction() as session:
        context = session.get_one(Context, scene.course.context.id)
        wanted = replace(own_settings(context), data_retention_days=14, approved_providers=())
        arguments = {"context": context, "limits": OPEN, "configured": ("openai",), "actor_id": uuid.uuid4()}
        assert change_settings(session, settings=wanted, **arguments)
        assert not change_settings(session, settings=wanted, **arguments)
    with scene.database.transaction() as session:
        found = session.execute(select(AuditEvent).where(AuditEvent.event == "course.privacy_changed")).scalar_one()
    assert found.details == {
        "data_retention_days_before": 30,
        "data_retention_days_after": 14,
        "approved_providers_before": "openai",
        "approved_providers_after": "",
    }


def test_a_batch_that_was_made_meanwhile_loses_no_line_twice(scene: Scene) -> None:
    batch_id = scene.create()
    with scene.database.transaction() as session:
        limits(allow_llm_assessment=False)(session, scene)
    scene.submit(batch_id)
    scene.work()
    with scene.database.transaction() as session:
        assert set(session.execute(select(BatchRequest.state)).scalars()) == {RequestState.FAILED}
    with scene.database.transaction() as session, pytest.raises(BatchRefused, match="ended already"):
        lifecycle.cancel(session, batch_id, administrator_id=scene.admin_id)


def test_a_course_has_everything_off_until_somebody_turns_it_on() -> None:
    assert CourseSettings() == CourseSettings(
        allow_llm_assessment=False,
        approved_providers=(),
        data_retention_days=30,
        anonymize_submissions=True,
        batch_processing_consent=True,
        real_time_only_mode=False,
    )
    assert consent_texts().current.name in consent_texts().accepted_versions
