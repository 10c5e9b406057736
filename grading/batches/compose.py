"""Making a batch: which items may go, what it will cost at most, and the two steps of an administrator (B1).

Everything that must hold before work leaves is asked again here. Whether it may leave at all (site limits, course
settings, consent, a tenant in good standing) and whether it still waits is part of the query: what may not leave is
never read. The rest is about one batch: one model that still lives, and room.
"""

import secrets
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVarTuple

from sqlalchemy import Select, and_, case, func, not_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.batches.errors import BatchRefused
from grading.batches.records import audit_batch
from grading.budget.allowance import REASONS as BUDGET_REASONS
from grading.budget.allowance import allowance
from grading.budget.comparison import likely_cost
from grading.clearance import COURSE_SETTING, NO_CONSENT, SITE_LIMIT, may_leave, obstacle
from grading.models import (
    Assignment,
    Batch,
    BatchRequest,
    Context,
    Deployment,
    PromptVersion,
    QueueItem,
    Registration,
    RubricVersion,
    Submission,
)
from grading.models.tenancy import DeploymentState, RegistrationState
from grading.providers.catalogue import unusable
from grading.providers.prices import price_book
from grading.states import (
    QUEUE_MOVES,
    QueueState,
    SubmissionState,
    move_many,
)
from privacy.audit import Actor


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a batch may be."""

    fewest: int
    most: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A queue item with what decides about it."""

    item: QueueItem
    submission: Submission
    context: Context
    prompt: PromptVersion
    rubric: RubricVersion


@dataclass(frozen=True, slots=True)
class Preview:
    """What a batch would hold and cost at most, and what stays behind and why."""

    model: str
    candidates: tuple[Candidate, ...]
    estimated_microdollars: int
    low_microdollars: int
    """With answers of the usual length."""
    left_behind: dict[str, int]
    """Words for the administrator and how many items they are about."""


Columns = TypeVarTuple("Columns")
_TENANT_ACTIVE: Final = and_(
    Deployment.state == DeploymentState.APPROVED, Registration.state == RegistrationState.ACTIVE
)
LEFT_BEHIND = {
    "state": "no longer waiting in the queue",
    SITE_LIMIT: "beyond the limits under Privacy",
    COURSE_SETTING: "in a course that has AI-assisted feedback off, or another provider approved",
    NO_CONSENT: "without the student's consent",
    "tenant": "from an LMS that is disabled or not approved",
    "model": "using another model (one batch holds one model)",
    "retired": "using a model that has been switched off",
    "unpriced": "using a model whose price nobody knows (enter it under Costs)",
    "room": "beyond the largest batch",
    **BUDGET_REASONS,
}


