"""What batches would be made from items: which may go, how they are cut into batches, what keeps the others and why."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from grading.batches.candidates import LATER, STATE, TENANT, Candidate, Check, Reader
from grading.batches.sizes import Limits, cut, too_large
from grading.budget.allowance import REASONS as BUDGET_REASONS
from grading.budget.allowance import allowance
from grading.budget.comparison import likely_cost
from grading.clearance import COURSE_SETTING, NO_CONSENT, SITE_LIMIT
from grading.providers.catalogue import PriceBook, unusable
from grading.providers.prices import price_book

LEFT_BEHIND: Final = {
    STATE: "no longer waiting in the queue",
    LATER: "put off until a later time",
    SITE_LIMIT: "beyond the limits under Privacy",
    COURSE_SETTING: "in a course that has AI-assisted feedback off, or another provider approved",
    NO_CONSENT: "without the student's consent",
    TENANT: "from an LMS that is disabled or not approved",
    "retired": "using a model that has been switched off",
    "unpriced": "using a model whose price nobody knows (enter it under Costs)",
    "large": "larger than the provider takes in one batch",
    "few": "too few of one model for a batch",
    **BUDGET_REASONS,
}
"""Words for what keeps items behind, the farthest-reaching reason of each first."""
LOOKED_AT: Final = 20_000
"""Where most of a filter may not go, so many items are looked at and no more."""


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """One batch as it would be made."""

    model: str
    candidates: tuple[Candidate, ...]
    low_microdollars: int
    """With answers of the usual length."""

    @property
    def estimated_microdollars(self) -> int:
        """What it can cost at most."""
        return sum(candidate.estimated_microdollars for candidate in self.candidates)

    @property
    def tokens(self) -> int:
        """Prompt tokens, at most."""
        return sum(candidate.tokens for candidate in self.candidates)

    @property
    def assignments(self) -> int:
        """How many assignments its items belong to."""
        return len({candidate.assignment_id for candidate in self.candidates})


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be made, and what stays behind and why."""

    batches: tuple[PlannedBatch, ...]
    refused: dict[str, tuple[uuid.UUID, ...]] = field(default_factory=dict)
    """Items by the code of what keeps them."""
    cut_off: bool = False
    """Whether a filter shows more than was looked at."""

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All items that would go."""
        return tuple(candidate for batch in self.batches for candidate in batch.candidates)

    @property
    def models(self) -> tuple[str, ...]:
        """The models of the batches."""
        return tuple(dict.fromkeys(batch.model for batch in self.batches))

    @property
    def estimated_microdollars(self) -> int:
        """What all of it can cost at most."""
        return sum(batch.estimated_microdollars for batch in self.batches)

    @property
    def low_microdollars(self) -> int:
        """What all of it may well cost."""
        return sum(batch.low_microdollars for batch in self.batches)

    @property
    def left_behind(self) -> dict[str, int]:
        """Words for the administrator and how many items they are about."""
        return {LEFT_BEHIND[code]: len(items) for code, items in self.refused.items() if items}


def plan_of(
    session: Session,
    parts: Iterable[Sequence[uuid.UUID]],
    size: int | None,
    provider: str,
    limits: Limits,
    checks: Sequence[Check],
    now: datetime,
) -> Plan:
    """What would be made from items that come in parts, until `size` of them may go. Nothing is changed."""
    reader, book = Reader(session, provider, now), price_book(session, now)
    refused: dict[str, list[uuid.UUID]] = defaultdict(list)
    chosen: list[Candidate] = []
    looked_at, cut_off = 0, False
    for part in parts:
        candidates, kept = reader.read(part)
        further = (check(session, candidates) for check in checks)
        for code_of in (kept, _unsuitable(candidates, limits, book, now), *further):
            for item_id, code in code_of.items():
                refused[code].append(item_id)
            candidates = [candidate for candidate in candidates if candidate.item_id not in code_of]
        chosen += candidates
        looked_at += len(part)
        if size is not None and (len(chosen) >= size or looked_at >= LOOKED_AT + size):
            cut_off = len(chosen) < size
            break
    chosen, beyond = _within_budget(session, chosen if size is None else chosen[:size], now)
    for item_id, code in beyond.items():
        refused[code].append(item_id)
    batches: list[PlannedBatch] = []
    by_model: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in chosen:
        by_model[candidate.model].append(candidate)
    for model, candidates in by_model.items():
        if len(candidates) < limits.fewest:
            refused["few"] += [candidate.item_id for candidate in candidates]
            continue
        batches += _planned(session, model, candidates, limits, now)
    order = list(LEFT_BEHIND)
    return Plan(
        tuple(batches),
        {code: tuple(refused[code]) for code in sorted(refused, key=lambda code: order.index(code))},
        cut_off,
    )


def _planned(
    session: Session, model: str, candidates: Sequence[Candidate], limits: Limits, now: datetime
) -> Iterator[PlannedBatch]:
    together = sorted(candidates, key=lambda candidate: candidate.assignment_id)
    low = likely_cost(session, together, model, now)
    high = sum(candidate.estimated_microdollars for candidate in together)
    for lines in cut(together, model, limits):
        own = sum(line.estimated_microdollars for line in lines)
        yield PlannedBatch(model, tuple(lines), min(own, low * own // high if high else 0))


def _within_budget(
    session: Session, candidates: Sequence[Candidate], now: datetime
) -> tuple[list[Candidate], dict[uuid.UUID, str]]:
    """Those that the budgets leave room for, in their order, and the code of what keeps each other."""
    left = allowance(session, {candidate.context_id for candidate in candidates}, now)
    fitting: list[Candidate] = []
    beyond: dict[uuid.UUID, str] = {}
    for candidate in candidates:
        code = left.take(candidate.context_id, candidate.estimated_microdollars)
        if code is None:
            fitting.append(candidate)
        else:
            beyond[candidate.item_id] = code
    return fitting, beyond


def _unsuitable(
    candidates: Sequence[Candidate], limits: Limits, book: PriceBook, now: datetime
) -> dict[uuid.UUID, str]:
    codes = {model: unusable(model, now, book) for model in {one.model for one in candidates}}
    found: dict[uuid.UUID, str] = {}
    for candidate in candidates:
        code = codes[candidate.model]
        if code:
            found[candidate.item_id] = code
        elif too_large(candidate, candidate.model, limits):
            found[candidate.item_id] = "large"
    return found
