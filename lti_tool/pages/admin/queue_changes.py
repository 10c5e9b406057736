"""Changing items of the queue: ticked ones at once, all that a filter shows after saying what that is (Q3)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grading.errors import GradingError
from grading.models import ChangeKind, QueueChange
from grading.queue import FilterUnreadable, carrying, changes
from grading.queue.searching import matching_with, words_of
from grading.states import Priority
from grading.tasks import CHANGE_QUEUE
from lti_tool.pages.admin.queue import arguments_of, back_to, shown_filter
from lti_tool.pages.admin.shared import signed_in_actor
from lti_tool.parts import parts


@dataclass(frozen=True, slots=True)
class Asked:
    """What an administrator asked for: what is to be done, and in words."""

    kind: ChangeKind
    value: str
    verb: str
    """As "Skip", for headings and buttons."""


def change() -> Response | str:
    """Priority, skip, put back, reschedule or note: done for ticked items; for a filter, first said in numbers."""
    asked, chosen = _asked(), shown_filter()
    if request.form.get("all") == "yes":
        with parts().database.transaction() as session:
            matching = words_of(session, parts().blind_index, chosen)
            value = changes.check_value(asked.kind, asked.value, parts().clock())
            forecast = changes.forecast(session, asked.kind, chosen, matching)
        return render_template(
            "admin/change_all.html",
            asked=asked,
            forecast=forecast,
            arguments=arguments_of(chosen),
            until=datetime.fromisoformat(value) if asked.kind is ChangeKind.RESCHEDULE and value else None,
            undoable=asked.kind in changes.UNDOABLE,
        )
    ids = chosen_items()
    with parts().database.transaction() as session:
        made = changes.change_items(
            session, asked.kind, asked.value, ids, signed_in_actor(), parts().provider, parts().clock
        )
        flash(_words(made))
    return redirect(back_to(chosen), 303)


def change_all() -> Response:
    """Do to everything that the filter shows what was asked and said."""
    asked, chosen = _asked(), shown_filter()
    try:
        expected = int(request.form.get("expected", ""))
    except ValueError as error:
        raise FilterUnreadable("This page is out of date. Reload the queue.") from error
    with parts().database.transaction() as session:
        made = changes.change_matching(
            session,
            asked.kind,
            asked.value,
            chosen,
            signed_in_actor(),
            expected=expected,
            clock=parts().clock,
        )
    _run_first_part(made)
    return redirect(back_to(chosen), 303)


def undo(change_id: UUID) -> Response:
    """Take a change back."""
    with parts().database.transaction() as session:
        made = changes.undo(session, change_id, signed_in_actor(), parts().clock)
    _run_first_part(made)
    return redirect(url_for("admin.queue"), 303)


def progress(change_id: UUID) -> str:
    """How far a change is: the part of the page that refreshes itself."""
    with parts().database.transaction() as session:
        found = session.get(QueueChange, change_id)
    return render_template("admin/_queue_change.html", latest=found, can_undo=changes.can_undo)


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


def _run_first_part(made: QueueChange) -> None:
    """Most changes are small and done before the page comes back; a worker does the rest of large ones."""
    with parts().database.transaction() as session:
        matching = matching_with(parts().blind_index)
        made = carrying.advance(session, made.id, matching, parts().provider, parts().clock)
        finished, words = made.finished_at is not None, _words(made)
    if finished:
        flash(words)
    else:
        parts().nudge(CHANGE_QUEUE, made.id)


def _asked() -> Asked:
    action = request.form.get("do", "")
    if action == "skip":
        return Asked(ChangeKind.SKIP, "", "Skip")
    if action == "put-back":
        return Asked(ChangeKind.PUT_BACK, "", "Put back")
    if action == "note":
        return Asked(ChangeKind.NOTE, request.form.get("note", ""), "Put the note on")
    if action == "reschedule":
        return Asked(ChangeKind.RESCHEDULE, _moment(request.form.get("not_before", "")), "Put off")
    if action.removeprefix("priority-") in set(Priority):
        priority = action.removeprefix("priority-")
        return Asked(ChangeKind.PRIORITY, priority, f"Give {priority} priority to")
    raise FilterUnreadable("This action is not known. Reload the queue and try again.")


def _moment(value: str) -> str:
    """What a browser's field sends, with the zone of the pages. What can't be read is refused with its words later."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return (moment if moment.tzinfo else moment.replace(tzinfo=parts().zone)).isoformat()


def _words(made: QueueChange) -> str:
    count = made.changed
    match made.kind:
        case ChangeKind.SKIP:
            return f"{count} taken out of the queue; their instructors grade them by hand."
        case ChangeKind.PUT_BACK:
            return f"{count} put back into the queue, in the places they had."
        case ChangeKind.PRIORITY:
            return f"{count} now have {made.value} priority."
        case ChangeKind.RESCHEDULE:
            return f"{count} put off." if made.value else f"{count} may run at any time again."
        case ChangeKind.NOTE:
            return f"Note saved on {count}."
        case ChangeKind.UNDO:
            return f"Taken back on {count}. What was changed again since stays as it is."
