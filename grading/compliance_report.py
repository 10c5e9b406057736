"""The compliance report: per course and month, what went to which provider under what, and what is gone again (P8).

It is read from counts that hold nobody's data, so that it is still right after the work itself was erased or swept.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, Subquery, func, select
from sqlalchemy.orm import Session

from grading.models import Context, Deployment, Disclosure, DisclosureDeletion, Registration
from grading.models.disclosures import DeletedAt
from grading.provider_register import Cover, agreements, cover
from privacy.audit import Actor, record

MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """What the report is about; what is None does not matter. Months as 2026-11, both counted."""

    first_month: str | None = None
    last_month: str | None = None
    context_id: uuid.UUID | None = None
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """How many of the submissions of a row are deleted somewhere, and when the last of them was."""

    submissions: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One course in one month, with one provider, model, endpoint and consent version."""

    month: str
    context_id: uuid.UUID
    course: str
    lms: str
    provider: str
    model: str
    endpoint: str
    consent_version: str
    submissions: int
    first_at: datetime
    last_at: datetime
    here: Gone
    at_provider: Gone
    cover: Cover


@dataclass(frozen=True, slots=True)
class Report:
    """The rows of a filter, newest month first."""

    rows: list[ReportRow]
    cut: bool
    """Whether there are more rows than are shown."""

    @property
    def submissions(self) -> int:
        """How many submissions all rows together are about."""
        return sum(row.submissions for row in self.rows)

    @property
    def uncovered(self) -> int:
        """How many rows have days without an agreement."""
        return sum(not row.cover.complete for row in self.rows)


def report(session: Session, chosen: ReportFilter, most: int | None = MOST_ROWS) -> Report:
    """Read the report in two statements, however long it is.

    Args:
        most: rows at most; None for all of them.
    """
    register = agreements(session)
    found = session.execute(_query(chosen).limit(most + 1 if most else None)).all()
    rows = [
        ReportRow(
            month=row.month,
            context_id=row.context_id,
            course=row.label or row.title or "",
            lms=row.lms or "",
            provider=row.provider,
            model=row.model,
            endpoint=row.endpoint,
            consent_version=row.consent_version,
            submissions=int(row.submissions),
            first_at=row.first_at,
            last_at=row.last_at,
            here=Gone(int(row.here_count or 0), row.here_at),
            at_provider=Gone(int(row.provider_count or 0), row.provider_at),
            cover=cover(register, row.provider, row.first_at.date(), row.last_at.date()),
        )
        for row in found[:most]
    ]
    return Report(rows, most is not None and len(found) > most)


def providers_seen(session: Session) -> list[str]:
    """Providers that anything ever went to."""
    return list(session.execute(select(Disclosure.provider).distinct().order_by(Disclosure.provider)).scalars())


def note_export(session: Session, actor: Actor, chosen: ReportFilter) -> None:
    """Note that the report was taken along."""
    record(
        session,
        event="report.exported",
        actor=actor,
        tenant_id=None,
        object_type="disclosure",
        object_id=None,
        details={
            "from": chosen.first_month,
            "to": chosen.last_month,
            "course": str(chosen.context_id) if chosen.context_id else None,
            "provider": chosen.provider,
        },
    )


def _query(chosen: ReportFilter) -> Select[tuple[object, ...]]:
    here, gone = _deletions(DeletedAt.HERE), _deletions(DeletedAt.PROVIDER)
    keys = (
        Disclosure.month,
        Disclosure.context_id,
        Disclosure.provider,
        Disclosure.model,
        Disclosure.endpoint,
        Disclosure.consent_version,
    )
    totals = (
        select(
            *keys,
            func.sum(Disclosure.submissions).label("submissions"),
            func.min(Disclosure.sent_at).label("first_at"),
            func.max(Disclosure.sent_at).label("last_at"),
            func.sum(here.c.submissions).label("here_count"),
            func.max(here.c.last_at).label("here_at"),
            func.sum(gone.c.submissions).label("provider_count"),
            func.max(gone.c.last_at).label("provider_at"),
        )
        .outerjoin(here, here.c.disclosure_id == Disclosure.id)
        .outerjoin(gone, gone.c.disclosure_id == Disclosure.id)
        .group_by(*keys)
    )
    if chosen.first_month:
        totals = totals.where(Disclosure.month >= chosen.first_month)
    if chosen.last_month:
        totals = totals.where(Disclosure.month <= chosen.last_month)
    if chosen.context_id:
        totals = totals.where(Disclosure.context_id == chosen.context_id)
    if chosen.provider:
        totals = totals.where(Disclosure.provider == chosen.provider)
    sums = totals.subquery()
    return (
        select(*sums.c, Context.title, Context.label, Registration.name.label("lms"))
        .outerjoin(Context, Context.id == sums.c.context_id)
        .outerjoin(Deployment, Deployment.id == Context.tenant_id)
        .outerjoin(Registration, Registration.id == Deployment.registration_id)
        .order_by(
            sums.c.month.desc(),
            Context.label,
            Context.title,
            *(sums.c[key.key] for key in keys[1:]),
        )
    )


def _deletions(place: DeletedAt) -> Subquery:
    return (
        select(
            DisclosureDeletion.disclosure_id,
            func.sum(DisclosureDeletion.submissions).label("submissions"),
            func.max(DisclosureDeletion.happened_at).label("last_at"),
        )
        .where(DisclosureDeletion.place == place)
        .group_by(DisclosureDeletion.disclosure_id)
        .subquery()
    )
