"""Decisions of administrators about money: limits, rollover, emergency overrides, what an hour costs (K2, K3)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import zone_of
from grading.budget import accounts
from grading.budget.errors import BudgetInvalid, reason_given
from grading.budget.money import DOLLAR
from grading.errors import NotFound
from grading.models import BudgetLimit, BudgetOverride, Context, ReturnAssumption
from grading.models.budget import SITE
from privacy.audit import Actor, record
from privacy.audit.entries import Detail

LONGEST_OVERRIDE: Final = timedelta(days=31)
MOST_MINUTES: Final = 600


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What an assessment takes a person, and what an hour of that person costs."""

    minutes_per_assessment: int = 12
    hourly_microdollars: int = 40 * DOLLAR


def set_limit(
    session: Session,
    scope_id: uuid.UUID,
    monthly_microdollars: int | None,
    actor: Actor,
    *,
    rollover: bool,
    clock: Clock = utc_now,
) -> bool:
    """Set what a scope may spend in a month; None takes its limit away. Holds at once; returns whether it is new.

    Raises:
        NotFound: there is no such course.
    """
    if scope_id != SITE and session.get(Context, scope_id) is None:
        raise NotFound("There is no such course. Reload the page.")
    month = accounts.this_month(session, clock())
    accounts.lock(session, month, [scope_id], clock())
    found = session.get(BudgetLimit, scope_id)
    before = (found.monthly_microdollars, found.rollover) if found else (None, False)
    if before == (monthly_microdollars, rollover):
        return False
    if found is None:
        found = BudgetLimit(scope_id=scope_id)
        session.add(found)
    found.monthly_microdollars, found.rollover, found.changed_at = monthly_microdollars, rollover, clock()
    session.flush()
    locked = accounts.lock(session, month, [scope_id], clock())
    accounts.note_warnings(session, locked.values(), clock())
    details: dict[str, Detail] = {
        "microdollars_before": before[0],
        "microdollars_after": monthly_microdollars,
        "rollover_before": before[1],
        "rollover_after": rollover,
    }
    _note(session, "budget.limit_set", actor, scope_id, details)
    return True


def grant_override(
    session: Session,
    scope_id: uuid.UUID,
    microdollars: int,
    reason: str,
    expires_at: datetime,
    actor: Actor,
    clock: Clock = utc_now,
) -> BudgetOverride:
    """Allow more than the limit for this month, until a moment.

    Raises:
        BudgetInvalid: names the entry that is wrong.
        NotFound: there is no such course.
    """
    now = clock()
    _check_override(microdollars, expires_at, now)
    words = reason_given(reason)
    if scope_id != SITE and session.get(Context, scope_id) is None:
        raise NotFound("There is no such course. Reload the page.")
    month = accounts.this_month(session, now)
    accounts.lock(session, month, [scope_id], now)
    # It is for this month: in the next one there is a new budget.
    made = BudgetOverride(
        id=uuid.uuid4(),
        scope_id=scope_id,
        month=str(month),
        microdollars=microdollars,
        reason=words,
        granted_by=actor.id,
        granted_at=now,
        expires_at=min(expires_at, month.ends(zone_of(session))),
    )
    session.add(made)
    session.flush()
    accounts.lock(session, month, [scope_id], now)
    _note(session, "budget.override_granted", actor, scope_id, {"microdollars": microdollars, "until": str(expires_at)})
    return made


def withdraw_override(session: Session, override_id: uuid.UUID, actor: Actor, clock: Clock = utc_now) -> BudgetOverride:
    """End an emergency override now. What was set aside or spent under it stays.

    Raises:
        NotFound: there is no such override, or it has ended.
    """
    now = clock()
    found = session.get(BudgetOverride, override_id)
    if found is None or found.withdrawn_at is not None or found.expires_at <= now:
        raise NotFound("This override has ended already. Reload the page.")
    month = accounts.this_month(session, now)
    accounts.lock(session, month, [found.scope_id], now)
    found.withdrawn_at = now
    session.flush()
    accounts.lock(session, month, [found.scope_id], now)
    _note(session, "budget.override_withdrawn", actor, found.scope_id, {"microdollars": found.microdollars})
    return found


def overrides(session: Session, now: datetime) -> list[BudgetOverride]:
    """Emergency overrides that are in force, those that end first at the top."""
    return list(
        session.execute(
            select(BudgetOverride)
            .where(BudgetOverride.withdrawn_at.is_(None), BudgetOverride.expires_at > now)
            .order_by(BudgetOverride.expires_at, BudgetOverride.id)
        ).scalars()
    )


def assumptions(session: Session) -> Assumptions:
    """What the return on investment assumes."""
    row = session.get(ReturnAssumption, 1)
    return Assumptions(row.minutes_per_assessment, row.hourly_microdollars) if row else Assumptions()


def set_assumptions(session: Session, chosen: Assumptions, actor: Actor, clock: Clock = utc_now) -> bool:
    """Change what the return on investment assumes; returns whether it is new.

    Raises:
        BudgetInvalid: names the entry that is wrong.
    """
    if not 0 <= chosen.minutes_per_assessment <= MOST_MINUTES:
        raise BudgetInvalid(f"Minutes must be between 0 and {MOST_MINUTES}.", field="minutes")
    if chosen.hourly_microdollars < 0:
        raise BudgetInvalid("The rate can't be below nothing.", field="rate")
    before = assumptions(session)
    if chosen == before:
        return False
    row = session.get(ReturnAssumption, 1)
    if row is None:
        row = ReturnAssumption(id=1)
        session.add(row)
    row.minutes_per_assessment, row.hourly_microdollars = chosen.minutes_per_assessment, chosen.hourly_microdollars
    row.changed_at = clock()
    session.flush()
    details = {
        "minutes_before": before.minutes_per_assessment,
        "minutes_after": chosen.minutes_per_assessment,
        "hourly_microdollars_before": before.hourly_microdollars,
        "hourly_microdollars_after": chosen.hourly_microdollars,
    }
    _note(session, "budget.assumptions_changed", actor, SITE, details)
    return True


def _check_override(microdollars: int, expires_at: datetime, now: datetime) -> None:
    if microdollars <= 0:
        raise BudgetInvalid("Say how much more may be spent, as 25 or 12.50.", field="amount")
    if not now < expires_at <= now + LONGEST_OVERRIDE:
        raise BudgetInvalid("It must end in the future, within 31 days.", field="until")


def _note(session: Session, event: str, actor: Actor, scope_id: uuid.UUID, details: Mapping[str, Detail]) -> None:
    record(
        session,
        event=event,
        actor=actor,
        tenant_id=None,
        object_type="budget" if scope_id == SITE else "context",
        object_id=None if scope_id == SITE else scope_id,
        details=details,
    )
