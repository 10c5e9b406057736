"""Deep linking: an instructor makes, picks or copies an assignment, and the LMS is told which links to make (L2)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import assignments, copying
from grading.errors import NotAllowed, NotFound
from grading.models import Assignment, Deployment, Registration
from grading.points import PointsUnreadable, parse_points
from lti_tool.lti import deep_linking, platforms
from lti_tool.lti.claims import DEEP_LINKING_REQUEST
from lti_tool.lti.deep_linking import Answer, AssignmentItem, build_answer
from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.platforms import Platform
from lti_tool.pages.instructor.assignment_form import AssignmentForm, from_request, rearranged
from lti_tool.pages.instructor.settings import course_assignments, create_assignment, empty_form, render_form
from lti_tool.pages.visited import visited_context
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, needs
from lti_tool.security_headers import let_frame
from lti_tool.sessions import LaunchSession, message_details

LONGEST_TEXT = 500
MOST_AT_ONCE = 20


class AlreadyAnswered(NotAllowed):
    """The answer to this request was given before."""

    code = "deep_linking_answered"
    status = 409


@needs(Ability.CONFIGURE)
def deep_link() -> Response | str:
    """Make a new assignment and hand it to the LMS."""
    if request.method == "GET":
        return _page(empty_form())
    form, action = from_request(request.form), request.form.get("do", "save")
    if action != "save":
        return _page(rearranged(form, action))
    with parts().database.transaction() as session:
        wrong = _unfit(_platform(session), form.points)
        if wrong:
            made, form = None, replace(form, errors={"points": wrong})
        else:
            _once(session)
            made, form = create_assignment(session, form)
        if made is None:
            session.rollback()
        answer = _answer(session, [made]) if made is not None else None
    return _return(answer, added=True) if answer else _page(form)


@needs(Ability.CONFIGURE)
def pick() -> Response | str:
    """Hand assignments that exist in this course to the LMS."""
    visit, chosen = current_visit(), _chosen("assignment")
    with parts().database.transaction() as session:
        settings = _settings(session)
        if len(chosen) > 1 and not deep_linking.takes_multiple(settings):
            return _refuse("Your LMS takes one at a time. Choose one.")
        found = [
            assignments.get(
                session, tenant_id=visit.tenant_id, context_id=visit.context_id, assignment_id=one
            ).assignment
            for one in chosen[:MOST_AT_ONCE]
        ]
        wrong = next((words for one in found if (words := _unfit_assignment(_platform(session), one))), "")
        if wrong:
            return _refuse(wrong)
        _once(session)
        answer = _answer(session, found)
    return _return(answer, added=True)


@needs(Ability.CONFIGURE)
def copy() -> Response | str:
    """Copy an assignment of another course of mine into this one, and hand the copy to the LMS."""
    visit, chosen = current_visit(), _chosen("assignment")
    with parts().database.transaction() as session:
        source = copying.find_of_mine(
            session, tenant_id=visit.tenant_id, person_id=visit.person_id, assignment_id=chosen[0]
        )
        wrong = _unfit_assignment(_platform(session), source.assignment)
        if wrong:
            return _refuse(wrong)
        _once(session)
        made = copying.copy_to(
            session,
            source=source,
            context=visited_context(session),
            author_id=visit.person_id,
            with_dates="dates" in request.form,
            offered_models=parts().settings.offered_models,
            default_model=parts().settings.default_model,
            clock=parts().clock,
        )
        answer = _answer(session, [made])
    return _return(answer, added=True)


@needs(Ability.CONFIGURE)
def cancel() -> str:
    """Go back to the LMS without anything."""
    with parts().database.transaction() as session:
        answer = _answer(session, [])
    return _return(answer, added=False)


def _page(form: AssignmentForm) -> str:
    visit = current_visit()
    search = request.args.get("search", "").strip()[:100]
    with parts().database.transaction() as session:
        settings = _settings(session)
        platform = _platform(session)
        elsewhere = copying.of_mine(
            session,
            tenant_id=visit.tenant_id,
            person_id=visit.person_id,
            besides=visit.context_id,
            search=search,
        )
    return render_form(
        form,
        "instructor/deep_link.html",
        existing=course_assignments(),
        elsewhere=elsewhere,
        search=search,
        several=deep_linking.takes_multiple(settings),
        no_column=deep_linking.takes_line_item(settings) is False,
        links_taken=deep_linking.takes(settings, deep_linking.LINK),
        platform=platform,
    )


def _return(answer: Answer, *, added: bool) -> str:
    let_frame([answer.return_url])
    return render_template("lti/return.html", answer=answer, added=added)


def _refuse(words: str) -> Response:
    flash(words, "fail")
    return redirect(url_for(".deep_link"), 303)


def _chosen(name: str) -> list[UUID]:
    try:
        chosen = [UUID(value) for value in request.form.getlist(name)]
    except ValueError as error:
        raise NotFound("This page is out of date. Reload it.") from error
    if not chosen:
        raise NotFound("No assignment was chosen. Go back and choose one.")
    return chosen


def _once(session: Session) -> None:
    """The answer of a request is given once: the same form sent twice makes no second assignment.

    Raises:
        AlreadyAnswered: it was given.
    """
    first = session.execute(
        update(LaunchSession)
        .where(LaunchSession.id == current_visit().session_id, LaunchSession.answered.is_(False))
        .values(answered=True)
        .returning(LaunchSession.id)
    ).first()
    if first is None:
        raise AlreadyAnswered(
            "This was added already. Go back to your course, and choose “Add” there again for another one."
        )


def _unfit(platform: Platform, points: str) -> str:
    """Why this LMS can't make a column with these points; empty when it can, or when they are no number at all."""
    try:
        hundredths = parse_points(points)
    except PointsUnreadable:
        return ""
    return _unfit_points(platform, hundredths)


