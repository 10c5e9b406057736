"""Making batches: which items go, in how many batches, at which cost, and what stays behind and why (B1).

Everything that must hold before work leaves is asked again here; see `grading.batches.candidates`. One batch holds one
model. Within it the items of an assignment stand together, so that the part of the prompt that they share repeats and
the provider can reuse it. Making batches of 10,000 items takes statements by the thousand items, not by the item.
"""

import secrets
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.batches.candidates import LATER, STATE, TENANT, Candidate, Check, Reader, chunks
from grading.batches.errors import BatchRefused
from grading.batches.records import audit_batch
from grading.batches.sizes import Limits, cut, too_large
from grading.budget.allowance import REASONS as BUDGET_REASONS
from grading.budget.allowance import allowance
from grading.budget.comparison import likely_cost
from grading.clearance import COURSE_SETTING, NO_CONSENT, SITE_LIMIT
from grading.models import Batch, BatchRequest, QueueItem
from grading.providers.catalogue import PriceBook, unusable
from grading.providers.prices import price_book
from grading.queue import QueueFilter, lock_items
from grading.queue.walking import Matching, position_of, prepare
from grading.states import QUEUE_MOVES, QueueState, move_many
from privacy.audit import Actor

__all__ = ["LEFT_BEHIND", "Candidate", "Limits", "Plan", "create", "create_all", "preview", "preview_matching"]

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


def preview(
    session: Session,
    item_ids: Sequence[uuid.UUID],
    *,
    provider: str,
    limits: Limits,
    checks: Sequence[Check] = (),
    clock: Clock = utc_now,
) -> Plan:
    """What would be made from these items now. Nothing is changed."""
    return _plan(session, _in_turn(session, item_ids), None, provider, limits, checks, clock())


def preview_matching(
    session: Session,
    chosen: QueueFilter,
    size: int,
    *,
    provider: str,
    limits: Limits,
    matching: Matching = None,
    checks: Sequence[Check] = (),
    clock: Clock = utc_now,
) -> Plan:
    """What would be made from the first items that a filter shows, in its order, until `size` of them may go."""
    return _plan(session, _matching(session, chosen, matching), size, provider, limits, checks, clock())


def create(
    session: Session,
    item_ids: Sequence[uuid.UUID],
    *,
    provider: str,
    limits: Limits,
    note: str,
    administrator_id: uuid.UUID,
    clock: Clock = utc_now,
) -> Batch:
    """Make one batch from items that fit into one.

    Raises:
        BatchRefused: as `create_all`, and when they would make several batches.
    """
    plan = preview(session, item_ids, provider=provider, limits=limits, clock=clock)
    if len(plan.batches) > 1:
        raise BatchRefused(f"These items make {len(plan.batches)} batches. Choose fewer, or make all of them.")
    return create_all(session, plan, provider=provider, limits=limits, note=note, administrator_id=administrator_id)[0]


def create_all(
    session: Session, plan: Plan, *, provider: str, limits: Limits, note: str, administrator_id: uuid.UUID
) -> list[Batch]:
    """Make the batches of a plan. Their items are `selected` from now on; nothing has left yet.

    Raises:
        BatchRefused: nothing may go, too few items may go, or somebody took one of them at the same moment.
    """
    _refuse_nothing(plan, limits)
    ids = sorted(candidate.item_id for candidate in plan.candidates)
    for part in chunks(ids):
        lock_items(session, part)
        if move_many(session, QueueItem.state, list(part), QUEUE_MOVES, QueueState.SELECTED) != len(part):
            raise BatchRefused("Some of these items were taken by somebody else just now. Reload the queue.")
    first = (session.execute(select(func.max(Batch.number))).scalar_one() or 0) + 1
    batches = [
        Batch(
            id=uuid.uuid4(),
            number=number,
            provider=provider,
            model=planned.model,
            note=note.strip()[:2000],
            created_by=administrator_id,
            items=len(planned.candidates),
            estimated_microdollars=planned.estimated_microdollars,
        )
        for number, planned in enumerate(plan.batches, first)
    ]
    session.add_all(batches)
    try:
        session.flush()
    except IntegrityError as error:
        raise BatchRefused("Another batch was made at the same moment. Try again.") from error
    for batch, planned in zip(batches, plan.batches, strict=True):
        _add_requests(session, batch, planned.candidates)
        audit_batch(session, "batch.created", Actor.administrator(administrator_id), batch)
    return batches


def _refuse_nothing(plan: Plan, limits: Limits) -> None:
    if plan.batches:
        return
    few = len(plan.refused.get("few", ()))
    if few and few == sum(map(len, plan.refused.values())):
        raise BatchRefused(
            f"A batch holds at least {limits.fewest} submissions of one model, and {few} of these can go. "
            "Choose more, or lower BLINDMARK_BATCH_MINIMUM_ITEMS."
        )
    reasons = "; ".join(f"{count} {words}" for words, count in plan.left_behind.items()) or "none were chosen"
    raise BatchRefused(f"None of these items can go into a batch: {reasons}.")


def _add_requests(session: Session, batch: Batch, candidates: Sequence[Candidate]) -> None:
    # Everything later goes by the ids of the lines: rising ids keep them in the order in which they stand here.
    ids = sorted(uuid.uuid4() for _ in candidates)
    rows = [
        {
            "id": line_id,
            "batch_id": batch.id,
            "queue_item_id": candidate.item_id,
            "custom_id": f"r_{secrets.token_urlsafe(24)}",
            "prompt_version_id": candidate.instructions.prompt_version_id,
            "rubric_version_id": candidate.instructions.rubric_version_id,
        }
        for line_id, candidate in zip(ids, candidates, strict=True)
    ]
    session.execute(insert(BatchRequest), rows)


def _plan(
    session: Session,
    parts: Iterable[Sequence[uuid.UUID]],
    size: int | None,
    provider: str,
    limits: Limits,
    checks: Sequence[Check],
    now: datetime,
) -> Plan:
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


def _in_turn(session: Session, item_ids: Sequence[uuid.UUID]) -> Iterator[Sequence[uuid.UUID]]:
    """Ids in the order in which they run; those that nobody knows come last."""
    turns: dict[uuid.UUID, datetime] = {}
    for part in chunks(item_ids):
        for item_id, turn_at in session.execute(select(QueueItem.id, QueueItem.turn_at).where(QueueItem.id.in_(part))):
            turns[item_id] = turn_at
    known = sorted(turns, key=lambda item_id: (turns[item_id], item_id))
    unknown = [item_id for item_id in dict.fromkeys(item_ids) if item_id not in turns]
    yield from chunks([*known, *unknown])


def _matching(session: Session, chosen: QueueFilter, matching: Matching) -> Iterator[Sequence[uuid.UUID]]:
    walk = prepare(session, chosen, matching)
    after: str | None = None
    while True:
        rows = session.execute(walk.ids(after=after, limit=1_000)).all()
        if rows:
            yield [row.id for row in rows]
        if len(rows) < 1_000:
            return
        after = position_of(chosen.sort, rows[-1].key, rows[-1].id)
