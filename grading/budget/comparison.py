"""What the work that waits now would cost with each model (K3). Sums of tokens, in one statement; then arithmetic."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from grading.estimates import TYPICAL_ANSWER, Estimate, TokenCounts, estimate
from grading.models import Batch, BatchRequest, PromptVersion, QueueItem, Submission
from grading.providers.catalogue import Model, find_model, unusable
from grading.providers.prices import price_book
from grading.providers.tokens import counts_like_o200k
from grading.states import QueueState, RequestState

ANSWERS_ENOUGH = 20
RECENT = timedelta(days=60)
_WAITING = (QueueState.QUEUED, QueueState.SELECTED)


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
    row = session.execute(
        select(
            func.count(),
            *(
                func.coalesce(func.sum(column), 0)
                for column in (
                    QueueItem.text_tokens,
                    QueueItem.most_text_tokens,
                    QueueItem.prompt_tokens,
                    QueueItem.most_prompt_tokens,
                    QueueItem.most_answer_tokens,
                )
            ),
        ).where(QueueItem.state.in_(_WAITING))
    ).one()
    return Waiting(row[0], TokenCounts(*(int(value) for value in row[1:])))


def typical_answers(session: Session, now: datetime) -> dict[str, int]:
    """Mean tokens of an answer, for each model with enough answers in the last weeks."""
    rows = session.execute(
        select(Batch.model, func.count(), func.sum(BatchRequest.output_tokens))
        .join(BatchRequest, BatchRequest.batch_id == Batch.id)
        .where(
            Batch.finished_at >= now - RECENT,
            BatchRequest.state == RequestState.SUCCEEDED,
            BatchRequest.output_tokens > 0,
        )
        .group_by(Batch.model)
        .having(func.count() >= ANSWERS_ENOUGH)
    )
    return {row[0]: round(int(row[2]) / row[1]) for row in rows}


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


def likely_cost(session: Session, items: Sequence[QueueItem], model_name: str, now: datetime) -> int:
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
    for name, items, tokens, most_answer, estimated in session.execute(_by_model()).all():
        most += int(estimated)
        if unusable(name, now, book) == "unpriced":
            continue
        model = find_model(name, now, book)
        counts = TokenCounts(int(tokens), 0, 0, 0, int(most_answer))
        low += estimate(model, model.batch_price, counts, int(items), typical.get(name, TYPICAL_ANSWER)).low
    return Estimate(min(low, most), most)


def _by_model() -> Select[str, int, int, int, int]:
    """The queue by the model that its assignments use now. Added up by assignment first: these are few."""
    by_assignment = (
        select(
            Submission.assignment_id,
            func.count().label("requests"),
            func.sum(QueueItem.text_tokens + QueueItem.prompt_tokens).label("tokens"),
            func.sum(QueueItem.most_answer_tokens).label("most_answer"),
            func.sum(QueueItem.estimated_microdollars).label("estimated"),
        )
        .join(Submission, Submission.id == QueueItem.submission_id)
        .where(QueueItem.state.in_(_WAITING))
        .group_by(Submission.assignment_id)
        .subquery()
    )
    newest = (
        select(func.max(PromptVersion.number))
        .where(PromptVersion.assignment_id == by_assignment.c.assignment_id)
        .correlate(by_assignment)
        .scalar_subquery()
    )
    return (
        select(
            PromptVersion.model,
            func.sum(by_assignment.c.requests),
            func.sum(by_assignment.c.tokens),
            func.sum(by_assignment.c.most_answer),
            func.sum(by_assignment.c.estimated),
        )
        .join(
            by_assignment,
            (PromptVersion.assignment_id == by_assignment.c.assignment_id) & (PromptVersion.number == newest),
        )
        .group_by(PromptVersion.model)
    )
