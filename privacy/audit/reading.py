"""Finds entries of the audit log: filters, pages by key, a stream of everything a filter shows."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from privacy.errors import PositionUnreadable
from privacy.models import AuditEvent

EXPORT_PAGE = 1000


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What is looked for; what is None does not matter."""

    event: str | None = None
    actor_kind: str | None = None
    actor_id: uuid.UUID | None = None
    object_id: uuid.UUID | None = None
    tenant_id: uuid.UUID | None = None
    objects: Select[uuid.UUID] | None = None
    """A query for the ids of objects, as those of one course: which they are is not known here."""
    since: datetime | None = None
    until: datetime | None = None
    """The first moment that is too late."""

    course_id: uuid.UUID | None = None
    """The course that `objects` is about, for the record only."""

    def named(self) -> dict[str, str]:
        """What is looked for, in codes and ids."""
        names = (field.name for field in fields(self) if field.name != "objects")
        return {name: str(value) for name in names if (value := getattr(self, name)) is not None}

    def apply(self, query: Select[AuditEvent]) -> Select[AuditEvent]:
        """The query, narrowed."""
        for column, value in (
            (AuditEvent.event, self.event),
            (AuditEvent.actor_kind, self.actor_kind),
            (AuditEvent.actor_id, self.actor_id),
            (AuditEvent.object_id, self.object_id),
            (AuditEvent.tenant_id, self.tenant_id),
        ):
            if value is not None:
                query = query.where(column == value)
        if self.objects is not None:
            query = query.where(AuditEvent.object_id.in_(self.objects))
        if self.since is not None:
            query = query.where(AuditEvent.happened_at >= self.since)
        if self.until is not None:
            query = query.where(AuditEvent.happened_at < self.until)
        return query


EVERYTHING = AuditFilter()


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the log, and where the next one begins."""

    rows: list[AuditEvent]
    next_after: str | None


def page(session: Session, chosen: AuditFilter = EVERYTHING, *, after: str | None = None, size: int = 100) -> AuditPage:
    """Entries of all chains, newest first, in one statement (keyset paging).

    Raises:
        PositionUnreadable: `after` is not a position this function gave out.
    """
    query = chosen.apply(select(AuditEvent))
    if after:
        moment, identifier = _position(after)
        query = query.where(
            or_(
                AuditEvent.happened_at < moment,
                and_(AuditEvent.happened_at == moment, AuditEvent.id < identifier),
            ),
            # Said once more in a form that an index can begin with.
            AuditEvent.happened_at <= moment,
        )
    query = query.order_by(AuditEvent.happened_at.desc(), AuditEvent.id.desc()).limit(size + 1)
    found = list(session.execute(query).scalars())
    last = found[size - 1] if len(found) > size else None
    return AuditPage(found[:size], f"{last.happened_at.isoformat()}_{last.id}" if last else None)


def stream(
    transaction: Callable[[], AbstractContextManager[Session]], chosen: AuditFilter, limit: int | None = None
) -> Iterator[AuditEvent]:
    """Everything a filter shows, newest first, each page in a transaction of its own."""
    after, left = None, limit
    while left is None or left > 0:
        with transaction() as session:
            found = page(session, chosen, after=after, size=min(EXPORT_PAGE, left or EXPORT_PAGE))
        yield from found.rows
        if found.next_after is None:
            return
        after = found.next_after
        left = left - len(found.rows) if left is not None else None


def _position(after: str) -> tuple[datetime, uuid.UUID]:
    try:
        moment, identifier = after.split("_")
        position = datetime.fromisoformat(moment), uuid.UUID(identifier)
    except ValueError as error:
        raise PositionUnreadable("This page address can't be read. Go back to the first page.") from error
    if position[0].tzinfo is None:
        raise PositionUnreadable("This page address can't be read. Go back to the first page.")
    return position
