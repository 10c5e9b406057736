"""What an erasure leaves behind besides rows that hang on it: people without a course, links that name it, keys."""

import uuid
from collections.abc import Collection, Iterator
from typing import Final

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from config.database import Base
from grading.exports.discarding import forget_copies
from grading.models import Assignment, Context, Enrolment, ErasureRequest, Person, ResourceLink
from grading.models.erasures import ErasureScope
from privacy.models import DataKey, OwnerKind
from privacy.sealing import Owner

_AT_ONCE: Final = 500


def people_of(session: Session, row: ErasureRequest) -> list[uuid.UUID]:
    """The people of whom a request may take the last that is kept about them in the tenant."""
    match row.scope:
        case ErasureScope.PERSON:
            return [row.target_id]
        case ErasureScope.SUBMISSION:
            return []
        case ErasureScope.COURSE:
            query = select(Enrolment.person_id).where(Enrolment.context_id == row.target_id)
            return list(session.execute(query).scalars())
        case ErasureScope.DEPLOYMENT:
            owners = select(DataKey.owner_id).where(
                DataKey.tenant_id == row.tenant_id, DataKey.owner_kind == OwnerKind.PERSON
            )
            return list(session.execute(owners.distinct()).scalars())


def clear_up(session: Session, row: ErasureRequest, people: Collection[uuid.UUID]) -> list[uuid.UUID]:
    """After the rows are gone: returns the people of whom nothing is left in the tenant.

    Without a course anywhere, a person's id at the LMS goes too. Their row stays while something they made as staff of
    another course names it.
    """
    if row.scope is ErasureScope.COURSE:
        _forget_named_assignments(session)
    if row.scope is ErasureScope.SUBMISSION:
        return []
    forgotten: list[uuid.UUID] = []
    for some in _in_pieces(people):
        forgotten += _without_course(session, some, row.tenant_id) if row.scope is ErasureScope.COURSE else some
        gone = select(Person.id).where(Person.id.in_(some), ~exists().where(Enrolment.person_id == Person.id))
        for person_id in list(session.execute(gone).scalars()):
            session.execute(
                update(Person)
                .where(Person.id == person_id)
                .values(subject=f"erased:{uuid.uuid4()}", lti11_user_id=None)
            )
    if row.scope is ErasureScope.PERSON:
        _forget_reasons(session, row)
    else:
        forget_copies(session, row.tenant_id, forgotten)
        _remove_unnamed_people(session, forgotten)
    return forgotten


def own_keys(session: Session, row: ErasureRequest, forgotten: Collection[uuid.UUID]) -> list[Owner]:
    """Whose data keys are destroyed with it. A submission has none of its own: it is under its author's."""
    people = [Owner.person(row.tenant_id, person_id) for person_id in forgotten]
    match row.scope:
        case ErasureScope.COURSE:
            return [Owner.course(row.tenant_id, row.target_id), *people]
        case ErasureScope.DEPLOYMENT:
            rows = session.execute(
                select(DataKey.owner_kind, DataKey.owner_id).where(
                    DataKey.tenant_id == row.tenant_id, DataKey.destroyed_at.is_(None)
                )
            )
            return [Owner(row.tenant_id, one.owner_kind, one.owner_id) for one in rows]
        case _:
            return people


def _forget_named_assignments(session: Session) -> None:
    """Links of copied courses name the assignment they came with, without a foreign key."""
    session.execute(
        update(ResourceLink)
        .where(
            ResourceLink.named_assignment_id.is_not(None),
            ~exists().where(Assignment.id == ResourceLink.named_assignment_id),
        )
        .values(named_assignment_id=None)
    )


def _without_course(session: Session, people: Collection[uuid.UUID], tenant_id: uuid.UUID) -> list[uuid.UUID]:
    elsewhere = (
        select(Enrolment.person_id)
        .join(Context, Context.id == Enrolment.context_id)
        .where(Enrolment.person_id.in_(people), Context.tenant_id == tenant_id)
    )
    known = set(session.execute(elsewhere).scalars())
    return [person_id for person_id in people if person_id not in known]


def _forget_reasons(session: Session, row: ErasureRequest) -> None:
    """Why earlier requests of a person were rejected: sealed under the key that is destroyed now."""
    session.execute(
        update(ErasureRequest)
        .where(ErasureRequest.tenant_id == row.tenant_id, ErasureRequest.target_id == row.target_id)
        .values(sealed_reason=None)
        .execution_options(synchronize_session=False)
    )


def _remove_unnamed_people(session: Session, people: Collection[uuid.UUID]) -> None:
    """Rows of people that no other row names any more."""
    person = Base.metadata.tables[Person.__tablename__]
    named = [
        exists().where(key.parent == Person.id)
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table is person
    ]
    for some in _in_pieces(people):
        session.execute(delete(Person).where(Person.id.in_(some), *(~one for one in named)))


def _in_pieces(people: Collection[uuid.UUID]) -> Iterator[list[uuid.UUID]]:
    ordered = sorted(people)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
