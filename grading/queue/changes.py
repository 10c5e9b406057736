"""What an administrator does with items: the ticked ones, or everything that a filter shows (Q3).

A change is a row first. It is carried out a thousand items at a time, each part in a transaction of its own with its
entry in the audit log, and goes on where it stopped if a process dies. Each item remembers the last change that touched
it and what that replaced, which is what undoing goes by: what somebody changed again since stays as they left it.
"""

import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.errors import GradingError, NotFound
from grading.models import ChangeKind, QueueChange, QueueItem
from grading.queue.filters import QueueFilter, Sort, read_filter
from grading.queue.moves import SOURCES, Act, carry_out, take_back
from grading.queue.reading import count
from grading.queue.walking import Matching, position_of, prepare
from grading.states import Priority, QueueState
from privacy.audit import Actor, record

CHUNK: Final = 1_000
UNDOABLE: Final = (ChangeKind.SKIP, ChangeKind.PRIORITY, ChangeKind.RESCHEDULE, ChangeKind.NOTE)
UNDO_FOR: Final = timedelta(days=1)
NOTED_AS: Final = {
    ChangeKind.SKIP: "skipped",
    ChangeKind.PUT_BACK: "put_back",
    ChangeKind.PRIORITY: "priority_changed",
    ChangeKind.RESCHEDULE: "rescheduled",
    ChangeKind.NOTE: "noted",
    ChangeKind.UNDO: "undone",
}
"""What the audit log calls each kind, behind `queue.`"""
MatchingOf = Callable[[Session, QueueFilter], Matching]


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
    session: Session, kind: ChangeKind, value: str, item_ids: Sequence[uuid.UUID], actor: Actor, clock: Clock = utc_now
) -> QueueChange:
    """Change ticked items at once, a bounded part a statement.

    Raises:
        ChangeRefused: the value can't be used.
    """
    ids = sorted(set(item_ids))
    made = _begin(session, kind, value, actor, expected=len(ids), now=clock())
    act = Act(kind, made.value, made.id, made.made_at)
    made.changed = sum(carry_out(session, act, ids[start : start + CHUNK]) for start in range(0, len(ids), CHUNK))
    made.done, made.finished_at = len(ids), made.made_at
    _audit(session, made, actor, made.changed)
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
    """Begin a change of everything that a filter shows now; `advance` carries it out.

    Args:
        expected: how many items the administrator was told.

    Raises:
        ChangeRefused: the value can't be used.
    """
    made = _begin(session, kind, value, actor, expected=expected, now=clock())
    made.chosen = dict(chosen.arguments())
    return made


