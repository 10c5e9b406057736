"""Finding items in order, at any size: one ordered piece of an index for each state and priority, merged.

An index can hand out rows in order only where everything before its last columns is fixed. A filter over two states and
three priorities is therefore asked as six pieces, each cut to the size of the page, and merged by the database. No
piece reads more rows than the page has, whatever the size of the queue.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select, tuple_, union_all
from sqlalchemy.orm import Session

from grading.models import QueueItem, Submission
from grading.models.turns import SHIFTS
from grading.queue.filters import FilterUnreadable, QueueFilter, Sort, taught_by
from grading.states import Priority

RARE: Final = 2_000
"""Up to so many submissions with the words that are searched for, the search leads and the order follows."""
FEW_COURSES: Final = 8
"""Up to so many courses of one instructor are asked one by one."""

Matching = ColumnElement[bool] | None


@dataclass(frozen=True, slots=True)
class Walk:
    """A filter made ready: what had to be asked before its order can be walked."""

    chosen: QueueFilter
    rare: tuple[uuid.UUID, ...] | None = None
    """The submissions with the words, where they are few."""
    common: Matching = None
    """The condition on submissions, where they are many."""
    courses: tuple[uuid.UUID, ...] = ()

    def ids(self, *, after: str | None, limit: int, extra: Sequence[ColumnElement[bool]] = ()) -> Select[Any]:
        """The first ids behind a position, with the value they are sorted by, in order.

        Raises:
            FilterUnreadable: `after` is not a position that `position_of` gave out.
        """
        sort = self.chosen.sort
        further = [*self.chosen.beyond_state(), *extra]
        if after:
            behind = read_position(after, sort)
            here = tuple_(sort.column, QueueItem.id)
            further.append(here < behind if sort.descending else here > behind)
        if self.common is not None:
            further.append(QueueItem.submission_id.in_(select(Submission.id).where(self.common)))
        pieces = [_ordered(sort, [*piece, *further], limit) for piece in self._pieces()]
        if len(pieces) == 1:
            return pieces[0]
        cut = [select(piece.subquery()) for piece in pieces]
        merged = union_all(*cut).subquery()
        return _in_order(select(merged.c.id, merged.c.key), sort, merged.c.key, merged.c.id).limit(limit)

    def _pieces(self) -> list[list[ColumnElement[bool]]]:
        chosen = self.chosen
        if self.rare is not None:
            # `lower` hides the state from the planner, which without figures would rather walk all of it.
            narrow = [QueueItem.submission_id.in_(self.rare), func.lower(QueueItem.state).in_(chosen.states)]
            return [narrow + ([QueueItem.priority == chosen.priority] if chosen.priority else [])]
        by_turn = chosen.sort.column is QueueItem.turn_at
        if not by_turn and (self.courses or chosen.context_id):
            return self._by_course()
        priorities = [chosen.priority] if chosen.priority else list(Priority) if by_turn else [None]
        pieces: list[list[ColumnElement[bool]]] = []
        for course in self.courses or (None,):
            own = [QueueItem.context_id == course] if course else []
            for state in chosen.states:
                for priority in priorities:
                    fixed = [*own, QueueItem.state == state]
                    if priority:
                        fixed.append(QueueItem.priority == priority)
                    pieces += [[*fixed, *bounds] for bounds in (_bounds(chosen, priority) if by_turn else [[]])]
        return pieces

    def _by_course(self) -> list[list[ColumnElement[bool]]]:
        """A course's items sorted by age or cost are read by the course, once, and sorted: the indexes of age and cost
        hold all courses, and a planner without figures would walk them to the end if it saw the state."""
        narrow: list[ColumnElement[bool]] = [func.lower(QueueItem.state).in_(self.chosen.states)]
        if self.chosen.priority:
            narrow.append(QueueItem.priority == self.chosen.priority)
        return [[QueueItem.context_id == course, *narrow] for course in self.courses] or [narrow]


def prepare(session: Session, chosen: QueueFilter, matching: Matching = None) -> Walk:
    """Make a filter ready to be walked.

    Args:
        matching: the condition on submissions that the words of the filter make; see `grading.search`.
    """
    rare: tuple[uuid.UUID, ...] | None = None
    if matching is not None:
        found = session.execute(select(Submission.id).where(matching).limit(RARE + 1)).scalars().all()
        rare = tuple(found) if len(found) <= RARE else None
    courses: tuple[uuid.UUID, ...] = ()
    if chosen.instructor_id and not chosen.context_id:
        taught = session.execute(select(taught_by(chosen.instructor_id).element.subquery()).limit(FEW_COURSES + 1))
        courses = tuple(taught.scalars())
        courses = courses if len(courses) <= FEW_COURSES else ()
    return Walk(chosen, rare=rare, common=matching if rare is None else None, courses=courses)


def position_of(sort: Sort, key: datetime | int, identifier: uuid.UUID) -> str:
    """A place in the order, as addresses hold it."""
    return f"{sort.value}_{key.isoformat() if isinstance(key, datetime) else key}_{identifier}"


def read_position(after: str, sort: Sort) -> tuple[datetime | int, uuid.UUID]:
    """The place that `position_of` wrote.

    Raises:
        FilterUnreadable: it is no place of this order.
    """
    unreadable = FilterUnreadable("This page address can't be read. Go back to the first page of the queue.")
    try:
        word, value, identifier = after.split("_")
        key = int(value) if sort.column is QueueItem.estimated_microdollars else datetime.fromisoformat(value)
        place = key, uuid.UUID(identifier)
    except ValueError as error:
        raise unreadable from error
    if word != sort.value or (isinstance(key, datetime) and key.tzinfo is None):
        raise unreadable
    return place


def _bounds(chosen: QueueFilter, priority: Priority | None) -> list[list[ColumnElement[bool]]]:
    """What a span of days says about the order: exactly where it ends, but for work that was put off."""
    if priority is None or not (chosen.since or chosen.until):
        return [[]]
    shift = SHIFTS[priority]
    from_here = [QueueItem.turn_at >= chosen.since + shift] if chosen.since else []
    to_here = [QueueItem.turn_at < chosen.until + shift] if chosen.until else []
    return [
        [*from_here, *to_here, QueueItem.not_before.is_(None)],
        [*from_here, QueueItem.not_before.is_not(None)],
    ]


def _ordered(sort: Sort, conditions: Sequence[ColumnElement[bool]], limit: int) -> Select[Any]:
    query: Select[Any] = select(QueueItem.id, sort.column.label("key")).where(*conditions)
    return _in_order(query, sort, sort.column, QueueItem.id).limit(limit)


def _in_order(query: Select[Any], sort: Sort, key: Any, identifier: Any) -> Select[Any]:
    return query.order_by(key.desc(), identifier.desc()) if sort.descending else query.order_by(key, identifier)
