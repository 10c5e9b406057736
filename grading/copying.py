"""Copying an assignment into another course: its settings, prompt and rubric, never anybody's work (A5)."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading import assignments
from grading.assignments import AssignmentView
from grading.errors import NotFound
from grading.models import Assignment, Context, Enrolment, ResourceLink
from grading.models.people import CourseRole, EnrolmentState
from grading.providers.catalogue import ModelUnavailable, choose_model
from grading.providers.prices import price_book

MAKERS: Final = (CourseRole.INSTRUCTOR, CourseRole.DESIGNER)
MOST_LISTED: Final = 50


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An assignment of another course of the same person."""

    assignment_id: uuid.UUID
    title: str
    course: str
    made_at: datetime


def of_mine(
    session: Session, *, tenant_id: uuid.UUID, person_id: uuid.UUID, besides: uuid.UUID, search: str = ""
) -> list[Elsewhere]:
    """Assignments of the courses in which a person may set up assignments, newest first, this course left out."""
    query = (
        select(Assignment.id, Assignment.title, Context.title, Assignment.created_at)
        .join(Context, Context.id == Assignment.context_id)
        .join(Enrolment, _makes(person_id))
        .where(Context.tenant_id == tenant_id, Context.id != besides)
        .order_by(Assignment.created_at.desc(), Assignment.id)
        .limit(MOST_LISTED)
    )
    if search:
        query = query.where(
            or_(
                Assignment.title.icontains(search, autoescape=True),
                Context.title.icontains(search, autoescape=True),
                Context.label.icontains(search, autoescape=True),
            )
        )
    return [Elsewhere(*row) for row in session.execute(query)]


def find_of_mine(
    session: Session, *, tenant_id: uuid.UUID, person_id: uuid.UUID, assignment_id: uuid.UUID
) -> AssignmentView:
    """An assignment of a course in which a person may set up assignments.

    Raises:
        NotFound: it does not exist, or is not in such a course.
    """
    context_id = session.execute(
        select(Assignment.context_id)
        .join(Context, Context.id == Assignment.context_id)
        .join(Enrolment, _makes(person_id))
        .where(Assignment.id == assignment_id, Context.tenant_id == tenant_id)
    ).scalar_one_or_none()
    if context_id is None:
        raise NotFound("This assignment is not in a course of yours. Go back and choose another one.")
    return assignments.get(session, tenant_id=tenant_id, context_id=context_id, assignment_id=assignment_id)


def offered_to(session: Session, context: Context, link: ResourceLink | None) -> AssignmentView | None:
    """What a link of a copied course showed where it was copied from.

    The link names it, or the course's history leads to a course of this tenant that has exactly one assignment.
    """
    if link is not None and link.named_assignment_id is not None:
        source = session.get(Assignment, link.named_assignment_id)
        if source is not None:
            return _view(session, context, source)
    if not context.origin_ids:
        return None
    found = list(
        session.execute(
            select(Assignment)
            .join(Context, Context.id == Assignment.context_id)
            .where(Context.tenant_id == context.tenant_id, Context.lms_context_id.in_(context.origin_ids))
            .limit(2)
        ).scalars()
    )
    return _view(session, context, found[0]) if len(found) == 1 else None


def copy_to(
    session: Session,
    *,
    source: AssignmentView,
    context: Context,
    author_id: uuid.UUID,
    with_dates: bool,
    offered_models: tuple[str, ...],
    default_model: str,
    clock: Clock = utc_now,
) -> Assignment:
    """Make the same assignment in another course. A model that is not offered any more is replaced by the default."""
    draft = source.draft()
    if not with_dates:
        draft = replace(draft, opens_at=None, due_at=None, closes_at=None)
    try:
        choose_model(draft.model, offered_models, clock(), price_book(session, clock()))
    except ModelUnavailable:
        draft = replace(draft, model=default_model)
    return assignments.create(
        session, context=context, author_id=author_id, draft=draft, offered_models=offered_models, clock=clock
    )


def _view(session: Session, context: Context, source: Assignment) -> AssignmentView | None:
    """The source, if it belongs to the same tenant."""
    try:
        return assignments.get(
            session, tenant_id=context.tenant_id, context_id=source.context_id, assignment_id=source.id
        )
    except NotFound:
        return None


def _makes(person_id: uuid.UUID) -> ColumnElement[bool]:
    return and_(
        Enrolment.context_id == Context.id,
        Enrolment.person_id == person_id,
        Enrolment.state == EnrolmentState.ACTIVE,
        Enrolment.role.in_(MAKERS),
    )