def undo(session: Session, change_id: uuid.UUID, actor: Actor, clock: Clock = utc_now) -> QueueChange:
    """Begin to take a change back; `advance` carries it out.

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


def advance(session: Session, change_id: uuid.UUID, matching_of: MatchingOf, clock: Clock = utc_now) -> QueueChange:
    """Carry out the next part of a change, at most `CHUNK` items. It is finished when it has `finished_at`.

    Raises:
        NotFound: there is no such change.
    """
    change = session.execute(
        select(QueueChange)
        .where(QueueChange.id == change_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if change is None:
        raise NotFound("There is no such change of the queue.")
    if change.finished_at is not None:
        return change
    begun_at = change.position
    if change.undoes is not None:
        seen, changed = _undo_part(session, change.undoes)
    else:
        seen, changed = _part(session, change, matching_of)
    whole, later = begun_at is None and seen < CHUNK, change.changed_before > 0
    change.done += changed if later else seen
    change.changed += changed
    if seen < CHUNK:
        # Somebody else may have moved items back over the place this walk had come to: it walks once more, until a walk
        # finds nothing left. One that saw everything at a single moment has missed nothing.
        if whole or change.undoes is not None or change.changed == change.changed_before:
            change.finished_at = clock()
        change.position, change.changed_before = None, change.changed
    if changed or change.finished_at:
        actor = Actor.administrator(change.administrator_id) if change.administrator_id else Actor.system()
        _audit(session, change, actor, changed)
    session.flush()
    return change


def carry_on(
    transaction: Callable[[], AbstractContextManager[Session]],
    change_id: uuid.UUID,
    matching_of: MatchingOf,
    clock: Clock = utc_now,
    tell: Callable[[QueueChange], None] = lambda _: None,
) -> QueueChange:
    """Carry a change out to its end, each part in a transaction of its own.

    Args:
        tell: is told how far it is after each part.
    """
    while True:
        with transaction() as session:
            change = advance(session, change_id, matching_of, clock)
        tell(change)
        if change.finished_at is not None:
            return change


def due(session: Session, _now: datetime) -> list[uuid.UUID]:
    """Changes with something left to do."""
    return list(session.execute(select(QueueChange.id).where(QueueChange.finished_at.is_(None)).limit(50)).scalars())


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


def set_priority(session: Session, item_ids: Sequence[uuid.UUID], priority: Priority, actor: Actor) -> int:
    """Change how soon waiting items run; returns how many were changed."""
    return change_items(session, ChangeKind.PRIORITY, priority.value, item_ids, actor).changed


def skip(session: Session, item_ids: Sequence[uuid.UUID], actor: Actor) -> int:
    """Take waiting or failed items out of the queue; their submissions go to the instructor for grading by hand.

    Items of a batch are left alone: the batch is cancelled first.
    """
    return change_items(session, ChangeKind.SKIP, "", item_ids, actor).changed


def put_back(session: Session, item_ids: Sequence[uuid.UUID], actor: Actor, clock: Clock = utc_now) -> int:
    """Put failed or skipped items back; those whose submission has moved on, or waits again, stay where they are."""
    return change_items(session, ChangeKind.PUT_BACK, "", item_ids, actor, clock).changed


def set_note(session: Session, item_ids: Sequence[uuid.UUID], note: str, actor: Actor) -> int:
    """Keep an administrator's note on items; returns on how many it changed."""
    return change_items(session, ChangeKind.NOTE, note, item_ids, actor).changed


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


def _part(session: Session, change: QueueChange, matching_of: MatchingOf) -> tuple[int, int]:
    chosen = read_filter(change.chosen or {})
    chosen = replace(chosen, sort=Sort.TURN)
    walk = prepare(session, chosen, matching_of(session, chosen))
    # What came in since is not what the administrator saw; what this change moved on in the order is not met twice.
    extra = [
        QueueItem.queued_at <= change.made_at,
        or_(QueueItem.change_id.is_(None), QueueItem.change_id != change.id),
    ]
    rows = session.execute(walk.ids(after=change.position, limit=CHUNK, extra=extra)).all()
    if rows:
        change.position = position_of(Sort.TURN, rows[-1].key, rows[-1].id)
    act = Act(change.kind, change.value, change.id, change.made_at)
    return len(rows), carry_out(session, act, [row.id for row in rows])


def _undo_part(session: Session, undoes: uuid.UUID) -> tuple[int, int]:
    kind = session.execute(select(QueueChange.kind).where(QueueChange.id == undoes)).scalar_one()
    ids = (
        session.execute(select(QueueItem.id).where(QueueItem.change_id == undoes).order_by(QueueItem.id).limit(CHUNK))
        .scalars()
        .all()
    )
    return len(ids), take_back(session, kind, ids)


def _audit(session: Session, change: QueueChange, actor: Actor, items: int) -> None:
    value = change.value if change.kind in (ChangeKind.PRIORITY, ChangeKind.RESCHEDULE) else None
    record(
        session,
        event=f"queue.{NOTED_AS[change.kind]}",
        actor=actor,
        tenant_id=None,
        object_type="queue",
        object_id=None,
        details={"items": items, "value": value, "change": str(change.undoes or change.id)},
    )
