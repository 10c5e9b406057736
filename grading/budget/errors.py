"""The errors of budgets."""

from grading.errors import EntryRefused, GradingError


class BudgetRefused(GradingError):
    """There is no room for this in a budget, or everything is frozen."""

    code = "budget_refused"
    status = 409


class BudgetInvalid(EntryRefused):
    """What was entered for a budget can't be saved. `field` names the entry."""

    code = "budget_invalid"


class BudgetBroken(GradingError):
    """The record and its sums don't agree."""

    code = "budget_broken"
    status = 500