def _unfit_assignment(platform: Platform, assignment: Assignment) -> str:
    return _unfit_points(platform, assignment.points_hundredths)


def _unfit_points(platform: Platform, hundredths: int) -> str:
    if platform.whole_points and hundredths % 100:
        return f"{platform.name} makes columns with whole points only. Change the points."
    if platform.largest_points is not None and hundredths > platform.largest_points * 100:
        return f"{platform.name} makes columns of at most {platform.largest_points} points. Change the points."
    return ""


def _platform(session: Session) -> Platform:
    registration = session.get_one(Registration, current_visit().registration_id)
    return platforms.find(registration.product_family, registration.issuer)


def _answer(session: Session, chosen: Sequence[Assignment]) -> Answer:
    visit = current_visit()
    registration = session.get_one(Registration, visit.registration_id)
    deployment = session.get_one(Deployment, visit.tenant_id)
    key = ToolKeys(parts().vault, parts().clock).signing_key(session)
    settings = _settings(session)
    if chosen and not deep_linking.takes(settings, deep_linking.LINK):
        raise NotAllowed("Your LMS takes no links from here. Use “Add an activity” in your course page.")
    items = [_item(assignment) for assignment in chosen]
    return build_answer(settings, registration, deployment.lms_deployment_id, key, items)


def _item(assignment: Assignment) -> AssignmentItem:
    points = assignment.points_hundredths / 100
    base = parts().settings.base_url
    return AssignmentItem(
        assignment_id=assignment.id,
        title=assignment.title,
        text=assignment.description[:LONGEST_TEXT],
        points=int(points) if points == int(points) else points,
        launch_url=f"{base}/lti/launch?assignment={assignment.id}",
        icon_url=f"{base}{url_for('static', filename='favicon.svg')}",
        opens_at=assignment.opens_at,
        due_at=assignment.due_at,
        closes_at=assignment.closes_at,
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
