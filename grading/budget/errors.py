"""The errors of budgets, and the reasons that decisions need."""

from typing import Final

from grading.errors import EntryRefused, GradingError

LONGEST_REASON: Final = 2000


class BudgetRefused(GradingError):
    """There is no room for this in a budget, or everything is frozen."""

    code = "budget_refused"
    status = 409


class BudgetInvalid(EntryRefused):
    """What was entered for a budget can't be saved. `field` names the entry."""

    code = "budget_invalid"


def reason_given(text: str) -> str:
    """The words of a reason.

    Raises:
        BudgetInvalid: there are none.
    """
    words = text.replace("\x00", "").strip()[:LONGEST_REASON]
    if not words:
        raise BudgetInvalid("Say why: others will want to know.", field="reason")
    return words


class BudgetBroken(GradingError):
    """The record and its sums don't agree."""

    code = "budget_broken"
    status = 500
