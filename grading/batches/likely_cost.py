"""What work may well cost, beside what it can cost at most: from bills of the same model, or from its least size."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.batches.candidates import Candidate
from grading.estimates import price_of
from grading.models import Batch
from grading.providers.catalogue import find_model
from grading.states import BatchState

LOOKED_BACK: Final = timedelta(days=30)
BATCHES: Final = 50
_FEWEST_BYTES_A_TOKEN: Final = 6
_SHORTEST_ANSWER: Final = 100
"""Tokens of an answer that fills the schema with next to nothing."""


def likely_microdollars(session: Session, model: str, candidates: Sequence[Candidate], now: datetime) -> int:
    """The low end of what these items of one model will cost, in micro-dollars."""
    high = sum(candidate.estimated_microdollars for candidate in candidates)
    bills = session.execute(
        select(Batch.actual_microdollars, Batch.estimated_microdollars)
        .where(
            Batch.finished_at > now - LOOKED_BACK,
            Batch.model == model,
            Batch.state == BatchState.COMPLETED,
            Batch.estimated_microdollars > 0,
            Batch.actual_microdollars > 0,
        )
        .order_by(Batch.finished_at.desc())
        .limit(BATCHES)
    ).all()
    if bills:
        return min(high, int(min(actual / estimated for actual, estimated in bills) * high))
    tokens = sum(candidate.line_bytes // _FEWEST_BYTES_A_TOKEN for candidate in candidates)
    return min(high, price_of(find_model(model, now), tokens, _SHORTEST_ANSWER * len(candidates)))
