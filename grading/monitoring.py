"""What operators watch: figures of the whole site, read from the database when they are asked for.

Every process tells the same, and a restart loses nothing. Nothing here walks through a table that grows: the queue's
figures are kept by triggers, and of everything else only what is not at rest is counted, along an index. The one
exception is the number of batches in each state, which an index alone tells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, String, cast, func, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from grading import provider_health
from grading.budget import freezing, reading
from grading.budget.reading import Standing
from grading.models import Arrival, Batch, ErasureRequest, GradePush, ProviderFile
from grading.models.erasures import ErasureState
from grading.models.health import ProviderHealth
from grading.models.provider_files import ProviderFileState
from grading.queue import tally
from grading.queue.tally import Depth
from grading.states import ArrivalState, BatchState, BatchStep, Priority, PushState, QueueState

AT_REST: Final = (BatchStep.SUBMIT, BatchStep.DONE)
LIVE_STEPS: Final = tuple(step for step in BatchStep if step is not BatchStep.DONE)
PUSHES: Final = (PushState.PENDING, PushState.SENDING, PushState.FAILED)
ARRIVALS: Final = (ArrivalState.WAITING, ArrivalState.FETCHING, ArrivalState.FAILED)
ERASURES: Final = (ErasureState.ASKED, ErasureState.DECIDED)
FILES: Final = (ProviderFileState.PRESENT,)


class Line(StrEnum):
    """Lines in which things wait for a worker or a person."""

    PUSHES = "pushes"
    ARRIVALS = "arrivals"
    ERASURES = "erasures"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many things stand in one state of a line, and since when the oldest of them does."""

    items: int = 0
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """The state of the site at one moment. Money is in micro-dollars."""

    now: datetime
    queue: Mapping[tuple[QueueState, Priority], Depth]
    oldest_waiting_at: datetime | None
    """When the oldest work that may run now was handed in."""
    batches: Mapping[BatchState, int]
    steps: Mapping[BatchStep, int]
    """Batches that are not done, by what is done next for them."""
    stuck: int
    """Batches that administrators are told about."""
    budget: Standing
    frozen: bool
    providers: Sequence[ProviderHealth]
    waiting: Mapping[tuple[Line, str], Waiting]
    """By line and state; a state in which nothing is has no entry."""
    erasures_overdue: int


def read(session: Session, now: datetime) -> Figures:
    """Read everything, in a number of statements that does not depend on how much there is."""
    steps = session.execute(
        select(Batch.step, func.count(), func.count(Batch.alerted_at))
        .where(Batch.step.in_(LIVE_STEPS))
        .group_by(Batch.step)
    ).all()
    states = session.execute(select(Batch.state, func.count()).group_by(Batch.state)).all()
    return Figures(
        now=now,
        queue=tally.depths(session),
        oldest_waiting_at=tally.oldest_waiting(session),
        batches={row[0]: row[1] for row in states},
        steps={step: count for step, count, _ in steps},
        stuck=sum(alerted for step, _, alerted in steps if step not in AT_REST),
        budget=reading.site_standing(session, now),
        frozen=freezing.frozen(session) is not None,
        providers=provider_health.all_rows(session),
        waiting=_waiting(session),
        erasures_overdue=session.execute(
            select(func.count()).where(ErasureRequest.state.in_(ERASURES), ErasureRequest.due_at < now)
        ).scalar_one(),
    )


def _waiting(session: Session) -> dict[tuple[Line, str], Waiting]:
    """All lines in one statement."""
    parts = [
        _line(Line.PUSHES, GradePush.state, PUSHES, GradePush.created_at),
        _line(Line.ARRIVALS, Arrival.state, ARRIVALS, Arrival.created_at),
        _line(Line.ERASURES, ErasureRequest.state, ERASURES, ErasureRequest.created_at),
        _line(Line.FILES, ProviderFile.state, FILES, ProviderFile.must_go_at),
    ]
    return {
        (Line(line), state): Waiting(items, oldest_at)
        for line, state, items, oldest_at in session.execute(union_all(*parts))
    }


def _line(
    line: Line, column: InstrumentedAttribute[Any], states: Sequence[StrEnum], since: InstrumentedAttribute[Any]
) -> Select[str, str, int, Any]:
    """Of each of these states: how many rows are in it, and the earliest moment."""
    state = cast(column, String(32))
    return select(literal(line.value), state, func.count(), func.min(since)).where(column.in_(states)).group_by(column)
