"""The monthly report with what it saved: page, CSV, print (K3)."""

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grading.budget import accounts, limits
from grading.budget.errors import BudgetInvalid
from grading.budget.limits import Assumptions
from grading.budget.money import exact_dollars, read_dollars
from grading.budget.months import Month
from grading.budget.report import CSV_COLUMNS, MonthlyReport, monthly_report, months_with_spending, note_export
from grading.queue import FilterUnreadable
from lti_tool.pages.admin.shared import signed_in_actor
from lti_tool.pages.numbers import whole_number
from lti_tool.parts import parts
from privacy.safe_csv import csv_lines


def cost_report() -> Response | str | tuple[str, int]:
    """One month by course; or change what the savings assume."""
    if request.method == "GET":
        return _page({})
    try:
        chosen = _assumptions()
        with parts().database.transaction() as session:
            changed = limits.set_assumptions(session, chosen, signed_in_actor(), parts().clock)
    except BudgetInvalid as error:
        return _page({error.field: error.message}), error.status
    flash("Saved. All months are worked out with it." if changed else "Nothing was changed.", "done")
    return redirect(url_for("admin.cost_report", month=request.args.get("month")), 303)


def export_cost_report() -> FlaskResponse:
    """The month as CSV."""
    month = _month()
    with parts().database.transaction() as session:
        chosen = month or accounts.this_month(session, parts().clock())
        found = monthly_report(session, chosen)
        note_export(session, signed_in_actor(), chosen)
    response = FlaskResponse("".join(csv_lines(CSV_COLUMNS, _rows(found))), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename=costs-{chosen}.csv"
    return response


def _rows(found: MonthlyReport) -> list[tuple[object, ...]]:
    return [
        (
            str(found.month),
            row.course_id,
            row.course,
            row.assessments,
            exact_dollars(row.spent),
            "" if row.per_assessment is None else exact_dollars(row.per_assessment),
            row.minutes_saved,
            exact_dollars(row.value),
            exact_dollars(row.gained),
        )
        for row in found.rows
    ]


def _page(errors: dict[str, str]) -> str:
    now = parts().clock()
    with parts().database.transaction() as session:
        month = _month() or accounts.this_month(session, now)
        return render_template(
            "admin/cost_report.html",
            report=monthly_report(session, month),
            months=months_with_spending(session, now),
            typed=request.form,
            errors=errors,
            now=now,
        )


def _month() -> Month | None:
    typed = request.values.get("month", "")
    if not typed:
        return None
    try:
        return Month.parse(typed)
    except ValueError as error:
        raise FilterUnreadable("A month is written as 2026-11. Go back to the report.") from error


def _assumptions() -> Assumptions:
    minutes = whole_number(request.form.get("minutes", ""))
    if minutes is None:
        raise BudgetInvalid("Write a whole number of minutes.", field="minutes")
    rate = read_dollars(request.form.get("rate", ""))
    if rate is None:
        raise BudgetInvalid("Write an amount in dollars, as 40.", field="rate")
    return Assumptions(minutes, rate)
