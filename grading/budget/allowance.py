"""What will fit, said before anything is made: batches shrink to what the budgets leave (K2).

This is a look without a lock. What really decides is the reservation when a batch is submitted.
"""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.budget import accounts
from grading.budget.freezing import frozen
from grading.models import BudgetAccount
from grading.models.budget import SITE

FROZEN: Final = "frozen"
SITE_BUDGET: Final = "site_budget"
COURSE_BUDGET: Final = "course_budget"
REASONS: Final = {
    FROZEN: "while everything is frozen (see Costs)",
    SITE_BUDGET: "beyond what is left of this month's budget",
    COURSE_BUDGET: "beyond what is left of their course's budget this month",
}
"""Words for what stays behind."""


class Allowance:
    """What is left in each budget. Taking from it is how a batch is fitted, item by item, in the order given."""

    def __init__(self, left: dict[uuid.UUID, int | None], *, is_frozen: bool = False) -> None:
        self._left = dict(left)
        self._frozen = is_frozen

    def take(self, course_id: uuid.UUID, microdollars: int) -> str | None:
        """Take an item's cost; or leave everything as it is, and say by a code why the item must stay behind."""
        if self._frozen:
            return FROZEN
        for scope, reason in ((SITE, SITE_BUDGET), (course_id, COURSE_BUDGET)):
            left = self._left.get(scope)
            if left is not None and microdollars > left:
                return reason
        for scope in (SITE, course_id):
            left = self._left.get(scope)
            if left is not None:
                self._left[scope] = left - microdollars
        return None


def allowance(session: Session, course_ids: Collection[uuid.UUID], now: datetime) -> Allowance:
    """What the budgets of the site and of courses leave at this moment."""
    scopes = sorted({SITE, *course_ids})
    month = accounts.this_month(session, now)
    limits = accounts.limits_of(session, scopes)
    if not limits:
        return Allowance({}, is_frozen=frozen(session) is not None)
    rows = session.execute(
        select(BudgetAccount).where(BudgetAccount.month == str(month), BudgetAccount.scope_id.in_(scopes))
    ).scalars()
    known = {row.scope_id: row for row in rows}
    extras = accounts.extras_of(session, month, scopes, now)
    unopened = {scope: limit for scope, limit in limits.items() if scope not in known}
    carried = accounts.carries(session, month, unopened) if unopened else {}
    left: dict[uuid.UUID, int | None] = {}
    for scope, limit in limits.items():
        if limit.monthly_microdollars is None:
            continue
        account = known.get(scope)
        most = limit.monthly_microdollars + extras.get(scope, 0)
        most += account.carried_microdollars if account else carried.get(scope, 0)
        left[scope] = max(0, most - (accounts.committed(account) if account else 0))
    return Allowance(left, is_frozen=frozen(session) is not None)
