"""What the queue shows: a filter, as people choose it, as addresses and saved filters hold it, and as SQL."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.orm import InstrumentedAttribute

from grading.errors import GradingError
from grading.models import Enrolment, QueueItem
from grading.models.people import CourseRole, EnrolmentState
from grading.states import Priority, QueueState, TaskType

WAITING: Final = (QueueState.QUEUED, QueueState.SELECTED)
MOMENT: Final = "%Y-%m-%dT%H:%M"
STAFF: Final = (CourseRole.INSTRUCTOR, CourseRole.GRADER)
_WAITING_WORD: Final = "waiting"
_ALL_WORD: Final = "all"


class FilterUnreadable(GradingError):
    """A filter or page position that the queue can't read."""

    code = "filter_unreadable"


class Sort(StrEnum):
    """What the queue is sorted by; a minus in front turns it round."""

    TURN = "turn"
    LAST_TURN = "-turn"
    OLDEST = "age"
    NEWEST = "-age"
    CHEAPEST = "cost"
    DEAREST = "-cost"

    @property
    def column(self) -> InstrumentedAttribute[Any]:
        """The column that it sorts by."""
        columns: dict[str, InstrumentedAttribute[Any]] = {
            "turn": QueueItem.turn_at,
            "age": QueueItem.queued_at,
            "cost": QueueItem.estimated_microdollars,
        }
        return columns[self.removeprefix("-")]

    @property
    def descending(self) -> bool:
        """Whether the largest comes first."""
        return self.startswith("-")


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the queue page shows, and how it is sorted."""

    states: tuple[QueueState, ...] = WAITING
    context_id: uuid.UUID | None = None
    priority: Priority | None = None
    tenant_id: uuid.UUID | None = None
    instructor_id: uuid.UUID | None = None
    task_type: TaskType | None = None
    since: datetime | None = None
    until: datetime | None = None
    sought: str = ""
    """Words to search for, hidden as `privacy.blind_index` does it."""
    sort: Sort = Sort.TURN

    @property
    def narrows(self) -> bool:
        """Whether it leaves out work that waits."""
        return bool({*self.arguments()} - {"state", "sort"}) or not set(self.states) >= set(WAITING)

    def conditions(self) -> list[ColumnElement[bool]]:
        """SQL: everything but the words, for a query on queue items."""
        narrow: list[ColumnElement[bool]] = [QueueItem.state.in_(self.states)]
        if self.priority:
            narrow.append(QueueItem.priority == self.priority)
        return narrow + self.beyond_state()

    def beyond_state(self) -> list[ColumnElement[bool]]:
        """SQL: what the filter says apart from state, priority and words."""
        found: list[ColumnElement[bool]] = []
        if self.context_id:
            found.append(QueueItem.context_id == self.context_id)
        if self.tenant_id:
            found.append(QueueItem.tenant_id == self.tenant_id)
        if self.instructor_id:
            found.append(QueueItem.context_id.in_(taught_by(self.instructor_id)))
        if self.task_type:
            found.append(QueueItem.task_type == self.task_type)
            if self.task_type is not TaskType.GRADE:
                # Word for word what the partial index says, so that both databases see that it serves.
                found.append(text("task_type <> 'grade_student_work'"))  # type: ignore[arg-type]
        if self.since:
            found.append(QueueItem.queued_at >= self.since)
        if self.until:
            found.append(QueueItem.queued_at < self.until)
        return found

    def arguments(self, zone: tzinfo = UTC) -> dict[str, str | list[str]]:
        """The filter as an address or a saved filter holds it; what is at its usual value is left out."""
        if self.states == WAITING:
            states: str | list[str] = _WAITING_WORD
        else:
            states = _ALL_WORD if set(self.states) == set(QueueState) else [state.value for state in self.states]
        found = {
            "state": states,
            "course": str(self.context_id or ""),
            "lms": str(self.tenant_id or ""),
            "instructor": str(self.instructor_id or ""),
            "priority": self.priority or "",
            "task": self.task_type or "",
            "since": self.since.astimezone(zone).strftime(MOMENT) if self.since else "",
            "until": self.until.astimezone(zone).strftime(MOMENT) if self.until else "",
            "sought": self.sought,
            "sort": "" if self.sort is Sort.TURN else self.sort.value,
        }
        return {name: value if isinstance(value, list) else str(value) for name, value in found.items() if value}


def read_filter(given: Mapping[str, str | Sequence[str]], zone: tzinfo = UTC) -> QueueFilter:
    """The filter that an address or a saved filter holds.

    Raises:
        FilterUnreadable: something in it is no id, no moment, or no known word.
    """
    one = {name: value if isinstance(value, str) else (value[0] if value else "") for name, value in given.items()}
    states = given.get("state", ())
    try:
        return QueueFilter(
            states=_states([states] if isinstance(states, str) else list(states)),
            context_id=_id(one.get("course")),
            tenant_id=_id(one.get("lms")),
            instructor_id=_id(one.get("instructor")),
            priority=Priority(one["priority"]) if one.get("priority") else None,
            task_type=TaskType(one["task"]) if one.get("task") else None,
            since=_moment(one.get("since"), zone),
            until=_moment(one.get("until"), zone),
            sought=one.get("sought", ""),
            sort=Sort(one.get("sort") or Sort.TURN),
        )
    except ValueError as error:
        raise FilterUnreadable(
            "This filter can't be read: an id, a time or a word in it is not complete. Go back to the queue."
        ) from error


def taught_by(instructor_id: uuid.UUID) -> ColumnElement[uuid.UUID]:
    """SQL: the courses in which somebody teaches."""
    return (
        select(Enrolment.context_id)
        .where(
            Enrolment.person_id == instructor_id,
            Enrolment.role.in_(STAFF),
            Enrolment.state == EnrolmentState.ACTIVE,
        )
        .scalar_subquery()
    )


def _states(words: list[str]) -> tuple[QueueState, ...]:
    chosen = [word for word in words if word]
    if not chosen or chosen == [_WAITING_WORD]:
        return WAITING
    return tuple(QueueState) if chosen == [_ALL_WORD] else tuple(QueueState(word) for word in chosen)


def _id(value: str | None) -> uuid.UUID | None:
    return uuid.UUID(value) if value else None


def _moment(value: str | None, zone: tzinfo) -> datetime | None:
    if not value:
        return None
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
