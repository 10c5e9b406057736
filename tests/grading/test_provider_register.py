"""The register of agreements: what can be entered, what is noted, and which days an agreement covers."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from config.database import Database
from grading import provider_register
from grading.errors import NotFound
from grading.models import ProviderAgreement
from grading.provider_register import AgreementDraft, AgreementInvalid, cover
from privacy.audit import Actor
from privacy.models import AuditEvent
from tests import factories

DRAFT = AgreementDraft("openai", "OpenAI", "DPA 7", "EU", 30, "https://eu.example/v1", date(2026, 1, 1))
DAY = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("provider", ""),
        ("name", ""),
        ("reference", ""),
        ("reference", "x" * 201),
        ("region", ""),
        ("retention_days", -1),
        ("retention_days", 4000),
        ("endpoint", "http://eu.example/v1"),
        ("endpoint", "nonsense"),
        ("in_force_until", date(2025, 12, 31)),
    ],
)
def test_what_can_not_be_is_refused_by_its_field(database: Database, field: str, value: object) -> None:
    with database.transaction() as session, pytest.raises(AgreementInvalid) as refused:
        provider_register.add(session, replace(DRAFT, **{field: value}), Actor.system())  # type: ignore[arg-type]
    assert refused.value.field == field


def test_entering_and_changing_are_noted_with_what_changed(database: Database) -> None:
    with database.transaction() as session:
        actor = Actor.administrator(factories.administrator(session).id)
        made = provider_register.add(session, DRAFT, actor).id
    with database.transaction() as session:
        found = provider_register.get(session, made)
        provider_register.change(session, found, replace(DRAFT, region="US", retention_days=0), actor)
        provider_register.change(session, found, replace(DRAFT, region="US", retention_days=0), actor)
    with database.transaction() as session:
        noted = session.execute(
            select(AuditEvent).where(AuditEvent.object_id == made).order_by(AuditEvent.sequence)
        ).scalars()
        assert [(row.event, row.actor_id) for row in noted] == [
            ("agreement.added", actor.id),
            ("agreement.changed", actor.id),
        ]
        last = session.execute(select(AuditEvent).where(AuditEvent.event == "agreement.changed")).scalar_one()
        assert last.details == {"provider": "openai", "fields": "region, retention_days"}


def test_one_that_is_not_there_is_said(database: Database) -> None:
    with database.transaction() as session, pytest.raises(NotFound):
        provider_register.get(session, factories.administrator(session).id)


spans = st.lists(st.tuples(st.integers(0, 20), st.one_of(st.none(), st.integers(0, 10))), max_size=5)


@given(spans, st.integers(0, 20), st.integers(0, 10))
def test_cover_is_complete_exactly_when_each_day_has_an_agreement(
    agreed: list[tuple[int, int | None]], first: int, length: int
) -> None:
    register = [
        ProviderAgreement(
            provider="openai",
            in_force_from=DAY + timedelta(start),
            in_force_until=None if days is None else DAY + timedelta(start + days),
        )
        for start, days in agreed
    ]
    register.append(ProviderAgreement(provider="other", in_force_from=date(2020, 1, 1), in_force_until=None))
    found = cover(register, "openai", DAY + timedelta(first), DAY + timedelta(first + length))
    days = range(first, first + length + 1)
    covered = [any(start <= day and (span is None or day <= start + span) for start, span in agreed) for day in days]
    assert found.complete == all(covered)
    assert bool(found.agreements) == any(covered)
