"""What the LMS gradebook has been told, and what it answered (R4)."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grading import gradebook
from grading.errors import NotFound
from lti_tool.pages.instructor import overview
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, needs


@needs(Ability.REVIEW)
def grades() -> str:
    """Per student: the last message to the gradebook and its fate."""
    with parts().database.transaction() as session:
        shown = overview.load(session)
    return render_template("instructor/grades.html", shown=shown, view=shown.view)


@needs(Ability.REVIEW)
def retry() -> Response:
    """Send failed messages again."""
    try:
        chosen = [UUID(value) for value in request.form.getlist("push")]
    except ValueError as error:
        raise NotFound("This page is out of date. Reload it.") from error
    with parts().database.transaction() as session:
        again = gradebook.retry(session, tenant_id=current_visit().tenant_id, push_ids=chosen, clock=parts().clock)
    flash(f"{again} on their way again." if again else "There was nothing to send again.")
    return redirect(url_for(".grades"), 303)
