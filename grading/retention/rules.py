"""When the time of a text is over, as conditions in SQL: by the course's setting, within the site's limit.

A released result starts the clock. A replaced attempt counts from the newer one. Work that was never released is not
thrown away after a month in which nobody graded it: it is kept for a year after it last moved, or for the course's own
days where those are more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from config.database import UtcDateTime
from grading import privacy_limits
from grading.models import Arrival, Assignment, Context, Draft, IndividualDate, QueueItem, RetentionHold, Submission
from grading.states import ArrivalState, QueueState, SubmissionState

UNRELEASED_DAYS: Final = 365
_SETTLED: Final = (SubmissionState.RELEASED, SubmissionState.REPLACED)


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """What was kept since before these moments goes; SQL where they differ by the course's setting."""

    settled: ColumnElement[datetime]
    open: ColumnElement[datetime]
    latest: datetime
    """The latest of them all, for an index to begin with."""


def cutoffs(session: Session, now: datetime, *, longest: int | None = None) -> Cutoffs:
    """The moments for all courses, each by its own setting; in two statements.

    Args:
        longest: the site's limit in days, where another than the present one is meant.
    """
    limit = privacy_limits.current(session).longest_retention_days if longest is None else longest
    chosen = session.execute(select(Context.data_retention_days).distinct()).scalars()
    return _cutoffs({days: min(days, limit) for days in chosen}, now)


def cutoffs_of(days: int, now: datetime) -> Cutoffs:
    """The moments for a course that keeps things for so many days."""
    return Cutoffs(_moment(now, days), _moment(now, max(days, UNRELEASED_DAYS)), now - timedelta(days=days))


def text_is_over(found: Cutoffs) -> ColumnElement[bool]:
    """SQL: the text of a `Submission` in `Context` has to go. What stands in a batch is waited for."""
    in_a_batch = exists().where(
        QueueItem.submission_id == Submission.id,
        QueueItem.state.in_((QueueState.SELECTED, QueueState.PROCESSING)),
    )
    return and_(
        Submission.text_deleted_at.is_(None),
        Submission.kept_from <= found.latest,
        or_(
            and_(Submission.state.in_(_SETTLED), Submission.kept_from <= found.settled),
            Submission.kept_from <= found.open,
        ),
        ~in_a_batch,
    )


def draft_is_over(found: Cutoffs) -> ColumnElement[bool]:
    """SQL: a `Draft` for an `Assignment` in `Context` has to go. One that can still be handed in on time stays."""
    own_date = exists().where(
        IndividualDate.assignment_id == Draft.assignment_id,
        IndividualDate.person_id == Draft.person_id,
        func.coalesce(IndividualDate.closes_at, IndividualDate.due_at) > found.settled,
    )
    last_day = func.coalesce(Assignment.closes_at, Assignment.due_at)
    return and_(
        Draft.saved_at <= found.latest,
        Draft.saved_at <= found.settled,
        or_(last_day.is_(None), last_day <= found.settled),
        ~own_date,
    )


def arrival_is_over(found: Cutoffs) -> ColumnElement[bool]:
    """SQL: an `Arrival` in `Context` that came to nothing has to go."""
    return and_(
        Arrival.state == ArrivalState.FAILED,
        Arrival.submission_id.is_(None),
        Arrival.created_at <= found.latest,
        Arrival.created_at <= found.settled,
    )


def is_held() -> ColumnElement[bool]:
    """SQL: a legal hold stands on `Context`."""
    return exists().where(RetentionHold.context_id == Context.id, RetentionHold.lifted_at.is_(None))


def _cutoffs(days: Mapping[int, int], now: datetime) -> Cutoffs:
    if not days:
        return cutoffs_of(UNRELEASED_DAYS, now)
    return Cutoffs(
        settled=_by_setting(days, now),
        open=_by_setting({chosen: max(held, UNRELEASED_DAYS) for chosen, held in days.items()}, now),
        latest=now - timedelta(days=min(days.values())),
    )


def _by_setting(days: Mapping[int, int], now: datetime) -> ColumnElement[datetime]:
    moments = {chosen: _moment(now, kept) for chosen, kept in days.items()}
    return case(moments, value=Context.data_retention_days)


def _moment(now: datetime, days: int) -> ColumnElement[datetime]:
    return literal(now - timedelta(days=days), UtcDateTime())
