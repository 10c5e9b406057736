"""The queue: what waits, what it will cost at most, how fast it goes; filters, files, single items (Q1, Q2, Q4, Q5)."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response as FlaskResponse
from flask import flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import queue as domain
from grading import search
from grading.batches.in_flight import in_flight
from grading.queue import QueueFilter, Sort, changes, expecting, reading, saved
from grading.queue.filters import read_filter
from grading.queue.searching import words_of
from grading.queue.teachers import instructor_choices
from grading.states import Priority, QueueState, TaskType
from lti_tool.pages.admin.shared import course_choices, signed_in_actor, tenant_choices
from lti_tool.pages.searching import asked, hidden_words
from lti_tool.parts import parts

FIELDS = ("state", "course", "lms", "instructor", "priority", "task", "since", "until", "sort")


def queue() -> str | Response:
    """One page of the queue under a filter: the one of the address, or the administrator's own default."""
    administrator_id = g.signed_in.administrator_id
    with parts().database.transaction() as session:
        kept = saved.saved_filters(session, administrator_id)
        first = next((one for one in kept if one.opens_first), None)
        if first and not request.args:
            return redirect(back_to(read_filter(first.content)))
        chosen = shown_filter()
        sought = asked(lambda words: search.everywhere(session, parts().blind_index, words))
        page = domain.page(session, chosen, after=request.args.get("after") or None, matching=sought.condition)
        shared = {"page": page, "chosen": chosen, "sought": sought, "arguments": arguments_of(chosen)}
        if request.headers.get("HX-Request"):
            return render_template("admin/_queue_rows.html", sorts=_sorts(chosen), **shared)
        return render_template(
            "admin/queue.html",
            **shared,
            **_figures(session),
            sorts=_sorts(chosen),
            kept=kept,
            courses=course_choices(session),
            tenants=tenant_choices(session),
            instructors=instructor_choices(session, parts().vault, chosen),
            unsearchable=bool(sought.words) and search.incomplete(session),
            states=list(QueueState),
            priorities=list(Priority),
            tasks=list(TaskType),
            latest=changes.latest(session, administrator_id, parts().clock()),
            can_undo=changes.can_undo,
            zone=parts().settings.time_zone,
        )


def figures() -> str:
    """The figures that refresh themselves."""
    with parts().database.transaction() as session:
        return render_template("admin/_queue_figures.html", **_figures(session))


def search_queue() -> Response:
    """Take the filter form: its words go on hidden."""
    given: dict[str, Any] = {name: request.form.get(name) or None for name in FIELDS}
    read_filter({name: value for name, value in given.items() if value}, parts().zone)
    return redirect(url_for("admin.queue", **given, sought=hidden_words()), 303)


def item(item_id: UUID) -> str:
    """One item: where it stands and which batches it has been in."""
    with parts().database.transaction() as session:
        shown = reading.details(session, item_id)
    return render_template("admin/queue_item.html", shown=shown, row=shown.row)


def export() -> FlaskResponse:
    """Everything that the filter shows, as a file that is written while it is read."""
    chosen = shown_filter()
    lines = reading.export(
        parts().database.transaction,
        signed_in_actor(),
        chosen,
        lambda session: words_of(session, parts().blind_index, chosen),
    )
    response = FlaskResponse(lines, mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename=queue-{parts().clock():%Y-%m-%d}.csv"
    return response


def save_filter() -> Response:
    """Keep the filter that is shown under a name."""
    chosen, first = shown_filter(), request.form.get("opens_first") == "yes"
    with parts().database.transaction() as session:
        made = saved.save_filter(
            session,
            g.signed_in.administrator_id,
            request.form.get("name", ""),
            chosen,
            opens_first=first,
            clock=parts().clock,
        )
        name = made.name
    flash(f"Saved as “{name}”." + (" The queue opens with it from now on." if first else ""))
    return redirect(back_to(chosen), 303)


def delete_filter(filter_id: UUID) -> Response:
    """Forget a saved filter."""
    with parts().database.transaction() as session:
        name = saved.delete_filter(session, g.signed_in.administrator_id, filter_id)
    flash(f"“{name}” is deleted. The submissions it showed are untouched.")
    return redirect(url_for("admin.queue", state="waiting"), 303)


def shown_filter() -> QueueFilter:
    """The filter of the address, or of a form that carries it along.

    Raises:
        FilterUnreadable: something in it can't be read.
    """
    return read_filter({name: request.values.getlist(name) for name in request.values}, parts().zone)


def arguments_of(chosen: QueueFilter) -> dict[str, Any]:
    """A filter as an address carries it."""
    return {**chosen.arguments(parts().zone)}


def back_to(chosen: QueueFilter) -> str:
    """The address of the queue under a filter."""
    return url_for("admin.queue", **arguments_of(chosen))


def _sorts(chosen: QueueFilter) -> dict[str, dict[str, str | None]]:
    """For each column that can be sorted by: the address that does it, and how it is sorted now."""
    found: dict[str, dict[str, str | None]] = {}
    for name in ("turn", "age", "cost"):
        mine = chosen.sort.removeprefix("-") == name
        other = Sort(f"-{name}") if mine and not chosen.sort.descending else Sort(name)
        found[name] = {
            "href": back_to(replace(chosen, sort=other)),
            "sorted": ("descending" if chosen.sort.descending else "ascending") if mine else None,
        }
    return found


def _figures(session: Session) -> dict[str, object]:
    return {
        "statistics": domain.statistics(session),
        "pace": expecting.recent_pace(session, parts().clock()),
        "in_flight": in_flight(session, parts().provider),
        "limits": parts().limits,
    }
