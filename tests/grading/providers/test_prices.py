"""Prices and retirement dates that administrators enter: what holds, since when, and what can't be entered."""

from datetime import date, timedelta

import pytest
from sqlalchemy.exc import DatabaseError

from config.database import Database
from grading import assignments
from grading.errors import NotFound
from grading.models import PriceOverride
from grading.providers.base import Usage
from grading.providers.catalogue import ModelUnavailable, choosable_models, find_model
from grading.providers.prices import (
    PriceDraft,
    PriceInvalid,
    enter_price,
    entered_prices,
    price_book,
    set_retirement,
    withdraw_price,
)
from privacy.audit import Actor
from privacy.sealing import Vault
from tests import factories
from tests.conftest import START, StillClock

WHO = Actor.system()
TODAY = START.date()


def draft(model: str = "gpt-6-luna", price: int = 7, valid_from: date = TODAY, source: str = "a letter") -> PriceDraft:
    return PriceDraft(model, 2 * price, price, 4 * price, price, price, 2 * price, valid_from, source)


def test_an_entered_price_holds_from_its_day_on(database: Database, clock: StillClock) -> None:
    with database.transaction() as session:
        enter_price(session, draft(price=10), WHO, clock)
        enter_price(session, draft(price=20, valid_from=TODAY + timedelta(days=3)), WHO, clock)
        now = find_model("gpt-6-luna", START, price_book(session, START))
    assert (now.batch_price.input, now.standard_price.output, now.price_source) == (10, 40, "a letter")
    # Writing to the cache costs a quarter more, as in the built-in list.
    assert now.batch_price.cache_write == 12
    later = START + timedelta(days=3)
    with database.transaction() as session:
        assert find_model("gpt-6-luna", later, price_book(session, later)).batch_price.input == 20


def test_a_withdrawn_price_gives_way_to_the_one_before_and_then_to_the_list(
    sqlite_database: Database, clock: StillClock
) -> None:
    with sqlite_database.transaction() as session:
        first = enter_price(session, draft(price=10), WHO, clock)
        clock.forward(minutes=1)
        second = enter_price(session, draft(price=20), WHO, clock)
        assert [one.batch_input_price for one in entered_prices(session)] == [20, 10]
        seen = []
        for one in (second, first):
            withdraw_price(session, one.id, WHO, clock)
            seen.append(find_model("gpt-6-luna", clock(), price_book(session, clock())).batch_price.input)
        with pytest.raises(NotFound):
            withdraw_price(session, first.id, WHO, clock)
    assert seen == [10, 50_000]


def test_a_model_that_no_list_knows_can_be_used_once_it_has_a_price(
    sqlite_database: Database, clock: StillClock
) -> None:
    with pytest.raises(ModelUnavailable):
        find_model("our-own-model", START)
    with sqlite_database.transaction() as session:
        enter_price(session, draft("our-own-model", 1_000_000), WHO, clock)
        model = find_model("our-own-model", START, price_book(session, START))
    assert model.batch_price.cost(Usage(1000, 0, 100)) == 1200


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (draft(""), "model"),
        (draft("a\x00b"), "model"),
        (draft(source="\x00"), "source"),
        (draft(price=-1), "input"),
        (draft(price=10**10), "input"),
        (draft(source=" "), "source"),
    ],
)
def test_what_is_wrong_with_a_price_is_named(sqlite_database: Database, wrong: PriceDraft, field: str) -> None:
    with pytest.raises(PriceInvalid) as refused, sqlite_database.transaction() as session:
        enter_price(session, wrong, WHO)
    assert refused.value.field == field


def test_the_database_refuses_a_price_below_nothing(database: Database) -> None:
    values = dict.fromkeys(
        ("input_price", "cached_price", "output_price", "batch_input_price", "batch_cached_price"), 1
    )
    with pytest.raises(DatabaseError), database.transaction() as session:
        session.add(
            PriceOverride(provider="openai", model="m", batch_output_price=-1, valid_from=TODAY, source="s", **values)
        )


def test_a_retirement_that_was_entered_keeps_a_model_from_being_chosen(
    sqlite_database: Database, vault: Vault, clock: StillClock
) -> None:
    with sqlite_database.transaction() as session:
        course = factories.course(session, vault)
        set_retirement(session, "gpt-6-luna", TODAY, "an announcement", WHO, clock)
        set_retirement(session, "gpt-4o-mini", None, "it stays", WHO, clock)
        book = price_book(session, START)
        assert [model.name for model in choosable_models(factories.MODELS, START, book)] == [
            "gpt-4o-mini",
            "gpt-5.4-mini",
        ]
        assert not find_model("gpt-4o-mini", START, book).near_its_end(TODAY)
        with pytest.raises(ModelUnavailable, match="switched off on 2026-11-21"):
            assignments.create(
                session,
                context=course.context,
                author_id=course.teacher.id,
                draft=factories.draft(),
                offered_models=factories.MODELS,
                clock=clock,
            )
        for model, source, field in (("", "s", "retiring_model"), ("m", "", "retire_source")):
            with pytest.raises(PriceInvalid) as refused:
                set_retirement(session, model, None, source, WHO, clock)
            assert refused.value.field == field
