"""A batch and its money: set aside when it is submitted, settled to the micro-dollar when it has ended."""

import pytest
from sqlalchemy import func, select, update

from config.database import Database
from grading.batches import compose, lifecycle
from grading.batches.compose import Plan
from grading.batches.errors import BatchRefused
from grading.budget import batches, freezing, limits, reading
from grading.budget.comparison import queue_estimate
from grading.budget.errors import BudgetRefused
from grading.budget.months import Month
from grading.budget.report import monthly_report
from grading.budget.verifying import verify
from grading.models import Batch, BudgetEntry, PromptVersion, QueueItem
from grading.models.budget import SITE, EntryKind
from grading.providers.base import Limits as ProviderLimits
from grading.providers.base import Outcome, ResultLine, Usage
from grading.providers.catalogue import find_model
from grading.providers.prices import PriceDraft, enter_price
from grading.states import BatchState, BatchStep
from privacy.audit import Actor
from privacy.sealing import Vault
from tests.conftest import StillClock
from tests.grading.batches.test_run import LIMITS, Scene, scene_of

WHO = Actor.system()


@pytest.fixture
def scene(database: Database, vault: Vault, clock: StillClock) -> Scene:
    """Three students have handed in."""
    return scene_of(database, vault, clock)


@pytest.fixture
def small(sqlite_database: Database, vault: Vault, clock: StillClock) -> Scene:
    """The same on SQLite alone, where the database does not matter."""
    return scene_of(sqlite_database, vault, clock)


def standing(scene: Scene) -> reading.Standing:
    with scene.database.transaction() as session:
        verify(session)
        return reading.site_standing(session, scene.clock())


def limit(scene: Scene, amount: int) -> None:
    with scene.database.transaction() as session:
        limits.set_limit(session, SITE, amount, WHO, rollover=False, clock=scene.clock)


def estimates(scene: Scene) -> list[int]:
    with scene.database.transaction() as session:
        return list(session.execute(select(QueueItem.estimated_microdollars)).scalars())


def preview(scene: Scene) -> Plan:
    ids = scene.items()
    with scene.database.transaction() as session:
        return compose.preview(session, ids, provider="openai", limits=LIMITS, clock=scene.clock)


def test_what_a_batch_costs_is_set_aside_and_settled(scene: Scene) -> None:
    batch_id = scene.create()
    assert standing(scene).committed == 0
    scene.submit(batch_id)
    assert standing(scene).reserved == sum(estimates(scene)) > 0
    scene.work()
    scene.provider.end()
    scene.work()
    assert (standing(scene).reserved, standing(scene).spent) == (0, 3 * 125)
    with scene.database.transaction() as session:
        assert not batches.settle(session, batch_id, scene.clock())
        report = monthly_report(session, Month(2026, 11))
    assert standing(scene).spent == 375
    assert (report.total.assessments, report.total.spent, report.total.per_assessment) == (3, 375, 125)
    assert (report.total.minutes_saved, report.total.value) == (36, 24_000_000)


def test_a_batch_that_never_ran_costs_nothing(scene: Scene) -> None:
    batch_id = scene.create()
    scene.submit(batch_id)
    with scene.database.transaction() as session:
        lifecycle.cancel(session, batch_id, administrator_id=scene.admin_id, clock=scene.clock)
    scene.work()
    assert scene.batch().state is BatchState.CANCELLED
    assert standing(scene).committed == 0


@pytest.mark.parametrize("status", ["expired", "cancelled"])
def test_what_finished_in_time_is_paid_for_and_no_more(small: Scene, status: str) -> None:
    answered: list[str] = []

    def answer(custom_id: str) -> ResultLine | None:
        if answered:
            return ResultLine(custom_id, Outcome.NOT_EXECUTED)
        answered.append(custom_id)
        # Refused answers cost their tokens, too.
        return ResultLine(custom_id, Outcome.REFUSED, model="gpt-6-luna", usage=Usage(1000, 0, 300), raw=b"{}")

    small.provider.answer = answer
    small.submit(small.create())
    small.work()
    small.provider.end(status)
    small.work()
    assert (standing(small).reserved, standing(small).spent) == (0, 125)


def test_a_batch_that_does_not_fit_is_not_submitted_and_stays_as_it_is(scene: Scene) -> None:
    batch_id = scene.create()
    limit(scene, sum(estimates(scene)) - 1)
    with pytest.raises(BudgetRefused, match="this month's budget"):
        scene.submit(batch_id)
    assert (scene.batch().state, scene.batch().step) == (BatchState.CREATED, BatchStep.SUBMIT)
    assert standing(scene).committed == 0
    limit(scene, sum(estimates(scene)))
    scene.submit(batch_id)


def test_a_batch_shrinks_to_what_is_left_and_says_what_stays_behind(scene: Scene) -> None:
    whole = preview(scene)
    assert 0 < whole.low_microdollars < whole.estimated_microdollars == sum(estimates(scene))
    limit(scene, 2 * max(estimates(scene)))
    shrunk = preview(scene)
    assert len(shrunk.candidates) == 2
    assert shrunk.left_behind == {"beyond what is left of this month's budget": 1}


