"""Courses that were copied from one that is erased: they name it by its id in the LMS, and forget that."""

import uuid
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grading.models import Context, Deployment, ErasureRequest
from grading.models.erasures import ErasureScope


@dataclass(frozen=True, slots=True)
class Courses:
    """Courses that go, as their LMS calls them. An LMS's ids are its own: another one may use the same."""

    registration_id: uuid.UUID
    lms_ids: frozenset[str]


def courses_of(session: Session, row: ErasureRequest) -> Courses | None:
    """The courses that a request takes; None when it takes none. To be asked before they are gone."""
    match row.scope:
        case ErasureScope.COURSE:
            which = Context.id == row.target_id
        case ErasureScope.DEPLOYMENT:
            which = Context.tenant_id == row.tenant_id
        case _:
            return None
    registration_id = session.execute(
        select(Deployment.registration_id).where(Deployment.id == row.tenant_id)
    ).scalar_one_or_none()
    if registration_id is None:
        return None
    found = session.execute(select(Context.lms_context_id).where(which, Context.tenant_id == row.tenant_id)).scalars()
    return Courses(registration_id, frozenset(found))


def forget_origins(session: Session, gone: Courses | None) -> None:
    """Take courses that are gone out of what their copies say they were made from.

    A copy in another deployment of the LMS keeps the name of a course that is known there, too: it means that one.
    """
    if gone is None or not gone.lms_ids:
        return
    tenants = select(Deployment.id).where(Deployment.registration_id == gone.registration_id)
    copies = session.execute(
        select(Context)
        .where(Context.tenant_id.in_(tenants), func.json_array_length(Context.origin_ids) > 0)
        .order_by(Context.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalars()
    for copy in copies:
        named = gone.lms_ids.intersection(copy.origin_ids)
        if named:
            still = select(Context.lms_context_id).where(
                Context.tenant_id == copy.tenant_id, Context.lms_context_id.in_(named)
            )
            named -= set(session.execute(still).scalars())
            copy.origin_ids = [one for one in copy.origin_ids if one not in named]
    session.flush()
