"""Attaching one of our assignments to an assignment of the LMS's own: its work comes here by notice (L8)."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import assignments, intake
from grading.errors import NotAllowed
from grading.models import Assignment, Deployment, Registration
from lti_tool.lti.claims import DEEP_LINKING_REQUEST, SUBMISSION_NOTICE
from lti_tool.lti.deep_linking import ProcessorItem, build_answer
from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.services.errors import ServiceFailed
from lti_tool.lti.services.subscriptions import subscribe
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
from lti_tool.security_headers import let_frame
from lti_tool.sessions import message_details


@needs(Ability.CONFIGURE)
def attach() -> Response | str:
    """Make a new assignment and attach it."""
    if request.method == "GET":
        return _page(empty_form())
    form, action = from_request(request.form), request.form.get("do", "save")
    if action != "save":
        return _page(rearranged(form, action))
    with parts().database.transaction() as session:
        made, form = create_assignment(session, form)
    return _finish(made) if made is not None else _page(form)


@needs(Ability.CONFIGURE)
def attach_pick() -> Response | str:
    """Attach an assignment that exists in this course."""
    visit = current_visit()
    with parts().database.transaction() as session:
        view = assignments.get(
            session, tenant_id=visit.tenant_id, context_id=visit.context_id, assignment_id=chosen_assignment()
        )
    return _finish(view.assignment)


def _finish(assignment: Assignment) -> Response | str:
    """Subscribe first: work may come in the moment that the LMS has our answer."""
    visit = current_visit()
    with parts().database.transaction() as session:
        details = _details(session)
    try:
        subscribe(
            parts().connector,
            visit.tenant_id,
            details.get("notices", {}),
            SUBMISSION_NOTICE,
            f"{parts().settings.base_url}{url_for('lti.take_notices')}",
        )
    except ServiceFailed as failure:
        words = "Nothing was attached; your assignment is saved here, and you can pick it below once this works."
        flash(f"{failure.words} {words}", "fail")
        return redirect(url_for(".attach"), 303)
    with parts().database.transaction() as session:
        intake.attach(
            session,
            tenant_id=visit.tenant_id,
            context_id=visit.context_id,
            activity_id=details["activity"]["id"],
            assignment_id=assignment.id,
        )
        registration = session.get_one(Registration, visit.registration_id)
        deployment = session.get_one(Deployment, visit.tenant_id)
        key = ToolKeys(parts().vault, parts().clock).signing_key(session)
        item = ProcessorItem(assignment.id, assignment.title, f"{parts().settings.base_url}/lti/launch")
        answer = build_answer(details["deep_linking"], registration, deployment.lms_deployment_id, key, [item])
    let_frame([answer.return_url])
    return render_template("lti/return.html", answer=answer, added=True)


def _page(form: AssignmentForm) -> str:
    with parts().database.transaction() as session:
        _details(session)
    return render_form(form, "instructor/attach.html", existing=course_assignments())


def _details(session: Session) -> dict[str, Any]:
    """The message's own claims.

    Raises:
        NotAllowed: this visit did not begin with a request to attach something.
    """
    visit = current_visit()
    details = message_details(session, parts().vault, visit)
    if visit.message_type != DEEP_LINKING_REQUEST or not details.get("activity", {}).get("id"):
        raise NotAllowed("Nothing can be attached from here. Use the tool in the settings of your LMS's assignment.")
    return details
