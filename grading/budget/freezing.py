"""The emergency freeze: nothing new is sent anywhere until somebody lifts it (K2).

A freeze takes the lock of the site's account, as every reservation does: one that comes after it sees it.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.budget import accounts
from grading.budget.errors import BudgetRefused, reason_given
from grading.models import Batch, BudgetFreeze
from grading.states import BatchState, BatchStep
from grading.waking import wake
from privacy.audit import Actor, record

FROZEN: Final = "frozen"
_NOT_SENT: Final = (BatchStep.SEAL, BatchStep.UPLOAD, BatchStep.CREATE)
LIVE: Final = (BatchState.SUBMITTED, BatchState.PROCESSING)


@dataclass(frozen=True, slots=True)
class Running:
    """Batches that a freeze is about."""

    waiting: int
    """Submitted, and not at the provider yet: held by a freeze until it is lifted."""
    at_provider: int
    """Running there: these go on unless they are cancelled."""
    estimated_microdollars: int


def frozen(session: Session) -> BudgetFreeze | None:
    """The freeze that holds now."""
    return session.execute(select(BudgetFreeze).where(BudgetFreeze.lifted_at.is_(None))).scalar_one_or_none()


def refuse_while_frozen(session: Session) -> None:
    """Let nothing pass while a freeze holds.

    Raises:
        BudgetRefused: it does.
    """
    found = frozen(session)
    if found is not None:
        raise BudgetRefused(
            f"Everything is frozen: nothing is sent until an administrator lifts the freeze under Costs. The reason "
            f"given was: {found.reason}",
            code=FROZEN,
        )


def running(session: Session) -> Running:
    """What runs now, in one statement."""
    not_sent = Batch.step.in_(_NOT_SENT) & Batch.create_started_at.is_(None)
    row = session.execute(
        select(
            func.count().filter(not_sent),
            func.count().filter(~not_sent),
            func.coalesce(func.sum(Batch.estimated_microdollars), 0),
        ).where(Batch.state.in_(LIVE))
    ).one()
    return Running(row[0], row[1], int(row[2]))


def freeze(
    session: Session, reason: str, actor: Actor, *, cancels_batches: bool = False, clock: Clock = utc_now
) -> BudgetFreeze:
    """Stop everything that is not at a provider yet. What runs there is cancelled by the caller, if that is wanted.

    Raises:
        BudgetInvalid: no reason was given.
        BudgetRefused: everything is frozen already.
    """
    words = reason_given(reason)
    accounts.lock(session, accounts.this_month(session, clock()), (), clock())
    if frozen(session) is not None:
        raise BudgetRefused("Everything is frozen already. Reload the page to see who did it and why.")
    made = BudgetFreeze(
        id=uuid.uuid4(), reason=words, cancels_batches=cancels_batches, frozen_by=actor.id, frozen_at=clock()
    )
    session.add(made)
    session.flush()
    _note(session, "budget.frozen", actor, made.id, {"cancels_batches": cancels_batches})
    return made


def unfreeze(session: Session, reason: str, actor: Actor, clock: Clock = utc_now) -> BudgetFreeze:
    """Lift the freeze; what it held goes on at once.

    Raises:
        BudgetInvalid: no reason was given.
        BudgetRefused: nothing is frozen.
    """
    words = reason_given(reason)
    accounts.lock(session, accounts.this_month(session, clock()), (), clock())
    found = frozen(session)
    if found is None:
        raise BudgetRefused("Nothing is frozen. Somebody may have lifted the freeze a moment ago.")
    found.lifted_at, found.lifted_by, found.lift_reason = clock(), actor.id, words
    held = (Batch.failure_code == FROZEN, Batch.state.in_(LIVE))
    wake(session, clock(), *held, failure_code=None, failure_words=None)
    session.flush()
    _note(session, "budget.unfrozen", actor, found.id, {})
    return found


def running_ids(session: Session, states: Collection[BatchState] = LIVE) -> list[uuid.UUID]:
    """Batches that run and were not told to stop yet, in the order in which they are locked."""
    return list(
        session.execute(
            select(Batch.id).where(Batch.state.in_(states), Batch.cancel_requested_at.is_(None)).order_by(Batch.id)
        ).scalars()
    )


def hold(session: Session, batch: Batch, until: datetime) -> bool:
    """Whether a batch that the runner has in hand must wait because everything is frozen; it then looks again later."""
    sent = batch.step not in _NOT_SENT or batch.create_started_at is not None
    if sent or batch.cancel_requested_at is not None or frozen(session) is None:
        return False
    session.execute(
        update(Batch)
        .where(Batch.id == batch.id)
        .values(
            next_check_at=until,
            failure_code=FROZEN,
            failure_words="Everything is frozen. This batch goes on by itself once the freeze is lifted under Costs.",
        )
    )
    return True


def _note(session: Session, event: str, actor: Actor, freeze_id: uuid.UUID, details: dict[str, bool]) -> None:
    record(
        session,
        event=event,
        actor=actor,
        tenant_id=None,
        object_type="budget",
        object_id=freeze_id,
        details={**details},
    )
