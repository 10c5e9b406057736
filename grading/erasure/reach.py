"""What hangs on what is erased, read from the tables themselves, so that a table made tomorrow is reached too.

Rows hang on others by foreign keys. Rows of a person are those whose column is called `person_id`, with or without a
foreign key; what people made as staff (`created_by`, `decided_by` …) is the course's and stays, with an opaque id.
"""

import uuid
from collections.abc import Mapping
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, CursorResult, Select, Table, and_, delete, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from config.database import Base
from grading.models import (
    Assignment,
    BudgetAccount,
    BudgetEntry,
    BudgetFreeze,
    BudgetLimit,
    BudgetOverride,
    BudgetTransfer,
    BudgetWarning,
    Context,
    Deployment,
    Disclosure,
    DisclosureDeletion,
    ErasureRequest,
    Submission,
)
from grading.models.erasures import ErasureScope
from privacy.models import AuditChain, AuditEvent, DataKey

Conditions = Mapping[Table, ColumnElement[bool]]
PROOF: Final = frozenset(
    model.__tablename__
    for model in (
        *(AuditEvent, AuditChain, Disclosure, DisclosureDeletion, ErasureRequest, DataKey),
        *(BudgetAccount, BudgetEntry, BudgetFreeze, BudgetLimit, BudgetOverride, BudgetTransfer, BudgetWarning),
    )
)
"""Tables that name by opaque ids what is gone: that it was there, when it went, and what was spent on it."""


def submissions_in(scope: ErasureScope, tenant_id: uuid.UUID, target_id: uuid.UUID) -> Select[uuid.UUID]:
    """A query for the ids of all submissions that go; nothing outside the tenant is ever among them."""
    query = (
        select(Submission.id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(Context.tenant_id == tenant_id)
    )
    match scope:
        case ErasureScope.PERSON:
            return query.where(Submission.person_id == target_id)
        case ErasureScope.SUBMISSION:
            return query.where(Submission.id == target_id)
        case ErasureScope.COURSE:
            return query.where(Context.id == target_id)
        case ErasureScope.DEPLOYMENT:
            return query.where(Context.tenant_id == target_id)


def rows_in(scope: ErasureScope, tenant_id: uuid.UUID, target_id: uuid.UUID) -> Conditions:
    """For each table with rows that go, which ones; children before the rows that they hang on."""
    match scope:
        case ErasureScope.PERSON:
            roots = _of_person(tenant_id, target_id)
        case ErasureScope.SUBMISSION:
            submission = _table(Submission)
            roots = {submission: submission.c.id.in_(submissions_in(scope, tenant_id, target_id))}
        case ErasureScope.COURSE:
            roots = {
                _table(Context): and_(Context.id == target_id, Context.tenant_id == tenant_id),
                **_called("context_id", target_id),
            }
        case ErasureScope.DEPLOYMENT:
            roots = {_table(Deployment): Deployment.id == target_id, **_called("tenant_id", target_id)}
    return _reached(roots)


def rows_of_submissions(ids: list[uuid.UUID]) -> Conditions:
    """The same for some submissions."""
    return _reached({_table(Submission): Submission.id.in_(ids)})


def remove(session: Session, rows: Conditions) -> dict[str, int]:
    """Delete rows; returns how many of each table, tables without any left out."""
    removed = {}
    for table, condition in rows.items():
        count = cast("CursorResult[Any]", session.execute(delete(table).where(condition))).rowcount
        if count:
            removed[table.name] = count
    return removed


def count(session: Session, rows: Conditions) -> dict[str, int]:
    """How many rows `remove` would delete, in one statement."""
    counted = [select(literal(table.name), func.count()).select_from(table).where(rows[table]) for table in rows]
    return {name: number for name, number in session.execute(union_all(*counted)).all() if number}


def _of_person(tenant_id: uuid.UUID, person_id: uuid.UUID) -> dict[Table, ColumnElement[bool]]:
    return {
        table: and_(table.c.person_id == person_id, _within(table, tenant_id))
        for table in Base.metadata.sorted_tables
        if "person_id" in table.c and table.name not in PROOF
    }


def _within(table: Table, tenant_id: uuid.UUID) -> ColumnElement[bool]:
    """SQL: rows of one tenant, by whatever column leads there."""
    courses = select(Context.id).where(Context.tenant_id == tenant_id)
    if "tenant_id" in table.c:
        return table.c.tenant_id == tenant_id
    if "context_id" in table.c:
        return table.c.context_id.in_(courses)
    if "assignment_id" in table.c:
        return table.c.assignment_id.in_(select(Assignment.id).where(Assignment.context_id.in_(courses)))
    raise LookupError(f"{table.name} has rows of people, and no column that says of which tenant")


def _called(column: str, target_id: uuid.UUID) -> dict[Table, ColumnElement[bool]]:
    """Tables that name something by a column of this name without a foreign key."""
    return {
        table: table.c[column] == target_id
        for table in Base.metadata.sorted_tables
        if column in table.c and not table.c[column].foreign_keys and table.name not in PROOF
    }


def _reached(roots: Conditions) -> Conditions:
    reached: dict[Table, ColumnElement[bool]] = {}
    for table in Base.metadata.sorted_tables:
        ways = [roots[table]] if table in roots else []
        for key in sorted(table.foreign_keys, key=lambda one: one.parent.name):
            parent = key.column.table
            if parent in reached and parent is not table:
                ways.append(key.parent.in_(select(key.column).where(reached[parent])))
        if ways:
            reached[table] = or_(*ways)
    return dict(reversed(reached.items()))


def _table(model: type[Base]) -> Table:
    return Base.metadata.tables[model.__tablename__]