def preview(
    session: Session, item_ids: Sequence[uuid.UUID], *, provider: str, limits: Limits, clock: Clock = utc_now
) -> Preview:
    """What would go into a batch made from these items now. Nothing is changed."""
    left: Counter[str] = Counter()
    candidates = _load(session, item_ids, provider)
    left.update(_kept_back(session, item_ids, provider))
    left["state"] += len(set(item_ids)) - len(candidates) - left.total()
    chosen: list[Candidate] = []
    left_in_budgets = allowance(session, {candidate.context.id for candidate in candidates}, clock())
    book = price_book(session, clock())
    model = ""
    for candidate in candidates:
        reason = unusable(candidate.prompt.model, clock(), book)
        if reason is None and model and candidate.prompt.model != model:
            reason = "model"
        if reason is None and len(chosen) >= limits.most:
            reason = "room"
        reason = reason or left_in_budgets.take(candidate.context.id, candidate.item.estimated_microdollars)
        if reason:
            left[reason] += 1
            continue
        model = candidate.prompt.model
        chosen.append(candidate)
    return Preview(
        model=model,
        candidates=tuple(chosen),
        estimated_microdollars=sum(candidate.item.estimated_microdollars for candidate in chosen),
        low_microdollars=likely_cost(session, [candidate.item for candidate in chosen], model, clock()),
        left_behind={LEFT_BEHIND[reason]: count for reason, count in left.items() if count},
    )


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
    """Make a batch from queued items. They are `selected` from now on; nothing has left yet.

    Raises:
        BatchRefused: nothing may go, too few items may go, or somebody took one of them at the same moment.
    """
    plan = preview(session, item_ids, provider=provider, limits=limits, clock=clock)
    if not plan.candidates:
        reasons = "; ".join(f"{count} {words}" for words, count in plan.left_behind.items()) or "none were chosen"
        raise BatchRefused(f"None of these items can go into a batch: {reasons}.")
    if len(plan.candidates) < limits.fewest:
        raise BatchRefused(
            f"A batch holds at least {limits.fewest} submissions, and {len(plan.candidates)} of these can go. "
            "Choose more, or lower BLINDMARK_BATCH_MINIMUM_ITEMS."
        )
    batch = Batch(
        id=uuid.uuid4(),
        number=(session.execute(select(func.max(Batch.number))).scalar_one() or 0) + 1,
        provider=provider,
        model=plan.model,
        note=note.strip()[:2000],
        created_by=administrator_id,
        items=len(plan.candidates),
        estimated_microdollars=plan.estimated_microdollars,
    )
    session.add(batch)
    try:
        session.flush()
    except IntegrityError as error:
        raise BatchRefused("Another batch was made at the same moment. Try again.") from error
    ids = [candidate.item.id for candidate in plan.candidates]
    if move_many(session, QueueItem.state, ids, QUEUE_MOVES, QueueState.SELECTED) != len(ids):
        raise BatchRefused("Some of these items were taken by somebody else just now. Reload the queue.")
    session.add_all(
        BatchRequest(
            batch_id=batch.id,
            queue_item_id=candidate.item.id,
            custom_id=f"r_{secrets.token_urlsafe(24)}",
            prompt_version_id=candidate.prompt.id,
            rubric_version_id=candidate.rubric.id,
        )
        for candidate in plan.candidates
    )
    audit_batch(session, "batch.created", Actor.administrator(administrator_id), batch)
    return batch


def _load(session: Session, item_ids: Sequence[uuid.UUID], provider: str) -> list[Candidate]:
    """Those of the items that wait and may leave, in the order in which they run."""
    newest_prompt = (
        select(func.max(PromptVersion.number))
        .where(PromptVersion.assignment_id == Assignment.id)
        .correlate(Assignment)
        .scalar_subquery()
    )
    newest_rubric = (
        select(func.max(RubricVersion.number))
        .where(RubricVersion.assignment_id == Assignment.id)
        .correlate(Assignment)
        .scalar_subquery()
    )
    rows = session.execute(
        _waiting(select(QueueItem, Submission, Context, PromptVersion, RubricVersion), item_ids)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(
            PromptVersion,
            (PromptVersion.assignment_id == Assignment.id) & (PromptVersion.number == newest_prompt),
        )
        .join(
            RubricVersion,
            (RubricVersion.assignment_id == Assignment.id) & (RubricVersion.number == newest_rubric),
        )
        .where(_TENANT_ACTIVE, may_leave(session, provider))
        .order_by(QueueItem.priority_rank, QueueItem.queued_at, QueueItem.id)
    ).all()
    return [Candidate(*row) for row in rows]


def _kept_back(session: Session, item_ids: Sequence[uuid.UUID], provider: str) -> dict[str, int]:
    """How many of the items wait but may not leave, by the reason that keeps them."""
    reason = case((not_(_TENANT_ACTIVE), "tenant"), else_=obstacle(session, provider)).label("reason")
    reasons = _waiting(select(reason), item_ids).subquery()
    rows = session.execute(
        select(reasons.c.reason, func.count()).where(reasons.c.reason.is_not(None)).group_by(reasons.c.reason)
    )
    return {row[0]: row[1] for row in rows}


def _waiting(query: Select[*Columns], item_ids: Sequence[uuid.UUID]) -> Select[*Columns]:
    """A query about those of the items that still wait, with their submission, course and tenant."""
    return (
        query.select_from(QueueItem)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Context, Context.id == QueueItem.context_id)
        .join(Deployment, Deployment.id == QueueItem.tenant_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(
            QueueItem.id.in_(item_ids),
            QueueItem.state == QueueState.QUEUED,
            Submission.state == SubmissionState.WAITING,
        )
    )
