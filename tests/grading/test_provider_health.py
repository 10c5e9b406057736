"""The circuit breaker: opens on a rate, lets one try, closes; a stop keeps work here and lets results come in."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import Database
from grading import provider_health
from grading.errors import NotFound
from grading.models import Batch, ProviderHealth
from grading.providers.base import ProviderMisconfigured, ProviderRefused, ProviderUnavailable
from grading.states import BatchStep, Circuit
from privacy.audit import Actor
from privacy.models import AuditEvent
from tests.conftest import StillClock

BUSY, NO_MONEY, REFUSED = ProviderUnavailable("busy"), ProviderMisconfigured("no money"), ProviderRefused("no")
Act = Callable[..., object]


def batch(step: BatchStep = BatchStep.POLL) -> Batch:
    return Batch(id=uuid.uuid4(), provider="openai", step=step)


@pytest.fixture
def act(sqlite_database: Database, clock: StillClock) -> Act:
    """Calls a function in a transaction of its own, at the clock's time."""

    def call(function: Callable[..., object], *arguments: object) -> object:
        with sqlite_database.transaction() as session:
            return function(session, *arguments, clock())

    return call


def row(session: Session, _now: object) -> ProviderHealth:
    return session.execute(select(ProviderHealth)).scalar_one()


def opened(act: Act) -> None:
    for _ in range(provider_health.FEWEST_CALLS):
        act(provider_health.note_failure, batch(), BUSY)
    assert act(row).state is Circuit.OPEN  # type: ignore[attr-defined]


def test_it_opens_when_half_of_the_calls_of_a_window_fail(act: Act, clock: StillClock) -> None:
    for _ in range(3):
        act(provider_health.note_success, batch())
        act(provider_health.note_failure, batch(), REFUSED)
    assert act(row).state is Circuit.CLOSED  # type: ignore[attr-defined]
    clock.forward(minutes=11)
    for _ in range(3):
        act(provider_health.note_success, batch())
    for _ in range(3):
        assert act(provider_health.admit, batch()) is None
        act(provider_health.note_failure, batch(), BUSY)
    assert act(row).state is Circuit.OPEN  # type: ignore[attr-defined]
    wait = act(provider_health.admit, batch())
    assert (wait.code, wait.until) == ("provider_open", clock() + provider_health.FIRST_PAUSE)  # type: ignore[attr-defined]


def test_one_batch_tries_and_closes_it(act: Act, clock: StillClock) -> None:
    opened(act)
    clock.forward(minutes=2)
    first, second = batch(), batch()
    assert act(provider_health.admit, first) is None
    assert act(provider_health.admit, second) is not None
    assert act(provider_health.admit, first) is None
    act(provider_health.note_success, second)
    assert act(row).state is Circuit.OPEN  # type: ignore[attr-defined]
    act(provider_health.note_success, first)
    assert act(row).state is Circuit.CLOSED  # type: ignore[attr-defined]
    assert act(provider_health.admit, second) is None


def test_a_try_that_fails_makes_the_next_pause_longer(act: Act, clock: StillClock) -> None:
    opened(act)
    for minutes in (2, 4, 8):
        clock.forward(minutes=31)
        tries = batch()
        assert act(provider_health.admit, tries) is None
        act(provider_health.note_failure, tries, BUSY)
        pause = act(row).next_probe_at - clock()  # type: ignore[attr-defined]
        assert pause.total_seconds() == minutes * 60


def test_one_that_tries_and_dies_is_followed_by_another(act: Act, clock: StillClock) -> None:
    opened(act)
    clock.forward(minutes=2)
    assert act(provider_health.admit, batch()) is None
    clock.forward(minutes=11)
    assert act(provider_health.admit, batch()) is None


def test_without_money_nothing_is_sent_and_results_still_come_in(act: Act, clock: StillClock) -> None:
    act(provider_health.note_failure, batch(BatchStep.CREATE), NO_MONEY)
    assert act(provider_health.admit, batch(BatchStep.POLL)) is None
    assert act(provider_health.admit, batch(BatchStep.INGEST)) is None
    act(provider_health.note_success, batch(BatchStep.POLL))
    for step in (BatchStep.UPLOAD, BatchStep.CREATE):
        wait = act(provider_health.admit, batch(step))
        assert wait.code == "provider_stopped"  # type: ignore[attr-defined]


def test_a_stop_ends_when_a_batch_could_be_created_again(
    act: Act, clock: StillClock, sqlite_database: Database
) -> None:
    act(provider_health.note_failure, batch(BatchStep.CREATE), NO_MONEY)
    act(lambda session, now: provider_health.resume(session, "openai", Actor.system(), now))
    tries = batch(BatchStep.UPLOAD)
    assert act(provider_health.admit, tries) is None
    act(provider_health.note_success, tries)
    assert act(row).state is Circuit.STOPPED  # type: ignore[attr-defined]
    tries.step = BatchStep.CREATE
    act(provider_health.note_success, tries)
    assert act(row).state is Circuit.CLOSED  # type: ignore[attr-defined]
    with sqlite_database.transaction() as session:
        events = session.execute(select(AuditEvent.event).order_by(AuditEvent.sequence)).scalars().all()
    assert events == ["provider.stopped", "provider.tried_again", "provider.closed"]


def test_a_provider_nobody_called_cannot_be_resumed(act: Act) -> None:
    with pytest.raises(NotFound):
        act(lambda session, now: provider_health.resume(session, "other", Actor.system(), now))
