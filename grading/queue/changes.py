"""What an administrator does with items: the ticked ones, or everything that a filter shows (Q3).

A change is a row first; `carrying` carries out those of whole filters. Each item remembers the last change that touched
it and what that replaced, which is what undoing goes by: what somebody changed again since stays as they left it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.errors import GradingError
from grading.models import ChangeKind, QueueChange
from grading.queue.carrying import CHUNK, note_change
from grading.queue.filters import QueueFilter
from grading.queue.moves import SOURCES, Act, carry_out
from grading.queue.reading import count
from grading.queue.walking import Matching
from grading.states import Priority, QueueState
from privacy.audit import Actor

UNDOABLE: Final = (ChangeKind.SKIP, ChangeKind.PRIORITY, ChangeKind.RESCHEDULE, ChangeKind.NOTE)
UNDO_FOR: Final = timedelta(days=1)


class ChangeRefused(GradingError):
    """A change of the queue that can't be made as it was asked for."""

    code = "change_refused"


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a change of everything that a filter shows will do, before it is done."""

    matching: int
    acts_on: int
    estimated_microdollars: int
    """Of what it acts on."""
    left_alone: dict[QueueState, int]


def forecast(session: Session, kind: ChangeKind, chosen: QueueFilter, matching: Matching = None) -> Forecast:
    """How many items a change would act on, and how many it would leave alone because of their state."""
    counts = count(session, chosen, matching)
    acted = [counts[state] for state in SOURCES[kind] if state in counts]
    return Forecast(
        matching=sum(items for items, _ in counts.values()),
        acts_on=sum(items for items, _ in acted),
        estimated_microdollars=sum(cost for _, cost in acted),
        left_alone={state: items for state, (items, _) in counts.items() if state not in SOURCES[kind]},
    )


def check_value(kind: ChangeKind, value: str, now: datetime) -> str:
    """The value of a change as it is kept.

    Raises:
        ChangeRefused: a priority that there is not, or a moment that can't be read or has passed.
    """
    if kind is ChangeKind.PRIORITY and value not in set(Priority):
        raise ChangeRefused("This priority is not known. Choose high, normal or low.")
    if kind is not ChangeKind.RESCHEDULE or not value:
        return value
    try:
        moment = datetime.fromisoformat(value).astimezone(UTC)
    except ValueError as error:
        raise ChangeRefused("This time can't be read. Choose a day and a time.") from error
    if moment <= now:
        raise ChangeRefused("This time has passed already. Choose a later one, or none to let the work run now.")
    return moment.isoformat()


def change_items(
    session: Session,
    kind: ChangeKind,
    value: str,
    item_ids: Sequence[uuid.UUID],
    actor: Actor,
    provider: str,
    clock: Clock = utc_now,
) -> QueueChange:
    """Change ticked items at once, a bounded part a statement.

    Args:
        provider: where work goes that is put back; what may not go there is not queued.

    Raises:
        ChangeRefused: the value can't be used.
    """
    ids = sorted(set(item_ids))
    made = _begin(session, kind, value, actor, expected=len(ids), now=clock())
    act = Act(kind, made.value, made.id, made.made_at, provider)
    made.changed = sum(carry_out(session, act, ids[start : start + CHUNK]) for start in range(0, len(ids), CHUNK))
    made.done, made.finished_at = len(ids), made.made_at
    note_change(session, made, actor, made.changed)
    return made


def change_matching(
    session: Session,
    kind: ChangeKind,
    value: str,
    chosen: QueueFilter,
    actor: Actor,
    *,
    expected: int,
    clock: Clock = utc_now,
) -> QueueChange:
    """Begin a change of everything that a filter shows now; `carrying.advance` carries it out.

    Args:
        expected: how many items the administrator was told.

    Raises:
        ChangeRefused: the value can't be used.
    """
    made = _begin(session, kind, value, actor, expected=expected, now=clock())
    made.chosen = dict(chosen.arguments())
    return made


def undo(session: Session, change_id: uuid.UUID, actor: Actor, clock: Clock = utc_now) -> QueueChange:
    """Begin to take a change back; `carrying.advance` carries it out.

    Raises:
        ChangeRefused: it is still under way, was taken back already, or can't be.
    """
    now = clock()
    marked = session.execute(
        update(QueueChange)
        .where(
            QueueChange.id == change_id,
            QueueChange.kind.in_(UNDOABLE),
            QueueChange.finished_at.is_not(None),
            QueueChange.undone_at.is_(None),
        )
        .values(undone_at=now)
        .returning(QueueChange.changed)
    ).scalar_one_or_none()
    if marked is None:
        raise ChangeRefused("This change can't be taken back: it is still under way, or was taken back already.")
    made = _begin(session, ChangeKind.UNDO, "", actor, expected=marked, now=now)
    made.undoes = change_id
    return made


def latest(session: Session, administrator_id: uuid.UUID, now: datetime) -> QueueChange | None:
    """The last change of an administrator, for as long as undoing it is offered or it is under way."""
    found = session.execute(
        select(QueueChange)
        .where(QueueChange.administrator_id == administrator_id, QueueChange.made_at > now - UNDO_FOR)
        .order_by(QueueChange.made_at.desc())
        .limit(1)
    ).scalar_one_or_none()
    return found if found and (found.finished_at is None or can_undo(found)) else None


def can_undo(change: QueueChange) -> bool:
    """Whether a change can be taken back."""
    return (
        change.kind in UNDOABLE and change.finished_at is not None and change.undone_at is None and change.changed > 0
    )


def _begin(
    session: Session, kind: ChangeKind, value: str, actor: Actor, *, expected: int, now: datetime
) -> QueueChange:
    made = QueueChange(
        id=uuid.uuid4(),
        kind=kind,
        administrator_id=actor.id,
        value=check_value(kind, value, now),
        expected=expected,
        done=0,
        changed=0,
        changed_before=0,
        made_at=now,
    )
    session.add(made)
    session.flush()
    return made
