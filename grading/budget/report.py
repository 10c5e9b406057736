"""The monthly report: what was spent, what came of it, and what it saved (K3)."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.database import zone_of
from grading.budget.limits import Assumptions, assumptions
from grading.budget.months import Month
from grading.models import Batch, BatchRequest, BudgetEntry, Context, QueueItem
from grading.models.budget import SITE, EntryKind
from grading.states import RequestState
from privacy.audit import Actor, record

MINUTES_IN_AN_HOUR: Final = 60
CSV_COLUMNS: Final = (
    "month",
    "course_id",
    "course",
    "assessments",
    "cost_usd",
    "cost_per_assessment_usd",
    "minutes_saved",
    "value_usd",
    "return_usd",
)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One course in one month."""

    course_id: uuid.UUID
    course: str
    assessments: int
    spent: int
    minutes_saved: int
    value: int
    """What the saved time would have cost, in micro-dollars."""

    @property
    def gained(self) -> int:
        """What was saved less what was spent."""
        return self.value - self.spent

    @property
    def per_assessment(self) -> int | None:
        """What an assessment cost, rounded half up; None without any."""
        return (2 * self.spent + self.assessments) // (2 * self.assessments) if self.assessments else None


@dataclass(frozen=True, slots=True)
class MonthlyReport:
    """A month, by course."""

    month: Month
    assumed: Assumptions
    rows: tuple[ReportRow, ...]
    total: ReportRow


def saved(assessments: int, assumed: Assumptions) -> tuple[int, int]:
    """Minutes that assessments save a person, and what these would have cost in micro-dollars (rounded down)."""
    minutes = assessments * assumed.minutes_per_assessment
    return minutes, minutes * assumed.hourly_microdollars // MINUTES_IN_AN_HOUR


def monthly_report(session: Session, month: Month) -> MonthlyReport:
    """What was settled in a month and which assessments came back in it, by course."""
    zone = zone_of(session)
    begins, ends = month.begins(zone), month.ends(zone)
    spent = _spent(session, begins, ends)
    made = _made(session, begins, ends)
    names = _names(session, {*spent, *made})
    assumed = assumptions(session)
    rows = [
        _row(scope, names.get(scope, "A course that is gone"), made.get(scope, 0), spent.get(scope, 0), assumed)
        for scope in {*spent, *made}
    ]
    rows.sort(key=lambda row: (-row.spent, row.course, row.course_id))
    total = _row(SITE, "All", sum(made.values()), sum(spent.values()), assumed)
    return MonthlyReport(month, assumed, tuple(rows), total)


def months_with_spending(session: Session, now: datetime) -> list[Month]:
    """Months to choose from: all with entries, and this one; the newest first."""
    rows = session.execute(select(BudgetEntry.month).distinct()).scalars()
    return sorted({*(Month.parse(row) for row in rows), Month.of(now, zone_of(session))}, reverse=True)


def note_export(session: Session, actor: Actor, month: Month) -> None:
    """Note that the report left as a file."""
    record(
        session,
        event="budget.report_exported",
        actor=actor,
        tenant_id=None,
        object_type="budget",
        object_id=None,
        details={"month": str(month)},
    )


def _row(scope: uuid.UUID, name: str, assessments: int, spent: int, assumed: Assumptions) -> ReportRow:
    minutes, value = saved(assessments, assumed)
    return ReportRow(scope, name, assessments, spent, minutes, value)


def _spent(session: Session, begins: datetime, ends: datetime) -> dict[uuid.UUID, int]:
    rows = session.execute(
        select(BudgetEntry.course_id, func.sum(BudgetEntry.microdollars))
        .where(
            BudgetEntry.kind == EntryKind.SETTLED,
            BudgetEntry.happened_at >= begins,
            BudgetEntry.happened_at < ends,
        )
        .group_by(BudgetEntry.course_id)
    )
    return {row[0]: int(row[1]) for row in rows}


def _made(session: Session, begins: datetime, ends: datetime) -> dict[uuid.UUID, int]:
    rows = session.execute(
        select(QueueItem.context_id, func.count())
        .join(BatchRequest, BatchRequest.queue_item_id == QueueItem.id)
        .join(Batch, Batch.id == BatchRequest.batch_id)
        .where(Batch.finished_at >= begins, Batch.finished_at < ends, BatchRequest.state == RequestState.SUCCEEDED)
        .group_by(QueueItem.context_id)
    )
    return {row[0]: row[1] for row in rows}


def _names(session: Session, scopes: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = session.execute(select(Context.id, Context.label, Context.title).where(Context.id.in_(list(scopes))))
    return {SITE: "No course"} | {row[0]: row[1] or row[2] or "(untitled course)" for row in rows}
