"""The queue: what waits, what it will cost at most, and what to do with the chosen items (Q1 to Q4)."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grading import queue as domain
from grading import search
from grading.errors import GradingError
from grading.queue import FilterUnreadable, QueueFilter
from grading.states import Priority, QueueState
from lti_tool.pages.admin.shared import course_choices, signed_in_actor
from lti_tool.pages.searching import asked, hidden_words
from lti_tool.parts import parts


def queue() -> str:
    """One page of the queue under a filter."""
    chosen = _filter()
    with parts().database.transaction() as session:
        sought = asked(lambda words: search.everywhere(session, parts().blind_index, words))
        page = domain.page(session, chosen, after=request.args.get("after") or None, matching=sought.condition)
        statistics = domain.statistics(session)
        courses = course_choices(session)
    template = "admin/_queue_rows.html" if request.headers.get("HX-Request") else "admin/queue.html"
    return render_template(
        template,
        page=page,
        chosen=chosen,
        sought=sought,
        statistics=statistics,
        courses=courses,
        states=list(QueueState),
        priorities=list(Priority),
        limits=parts().limits,
        now=parts().clock(),
    )


def search_queue() -> Response:
    """Take the filter form: its words go on hidden."""
    shown: dict[str, Any] = {name: request.form.get(name) or None for name in ("state", "course", "priority")}
    return redirect(url_for("admin.queue", **shown, sought=hidden_words()), 303)


def change() -> Response:
    """Priority, skip, put back or note for the chosen items."""
    ids, action = chosen_items(), request.form.get("do", "")
    actor = signed_in_actor()
    with parts().database.transaction() as session:
        if action == "skip":
            count = domain.skip(session, ids, actor)
            words = f"{count} taken out of the queue; their instructors grade them by hand. “Put back” undoes this."
        elif action == "put-back":
            count = domain.put_back(session, ids, actor, clock=parts().clock)
            words = f"{count} put back into the queue."
        elif action.startswith("priority-") and action.removeprefix("priority-") in set(Priority):
            priority = Priority(action.removeprefix("priority-"))
            count = domain.set_priority(session, ids, priority, actor)
            words = f"{count} now have {priority.value} priority."
        elif action == "note":
            count = domain.set_note(session, ids, request.form.get("note", ""), actor)
            words = f"Note saved on {count}."
        else:
            raise FilterUnreadable("This action is not known. Reload the queue and try again.")
    flash(words)
    return redirect(url_for("admin.queue"), 303)


def chosen_items() -> list[UUID]:
    """The ticked items.

    Raises:
        GradingError: nothing was ticked, or the page is out of date.
    """
    try:
        ids = [UUID(value) for value in request.form.getlist("item")]
    except ValueError as error:
        raise FilterUnreadable("This page is out of date. Reload the queue.") from error
    if not ids:
        raise GradingError("Nothing was chosen. Tick one or more submissions first.", code="nothing_chosen")
    return ids


def _filter() -> QueueFilter:
    try:
        states = tuple(QueueState(value) for value in request.args.getlist("state") if value)
        context = request.args.get("course")
        priority = request.args.get("priority")
        return QueueFilter(
            states=states or QueueFilter().states,
            context_id=UUID(context) if context else None,
            priority=Priority(priority) if priority else None,
        )
    except ValueError as error:
        raise FilterUnreadable("This filter can't be read. Go back to the queue.") from error
