"""The rows that a launch looks at: found in one query, added and changed by columns.

By columns, not by objects: a class arrives at once, and building seven objects takes longer than asking for what is in
them. Statements are built once: putting one together takes longer than running it.
"""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, bindparam, select, update
from sqlalchemy.orm import Session

from config.database import Base, insert_ignoring_conflicts, table_of
from grading.models import Context, Deployment, Enrolment, IndividualDate, Person, Registration, ResourceLink

Row = Mapping[str, Any]
Found = Mapping[type[Base], Row | None]
_WATCHED: Final[dict[type[Base], tuple[str, ...]]] = {
    Registration: ("id", "issuer", "client_id", "jwks_url", "state", "product_family", "last_launch_at"),
    Deployment: (
        "id",
        "state",
        "last_launch_at",
        "notices_url",
        "notice_types",
        "subscribed_at",
        "subscription_tried_at",
        "terms_url",
    ),
    Context: (
        "id",
        "title",
        "label",
        "lineitems_url",
        "memberships_url",
        "ags_scopes",
        "origin_ids",
        "roster_read_at",
    ),
    Person: ("id", "lti11_user_id"),
    Enrolment: ("id", "person_id", "role", "role_from_launch", "state", "test_user", "seen_at", "sealed_profile"),
    ResourceLink: ("id", "title", "lineitem_url", "assignment_id", "named_assignment_id", "last_launch_at"),
    IndividualDate: ("id", "due_at", "closes_at"),
}
_TABLES: Final[dict[type[Base], Table]] = {model: table_of(model) for model in _WATCHED}
_COLUMNS: Final = {model: tuple(_TABLES[model].c[name] for name in watched) for model, watched in _WATCHED.items()}
_registration, _deployment, _context, _person, _enrolment, _link, _dates = (_TABLES[model].c for model in _WATCHED)
_KNOWN: Final = (
    select(*(column for columns in _COLUMNS.values() for column in columns))
    .select_from(_TABLES[Registration])
    .outerjoin(
        _TABLES[Deployment],
        and_(_deployment.registration_id == _registration.id, _deployment.lms_deployment_id == bindparam("deployment")),
    )
    .outerjoin(
        _TABLES[Context],
        and_(_context.tenant_id == _deployment.id, _context.lms_context_id == bindparam("context")),
    )
    .outerjoin(
        _TABLES[Person], and_(_person.registration_id == _registration.id, _person.subject == bindparam("subject"))
    )
    .outerjoin(_TABLES[Enrolment], and_(_enrolment.context_id == _context.id, _enrolment.person_id == _person.id))
    .outerjoin(_TABLES[ResourceLink], and_(_link.context_id == _context.id, _link.lms_link_id == bindparam("link")))
    .outerjoin(
        _TABLES[IndividualDate],
        and_(_dates.assignment_id == _link.assignment_id, _dates.person_id == _person.id),
    )
    .where(_registration.id == bindparam("registration"))
)


def find(
    connection: Connection,
    *,
    registration_id: uuid.UUID,
    lms_deployment_id: str,
    lms_context_id: str,
    subject: str,
    lms_link_id: str | None,
) -> Found:
    """What is known of a launch, by the identity keys of LTI; None for each kind of row that is not there yet."""
    values = connection.execute(
        _KNOWN,
        {
            "registration": registration_id,
            "deployment": lms_deployment_id,
            "context": lms_context_id,
            "subject": subject,
            "link": lms_link_id,
        },
    ).one_or_none()
    if values is None:
        return dict.fromkeys(_WATCHED)
    found: dict[type[Base], Row | None] = {}
    start = 0
    for model, watched in _WATCHED.items():
        end = start + len(watched)
        found[model] = None if values[start] is None else dict(zip(watched, values[start:end], strict=True))
        start = end
    return found


def add(session: Session, model: type[Base], key: dict[str, Any], values: dict[str, Any]) -> Row:
    """Add a row, unless its unique key exists by then: two launches may meet. Returns what stands there now."""
    statement = insert_ignoring_conflicts(session, model).returning(*_COLUMNS[model])
    row = session.connection().execute(statement, {"id": uuid.uuid4(), **key, **values}).one_or_none()
    return dict(zip(_WATCHED[model], row, strict=True)) if row else read(session.connection(), model, key)


def read(connection: Connection, model: type[Base], key: dict[str, Any]) -> Row:
    """A row that is there, by its unique key."""
    row = connection.execute(select(*_COLUMNS[model]).filter_by(**key)).one()
    return dict(zip(_WATCHED[model], row, strict=True))


def keep(connection: Connection, model: type[Base], row: Row, values: Mapping[str, object]) -> None:
    """Write what differs from what the row holds."""
    changes = {name: value for name, value in values.items() if row.get(name) != value}
    if changes:
        connection.execute(update(_TABLES[model]).where(_COLUMNS[model][0] == row["id"]).values(changes))
