"""Which models there are, what they take, what they cost and until when they live (A1, K1).

Prices come from the table in `genai-prices`, which is part of the package and never fetched. Retirement dates are
OpenAI's announced ones; a model past its date can't be chosen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

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
_MILLION = Decimal(1_000_000)
# Prices are asked for a prompt of ordinary length: very long ones (over 272,000 tokens) cost more per token.
_PROBE = 100_000
_PROBES = Decimal(1_000_000) / _PROBE


class ModelUnavailable(GradingError):
    """A model that can't be chosen: not offered here, retired, or without a known price."""

    code = "model_unavailable"


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-dollars per million tokens."""

    input: Decimal
    output: Decimal


@dataclass(frozen=True, slots=True)
class Model:
    """A model as an instructor chooses it."""

    name: str
    takes_temperature: bool
    batch_price: Price
    standard_price: Price
    retires_on: date | None

    def retired(self, today: date) -> bool:
        """Whether the provider has switched it off."""
        return self.retires_on is not None and today >= self.retires_on

    def near_its_end(self, today: date) -> bool:
        """Whether a new assignment should rather use another one."""
        return self.retires_on is not None and (self.retires_on - today).days <= NEAR_ITS_END_DAYS


def find_model(name: str, now: datetime) -> Model:
    """A model with today's price.

    Raises:
        ModelUnavailable: there is no price for it, so nobody could say what it will cost.
    """
    return Model(
        name=name,
        takes_temperature=name.startswith(_TAKE_TEMPERATURE),
        batch_price=_price(name, "batch", now),
        standard_price=_price(name, "standard", now),
        retires_on=RETIREMENTS.get(name),
    )


def choosable_models(names: Iterable[str], now: datetime) -> list[Model]:
    """The offered models that still live."""
    models = (find_model(name, now) for name in names)
    return [model for model in models if not model.retired(now.astimezone(UTC).date())]


def choose_model(name: str, offered: Iterable[str], now: datetime) -> Model:
    """The model for a prompt.

    Raises:
        ModelUnavailable: it is not offered here, or it is retired.
    """
    if name not in set(offered):
        raise ModelUnavailable(f"The model {name} is not offered here. Choose one from the list.")
    model = find_model(name, now)
    if model.retired(now.astimezone(UTC).date()):
        raise ModelUnavailable(f"The model {name} was switched off on {model.retires_on}. Choose another one.")
    return model


def cost_microdollars(model: str, usage: Usage, now: datetime, *, batch: bool) -> int:
    """What an answer costs, in whole micro-dollars, rounded half up."""
    try:
        calculation = calc_price(
            PricedUsage(
                input_tokens=usage.input_tokens,
                cache_read_tokens=usage.cached_tokens,
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


def _price(name: str, processing: str, now: datetime) -> Price:
    batch = processing == "batch"
    return Price(
        input=_PROBES * cost_microdollars(name, Usage(input_tokens=_PROBE), now, batch=batch),
        output=_PROBES * cost_microdollars(name, Usage(output_tokens=_PROBE), now, batch=batch),
    )
