"""Costs: how the budgets stand, what the month will cost, and the decisions that stop or allow spending (K2, K3)."""

from datetime import datetime
from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading.batches.stopping import cancel_running as stop_running
from grading.budget import accounts, freezing, limits, reading
from grading.budget.comparison import queue_estimate
from grading.budget.errors import BudgetInvalid, BudgetRefused
from grading.budget.forecast import daily_spend, foresee
from grading.budget.money import read_dollars
from grading.models import Administrator, BudgetOverride
from grading.models.budget import SITE
from grading.tasks import ADVANCE_BATCH
from lti_tool.pages.admin.cost_plot import plot_month
from lti_tool.pages.admin.shared import course_choices, signed_in_actor
from lti_tool.parts import parts

MOMENT = "%Y-%m-%dT%H:%M"


def costs() -> str:
    """Where the money stands, and where it goes to."""
    now = parts().clock()
    with parts().database.transaction() as session:
        month = accounts.this_month(session, now)
        site = reading.site_standing(session, now)
        spend = daily_spend(session, now)
        queue = queue_estimate(session, now)
        days_left = month.days - now.astimezone(parts().zone).day
        forecast = foresee(site.spent, site.reserved, queue, spend.trend, days_left)
        freeze = freezing.frozen(session)
        return render_template(
            "admin/costs.html",
            month=month,
            site=site,
            courses=reading.course_standings(session, now),
            warnings=reading.warnings(session, month),
            overrides=_named_overrides(session, now),
            freeze=freeze,
            frozen_by=_name_of(session, freeze.frozen_by) if freeze else "",
            running=freezing.running(session),
            queue=queue,
            forecast=forecast,
            plot=plot_month(month, spend, forecast, site.allowed),
        )


def freeze() -> Response | str | tuple[str, int]:
    """Say what a freeze means, in numbers; then freeze, and cancel what runs if that was asked for."""
    if request.method == "GET":
        return _freeze_page({})
    cancels = request.form.get("cancel") == "yes"
    try:
        with parts().database.transaction() as session:
            freezing.freeze(
                session,
                request.form.get("reason", ""),
                signed_in_actor(),
                cancels_batches=cancels,
                clock=parts().clock,
            )
    except BudgetInvalid as error:
        return _freeze_page({error.field: error.message}), error.status
    # The freeze holds from here on, whatever becomes of the rest.
    cancelled = _cancel_running() if cancels else 0
    flash("Everything is frozen. Nothing is sent until the freeze is lifted." + _cancelled_words(cancelled), "you")
    return redirect(url_for("admin.costs"), 303)


def cancel_running() -> Response:
    """Cancel what still runs while everything is frozen."""
    with parts().database.transaction() as session:
        if freezing.frozen(session) is None:
            raise BudgetRefused("Nothing is frozen any more. Cancel batches one by one on their pages.")
    flash(_cancelled_words(_cancel_running()).strip() or "Nothing was running any more.")
    return redirect(url_for("admin.costs"), 303)


def unfreeze() -> Response:
    """Lift the freeze."""
    with parts().database.transaction() as session:
        freezing.unfreeze(session, request.form.get("reason", ""), signed_in_actor(), parts().clock)
    flash("The freeze is lifted. What it held goes on by itself.", "done")
    return redirect(url_for("admin.costs"), 303)


def override() -> Response | str | tuple[str, int]:
    """Allow more than a limit for a while."""
    if request.method == "GET":
        return _override_page({}, {})
    try:
        scope, amount, until = _override_entries()
        with parts().database.transaction() as session:
            limits.grant_override(
                session,
                scope,
                amount,
                request.form.get("reason", ""),
                until,
                signed_in_actor(),
                parts().clock,
            )
    except BudgetInvalid as error:
        return _override_page(request.form, {error.field: error.message}), error.status
    flash("The override holds from now on. It is in the audit log with your reason.", "you")
    return redirect(url_for("admin.costs"), 303)


def withdraw_override(override_id: UUID) -> Response:
    """End an override."""
    with parts().database.transaction() as session:
        limits.withdraw_override(session, override_id, signed_in_actor(), parts().clock)
    flash("The override has ended.", "done")
    return redirect(url_for("admin.costs"), 303)


