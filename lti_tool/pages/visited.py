"""What the link that was launched shows: its course and its assignment."""

from uuid import UUID

from sqlalchemy.orm import Session

from grading import assignments
from grading.assignments import AssignmentView
from grading.errors import NotFound
from grading.models import Context, ResourceLink
from lti_tool.permissions import current_visit


def linked_assignment_id(session: Session, resource_link_id: UUID | None) -> UUID | None:
    """The assignment that a link shows."""
    link = session.get(ResourceLink, resource_link_id) if resource_link_id else None
    return link.assignment_id if link else None


def visited_assignment(session: Session) -> AssignmentView:
    """The assignment of the link that was launched.

    Raises:
        NotFound: the link shows none yet.
    """
    visit = current_visit()
    assignment_id = visit.assignment_id or linked_assignment_id(session, visit.resource_link_id)
    if assignment_id is None:
        raise NotFound("This link has no assignment yet. Your instructor can connect one by opening it.")
    return assignments.get(session, tenant_id=visit.tenant_id, context_id=visit.context_id, assignment_id=assignment_id)


def visited_context(session: Session) -> Context:
    """The course of the visit."""
    return session.get_one(Context, current_visit().context_id)
