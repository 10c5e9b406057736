"""Making batches: which items go, in how many batches, at which cost, and what stays behind and why (B1).

Everything that must hold before work leaves is asked again here; see `grading.batches.candidates`. One batch holds one
model. Within it the items of an assignment stand together, so that the part of the prompt that they share repeats and
the provider can reuse it. Making batches of 10,000 items takes statements by the thousand items, not by the item.
"""

import secrets
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.batches.candidates import Candidate, Check, chunks
from grading.batches.errors import BatchRefused
from grading.batches.planning import LEFT_BEHIND, Plan, plan_of
from grading.batches.records import audit_batch
from grading.batches.sizes import Limits
from grading.models import Batch, BatchRequest, QueueItem
from grading.queue import QueueFilter, lock_items
from grading.queue.walking import Matching, position_of, prepare
from grading.states import QUEUE_MOVES, QueueState, move_many
from privacy.audit import Actor

__all__ = ["LEFT_BEHIND", "Candidate", "Limits", "Plan", "create", "create_all", "preview", "preview_matching"]


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
    return plan_of(session, _in_turn(session, item_ids), None, provider, limits, checks, clock())


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
    return plan_of(session, _matching(session, chosen, matching), size, provider, limits, checks, clock())


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
