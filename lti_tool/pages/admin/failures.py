"""Failed work and the provider's health: what went wrong, why, and the buttons that mend it (B4, B5, B9)."""

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grading import dead_letters, provider_health
from grading.batches import monitor
from grading.dead_letters import Choice, Remedy
from grading.errors import GradingError
from grading.states import Circuit
from lti_tool.pages.admin.queue_changes import chosen_items
from lti_tool.pages.admin.shared import signed_in_actor
from lti_tool.parts import parts

_DONE_WORDS = {
    Remedy.RETRY: "{count} back in the queue, with all their tries.",
    Remedy.SKIP: "{count} set aside. Their instructors grade them by hand.",
    Remedy.BY_HAND: "The instructors of {count} are asked to grade them by hand.",
}


@dataclass(frozen=True, slots=True)
class Alert:
    """Something every page of an administrator says until it is over."""

    title: str
    words: str
    href: str
    link: str


def failures() -> str:
    """Failed work, oldest first, perhaps of one reason."""
    reason = request.args.get("reason") or None
    with parts().database.transaction() as session:
        page = dead_letters.page(session, reason=reason, after=request.args.get("after") or None)
    return render_template("admin/failures.html", page=page, reason=reason)


def mend() -> Response:
    """Retry, skip, or hand over what is ticked, or all of one reason."""
    try:
        remedy = Remedy(request.form.get("do", ""))
    except ValueError as error:
        raise GradingError("This action is not known. Reload the page and try again.", code="action") from error
    reason = request.form.get("reason") or None
    everything = reason is not None and request.form.get("all") == "yes"
    choice = Choice(reason=reason) if everything else Choice(item_ids=chosen_items())
    with parts().database.transaction() as session:
        count = dead_letters.apply(session, choice, remedy, signed_in_actor(), parts().provider, parts().clock())
    flash(_DONE_WORDS[remedy].format(count=count), "done")
    return redirect(url_for("admin.failures", reason=None if everything else reason), 303)


def provider() -> str:
    """How the providers fare, and which batches do not move."""
    with parts().database.transaction() as session:
        health = provider_health.all_rows(session)
        stuck = monitor.stuck(session)
    return render_template("admin/provider.html", health=health, stuck=stuck, provider=parts().provider)


def resume() -> Response:
    """Let the next batch try at once."""
    with parts().database.transaction() as session:
        provider_health.resume(session, request.form.get("provider", ""), signed_in_actor(), parts().clock())
    flash("The next batch tries it now. If it works, the others follow by themselves.")
    return redirect(url_for("admin.provider"), 303)


def alerts() -> list[Alert]:
    """What administrators are told on every page: a provider that is not called, batches that do not move."""
    label, here = parts().settings.provider_label, url_for("admin.provider")
    # Pages may be written while a transaction is open.
    with parts().database.glance() as session:
        troubled = provider_health.troubled(session)
        stuck = monitor.stuck(session)
    titles = {Circuit.STOPPED: f"Nothing is sent to {label}", Circuit.OPEN: f"{label} fails again and again"}
    found = [Alert(titles[row.state], row.failure_words or "", here, "See the provider") for row in troubled]
    for batch in stuck:
        batch_page: dict[str, Any] = {"batch_id": batch.id}
        words = batch.words or "It has not come any further for hours."
        found.append(
            Alert(f"Batch {batch.number} does not move", words, url_for("admin.batch", **batch_page), "See the batch")
        )
    return found
