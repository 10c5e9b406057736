"""Forgetting a person: every row that hangs on them in a tenant, and the key of whatever copy is left (P5).

What hangs on a person is read from the foreign keys of all tables, so that a table made tomorrow is reached too. Work
that is at a provider right now is waited for: its answer would come to nobody. The request says until when.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, CursorResult, Table, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Base, insert_ignoring_conflicts
from config.logging import fields, get_logger
from grading import disclosures
from grading.models import (
    Assignment,
    Batch,
    BatchRequest,
    Context,
    Draft,
    Enrolment,
    ErasureRequest,
    GradePush,
    IndividualDate,
    LmsGrade,
    Person,
    QueueItem,
    Submission,
)
from grading.states import BatchState, RequestState
from privacy.audit import Actor, record
from privacy.models import Consent
from privacy.sealing import Owner, Vault

TERM: Final = timedelta(days=30)
RUNNING: Final = (BatchState.SUBMITTED, BatchState.PROCESSING)
log = get_logger(__name__)


def request(
    session: Session, *, tenant_id: uuid.UUID, person_id: uuid.UUID, requested_by: uuid.UUID, clock: Clock = utc_now
) -> ErasureRequest:
    """Note that a person is to be forgotten; the same request twice is one."""
    now = clock()
    made = session.execute(
        insert_ignoring_conflicts(session, ErasureRequest)
        .values(
            id=uuid.uuid4(),
            tenant_id=tenant_id,
            person_id=person_id,
            requested_by=requested_by,
            created_at=now,
            due_at=now + TERM,
            removed={},
        )
        .returning(ErasureRequest.id)
    ).first()
    row = session.execute(
        select(ErasureRequest).where(
            ErasureRequest.tenant_id == tenant_id,
            ErasureRequest.person_id == person_id,
            ErasureRequest.done_at.is_(None),
        )
    ).scalar_one()
    if made is not None:
        _audit(session, "erasure.requested", Actor.person(requested_by), row)
    return row


def due(session: Session, limit: int = 20) -> list[uuid.UUID]:
    """Requests that are not carried out yet."""
    query = select(ErasureRequest.id).where(ErasureRequest.done_at.is_(None)).order_by(ErasureRequest.due_at)
    return list(session.execute(query.limit(limit)).scalars())


def carry_out(session: Session, vault: Vault, request_id: uuid.UUID, clock: Clock = utc_now) -> bool:
    """Forget the person of a request; False when some of their work is at a provider and has to come back first."""
    row = session.execute(select(ErasureRequest).where(ErasureRequest.id == request_id).with_for_update()).scalar_one()
    if row.done_at is not None:
        return True
    if _at_a_provider(session, row):
        return False
    _leave_batches(session, row)
    own = select(Submission.id).join(Assignment, Assignment.id == Submission.assignment_id).join(Context)
    disclosures.note_deleted_here(
        session, own.where(Submission.person_id == row.person_id, Context.tenant_id == row.tenant_id), clock()
    )
    removed = {}
    for table, condition in _conditions(row.tenant_id, row.person_id).items():
        count = cast("CursorResult[Any]", session.execute(delete(table).where(condition))).rowcount
        if count:
            removed[table.name] = count
    _forget_person(session, row)
    vault.destroy_keys(session, [Owner.person(row.tenant_id, row.person_id)], clock())
    row.done_at, row.removed = clock(), removed
    _audit(session, "erasure.done", Actor.system(), row, sum(removed.values()))
    log.info("erasure.done", extra=fields(request=row.id, rows=sum(removed.values())))
    return True


def standing(session: Session, tenant_id: uuid.UUID, person_id: uuid.UUID) -> ErasureRequest | None:
    """The newest request about a person."""
    return session.execute(
        select(ErasureRequest)
        .where(ErasureRequest.tenant_id == tenant_id, ErasureRequest.person_id == person_id)
        .order_by(ErasureRequest.created_at.desc())
        .limit(1)
    ).scalar_one_or_none()


def _conditions(tenant_id: uuid.UUID, person_id: uuid.UUID) -> dict[Table, ColumnElement[bool]]:
    """For each table with rows of the person, which ones; children before the rows that they hang on."""
    courses = select(Context.id).where(Context.tenant_id == tenant_id)
    assignments = select(Assignment.id).where(Assignment.context_id.in_(courses))
    found: dict[Table, list[ColumnElement[bool]]] = {}
    for model in (Submission, Draft, LmsGrade, GradePush, IndividualDate):
        found[_table(model)] = [model.person_id == person_id, model.assignment_id.in_(assignments)]
    found[_table(Enrolment)] = [Enrolment.person_id == person_id, Enrolment.context_id.in_(courses)]
    found[_table(Consent)] = [Consent.person_id == person_id, Consent.tenant_id == tenant_id]
    roots = {table: parts[0] & parts[1] for table, parts in found.items()}
    reached: dict[Table, ColumnElement[bool]] = {}
    for table in Base.metadata.sorted_tables:
        condition = _reached_through(table, roots, reached)
        if condition is not None:
            reached[table] = condition
    return dict(reversed(reached.items()))


def _reached_through(
    table: Table, roots: Mapping[Table, ColumnElement[bool]], reached: Mapping[Table, ColumnElement[bool]]
) -> ColumnElement[bool] | None:
    ways = [roots[table]] if table in roots else []
    for key in table.foreign_keys:
        parent = key.column.table
        if parent in reached and parent is not table:
            ways.append(key.parent.in_(select(key.column).where(reached[parent])))
    return or_(*ways) if ways else None


def _items(row: ErasureRequest) -> ColumnElement[bool]:
    own = select(Submission.id).where(Submission.person_id == row.person_id)
    return QueueItem.submission_id.in_(own) & (QueueItem.tenant_id == row.tenant_id)


def _at_a_provider(session: Session, row: ErasureRequest) -> bool:
    running = (
        select(BatchRequest.id)
        .join(Batch, Batch.id == BatchRequest.batch_id)
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .where(
            _items(row),
            # What an answer cost is settled when its batch has ended: until then its line is needed.
            or_(BatchRequest.state == RequestState.PREPARED, BatchRequest.actual_microdollars > 0),
            Batch.state.in_(RUNNING),
        )
    )
    return bool(session.execute(select(exists(running))).scalar_one())


def _leave_batches(session: Session, row: ErasureRequest) -> None:
    """Batches that were made and not sent yet go without this person's work."""
    lines = (
        select(BatchRequest.batch_id, func.count().label("lines"), func.sum(QueueItem.estimated_microdollars))
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .where(_items(row), BatchRequest.state == RequestState.PREPARED)
        .group_by(BatchRequest.batch_id)
    )
    for batch_id, count, cost in session.execute(lines).all():
        session.execute(
            update(Batch)
            .where(Batch.id == batch_id)
            .values(
                items=Batch.items - count,
                estimated_microdollars=func.max(Batch.estimated_microdollars - cost, 0)
                if session.get_bind().dialect.name == "sqlite"
                else func.greatest(Batch.estimated_microdollars - cost, 0),
            )
        )


def _forget_person(session: Session, row: ErasureRequest) -> None:
    """Without any course left, the person's id at the LMS goes too; what they made as staff stays, without them."""
    elsewhere = session.execute(
        select(exists(select(Enrolment.id).where(Enrolment.person_id == row.person_id)))
    ).scalar_one()
    if not elsewhere:
        session.execute(
            update(Person)
            .where(Person.id == row.person_id)
            .values(subject=f"erased:{uuid.uuid4()}", lti11_user_id=None)
        )


def _table(model: type[Base]) -> Table:
    return Base.metadata.tables[model.__tablename__]


def _audit(session: Session, event: str, actor: Actor, row: ErasureRequest, rows: int = 0) -> None:
    record(
        session,
        event=event,
        actor=actor,
        tenant_id=row.tenant_id,
        object_type="person",
        object_id=row.person_id,
        details={"request": str(row.id), "rows": rows},
    )


def pending_before(session: Session, moment: datetime) -> int:
    """How many requests are open whose term ends before a moment: none should be."""
    return session.execute(
        select(func.count()).where(ErasureRequest.done_at.is_(None), ErasureRequest.due_at < moment)
    ).scalar_one()
