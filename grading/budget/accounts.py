"""Accounts: the sums of a month, opened when first needed, locked before anything is added to them.

Whoever changes an account locks it first, and always the site's before a course's, so that no two wait for each other.
With the lock held, what the limit and the overrides allow at this moment is written into the row; the CHECK of the row
then refuses more than that whatever the code believes.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.database import insert_ignoring_conflicts, zone_of
from grading.budget.months import Month
from grading.models import BudgetAccount, BudgetLimit, BudgetOverride, BudgetWarning
from grading.models.budget import SITE, WARNED_AT

PERCENT: Final = 100


def committed(account: BudgetAccount) -> int:
    """What is set aside or spent."""
    return account.reserved_microdollars + account.spent_microdollars


def allowed(account: BudgetAccount) -> int | None:
    """What may be committed in all; None without a limit."""
    if account.limit_microdollars is None:
        return None
    return account.limit_microdollars + account.carried_microdollars + account.extra_microdollars


def room(account: BudgetAccount) -> int | None:
    """What may still be set aside; None without a limit."""
    most = allowed(account)
    return None if most is None else max(0, most - committed(account))


def carried_over(limit: int | None, carried: int, used: int, *, rollover: bool) -> int:
    """What of a month is added to the next one: the unused part, but never more than one month's limit."""
    if not rollover or limit is None:
        return 0
    return max(0, min(limit, limit + carried - used))


def over(limit: int | None, carried: int, extra: int, used: int) -> int:
    """By how much more is committed than is allowed."""
    return 0 if limit is None else max(0, used - limit - carried - extra)


def percents_reached(most: int | None, used: int) -> list[int]:
    """Which of the parts worth a warning are reached. Nobody needs one about a limit of nothing."""
    if not most:
        return []
    return [percent for percent in WARNED_AT if used * PERCENT >= most * percent]


def this_month(session: Session, now: datetime) -> Month:
    """The month of the site at a moment."""
    return Month.of(now, zone_of(session))


def lock(
    session: Session, month: Month, course_ids: Iterable[uuid.UUID], now: datetime
) -> dict[uuid.UUID, BudgetAccount]:
    """The accounts of the site and of courses for a month, locked until the transaction ends, with today's limits."""
    scopes = sorted({SITE, *course_ids})
    found = _lock_rows(session, month, scopes)
    missing = [scope for scope in scopes if scope not in found]
    if missing:
        _open(session, month, missing)
        found = _lock_rows(session, month, scopes)
    if month == this_month(session, now):
        # What is over keeps the limit that it had.
        limits = limits_of(session, scopes)
        extras = extras_of(session, month, scopes, now)
        for scope, account in found.items():
            account.limit_microdollars = limits[scope].monthly_microdollars if scope in limits else None
            account.extra_microdollars = extras.get(scope, 0)
            settle_overrun(account)
        session.flush()
    return found


def settle_overrun(account: BudgetAccount) -> None:
    """Keep in the account by how much it is over, after something other than a reservation has changed it."""
    account.overrun_microdollars = over(
        account.limit_microdollars, account.carried_microdollars, account.extra_microdollars, committed(account)
    )


def note_warnings(session: Session, accounts: Iterable[BudgetAccount], now: datetime) -> None:
    """Note each part of a limit that has been reached, once in a month."""
    for account in accounts:
        most = allowed(account)
        reached = percents_reached(most, committed(account))
        if reached:
            session.execute(
                insert_ignoring_conflicts(session, BudgetWarning),
                [
                    {
                        "scope_id": account.scope_id,
                        "month": account.month,
                        "percent": percent,
                        "committed_microdollars": committed(account),
                        "allowed_microdollars": most,
                        "noted_at": now,
                    }
                    for percent in reached
                ],
            )


def limits_of(session: Session, scopes: Iterable[uuid.UUID]) -> dict[uuid.UUID, BudgetLimit]:
    """The limits that are set for scopes."""
    rows = session.execute(select(BudgetLimit).where(BudgetLimit.scope_id.in_(list(scopes)))).scalars()
    return {row.scope_id: row for row in rows}


def extras_of(session: Session, month: Month, scopes: Iterable[uuid.UUID], now: datetime) -> dict[uuid.UUID, int]:
    """What emergency overrides allow for a month at a moment."""
    rows = session.execute(
        select(BudgetOverride.scope_id, func.sum(BudgetOverride.microdollars))
        .where(
            BudgetOverride.scope_id.in_(list(scopes)),
            BudgetOverride.month == str(month),
            BudgetOverride.withdrawn_at.is_(None),
            BudgetOverride.expires_at > now,
        )
        .group_by(BudgetOverride.scope_id)
    )
    return {row[0]: int(row[1]) for row in rows}


def carries(session: Session, month: Month, limits: dict[uuid.UUID, BudgetLimit]) -> dict[uuid.UUID, int]:
    """What the month before leaves to each scope.

    Where nothing was charged there is no account: then it is a whole month's limit, if the limit held by then.
    """
    before = session.execute(
        select(BudgetAccount).where(
            BudgetAccount.month == str(month.previous()), BudgetAccount.scope_id.in_(list(limits))
        )
    ).scalars()
    accounts = {account.scope_id: account for account in before}
    begins = month.begins(zone_of(session))
    found: dict[uuid.UUID, int] = {}
    for scope, limit in limits.items():
        account = accounts.get(scope)
        if account is not None:
            found[scope] = carried_over(
                account.limit_microdollars,
                account.carried_microdollars,
                committed(account),
                rollover=limit.rollover,
            )
        elif limit.changed_at < begins:
            found[scope] = carried_over(limit.monthly_microdollars, 0, 0, rollover=limit.rollover)
    return found


def _lock_rows(session: Session, month: Month, scopes: list[uuid.UUID]) -> dict[uuid.UUID, BudgetAccount]:
    rows = session.execute(
        select(BudgetAccount)
        .where(BudgetAccount.month == str(month), BudgetAccount.scope_id.in_(scopes))
        .order_by(BudgetAccount.scope_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalars()
    return {row.scope_id: row for row in rows}


def _open(session: Session, month: Month, scopes: list[uuid.UUID]) -> None:
    limits = limits_of(session, scopes)
    carried = carries(session, month, limits)
    session.execute(
        insert_ignoring_conflicts(session, BudgetAccount),
        [
            {
                "scope_id": scope,
                "month": str(month),
                "limit_microdollars": limits[scope].monthly_microdollars if scope in limits else None,
                "carried_microdollars": carried.get(scope, 0),
                "extra_microdollars": 0,
                "overrun_microdollars": 0,
                "reserved_microdollars": 0,
                "spent_microdollars": 0,
            }
            for scope in scopes
        ],
    )
