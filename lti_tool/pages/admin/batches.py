"""Batches: preview with its price, creation, the explicit submission, progress, cancellation (B1, B6)."""

from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grading.batches import compose, lifecycle, listing
from grading.tasks import ADVANCE_BATCH
from lti_tool.pages.admin.queue import chosen_items
from lti_tool.parts import parts


def batches() -> str:
    """All batches, newest first."""
    with parts().database.transaction() as session:
        page = listing.page(session, after=request.args.get("after") or None)
    return render_template("admin/batches.html", page=page)


def new() -> str:
    """What a batch of the ticked items would hold and cost at most, before anything is made."""
    ids = chosen_items()
    with parts().database.transaction() as session:
        preview = compose.preview(session, ids, provider=parts().provider, limits=parts().limits, clock=parts().clock)
    return render_template("admin/new_batch.html", preview=preview, ids=ids, limits=parts().limits, note="")


def create() -> Response:
    """Make the batch. Nothing is sent yet."""
    ids = chosen_items()
    with parts().database.transaction() as session:
        batch = compose.create(
            session,
            ids,
            provider=parts().provider,
            limits=parts().limits,
            note=request.form.get("note", ""),
            administrator_id=g.signed_in.administrator_id,
            clock=parts().clock,
        )
    flash(f"Batch {batch.number} is made. Nothing has been sent yet: submit it when you are ready.")
    return redirect(url_for("admin.batch", batch_id=batch.id), 303)


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
