"""Models and prices: what may be chosen, what it costs, and never halved twice."""

from datetime import UTC, date, datetime

import pytest

from grading.providers.base import Usage
from grading.providers.catalogue import ModelUnavailable, choosable_models, choose_model, cost_microdollars, find_model
from grading.providers.tokens import most_tokens

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_the_batch_price_is_half_the_standard_price_once() -> None:
    model = find_model("gpt-4o-mini", NOW)
    assert (model.batch_price.input, model.batch_price.output) == (75_000, 300_000)
    assert (model.standard_price.input, model.standard_price.output) == (150_000, 600_000)


def test_a_thousand_assessments_cost_what_the_price_list_says() -> None:
    assert 1000 * cost_microdollars("gpt-6-luna", Usage(1500, 0, 300), NOW, batch=True) == 150_000


def test_cached_tokens_are_cheaper() -> None:
    full = cost_microdollars("gpt-6-luna", Usage(100_000, 0, 0), NOW, batch=True)
    assert cost_microdollars("gpt-6-luna", Usage(100_000, 90_000, 0), NOW, batch=True) < full


def test_a_retired_model_cannot_be_chosen() -> None:
    with pytest.raises(ModelUnavailable, match="switched off"):
        choose_model("gpt-4", ["gpt-4"], NOW)
    assert [model.name for model in choosable_models(["gpt-4", "gpt-6-luna"], NOW)] == ["gpt-6-luna"]


def test_a_model_near_its_end_says_so() -> None:
    model = find_model("gpt-4o-mini", NOW)
    assert model.retires_on == date(2027, 1, 14)
    assert model.near_its_end(NOW.date())
    assert not find_model("gpt-6-luna", NOW).near_its_end(NOW.date())


def test_a_model_without_a_price_cannot_be_chosen() -> None:
    with pytest.raises(ModelUnavailable, match="price"):
        choose_model("gpt-99", ["gpt-99"], NOW)


def test_a_model_that_is_not_offered_cannot_be_chosen() -> None:
    with pytest.raises(ModelUnavailable, match="not offered"):
        choose_model("gpt-6-sol", ["gpt-6-luna"], NOW)


def test_reasoning_models_are_given_no_temperature() -> None:
    assert find_model("gpt-4o-mini", NOW).takes_temperature
    assert not find_model("gpt-6-luna", NOW).takes_temperature


@pytest.mark.parametrize("text", ["", "word " * 100, "你好" * 50, r"\frac{a}{b}" * 50])
def test_the_token_bound_grows_with_the_bytes(text: str) -> None:
    assert len(text.encode()) / 4 <= most_tokens(text) <= max(1, len(text.encode()))