def test_work_for_a_model_without_a_price_stays_behind(small: Scene) -> None:
    with small.database.transaction() as session:
        session.execute(update(PromptVersion).values(model="unheard-of"))
        assert queue_estimate(session, small.clock()).most > 0
    assert preview(small).left_behind == {"using a model whose price nobody knows (enter it under Costs)": 3}


def test_while_everything_is_frozen_no_batch_is_made(small: Scene) -> None:
    with small.database.transaction() as session:
        freezing.freeze(session, "Too much", WHO, clock=small.clock)
    assert preview(small).left_behind == {"while everything is frozen (see Costs)": 3}
    with pytest.raises(BatchRefused, match="3 while everything is frozen"):
        small.create()


def test_a_freeze_holds_what_has_not_been_sent_and_lifting_it_lets_it_go_on(scene: Scene) -> None:
    scene.submit(scene.create())
    with scene.database.transaction() as session:
        freezing.freeze(session, "Too much", WHO, clock=scene.clock)
        assert freezing.running(session).waiting == 1
    scene.work()
    scene.work()
    assert (scene.provider.uploaded, scene.batch().failure_code) == (0, "frozen")
    with scene.database.transaction() as session:
        freezing.unfreeze(session, "Fine", WHO, scene.clock)
    for due in scene.runner.due():
        scene.runner.advance(due)
    assert (scene.provider.creates, scene.batch().failure_words) == (1, None)


def test_a_freeze_does_not_keep_a_batch_from_being_cancelled(small: Scene) -> None:
    batch_id = small.create()
    small.submit(batch_id)
    with small.database.transaction() as session:
        freezing.freeze(session, "Too much", WHO, clock=small.clock)
    with small.database.transaction() as session:
        assert freezing.running_ids(session) == [batch_id]
        lifecycle.cancel(session, batch_id, administrator_id=None, clock=small.clock)
    small.work()
    assert small.batch().state is BatchState.CANCELLED


def test_lines_cost_what_the_price_was_when_the_batch_was_submitted(small: Scene) -> None:
    small.submit(small.create())
    draft = PriceDraft("gpt-6-luna", 1, 1, 1, 10**9, 10**9, 10**9, small.clock().date(), "made up")
    with small.database.transaction() as session:
        enter_price(session, draft, WHO, small.clock)
    small.work()
    small.provider.end()
    small.work()
    assert standing(small).spent == 375


def test_a_batch_from_before_budgets_is_noted_when_it_ends(small: Scene) -> None:
    batch_id = small.create()
    with small.database.transaction() as session:
        session.execute(
            update(Batch).values(state=BatchState.SUBMITTED, step=BatchStep.SEAL, next_check_at=small.clock())
        )
        session.execute(update(QueueItem).values(state="processing"))
    small.work()
    small.provider.end()
    small.work()
    assert small.batch().state is BatchState.COMPLETED
    assert standing(small).spent == 375
    with small.database.transaction() as session:
        kinds = session.execute(select(BudgetEntry.kind, func.count()).group_by(BudgetEntry.kind)).all()
        assert batch_id
    assert [tuple(row) for row in kinds] == [(EntryKind.SETTLED, 1)]


def test_usage_is_charged_by_kind_of_token(small: Scene) -> None:
    price = find_model("gpt-6-luna", small.clock()).batch_price
    usage = Usage(input_tokens=10_000, cached_tokens=4_000, output_tokens=500, cache_write_tokens=2_000)
    expected = 4_000 * price.input + 4_000 * price.cached + 2_000 * price.cache_write + 500 * price.output
    assert price.cost(usage) == round(expected / 1_000_000)


def test_what_is_set_aside_goes_with_the_part_of_a_batch_that_becomes_its_own(scene: Scene) -> None:
    scene.provider.limits = ProviderLimits(1, 200 * 1024 * 1024)
    scene.submit(scene.create())
    scene.work()
    scene.work()
    scene.work()
    # Nothing more may be committed, and the parts go on all the same.
    limit(scene, 1)
    assert standing(scene).reserved == sum(estimates(scene))
    ended, running = [], list(scene.provider.batches)
    assert len(running) == 3
    for remote in running:
        scene.provider.end_one(remote)
        scene.work()
        ended.append(standing(scene).reserved)
    shares = estimates(scene)
    assert sorted(ended, reverse=True) == [sum(shares[1:]), shares[2], 0]
    assert standing(scene).spent == 3 * 125
    with scene.database.transaction() as session:
        assert {batch.state for batch in session.execute(select(Batch)).scalars()} == {BatchState.COMPLETED}


def test_a_part_of_a_batch_that_was_never_reserved_takes_nothing_with_it(small: Scene) -> None:
    small.provider.limits = ProviderLimits(2, 200 * 1024 * 1024)
    small.create()
    with small.database.transaction() as session:
        session.execute(
            update(Batch).values(state=BatchState.SUBMITTED, step=BatchStep.SEAL, next_check_at=small.clock())
        )
        session.execute(update(QueueItem).values(state="processing"))
    small.work()
    small.work()
    assert standing(small).committed == 0
    small.provider.end()
    small.work()
    assert (standing(small).reserved, standing(small).spent) == (0, 375)
