"""What a submission will cost, known before it is sent: likely, and at most (K1).

Tokens are counted once, when work is queued, and kept with the queue item. Its cost for any model and price is then
arithmetic, here for one item and in SQL for many.
"""

import json
import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import BigInteger, ColumnElement, cast, func, select, update
from sqlalchemy.orm import Session

from grading.models import PromptVersion, QueueItem, Submission
from grading.prompts import developer_message, submission_message
from grading.providers.catalogue import Model, Price, find_model
from grading.providers.prices import price_book
from grading.providers.tokens import (
    MESSAGE_OVERHEAD,
    REPLY_OVERHEAD,
    counts_like_o200k,
    most_tokens,
    tokens_in,
)
from grading.results.schema import response_schema
from grading.states import QueueState

if TYPE_CHECKING:
    from grading.assignments import AssignmentView

MILLION: Final = 1_000_000
_MAY_RUN: Final = (QueueState.QUEUED, QueueState.FAILED, QueueState.SKIPPED)
"""What waits, and what can be put back: then it waits at once, with what is kept of its cost."""
# Names become words in brackets after the count: room for them.
_ROOM_PERCENT: Final = 105
_ROOM_TOKENS: Final = 8
# The mark around the work is random; this one takes more tokens than any other: a letter ends the number before it.
_LONGEST_MARK: Final = "0a" * 8
TYPICAL_ANSWER: Final = 450
"""Tokens of an answer, until there are enough real ones to know better."""


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Tokens of one request: of the work, of what is sent with it, and of the longest answer."""

    text: int
    most_text: int
    prompt: int
    most_prompt: int
    most_answer: int

    def __add__(self, other: "TokenCounts") -> "TokenCounts":
        """Of two requests together."""
        return TokenCounts(
            self.text + other.text,
            self.most_text + other.most_text,
            self.prompt + other.prompt,
            self.most_prompt + other.most_prompt,
            self.most_answer + other.most_answer,
        )


NO_TOKENS: Final = TokenCounts(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What something costs, in micro-dollars: with an answer of usual length, and at most."""

    low: int
    most: int


def count(view: "AssignmentView", text: str) -> TokenCounts:
    """The tokens of a request for this text, with prompt and schema."""
    prompt, most_prompt = prompt_tokens(view)
    exact = tokens_in(text)
    with_room = math.ceil(exact * _ROOM_PERCENT / 100) + _ROOM_TOKENS
    return TokenCounts(exact, max(with_room, most_tokens(text)), prompt, most_prompt, view.prompt.max_output_tokens)


def prompt_tokens(view: "AssignmentView") -> tuple[int, int]:
    """Tokens of everything in a request besides the work: counted, and at most."""
    messages = [developer_message(view.prompt_parts()), submission_message("", lambda: _LONGEST_MARK)]
    parts = [*messages, json.dumps(response_schema(view.rubric))]
    overhead = len(messages) * MESSAGE_OVERHEAD + REPLY_OVERHEAD
    exact = sum(tokens_in(part) for part in parts) + overhead
    return exact, max(exact, sum(most_tokens(part) for part in parts) + overhead)


def estimate(model: Model, price: Price, counts: TokenCounts, requests: int, typical_answer: int) -> Estimate:
    """What requests cost with a model at a price: `counts` are the sums over all of them.

    The lower figure takes the counted tokens and answers of the usual length; the upper one the most that is possible.
    """
    likely = min(counts.most_answer, requests * typical_answer)
    return Estimate(
        low=_rounded_up(price.input * (counts.text + counts.prompt) + price.output * likely),
        most=_rounded_up(
            max(price.input, price.cache_write) * most_input(model, counts, requests)
            + price.output * counts.most_answer
        ),
    )


def most_input(model: Model, counts: TokenCounts, requests: int) -> int:
    """The most tokens that go in: with some room where the way of counting is known, with the bound elsewhere."""
    if not counts_like_o200k(model.name):
        return counts.most_text + counts.most_prompt
    return math.ceil(counts.text * _ROOM_PERCENT / 100) + _ROOM_TOKENS * requests + counts.prompt


def note(session: Session, item: QueueItem, view: "AssignmentView", text: str, now: datetime) -> None:
    """Keep with a queue item how long its request is, and what it costs at most in a batch."""
    counts = count(view, text)
    item.text_tokens, item.most_text_tokens = counts.text, counts.most_text
    item.prompt_tokens, item.most_prompt_tokens = counts.prompt, counts.most_prompt
    item.most_answer_tokens = counts.most_answer
    model = find_model(view.prompt.model, now, price_book(session, now))
    item.model = model.name
    item.estimated_microdollars = estimate(model, model.batch_price, counts, 1, TYPICAL_ANSWER).most


def refresh(session: Session, view: "AssignmentView", now: datetime) -> None:
    """A prompt, rubric or model has changed: work out again what items of an assignment that may run cost at most."""
    prompt, most_prompt = prompt_tokens(view)
    own = QueueItem.submission_id.in_(select(Submission.id).where(Submission.assignment_id == view.assignment.id))
    session.execute(
        update(QueueItem)
        .where(QueueItem.state.in_(_MAY_RUN), own)
        .values(prompt_tokens=prompt, most_prompt_tokens=most_prompt, most_answer_tokens=view.prompt.max_output_tokens)
        .execution_options(synchronize_session=False)
    )
    _reprice(session, find_model(view.prompt.model, now, price_book(session, now)), own)


def reprice(session: Session, name: str, now: datetime) -> None:
    """The price of a model has changed: work out again what items of its assignments that may run cost at most."""
    newest = (
        select(func.max(PromptVersion.number))
        .where(PromptVersion.assignment_id == Submission.assignment_id)
        .correlate(Submission)
        .scalar_subquery()
    )
    using_it = (
        select(Submission.id)
        .join(
            PromptVersion,
            (PromptVersion.assignment_id == Submission.assignment_id) & (PromptVersion.number == newest),
        )
        .where(PromptVersion.model == name)
    )
    _reprice(session, find_model(name, now, price_book(session, now)), QueueItem.submission_id.in_(using_it))


def most_input_of(name: str) -> ColumnElement[int]:
    """SQL: `most_input` of one queue item, in the same whole numbers."""
    if not counts_like_o200k(name):
        return QueueItem.most_text_tokens + QueueItem.most_prompt_tokens
    return (QueueItem.text_tokens * _ROOM_PERCENT + 99) // 100 + _ROOM_TOKENS + QueueItem.prompt_tokens


def _reprice(session: Session, model: Model, which: ColumnElement[bool]) -> None:
    """`estimate` for many items in one statement, in the same whole numbers."""
    price = model.batch_price
    # Tokens are 32-bit numbers in the database, and their product with a price does not fit into one.
    cost = cast(most_input_of(model.name), BigInteger) * max(price.input, price.cache_write)
    cost += cast(QueueItem.most_answer_tokens, BigInteger) * price.output
    session.execute(
        update(QueueItem)
        .where(QueueItem.state.in_(_MAY_RUN), which)
        .values(model=model.name, estimated_microdollars=(cost + MILLION - 1) // MILLION)
        .execution_options(synchronize_session=False)
    )


def _rounded_up(millionths: int) -> int:
    return -(-millionths // MILLION)
