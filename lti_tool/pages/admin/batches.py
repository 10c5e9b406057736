"""Batches: preview with its price, creation, the explicit submission, progress, cancellation (B1, B6)."""

from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading.batches import compose, lifecycle, listing
from grading.batches.compose import Plan
from grading.queue import FilterUnreadable, reading
from grading.queue.searching import words_of
from grading.tasks import ADVANCE_BATCH
from lti_tool.pages.admin.queue import arguments_of, back_to, shown_filter
from lti_tool.pages.admin.queue_changes import chosen_items
from lti_tool.parts import parts

SHOWN_REFUSED = 50
"""Of items that stay behind for one reason, so many are listed."""
MOST_ITEMS = 50_000
"""Most items that batches are made of at once."""


def batches() -> str:
    """All batches, newest first."""
    with parts().database.transaction() as session:
        page = listing.page(session, after=request.args.get("after") or None)
    return render_template("admin/batches.html", page=page)


def new() -> str:
    """What batches of the ticked items, or of the first that the filter shows, would hold and cost."""
    with parts().database.transaction() as session:
        return _shown_plan(session, _plan(session))


def create() -> Response | str:
    """Make the batches. Nothing is sent yet. What would cost more by now than was shown is shown again."""
    with parts().database.transaction() as session:
        plan = _plan(session)
        if plan.batches and plan.estimated_microdollars > _number("shown_microdollars", plan.estimated_microdollars):
            return _shown_plan(session, plan, changed=True)
        made = compose.create_all(
            session,
            plan,
            provider=parts().provider,
            limits=parts().limits,
            note=request.form.get("note", ""),
            administrator_id=g.signed_in.administrator_id,
        )
    if len(made) > 1:
        flash(f"{len(made)} batches are made. Nothing has been sent yet: submit each when you are ready.")
        return redirect(url_for("admin.batches"), 303)
    flash(f"Batch {made[0].number} is made. Nothing has been sent yet: submit it when you are ready.")
    return redirect(url_for("admin.batch", batch_id=made[0].id), 303)


def _plan(session: Session) -> Plan:
    provider, limits, clock = parts().provider, parts().limits, parts().clock
    if request.form.get("all") != "yes":
        return compose.preview(session, chosen_items(), provider=provider, limits=limits, clock=clock)
    chosen = shown_filter()
    return compose.preview_matching(
        session,
        chosen,
        _size(),
        provider=provider,
        limits=limits,
        matching=words_of(session, parts().blind_index, chosen),
        clock=clock,
    )


def _shown_plan(session: Session, plan: Plan, *, changed: bool = False) -> str:
    sample = [item_id for items in plan.refused.values() for item_id in items[:SHOWN_REFUSED]]
    chosen = shown_filter()
    return render_template(
        "admin/new_batch.html",
        plan=plan,
        changed=changed,
        words=compose.LEFT_BEHIND,
        shown_refused=SHOWN_REFUSED,
        titles=reading.titles(session, sample),
        whole_filter=request.form.get("all") == "yes",
        arguments=arguments_of(chosen),
        size=_size(),
        back=back_to(chosen),
        limits=parts().limits,
        note=request.form.get("note", ""),
    )


def _size() -> int:
    return min(_number("size", parts().limits.most), MOST_ITEMS)


def _number(name: str, otherwise: int) -> int:
    try:
        return max(1, int(request.form.get(name) or otherwise))
    except ValueError as error:
        raise FilterUnreadable("How many? Give a whole number, as 100.") from error


def batch(batch_id: UUID) -> str:
    """One batch with its items."""
    with parts().database.transaction() as session:
        shown = listing.details(session, batch_id)
    return render_template("admin/batch.html", shown=shown, batch=shown.batch)


def progress(batch_id: UUID) -> str:
    """The part of the page that refreshes itself."""
    with parts().database.transaction() as session:
        shown = listing.details(session, batch_id)
    return render_template("admin/_batch_progress.html", shown=shown, batch=shown.batch)


def submit(batch_id: UUID) -> Response:
    """The second step: send it."""
    with parts().database.transaction() as session:
        lifecycle.submit(session, batch_id, administrator_id=g.signed_in.administrator_id, clock=parts().clock)
    parts().nudge(ADVANCE_BATCH, batch_id)
    flash("Submitted. Names are removed, then the batch goes to the provider.")
    return redirect(url_for("admin.batch", batch_id=batch_id), 303)


def cancel(batch_id: UUID) -> Response | str:
    """Say what cancelling means and ask why; then cancel, or ask the provider to."""
    reason = request.form.get("reason", "").strip()
    if not reason:
        error = "Say why, in a few words." if request.method == "POST" else ""
        with parts().database.transaction() as session:
            found = lifecycle.get(session, batch_id)
        return render_template("admin/cancel_batch.html", batch=found, reason=reason, error=error)
    with parts().database.transaction() as session:
        lifecycle.cancel(
            session,
            batch_id,
            administrator_id=g.signed_in.administrator_id,
            reason=reason,
            clock=parts().clock,
        )
    parts().nudge(ADVANCE_BATCH, batch_id)
    flash("Cancelled, or being cancelled. What is finished by then is kept; the rest goes back to the queue.")
    return redirect(url_for("admin.batch", batch_id=batch_id), 303)
