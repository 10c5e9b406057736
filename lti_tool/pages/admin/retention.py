"""How long things are kept: what goes next in every course, and courses that are held (P5)."""

from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import retention
from grading.errors import NotFound
from grading.models import Context
from grading.retention import HoldRefused
from lti_tool.parts import parts

MOST_ROWS = 500


def kept() -> str:
    """Every course that keeps something, the next to lose some first."""
    with parts().database.transaction() as session:
        found = retention.courses(session, parts().clock())
    return render_template("admin/kept.html", rows=found[:MOST_ROWS], of=len(found))


def kept_course(context_id: UUID) -> str:
    """One course: what goes when, and its holds."""
    with parts().database.transaction() as session:
        return _page(session, context_id)


def hold(context_id: UUID) -> Response | tuple[str, int]:
    """Keep everything of a course until further notice."""
    reason = request.form.get("reason", "")
    try:
        with parts().database.transaction() as session:
            retention.place(
                session,
                parts().vault,
                context=_course(session, context_id),
                reason=reason,
                administrator_id=g.signed_in.administrator_id,
                clock=parts().clock,
            )
    except HoldRefused as error:
        with parts().database.transaction() as session:
            return _page(session, context_id, typed=reason, error=error.message), error.status
    flash("Held. Nothing of this course is deleted until the hold is lifted.", "done")
    return redirect(url_for("admin.kept_course", context_id=context_id), 303)


def lift(context_id: UUID) -> Response:
    """Let time go on."""
    with parts().database.transaction() as session:
        retention.lift(
            session,
            context=_course(session, context_id),
            administrator_id=g.signed_in.administrator_id,
            clock=parts().clock,
        )
    flash("Lifted. What is due by now goes within a quarter of an hour.", "done")
    return redirect(url_for("admin.kept_course", context_id=context_id), 303)


def _page(session: Session, context_id: UUID, *, typed: str = "", error: str = "") -> str:
    context = _course(session, context_id)
    holds = retention.holds_of(session, parts().vault, context_id)
    return render_template(
        "admin/kept_course.html",
        ahead=retention.forecast_of(session, context, parts().clock()),
        holds=holds,
        standing=next((one for one in holds if one.lifted_at is None), None),
        typed=typed,
        error=error,
    )


def _course(session: Session, context_id: UUID) -> Context:
    context = session.get(Context, context_id)
    if context is None:
        raise NotFound("There is no such course. It may have been erased.")
    return context
