"""What whoever is about to spend money should know now: a freeze, limits that are nearly reached, overrides (K2)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grading.budget import accounts, freezing, limits
from grading.budget.reading import Standing, standings
from grading.models import BudgetFreeze, BudgetOverride, BudgetWarning
from grading.models.budget import SITE, WARNED_AT

MOST_COURSES: Final = 20
"""So many courses that were warned of last are looked at."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What stands out about money now. Nothing does, most of the time."""

    freeze: BudgetFreeze | None
    full: Sequence[Standing]
    """Budgets of which a part worth a warning is used, the site's before those of courses, the fullest first."""
    overrides: Sequence[tuple[BudgetOverride, str]]
    """Those in force, with the name of the budget that they widen."""

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.freeze or self.full or self.overrides)

    @property
    def stops(self) -> bool:
        """Whether something, or everything, can't be sent."""
        return self.freeze is not None or self.level >= WARNED_AT[-1]

    @property
    def level(self) -> int:
        """The highest part of a limit that is reached; 0 below all of them."""
        return max((one.level for one in self.full), default=0)


def situation(session: Session, now: datetime) -> Situation:
    """How things stand, in a number of statements that does not depend on how many budgets there are.

    Which courses are worth looking at, the warnings of the month tell; how they stand by now is looked up.
    """
    granted = limits.overrides(session, now)
    scopes = list(dict.fromkeys([SITE, *_warned(session, now), *(one.scope_id for one in granted)]))
    found = {one.scope_id: one for one in standings(session, scopes, now)}
    full = [one for one in found.values() if one.level]
    return Situation(
        freeze=freezing.frozen(session),
        full=sorted(full, key=lambda one: (one.scope_id != SITE, -one.level, -(one.percent or 0), one.name)),
        overrides=[(one, found[one.scope_id].name) for one in granted],
    )


def _warned(session: Session, now: datetime) -> list[uuid.UUID]:
    month = accounts.this_month(session, now)
    return list(
        session.execute(
            select(BudgetWarning.scope_id)
            .where(BudgetWarning.month == str(month))
            .group_by(BudgetWarning.scope_id)
            .order_by(func.max(BudgetWarning.percent).desc(), func.max(BudgetWarning.noted_at).desc())
            .limit(MOST_COURSES)
        ).scalars()
    )
