"""Which models there are, what they take, what they cost and until when they live (A1, K1).

Prices come from the table in `genai-prices`, which is part of the package and never fetched. Retirement dates are
OpenAI's announced ones; a model past its date can't be chosen. What an administrator has entered goes before both
(`PriceBook`).

Batch prices stand in the table as they are charged: nothing here or elsewhere takes the discount off again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from importlib.metadata import version
from typing import Any

from genai_prices import Usage as PricedUsage
from genai_prices import calc_price

from grading.errors import GradingError
from grading.providers.base import Usage

RETIREMENTS = {
    "gpt-4": date(2026, 10, 23),
    "gpt-4-turbo": date(2026, 10, 23),
    "gpt-3.5-turbo": date(2026, 10, 23),
    "gpt-4.1-nano": date(2026, 10, 23),
    "o1": date(2026, 10, 23),
    "o3-mini": date(2026, 10, 23),
    "o4-mini": date(2026, 10, 23),
    "gpt-5": date(2026, 12, 11),
    "gpt-5-mini": date(2026, 12, 11),
    "gpt-5-nano": date(2026, 12, 11),
    "o3": date(2026, 12, 11),
    "gpt-4o": date(2027, 1, 14),
    "gpt-4o-mini": date(2027, 1, 14),
    "gpt-4.1": date(2027, 1, 14),
    "gpt-4.1-mini": date(2027, 1, 14),
    "gpt-5.1": date(2027, 4, 1),
    "gpt-5.4-nano": date(2027, 4, 1),
}
NEAR_ITS_END_DAYS = 120
_TAKE_TEMPERATURE = ("gpt-4o", "gpt-4.1")
_MILLION = 1_000_000
# Prices are asked for a prompt of ordinary length: very long ones cost more per token.
_PROBE = 100_000
_PROBES = _MILLION // _PROBE
ORDINARY_PROMPT = 272_000
"""Tokens up to which a prompt costs the listed price per token."""


class ModelUnavailable(GradingError):
    """A model that can't be chosen: not offered here, retired, or without a known price."""

    code = "model_unavailable"


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-dollars per million tokens. Input read from the provider's cache costs less, and written to it, more."""

    input: int
    output: int
    cached: int
    cache_write: int

    def cost(self, usage: Usage) -> int:
        """What an answer costs, in whole micro-dollars, rounded half up."""
        plain = max(0, usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens)
        millionths = (
            plain * self.input
            + usage.cached_tokens * self.cached
            + usage.cache_write_tokens * self.cache_write
            + usage.output_tokens * self.output
        )
        return (2 * millionths + _MILLION) // (2 * _MILLION)

    def to_json(self) -> dict[str, Any]:
        """To be kept with what was bought at it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class EnteredPrices:
    """Prices that an administrator has entered. Writing to the cache costs as much more as in the built-in list."""

    input: int
    cached: int
    output: int
    batch_input: int
    batch_cached: int
    batch_output: int
    source: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class PriceBook:
    """What administrators know better than the built-in lists, as it holds on one day."""

    prices: Mapping[str, EnteredPrices] = field(default_factory=dict)
    retirements: Mapping[str, date | None] = field(default_factory=dict)


NOTHING_ENTERED = PriceBook()


@dataclass(frozen=True, slots=True)
class Model:
    """A model as an instructor chooses it."""

    name: str
    takes_temperature: bool
    batch_price: Price
    standard_price: Price
    retires_on: date | None
    price_source: str
    """Where the prices come from, in words."""
    priced_on: date | None
    """Since when an entered price holds; None for the built-in list."""

    def retired(self, today: date) -> bool:
        """Whether the provider has switched it off."""
        return self.retires_on is not None and today >= self.retires_on

    def near_its_end(self, today: date) -> bool:
        """Whether a new assignment should rather use another one."""
        return self.retires_on is not None and (self.retires_on - today).days <= NEAR_ITS_END_DAYS


def find_model(name: str, now: datetime, book: PriceBook = NOTHING_ENTERED) -> Model:
    """A model with today's price.

    Raises:
        ModelUnavailable: there is no price for it, so nobody could say what it will cost.
    """
    entered = book.prices.get(name)
    return Model(
        name=name,
        takes_temperature=takes_temperature(name),
        batch_price=_entered(entered, name, now, batch=True) if entered else _listed(name, now.date(), batch=True),
        standard_price=_entered(entered, name, now, batch=False) if entered else _listed(name, now.date(), batch=False),
        retires_on=book.retirements.get(name, RETIREMENTS.get(name)),
        price_source=entered.source if entered else _list_name(),
        priced_on=entered.valid_from if entered else None,
    )


def takes_temperature(name: str) -> bool:
    """Whether a request to a model may say how much chance there should be."""
    return name.startswith(_TAKE_TEMPERATURE)


def unusable(name: str, now: datetime, book: PriceBook = NOTHING_ENTERED) -> str | None:
    """A code for why nothing can be sent to a model now: it is switched off, or nobody knows what it costs."""
    try:
        return "retired" if find_model(name, now, book).retired(now.astimezone(UTC).date()) else None
    except ModelUnavailable:
        return "unpriced"


def choosable_models(names: Iterable[str], now: datetime, book: PriceBook = NOTHING_ENTERED) -> list[Model]:
    """The offered models that still live and have a price."""
    return [find_model(name, now, book) for name in names if unusable(name, now, book) is None]


def choose_model(name: str, offered: Iterable[str], now: datetime, book: PriceBook = NOTHING_ENTERED) -> Model:
    """The model for a prompt.

    Raises:
        ModelUnavailable: it is not offered here, or it is retired.
    """
    if name not in set(offered):
        raise ModelUnavailable(f"The model {name} is not offered here. Choose one from the list.")
    model = find_model(name, now, book)
    if model.retired(now.astimezone(UTC).date()):
        raise ModelUnavailable(f"The model {name} was switched off on {model.retires_on}. Choose another one.")
    return model


def cost_microdollars(model: str, usage: Usage, now: datetime, *, batch: bool) -> int:
    """What an answer costs by the built-in list, in whole micro-dollars, rounded half up."""
    try:
        calculation = calc_price(
            PricedUsage(
                input_tokens=usage.input_tokens,
                cache_read_tokens=usage.cached_tokens,
                cache_write_tokens=usage.cache_write_tokens,
                output_tokens=usage.output_tokens,
            ),
            model,
            provider_id="openai",
            price_context={"processing": "batch"} if batch else None,
            genai_request_timestamp=now,
        )
    except LookupError as error:
        raise ModelUnavailable(f"No price is known for the model {model}.") from error
    return int((calculation.total_price * _MILLION).quantize(Decimal(1), rounding=ROUND_HALF_UP))


@cache
def _list_name() -> str:
    return f"genai-prices {version('genai-prices')}"


@lru_cache(maxsize=256)
def _listed(name: str, day: date, *, batch: bool) -> Price:
    now = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return Price(
        input=_PROBES * cost_microdollars(name, Usage(_PROBE), now, batch=batch),
        output=_PROBES * cost_microdollars(name, Usage(output_tokens=_PROBE), now, batch=batch),
        cached=_PROBES * cost_microdollars(name, Usage(_PROBE, _PROBE), now, batch=batch),
        cache_write=_PROBES * cost_microdollars(name, Usage(_PROBE, cache_write_tokens=_PROBE), now, batch=batch),
    )


def _entered(entered: EnteredPrices, name: str, now: datetime, *, batch: bool) -> Price:
    price = entered.batch_input if batch else entered.input
    try:
        listed = _listed(name, now.date(), batch=batch)
        write = price * listed.cache_write // listed.input if listed.input else price
    except ModelUnavailable:
        write = price
    return Price(
        input=price,
        output=entered.batch_output if batch else entered.output,
        cached=entered.batch_cached if batch else entered.cached,
        cache_write=write,
    )
