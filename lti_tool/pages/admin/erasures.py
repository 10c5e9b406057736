"""Requests for erasure with their 30-day clock, and erasing a course or a whole deployment (P5)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import erasure, provider_files
from grading.erasure import DecisionRefused, Numbers, Row
from grading.provider_files import Standing
from grading.tasks import ERASE
from lti_tool.pages.admin.shared import signed_in_actor
from lti_tool.parts import parts


@dataclass(frozen=True, slots=True)
class RequestsPage:
    """Everything the page shows."""

    open: list[Row]
    settled: list[Row]
    files: Standing
    now: datetime
    rejecting: UUID | None = None
    typed: str = ""
    error: str = ""

    def days_left(self, row: Row) -> int:
        """Whole days until the term of a request ends; negative once it is over."""
        return (row.request.due_at - self.now).days


@dataclass(frozen=True, slots=True)
class ErasePage:
    """What is about to be erased, and what has to be typed for it."""

    numbers: Numbers
    typed: str = ""
    error: str = ""


def requests() -> str:
    """What is open, the most urgent first; what was settled; files that have to go at providers."""
    with parts().database.transaction() as session:
        return render_template("admin/requests.html", shown=_load(session))


def carry_out(request_id: UUID) -> Response:
    """Have a request carried out now."""
    with parts().database.transaction() as session:
        erasure.decide(session, request_id, administrator_id=g.signed_in.administrator_id, clock=parts().clock)
    _begin(request_id)
    return redirect(url_for("admin.requests"), 303)


def reject(request_id: UUID) -> Response | tuple[str, int]:
    """Turn a request down; whoever asked reads why."""
    reason = request.form.get("reason", "")
    try:
        with parts().database.transaction() as session:
            erasure.reject(
                session,
                parts().vault,
                request_id,
                reason=reason,
                administrator_id=g.signed_in.administrator_id,
                clock=parts().clock,
            )
    except DecisionRefused as error:
        with parts().database.transaction() as session:
            shown = _load(session, rejecting=request_id, typed=reason, error=error.message)
        return render_template("admin/requests.html", shown=shown), error.status
    flash("Turned down. The person reads the reason on their privacy page.", "done")
    return redirect(url_for("admin.requests"), 303)


def erase_course(context_id: UUID) -> Response | str | tuple[str, int]:
    """A whole course."""
    with parts().database.transaction() as session:
        numbers = erasure.course_numbers(session, context_id)
    return _erase(numbers)


def erase_deployment(deployment_id: UUID) -> Response | str | tuple[str, int]:
    """A whole deployment: a school."""
    with parts().database.transaction() as session:
        numbers = erasure.deployment_numbers(session, deployment_id)
    return _erase(numbers)


def _erase(numbers: Numbers) -> Response | str | tuple[str, int]:
    """Say in numbers what goes; erase it once its name was typed."""
    if request.method == "GET":
        return render_template("admin/erase.html", page=ErasePage(numbers))
    typed = request.form.get("name", "")
    if " ".join(typed.split()) != " ".join(numbers.name.split()):
        page = ErasePage(numbers, typed, "That is not its name. Nothing was erased.")
        return render_template("admin/erase.html", page=page), 400
    with parts().database.transaction() as session:
        asked = erasure.request(session, numbers.target, actor=signed_in_actor(), clock=parts().clock)
    _begin(asked.id)
    return redirect(url_for("admin.requests"), 303)


def _begin(request_id: UUID) -> None:
    """Whatever is large takes its time: a worker does it."""
    parts().nudge(ERASE, request_id)
    flash("It is being erased. Reload the page to see when it is done.", "done")


def _load(session: Session, *, rejecting: UUID | None = None, typed: str = "", error: str = "") -> RequestsPage:
    return RequestsPage(
        open=erasure.open_requests(session),
        settled=erasure.settled(session),
        files=provider_files.standing(session),
        now=parts().clock(),
        rejecting=rejecting,
        typed=typed,
        error=error,
    )
