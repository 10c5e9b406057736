"""What will go and when: the dry run that instructors and administrators see before anything is deleted."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Subquery, case, func, literal, null, select
from sqlalchemy.orm import Session

from grading import privacy_limits
from grading.models import Assignment, Context, Deployment, Draft, Registration, Submission
from grading.privacy_limits import Limits
from grading.retention.rules import (
    UNRELEASED_DAYS,
    Cutoffs,
    cutoffs,
    cutoffs_of,
    draft_is_over,
    is_held,
    text_is_over,
)
from grading.states import SubmissionState

SOON: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is kept in a course, what goes with the next sweep, and when the next text goes after that."""

    context_id: uuid.UUID
    title: str
    lms: str
    days: int
    held: bool
    kept: int
    """Texts that are there."""
    due: int
    """Of these, whose time is over: the next sweep takes them, unless a hold stands."""
    soon: int
    """Whose time is over within a week, the due ones among them."""
    drafts: int
    """Drafts whose time is over."""
    next_at: datetime | None
    """When the time of the next one is over; None where nothing is kept."""


def forecast(session: Session, context: Context, limits: Limits, now: datetime) -> Forecast:
    """What will go in one course, in two statements."""
    days = min(context.data_retention_days, limits.longest_retention_days)
    found = _rows(session, cutoffs_of(days, now), cutoffs_of(days, now + SOON), limits, Context.id == context.id)
    return found[0]


def forecast_of(session: Session, context: Context, now: datetime) -> Forecast:
    """The same under the site's limits in force."""
    return forecast(session, context, privacy_limits.current(session), now)


def courses(session: Session, now: datetime) -> list[Forecast]:
    """What will go in every course that keeps a text or a draft, the next to go first. Five statements."""
    limits = privacy_limits.current(session)
    found = _rows(session, cutoffs(session, now), cutoffs(session, now + SOON), limits, literal(value=True))
    far = now + timedelta(days=36_500)
    return sorted(
        (one for one in found if one.kept or one.drafts or one.held),
        key=lambda one: (one.next_at or far, str(one.context_id)),
    )


def effect_of_days(session: Session, context_id: uuid.UUID, days: int, now: datetime) -> int:
    """How many texts of a course would go at once if it kept them for so many days."""
    return _count(session, cutoffs_of(days, now), Context.id == context_id)


def effect_of_limit(session: Session, longest: int, now: datetime) -> int:
    """How many texts would go at once if no course kept them for more than so many days."""
    return _count(session, cutoffs(session, now, longest=longest), literal(value=True))


def pending(session: Session, now: datetime) -> int:
    """How many texts have outlived their time: after a sweep there are none."""
    return _count(session, cutoffs(session, now), literal(value=True))


def _count(session: Session, found: Cutoffs, condition: ColumnElement[bool]) -> int:
    return session.execute(
        select(func.count())
        .select_from(Submission)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(condition, ~is_held(), text_is_over(found))
    ).scalar_one()


def _rows(
    session: Session, now: Cutoffs, soon: Cutoffs, limits: Limits, condition: ColumnElement[bool]
) -> list[Forecast]:
    """One row a course, in one statement."""
    texts, drafts = _texts(now, soon, condition), _drafts(now, condition)
    rows = session.execute(
        select(Context, Registration.name, is_held().label("held"), texts, drafts.c.drafts)
        .join(Deployment, Deployment.id == Context.tenant_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .outerjoin(texts, texts.c.context_id == Context.id)
        .outerjoin(drafts, drafts.c.context_id == Context.id)
        .where(condition)
    ).all()
    return [_forecast(row, limits) for row in rows]


def _texts(now: Cutoffs, soon: Cutoffs, condition: ColumnElement[bool]) -> Subquery:
    """Texts per course; the oldest of each kind tells the next date."""
    settled = Submission.state.in_((SubmissionState.RELEASED, SubmissionState.REPLACED))
    return (
        select(
            Assignment.context_id,
            func.count().label("kept"),
            func.count().filter(text_is_over(now)).label("due"),
            func.count().filter(text_is_over(soon)).label("soon"),
            func.min(case((settled, Submission.kept_from), else_=null())).label("oldest_settled"),
            func.min(case((~settled, Submission.kept_from), else_=null())).label("oldest_open"),
        )
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(Submission.text_deleted_at.is_(None), condition)
        .group_by(Assignment.context_id)
        .subquery()
    )


def _drafts(now: Cutoffs, condition: ColumnElement[bool]) -> Subquery:
    return (
        select(Assignment.context_id, func.count().label("drafts"))
        .select_from(Draft)
        .join(Assignment, Assignment.id == Draft.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(draft_is_over(now), condition)
        .group_by(Assignment.context_id)
        .subquery()
    )


def _forecast(row: Any, limits: Limits) -> Forecast:
    context: Context = row[0]
    days = min(context.data_retention_days, limits.longest_retention_days)
    ends = [
        oldest + timedelta(days=kept)
        for oldest, kept in ((row.oldest_settled, days), (row.oldest_open, max(days, UNRELEASED_DAYS)))
        if oldest is not None
    ]
    return Forecast(
        context_id=context.id,
        title=context.label or context.title or "(untitled course)",
        lms=row[1],
        days=days,
        held=row.held,
        kept=row.kept or 0,
        due=row.due or 0,
        soon=row.soon or 0,
        drafts=row.drafts or 0,
        next_at=min(ends, default=None),
    )
