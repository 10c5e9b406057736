"""The record of money, prices, and what the queue would cost with other models (K1, K3)."""

from datetime import date
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import estimates
from grading.budget import reading
from grading.budget.comparison import compare
from grading.budget.money import read_dollars
from grading.providers import prices
from grading.providers.catalogue import Model, ModelUnavailable, find_model
from grading.providers.prices import PriceDraft, PriceInvalid
from grading.queue import FilterUnreadable
from lti_tool.pages.admin.shared import course_choices, signed_in_actor
from lti_tool.parts import parts

AMOUNTS = ("input", "cached", "output", "batch_input", "batch_cached", "batch_output")


def ledger() -> str:
    """The record, newest first."""
    try:
        course = UUID(request.args["course"]) if request.args.get("course") else None
    except ValueError as error:
        raise FilterUnreadable("This filter can't be read. Go back to the record.") from error
    with parts().database.transaction() as session:
        page = reading.entries(session, course_id=course, after=request.args.get("after") or None)
        return render_template(
            "admin/ledger.html", page=page, course=str(course) if course else "", courses=course_choices(session)
        )


def comparison() -> str:
    """What the present queue would cost with each model."""
    with parts().database.transaction() as session:
        queue, models = compare(session, parts().settings.offered_models, parts().clock())
    return render_template("admin/comparison.html", queue=queue, models=models, today=_today())


def price_list() -> str:
    """Prices of the offered models, and what was entered."""
    return _page({}, {})


def enter_price() -> Response | tuple[str, int]:
    """Enter a price; what waits is worked out anew with it."""
    try:
        draft = _draft()
        with parts().database.transaction() as session:
            prices.enter_price(session, draft, signed_in_actor(), parts().clock)
            _reprice_if_known(session, draft.model)
    except PriceInvalid as error:
        return _page(request.form, {error.field: error.message}), error.status
    flash(f"The price of {draft.model} is entered. What waits in the queue is worked out with it.", "done")
    return redirect(url_for("admin.price_list"), 303)


def withdraw_price(price_id: UUID) -> Response:
    """Take an entered price back."""
    with parts().database.transaction() as session:
        found = prices.withdraw_price(session, price_id, signed_in_actor(), parts().clock)
        _reprice_if_known(session, found.model)
    flash("The price is withdrawn. The one before it, or the built-in one, holds again.", "done")
    return redirect(url_for("admin.price_list"), 303)


def set_retirement() -> Response | tuple[str, int]:
    """Say when a model is switched off."""
    try:
        day = _day(request.form.get("retires_on", ""), "retires_on")
        with parts().database.transaction() as session:
            prices.set_retirement(
                session,
                request.form.get("retiring_model", ""),
                day,
                request.form.get("retire_source", ""),
                signed_in_actor(),
                parts().clock,
            )
    except PriceInvalid as error:
        return _page(request.form, {error.field: error.message}), error.status
    flash("Saved. A model can't be chosen from that day on.", "done")
    return redirect(url_for("admin.price_list"), 303)


def _page(typed: "dict[str, str]", errors: dict[str, str]) -> str:
    now = parts().clock()
    with parts().database.transaction() as session:
        book = prices.price_book(session, now)
        models: list[Model] = []
        unknown: list[str] = []
        for name in parts().settings.offered_models:
            try:
                models.append(find_model(name, now, book))
            except ModelUnavailable:
                unknown.append(name)
        return render_template(
            "admin/prices.html",
            models=models,
            unknown=unknown,
            entered=prices.entered_prices(session),
            today=_today(),
            typed=typed,
            errors=errors,
        )


def _reprice_if_known(session: Session, model: str) -> None:
    try:
        estimates.reprice(session, model, parts().clock())
    except ModelUnavailable:
        flash(f"Nobody knows what {model} costs now: work that uses it can't be sent.", "you")


def _draft() -> PriceDraft:
    amounts: dict[str, int] = {}
    for name in AMOUNTS:
        amount = read_dollars(request.form.get(name, ""))
        if amount is None:
            raise PriceInvalid("Write dollars per million tokens, as 0.10.", field=name)
        amounts[name] = amount
    valid_from = _day(request.form.get("valid_from", ""), "valid_from")
    if valid_from is None:
        raise PriceInvalid("Say from which day on it holds.", field="valid_from")
    return PriceDraft(
        model=request.form.get("model", "").strip(),
        valid_from=valid_from,
        source=request.form.get("source", ""),
        note=request.form.get("note", ""),
        **amounts,
    )


def _day(typed: str, field: str) -> date | None:
    if not typed.strip():
        return None
    try:
        return date.fromisoformat(typed.strip())
    except ValueError as error:
        raise PriceInvalid("Enter a day as 2026-11-21.", field=field) from error


def _today() -> date:
    return parts().clock().date()
