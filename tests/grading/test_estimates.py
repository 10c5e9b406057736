"""What work costs before it is sent: counted tokens, a bound above them, and the same figures in SQL as in Python."""

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from config.database import Database
from grading import assignments, estimates
from grading.budget.comparison import compare, queue_estimate, typical_answers, waiting
from grading.estimates import TokenCounts
from grading.models import Batch, QueueItem
from grading.prompts import submission_message
from grading.providers.catalogue import find_model
from grading.providers.prices import PriceDraft, enter_price, price_book
from grading.providers.tokens import _encoding, most_tokens, tokens_in
from grading.states import BatchState, BatchStep, QueueState
from privacy.audit import Actor
from privacy.sealing import Vault
from tests import factories
from tests.conftest import START, StillClock
from tests.factories import MODELS
from tests.grading.batches.test_run import Scene, scene_of
from tests.thorough import tried

tokens = st.integers(0, 100_000)
WHO = Actor.system()


@pytest.fixture
def scene(database: Database, vault: Vault, clock: StillClock) -> Scene:
    """Three students have handed in."""
    return scene_of(database, vault, clock)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("hello world <|endoftext|> naïve", 11),
        ("don't I'LL we've don't I'LL we've don't I'LL we've ", 13),
        ("a" * 2000, 250),
        ("学" * 100, 100),
    ],
)
def test_tokens_are_counted_as_o200k_counts(text: str, count: int) -> None:
    assert tokens_in(text) == count


def test_text_that_would_take_long_to_count_is_counted_in_time_and_never_too_low() -> None:
    began = time.perf_counter()
    assert tokens_in("学" * 20_000) >= 20_000
    assert tokens_in("\n" * 50_000 + "aé" * 20_000) > 1000
    assert tokens_in("word " * 100_000) >= 100_000
    assert time.perf_counter() - began < 10


def test_nothing_of_a_text_stays_in_memory_after_it_was_counted() -> None:
    tokens_in("Mira Okafor wrote this unusual sentence.")
    assert _encoding()._cache == {}


@tried(300)
@given(tokens, tokens, tokens, tokens, st.integers(1, 32_000), st.integers(1, 500), st.sampled_from(MODELS))
def test_the_most_is_never_below_what_is_likely(
    text: int, room: int, prompt: int, more: int, answer: int, requests: int, name: str
) -> None:
    model = find_model(name, START)
    counts = TokenCounts(text, text + room, prompt, prompt + more, answer * requests)
    found = estimates.estimate(model, model.batch_price, counts, requests, estimates.TYPICAL_ANSWER)
    full = estimates.estimate(model, model.standard_price, counts, requests, estimates.TYPICAL_ANSWER)
    assert 0 <= found.low <= found.most
    # The batch price of these models is half the standard one, taken once: rounding aside, exactly half.
    assert abs(2 * found.most - full.most) <= 1


def test_work_is_queued_with_its_tokens_and_what_they_cost(scene: Scene) -> None:
    with scene.database.transaction() as session:
        item = session.execute(select(QueueItem)).scalars().first()
        assert item is not None
        counts = TokenCounts(
            item.text_tokens,
            item.most_text_tokens,
            item.prompt_tokens,
            item.most_prompt_tokens,
            item.most_answer_tokens,
        )
        assert counts.text == tokens_in(factories.ESSAY)
        assert counts.most_text >= max(counts.text, most_tokens(factories.ESSAY))
        # Instructions, task, rubric and the form of the answer are more than a short essay.
        assert counts.prompt > counts.text
        model = find_model("gpt-6-luna", scene.clock())
        expected = estimates.estimate(model, model.batch_price, counts, 1, estimates.TYPICAL_ANSWER)
        assert item.estimated_microdollars == expected.most
        queue = queue_estimate(session, scene.clock())
        assert waiting(session).items == 3
    assert queue.most == 3 * expected.most
    assert 0 < queue.low < queue.most


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("gpt-4o-mini", QueueState.QUEUED),
        ("gpt-5.4-mini", QueueState.QUEUED),
        ("gpt-6-luna", QueueState.QUEUED),
        ("gpt-6-luna", QueueState.FAILED),
        ("gpt-6-luna", QueueState.SKIPPED),
    ],
)
def test_another_model_or_prompt_changes_what_work_costs_that_may_run(
    scene: Scene, name: str, state: QueueState
) -> None:
    with scene.database.transaction() as session:
        session.execute(update(QueueItem).values(state=state))
        item = session.execute(select(QueueItem)).scalars().first()
        assert item is not None
        shown = assignments.get(
            session,
            tenant_id=item.tenant_id,
            context_id=item.context_id,
            assignment_id=item.submission.assignment_id,
        )
        assignments.update(
            session,
            view=shown,
            author_id=scene.course.teacher.id,
            draft=factories.draft(model=name, max_output_tokens=2222, description="Longer. " * 50),
            offered_models=MODELS,
            clock=scene.clock,
        )
        session.expire_all()
        changed = session.get_one(QueueItem, item.id)
        shown = assignments.get(
            session,
            tenant_id=item.tenant_id,
            context_id=item.context_id,
            assignment_id=item.submission.assignment_id,
        )
        counts = estimates.count(shown, factories.ESSAY)
        model = find_model(name, scene.clock())
        in_python = estimates.estimate(model, model.batch_price, counts, 1, estimates.TYPICAL_ANSWER).most
        assert changed.most_answer_tokens == 2222
        assert changed.prompt_tokens == counts.prompt
        assert changed.estimated_microdollars == in_python


