"""Batches and their money: set aside when they are submitted, settled when they have ended. What the runner calls."""

import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grading.budget import charges
from grading.budget.charges import Charge
from grading.models import Batch, BatchRequest, QueueItem
from grading.models.budget import Purpose
from grading.providers.base import Usage
from grading.providers.catalogue import ORDINARY_PROMPT, ModelUnavailable, Price, cost_microdollars, find_model
from grading.providers.prices import price_book
from grading.states import RequestState


def reserve(session: Session, batch: Batch, now: datetime) -> None:
    """Set aside what a batch costs at most, split among its courses, and keep the price it is sent at.

    Raises:
        BudgetRefused: there is not enough left, or everything is frozen.
        ModelUnavailable: nobody knows what its model costs.
    """
    shares = _estimates(session, batch.id)
    batch.price = find_model(batch.model, now, price_book(session, now)).batch_price.to_json()
    charges.reserve(session, Charge(batch.id, Purpose.BATCH, batch.model, shares), now)


def split(session: Session, batch: Batch, part: Batch, now: datetime) -> None:
    """Let what is set aside for the lines that have moved into a batch of their own go with them."""
    shares = _estimates(session, part.id)
    charges.transfer(session, batch.id, Charge(part.id, Purpose.BATCH, part.model, shares), now)


def settle(session: Session, batch_id: uuid.UUID, now: datetime) -> bool:
    """Note what the lines of a batch that has ended really cost, and give back the rest. Twice changes nothing.

    A batch of which nothing ran costs nothing; one that expired or was cancelled costs what had finished.
    """
    rows = session.execute(
        select(QueueItem.context_id, func.sum(BatchRequest.actual_microdollars))
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .where(BatchRequest.batch_id == batch_id)
        .group_by(QueueItem.context_id)
    )
    shares = {row[0]: int(row[1]) for row in rows}
    model = session.execute(select(Batch.model).where(Batch.id == batch_id)).scalar_one()
    return charges.settle(session, Charge(batch_id, Purpose.BATCH, model, shares), now)


def line_cost(batch: Batch, usage: Usage, now: datetime) -> int:
    """What one line costs, at the price the batch was sent at, in micro-dollars."""
    if batch.price is None:
        return cost_microdollars(batch.model, usage, now, batch=True)
    cost = Price(**batch.price).cost(usage)
    if usage.input_tokens <= ORDINARY_PROMPT:
        return cost
    try:
        return max(cost, cost_microdollars(batch.model, usage, now, batch=True))
    except ModelUnavailable:
        return cost  # no list knows what its longer prompts cost


def _estimates(session: Session, batch_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """What the lines of a batch that wait cost at most, by course."""
    rows = session.execute(
        select(QueueItem.context_id, func.sum(QueueItem.estimated_microdollars))
        .join(BatchRequest, BatchRequest.queue_item_id == QueueItem.id)
        .where(BatchRequest.batch_id == batch_id, BatchRequest.state == RequestState.PREPARED)
        .group_by(QueueItem.context_id)
    )
    return {row[0]: int(row[1]) for row in rows}
