"""What the work that waits now would cost with each model (K3).

The queue keeps the sums of its tokens by itself (`grading.queue.tally`): a few rows are read, the rest is arithmetic.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grading.estimates import NO_TOKENS, TYPICAL_ANSWER, Estimate, TokenCounts, estimate
from grading.models import Batch
from grading.providers.catalogue import Model, find_model, unusable
from grading.providers.prices import price_book
from grading.providers.tokens import counts_like_o200k
from grading.queue.tally import waiting_by_model

ANSWERS_ENOUGH = 20
RECENT = timedelta(days=60)


class Counted(Protocol):
    """Work with its counted tokens, as the queue keeps them."""

    @property
    def text_tokens(self) -> int:
        """Of the work."""
        ...

    @property
    def prompt_tokens(self) -> int:
        """Of what all work of its assignment shares."""
        ...

    @property
    def most_answer_tokens(self) -> int:
        """What an answer may have."""
        ...

    @property
    def estimated_microdollars(self) -> int:
        """What it costs at most."""
        ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """The queue in numbers."""

    items: int
    counts: TokenCounts


@dataclass(frozen=True, slots=True)
class ModelCost:
    """What the queue costs with one model."""

    model: Model
    batch: Estimate
    standard: Estimate
    answer_tokens: int
    """Of an answer of usual length, as the lower figures take it."""
    measured: bool
    """Whether that is from real answers of this model."""
    counted: bool
    """Whether tokens are counted as this model counts them."""


def waiting(session: Session) -> Waiting:
    """How much waits, in tokens."""
    loads = waiting_by_model(session).values()
    return Waiting(sum(load.items for load in loads), sum((load.counts for load in loads), NO_TOKENS))


def typical_answers(session: Session, now: datetime) -> dict[str, int]:
    """Mean tokens of an answer, for each model with enough answers in the last weeks: a row a batch is read, not one an
    answer."""
    rows = session.execute(
        select(Batch.model, func.sum(Batch.provider_completed), func.sum(Batch.output_tokens))
        .where(Batch.finished_at >= now - RECENT, Batch.output_tokens > 0)
        .group_by(Batch.model)
        .having(func.sum(Batch.provider_completed) >= ANSWERS_ENOUGH)
    )
    return {model: round(int(tokens) / int(answers)) for model, answers, tokens in rows}


def compare(session: Session, offered: Iterable[str], now: datetime) -> tuple[Waiting, list[ModelCost]]:
    """The queue and its cost with every offered model that lives and has a price, the cheapest first."""
    queue, book, typical = waiting(session), price_book(session, now), typical_answers(session, now)
    found = []
    for name in offered:
        if unusable(name, now, book):
            continue
        model = find_model(name, now, book)
        answer = typical.get(name, TYPICAL_ANSWER)
        found.append(
            ModelCost(
                model=model,
                batch=estimate(model, model.batch_price, queue.counts, queue.items, answer),
                standard=estimate(model, model.standard_price, queue.counts, queue.items, answer),
                answer_tokens=answer,
                measured=name in typical,
                counted=counts_like_o200k(name),
            )
        )
    return queue, sorted(found, key=lambda one: (one.batch.most, one.model.name))


def likely_cost(session: Session, items: Sequence[Counted], model_name: str, now: datetime) -> int:
    """What queue items cost in a batch when answers have the usual length, in micro-dollars."""
    if not items:
        return 0
    model = find_model(model_name, now, price_book(session, now))
    counts = TokenCounts(
        text=sum(item.text_tokens for item in items),
        most_text=0,
        prompt=sum(item.prompt_tokens for item in items),
        most_prompt=0,
        most_answer=sum(item.most_answer_tokens for item in items),
    )
    answer = typical_answers(session, now).get(model_name, TYPICAL_ANSWER)
    low = estimate(model, model.batch_price, counts, len(items), answer).low
    return min(low, sum(item.estimated_microdollars for item in items))


def queue_estimate(session: Session, now: datetime) -> Estimate:
    """What the queue costs with the models that its assignments have chosen."""
    book, typical = price_book(session, now), typical_answers(session, now)
    low = most = 0
    for name, load in waiting_by_model(session).items():
        most += load.microdollars
        if unusable(name, now, book) == "unpriced":
            continue
        model = find_model(name, now, book)
        low += estimate(model, model.batch_price, load.counts, load.items, typical.get(name, TYPICAL_ANSWER)).low
    return Estimate(min(low, most), most)