def test_an_entered_price_changes_what_waiting_work_costs(scene: Scene) -> None:
    draft = PriceDraft("gpt-6-luna", 10**6, 10**6, 10**6, 10**6, 10**6, 10**6, START.date(), "made up")
    with scene.database.transaction() as session:
        before = session.execute(select(QueueItem.estimated_microdollars)).scalars().all()
        enter_price(session, draft, WHO, scene.clock)
        estimates.reprice(session, "gpt-6-luna", scene.clock())
        after = session.execute(select(QueueItem.estimated_microdollars)).scalars().all()
    assert all(new > old for old, new in zip(before, after, strict=True))


def test_models_are_compared_on_what_waits(scene: Scene) -> None:
    with scene.database.transaction() as session:
        session.execute(
            update(QueueItem).values(
                text_tokens=1000,
                most_text_tokens=1300,
                prompt_tokens=500,
                most_prompt_tokens=700,
                most_answer_tokens=300,
            )
        )
        queue, found = compare(session, (*MODELS, "gpt-4", "unheard-of"), scene.clock())
        assert price_book(session, scene.clock()).prices == {}
    assert queue.items == 3
    assert [one.model.name for one in found] == ["gpt-6-luna", "gpt-4o-mini", "gpt-5.4-mini"]
    luna, mini = found[0], found[1]
    # 3 × (2,000 in at 0.0625 for writing to the cache, 300 out at 0.25) and 3 × (1,500 in at 0.05, 300 out).
    assert (luna.batch.most, luna.batch.low) == (600, 450)
    assert not luna.counted
    # 3 × (1,058 and 500 in at 0.075, 300 out at 0.30); standard is twice that.
    assert (mini.batch.most, mini.standard.most) == (621, 1242)
    assert mini.counted


def test_usual_answers_are_the_mean_of_what_came_back_in_the_last_weeks_once_there_are_enough(scene: Scene) -> None:
    ended = (
        # model, days ago, answers, tokens
        ("gpt-6-luna", 1, 12, 2_400),
        ("gpt-6-luna", 59, 8, 4_000),
        ("gpt-6-luna", 61, 1_000, 1),
        ("gpt-4o-mini", 1, 19, 1_900),
        ("gpt-5.4-mini", 1, 40, 0),
    )
    with scene.database.transaction() as session:
        for number, (model, days, answers, tokens) in enumerate(ended, start=1):
            session.add(
                Batch(
                    number=number,
                    state=BatchState.COMPLETED,
                    step=BatchStep.DONE,
                    provider="openai",
                    model=model,
                    created_by=scene.admin_id,
                    finished_at=scene.clock() - timedelta(days=days),
                    provider_completed=answers,
                    output_tokens=tokens,
                )
            )
    with scene.database.transaction() as session:
        assert typical_answers(session, scene.clock()) == {"gpt-6-luna": 320}


def test_the_mark_around_the_work_never_takes_more_tokens_than_was_counted() -> None:
    longest = tokens_in(submission_message("", lambda: "0a" * 8))
    assert all(tokens_in(submission_message("")) <= longest for _ in range(200))
