"""Deep linking: an instructor makes or picks an assignment, and the LMS is told which link and column to make (L2)."""

from typing import Any

from flask import render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import assignments
from grading.errors import NotAllowed
from grading.models import Assignment, Deployment, Registration
from lti_tool.lti.claims import DEEP_LINKING_REQUEST
from lti_tool.lti.deep_linking import Answer, AssignmentItem, build_answer
from lti_tool.lti.keys import ToolKeys
from lti_tool.pages.instructor.assignment_form import AssignmentForm, from_request, rearranged
from lti_tool.pages.instructor.settings import (
    chosen_assignment,
    course_assignments,
    create_assignment,
    empty_form,
    render_form,
)
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, needs
from lti_tool.sessions import message_details

LONGEST_TEXT = 500


@needs(Ability.CONFIGURE)
def deep_link() -> Response | str:
    """Make a new assignment and hand it to the LMS."""
    if request.method == "GET":
        return _page(empty_form())
    form, action = from_request(request.form), request.form.get("do", "save")
    if action != "save":
        return _page(rearranged(form, action))
    with parts().database.transaction() as session:
        made, form = create_assignment(session, form)
        answer = _answer(session, made) if made is not None else None
    return _return(answer, added=True) if answer else _page(form)


@needs(Ability.CONFIGURE)
def pick() -> str:
    """Hand an assignment that exists in this course to the LMS."""
    visit = current_visit()
    chosen = chosen_assignment()
    with parts().database.transaction() as session:
        view = assignments.get(session, tenant_id=visit.tenant_id, context_id=visit.context_id, assignment_id=chosen)
        answer = _answer(session, view.assignment)
    return _return(answer, added=True)


@needs(Ability.CONFIGURE)
def cancel() -> str:
    """Go back to the LMS without anything."""
    with parts().database.transaction() as session:
        answer = _answer(session, None)
    return _return(answer, added=False)


def _page(form: AssignmentForm) -> str:
    with parts().database.transaction() as session:
        _settings(session)
    return render_form(form, "instructor/deep_link.html", existing=course_assignments())


def _return(answer: Answer, *, added: bool) -> str:
    return render_template("lti/return.html", answer=answer, added=added)


def _answer(session: Session, assignment: Assignment | None) -> Answer:
    visit = current_visit()
    registration = session.get_one(Registration, visit.registration_id)
    deployment = session.get_one(Deployment, visit.tenant_id)
    key = ToolKeys(parts().vault, parts().clock).signing_key(session)
    item = _item(assignment) if assignment else None
    return build_answer(_settings(session), registration, deployment.lms_deployment_id, key, item)


def _item(assignment: Assignment) -> AssignmentItem:
    points = assignment.points_hundredths / 100
    return AssignmentItem(
        assignment_id=assignment.id,
        title=assignment.title,
        text=assignment.description[:LONGEST_TEXT],
        points=int(points) if points == int(points) else points,
        launch_url=f"{parts().settings.base_url}/lti/launch?assignment={assignment.id}",
    )


def _settings(session: Session) -> dict[str, Any]:
    """The deep linking settings of the launch.

    Raises:
        NotAllowed: this visit did not begin with a deep linking request.
    """
    visit = current_visit()
    details = message_details(session, parts().vault, visit)
    if visit.message_type != DEEP_LINKING_REQUEST or "deep_linking" not in details:
        raise NotAllowed("Nothing can be added from here. Use “Add” in your course page.")
    settings: dict[str, Any] = details["deep_linking"]
    return settings