def budget_limits() -> Response | str | tuple[str, int]:
    """Monthly limits of the site and of courses."""
    if request.method == "GET":
        return _limits_page({}, {})
    try:
        scope = _scope(request.form.get("scope", ""))
        amount = _amount(request.form.get("amount", ""))
        rollover = request.form.get("rollover") == "yes"
        with parts().database.transaction() as session:
            changed = limits.set_limit(
                session, scope, amount, signed_in_actor(), rollover=rollover, clock=parts().clock
            )
    except BudgetInvalid as error:
        return _limits_page(request.form, {error.field: error.message}), error.status
    flash("Saved. It holds at once." if changed else "Nothing was changed.", "done")
    return redirect(url_for("admin.budget_limits"), 303)


def _cancel_running() -> int:
    stopped = stop_running(parts().database, g.signed_in.administrator_id, parts().clock)
    for words in stopped.refused:
        flash(words)
    for batch_id in stopped.cancelled:
        parts().nudge(ADVANCE_BATCH, batch_id)
    return len(stopped.cancelled)


def _cancelled_words(count: int) -> str:
    if not count:
        return ""
    return f" {count} running {'batch is' if count == 1 else 'batches are'} being cancelled; what has finished is kept."


def _freeze_page(errors: dict[str, str]) -> str:
    with parts().database.transaction() as session:
        return render_template(
            "admin/freeze.html",
            running=freezing.running(session),
            site=reading.site_standing(session, parts().clock()),
            queue=queue_estimate(session, parts().clock()),
            reason=request.form.get("reason", ""),
            cancel=request.form.get("cancel") == "yes",
            errors=errors,
        )


def _override_page(typed: "dict[str, str]", errors: dict[str, str]) -> str:
    now = parts().clock()
    with parts().database.transaction() as session:
        return render_template(
            "admin/override.html",
            site=reading.site_standing(session, now),
            courses=course_choices(session)[1:],
            typed=typed,
            errors=errors,
            zone=parts().settings.time_zone,
        )


def _limits_page(typed: "dict[str, str]", errors: dict[str, str]) -> str:
    now = parts().clock()
    with parts().database.transaction() as session:
        courses = [one for one in reading.course_standings(session, now) if one.limit is not None]
        return render_template(
            "admin/limits.html",
            site=reading.site_standing(session, now),
            limited=courses,
            courses=course_choices(session)[1:],
            typed=typed,
            errors=errors,
        )


def _override_entries() -> tuple[UUID, int, datetime]:
    scope = _scope(request.form.get("scope", ""))
    amount = read_dollars(request.form.get("amount", ""))
    if amount is None:
        raise BudgetInvalid("Write an amount in dollars, as 25 or 12.50.", field="amount")
    try:
        typed = request.form.get("until", "")[: len("2026-11-21T09:00")]
        until = datetime.strptime(typed, MOMENT).replace(tzinfo=parts().zone)
    except ValueError as error:
        raise BudgetInvalid("Say until when it holds.", field="until") from error
    return scope, amount, until


def _scope(typed: str) -> UUID:
    if not typed:
        return SITE
    try:
        return UUID(typed)
    except ValueError as error:
        raise BudgetInvalid("Choose a course from the list.", field="scope") from error


def _amount(typed: str) -> int | None:
    """An empty amount takes the limit away."""
    if not typed.strip():
        return None
    amount = read_dollars(typed)
    if amount is None:
        raise BudgetInvalid("Write an amount in dollars, as 25 or 12.50; leave it empty for no limit.", field="amount")
    return amount


def _named_overrides(session: Session, now: datetime) -> list[tuple[BudgetOverride, str, str]]:
    found = limits.overrides(session, now)
    names = {one.scope_id: one.name for one in reading.standings(session, [row.scope_id for row in found], now)}
    return [(row, names[row.scope_id], _name_of(session, row.granted_by)) for row in found]


def _name_of(session: Session, administrator_id: UUID | None) -> str:
    found = session.get(Administrator, administrator_id) if administrator_id else None
    return found.username if found else "the command line"
