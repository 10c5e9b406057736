"""What left is counted once and stays right: after a sending that was cut off, after erasure, for each consent text."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError

from config.database import Database
from grading import disclosures, erasure, privacy_limits
from grading.compliance_report import Report, ReportFilter, report
from grading.erasure import Target
from grading.models import Batch, BatchRequest, Disclosure, DisclosureDeletion, Submission
from grading.models.erasures import ErasureScope
from grading.models.limits import LegalBasis
from grading.privacy_limits import Limits
from grading.provider_register import AgreementDraft, add
from grading.states import BatchState, BatchStep
from privacy.audit import Actor
from privacy.consent import give_consent, withdraw_consent
from privacy.consent_words import ConsentTexts, TextVersion, consent_texts
from privacy.sealing import Vault
from tests.conftest import StillClock
from tests.grading.batches.test_run import Scene, scene_of

EVERYTHING = ReportFilter()


@pytest.fixture
def scene(database: Database, vault: Vault, clock: StillClock) -> Scene:
    """Three students have handed in."""
    return scene_of(database, vault, clock)


def rows(scene: Scene, chosen: ReportFilter = EVERYTHING) -> Report:
    with scene.database.transaction() as session:
        return report(session, chosen)


def run(scene: Scene) -> None:
    scene.submit(scene.create())
    scene.work()
    scene.provider.end()
    scene.work()


def erase(scene: Scene, person_id: uuid.UUID) -> bool:
    with scene.database.transaction() as session:
        asked = erasure.request(
            session,
            Target(scene.course.deployment.id, ErasureScope.PERSON, person_id),
            actor=Actor.person(scene.course.teacher.id),
            clock=scene.clock,
        ).id
    return erasure.carry_out(scene.database, scene.vault, asked, scene.clock)


def test_what_left_is_reported_with_provider_model_and_consent(scene: Scene) -> None:
    run(scene)
    (row,) = rows(scene).rows
    assert (row.month, row.course, row.provider, row.model) == ("2026-11", "PHIL 101", "openai", "gpt-6-luna")
    assert (row.submissions, row.consent_version, row.endpoint) == (3, "2026-11", scene.provider.endpoint)
    assert row.at_provider.submissions == 3
    assert row.at_provider.last_at is not None
    assert row.here.submissions == 0


def test_a_sending_that_is_taken_up_again_counts_once(scene: Scene) -> None:
    scene.provider.lose_upload = True
    scene.submit(scene.create())
    scene.work()
    assert rows(scene).submissions == 3
    scene.provider.files.clear()
    scene.work()
    assert scene.provider.uploaded == 2
    scene.provider.end()
    scene.work()
    assert scene.batch().state is BatchState.COMPLETED
    assert rows(scene).submissions == 3


def test_counting_twice_adds_nothing(scene: Scene) -> None:
    run(scene)
    with scene.database.transaction() as session:
        batch = session.execute(select(Batch)).scalar_one()
        disclosures.note_sending(session, batch, "https://elsewhere.example", scene.clock())
        disclosures.note_deleted_at_provider(session, batch.id, scene.clock())
        assert session.execute(select(func.count()).select_from(Disclosure)).scalar_one() == 1
        assert session.execute(select(func.count()).select_from(DisclosureDeletion)).scalar_one() == 1


def test_nothing_is_counted_before_it_leaves(scene: Scene) -> None:
    scene.create()
    scene.work()
    assert rows(scene).rows == []


def test_what_is_held_back_is_not_counted(scene: Scene) -> None:
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
    assert rows(scene).submissions == 2


def test_each_consent_text_has_its_own_line(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    (known,) = consent_texts().versions
    newer = replace(known.languages[0], version="2027-01")
    both = ConsentTexts((known, TextVersion("2027-01", new_yes_needed=False, languages=(newer,))))
    monkeypatch.setattr("privacy.consent.consent_texts", lambda: both)
    place = {"tenant_id": scene.course.deployment.id, "context_id": scene.course.context.id}
    with scene.database.transaction() as session:
        withdraw_consent(session, person_id=scene.people[0], **place)
        give_consent(session, person_id=scene.people[0], text=newer, **place)
    run(scene)
    assert {row.consent_version: row.submissions for row in rows(scene).rows} == {"2026-11": 2, "2027-01": 1}


def test_a_course_that_asks_for_no_consent_says_so(scene: Scene) -> None:
    notice = Limits(approved_providers=("openai",), ask_each_student=False, legal_basis=LegalBasis.NOTICE)
    with scene.database.transaction() as session:
        privacy_limits.change(session, notice, configured=["openai"], actor=Actor.system(), clock=scene.clock)
        session.execute(text("UPDATE context SET batch_processing_consent = false"))
        session.execute(text("DELETE FROM consent"))
    run(scene)
    assert [(row.consent_version, row.submissions) for row in rows(scene).rows] == [("", 3)]


def test_the_report_stays_right_when_people_are_erased(scene: Scene) -> None:
    run(scene)
    scene.clock.forward(days=2)
    assert erase(scene, scene.people[0])
    (row,) = rows(scene).rows
    assert (row.submissions, row.here.submissions) == (3, 1)
    assert row.here.last_at == scene.clock()
    for person in scene.people[1:]:
        assert erase(scene, person)
    (row,) = rows(scene).rows
    assert (row.submissions, row.here.submissions, row.at_provider.submissions) == (3, 3, 3)
    with scene.database.transaction() as session:
        assert session.execute(select(Submission.id)).first() is None
        assert session.execute(select(BatchRequest.id)).first() is None


def test_the_counts_name_nobody(scene: Scene) -> None:
    run(scene)
    erase(scene, scene.people[0])
    with scene.database.transaction() as session:
        written = "".join(str(tuple(row)) for row in session.execute(select(Disclosure.__table__)))
        written += "".join(str(tuple(row)) for row in session.execute(select(DisclosureDeletion.__table__)))
    for person in scene.people:
        assert str(person) not in written


@pytest.mark.parametrize("table", ["disclosure", "disclosure_deletion"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET submissions = 1", "DELETE FROM {}"])
def test_the_database_refuses_to_change_counts(scene: Scene, table: str, statement: str) -> None:
    run(scene)
    with pytest.raises(DBAPIError, match="append-only"), scene.database.transaction() as session:
        session.execute(text(statement.format(table)))


def test_filters_narrow_and_the_report_costs_the_same_however_long_it_is(scene: Scene) -> None:
    run(scene)
    with scene.database.transaction() as session:
        for month in range(1, 10):
            session.add(
                Disclosure(
                    batch_id=uuid.uuid4(),
                    tenant_id=scene.course.deployment.id,
                    context_id=uuid.uuid4(),
                    month=f"2026-{month:02d}",
                    provider="other",
                    model="m",
                    endpoint="https://other.example",
                    consent_version="",
                    submissions=2,
                    sent_at=datetime(2026, month, 5, tzinfo=UTC),
                )
            )
    statements: list[str] = []
    event.listen(scene.database.engine, "before_cursor_execute", lambda *given: statements.append(str(given[2])))
    assert len(rows(scene).rows) == 10
    assert len(statements) == 2, statements
    assert [row.month for row in rows(scene, ReportFilter("2026-03", "2026-04")).rows] == ["2026-04", "2026-03"]
    assert rows(scene, ReportFilter(provider="openai")).submissions == 3
    assert rows(scene, ReportFilter(context_id=scene.course.context.id)).submissions == 3
    gone = rows(scene, ReportFilter("2026-01", "2026-01")).rows[0]
    assert (gone.course, gone.lms) == ("", "")
    with scene.database.transaction() as session:
        assert report(session, ReportFilter(), 4).cut
        assert len(report(session, ReportFilter(), 4).rows) == 4
        assert not report(session, ReportFilter(), None).cut


def test_a_line_names_the_agreement_that_was_in_force(scene: Scene) -> None:
    run(scene)
    assert rows(scene).uncovered == 1
    with scene.database.transaction() as session:
        for reference, first, last in (
            ("DPA 1", date(2025, 1, 1), date(2026, 10, 31)),
            ("DPA 2", date(2026, 11, 1), None),
        ):
            draft = AgreementDraft("openai", "OpenAI", reference, "EU", 30, "https://eu.example/v1", first, last)
            add(session, draft, Actor.system(), scene.clock)
    (row,) = rows(scene).rows
    assert [one.reference for one in row.cover.agreements] == ["DPA 2"]
    assert row.cover.complete


def test_a_crash_between_intent_and_upload_counts_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.submit(scene.create())
    with monkeypatch.context() as patched:

        def crash(*_: object) -> str:
            raise KeyboardInterrupt

        patched.setattr(scene.provider, "upload", crash)
        with pytest.raises(KeyboardInterrupt):
            scene.work()
    assert scene.batch().step is BatchStep.UPLOAD
    assert rows(scene).submissions == 3
    scene.work()
    assert scene.provider.uploaded == 1
    assert rows(scene).submissions == 3
