"""Making and changing an assignment: prompt, rubric, dates. A new one may turn AI assistance on for its course."""

from dataclasses import replace
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import assignments, copying, privacy_limits
from grading.assignments import AssignmentDraft
from grading.course_settings import allow_assessment, privacy_of
from grading.errors import GradingError, NotFound
from grading.models import Assignment, Context, ResourceLink
from grading.providers.catalogue import Model, choosable_models
from grading.providers.prices import price_book
from lti_tool.pages.instructor.assignment_form import (
    AssignmentForm,
    Assistance,
    field_of,
    from_draft,
    from_request,
    rearranged,
    to_draft,
)
from lti_tool.pages.visited import visited_assignment, visited_context
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, needs


def empty_form() -> AssignmentForm:
    """The form for a new assignment, with defaults that work."""
    draft = AssignmentDraft(
        title="", description="", points_hundredths=2000, model=parts().settings.default_model, attempts_allowed=3
    )
    with parts().database.transaction() as session:
        assistance = _assistance(session, visited_context(session))
    return from_draft(draft, parts().zone, assistance)


def choosable() -> list[Model]:
    """The models of a form: those that are offered and still live."""
    now = parts().clock()
    with parts().database.transaction() as session:
        return choosable_models(parts().settings.offered_models, now, price_book(session, now))


def render_form(form: AssignmentForm, template: str, models: list[Model] | None = None, **values: object) -> str:
    """The assignment form inside one of its pages. A script that asked for the rubric gets the rubric alone.

    Args:
        models: those to choose from, where the caller holds a transaction and has asked for them before.
    """
    wanted = "instructor/_rubric.html" if request.headers.get("HX-Target") == "rubric" else template
    return render_template(
        wanted,
        form=form,
        models=choosable() if models is None else models,
        today=parts().clock().date(),
        zone=parts().settings.time_zone,
        **values,
    )


def create_assignment(session: Session, form: AssignmentForm) -> tuple[Assignment | None, AssignmentForm]:
    """Make an assignment from a form, or return the form with what is wrong."""
    draft, errors = to_draft(form, parts().zone)
    if draft is None:
        return None, replace(form, errors=errors)
    context = visited_context(session)
    visit = current_visit()
    try:
        made = assignments.create(
            session,
            context=context,
            author_id=visit.person_id,
            draft=draft,
            offered_models=parts().settings.offered_models,
            clock=parts().clock,
        )
    except GradingError as error:
        return None, replace(form, errors={field_of(error): error.message})
    _set_assessment(session, context, form)
    return made, form


@needs(Ability.CONFIGURE)
def settings() -> Response | str:
    """Change the assignment that the link shows."""
    models = choosable()
    with parts().database.transaction() as session:
        view = visited_assignment(session)
        if request.method == "GET":
            form = from_draft(view.draft(), parts().zone, _assistance(session, view.context))
            return render_form(form, "instructor/settings.html", models, view=view)
        form = from_request(request.form)
        action = request.form.get("do", "save")
        if action != "save":
            return render_form(rearranged(form, action), "instructor/settings.html", models, view=view)
        draft, errors = to_draft(form, parts().zone)
        if draft is not None:
            try:
                assignments.update(
                    session,
                    view=view,
                    author_id=current_visit().person_id,
                    draft=draft,
                    offered_models=parts().settings.offered_models,
                    clock=parts().clock,
                )
            except GradingError as error:
                errors = {field_of(error): error.message}
        if errors:
            session.rollback()
            return render_form(replace(form, errors=errors), "instructor/settings.html", models, view=view)
    flash("Saved. Work handed in from now on, and work still in the queue, uses the new settings.")
    return redirect(url_for(".settings"), 303)


@needs(Ability.CONFIGURE)
def connect() -> Response | str:
    """A link that shows nothing yet: make an assignment for it, or pick one of the course."""
    if request.method == "GET":
        return _connect_page(empty_form())
    form, action = from_request(request.form), request.form.get("do", "save")
    if action != "save":
        return _connect_page(rearranged(form, action))
    with parts().database.transaction() as session:
        made, form = create_assignment(session, form)
        if made is not None:
            _link(session, made.id)
    if made is None:
        return _connect_page(form)
    flash("Your assignment is ready.")
    return redirect(url_for(".overview"), 303)


@needs(Ability.CONFIGURE)
def connect_pick() -> Response:
    """Let the link show an assignment that exists in this course."""
    with parts().database.transaction() as session:
        _link(session, chosen_assignment())
    return redirect(url_for(".overview"), 303)


@needs(Ability.CONFIGURE)
def connect_copy() -> Response:
    """Take over what the link showed in the course that this one was copied from. Nobody's work comes along."""
    visit = current_visit()
    with parts().database.transaction() as session:
        context = visited_context(session)
        source = copying.offered_to(session, context, _visited_link(session))
        if source is None:
            raise NotFound("There is nothing to take over any more. Go back and make a new assignment.")
        made = copying.copy_to(
            session,
            source=source,
            context=context,
            author_id=visit.person_id,
            with_dates="dates" in request.form,
            offered_models=parts().settings.offered_models,
            default_model=parts().settings.default_model,
            clock=parts().clock,
        )
        _link(session, made.id)
    flash("Your assignment is ready, with the settings of the course it was copied from. Look at the dates.", "done")
    return redirect(url_for(".settings"), 303)


def _visited_link(session: Session) -> ResourceLink | None:
    visit = current_visit()
    return session.get(ResourceLink, visit.resource_link_id) if visit.resource_link_id else None


def chosen_assignment() -> UUID:
    """The assignment that was picked from the list.

    Raises:
        NotFound: none was.
    """
    try:
        return UUID(request.form.get("assignment", ""))
    except ValueError as error:
        raise NotFound("No assignment was chosen. Go back and choose one.") from error


def course_assignments() -> list[Assignment]:
    """What there is to pick from in this course."""
    visit = current_visit()
    with parts().database.transaction() as session:
        return assignments.of_course(session, tenant_id=visit.tenant_id, context_id=visit.context_id)


def _connect_page(form: AssignmentForm) -> str:
    with parts().database.transaction() as session:
        source = copying.offered_to(session, visited_context(session), _visited_link(session))
    return render_form(form, "instructor/connect.html", existing=course_assignments(), source=source)


def _link(session: Session, assignment_id: UUID) -> None:
    visit = current_visit()
    link = _visited_link(session)
    if link is None or not assignments.link_to(
        session, tenant_id=visit.tenant_id, link=link, assignment_id=assignment_id
    ):
        raise NotFound("This assignment does not exist in this course. Go back and choose another one.")
    assignments.note_linked(session, visit.tenant_id, visit.person_id, link)


def _assistance(session: Session, context: Context) -> Assistance:
    limits = privacy_limits.current(session)
    if not limits.allow(parts().provider):
        return Assistance.FORBIDDEN
    return Assistance.ON if privacy_of(context, limits).sends_to(parts().provider) else Assistance.OFF


def _set_assessment(session: Session, context: Context, form: AssignmentForm) -> None:
    """A new assignment may turn AI assistance on for its course. It is turned off on the course's privacy page only."""
    limits = privacy_limits.current(session)
    if form.allow_assessment and limits.allow(parts().provider):
        allow_assessment(
            session, context=context, limits=limits, provider=parts().provider, actor_id=current_visit().person_id
        )
