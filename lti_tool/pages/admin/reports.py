"""Reports for privacy officers: what left for which provider, under which agreement, and the record of processing."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grading import provider_register
from grading.compliance_report import Report, ReportFilter, note_export, providers_seen, report
from grading.models import ProviderAgreement
from grading.processing_record import processing_record
from grading.provider_register import AgreementDraft, AgreementInvalid
from grading.queue import FilterUnreadable
from lti_tool.pages.admin.shared import course_choices, signed_in_actor
from lti_tool.parts import parts
from privacy.consent import CURRENT_TEXT
from privacy.safe_csv import csv_lines

COLUMNS: Final = (
    "month",
    "course_id",
    "course",
    "lms",
    "provider",
    "model",
    "endpoint",
    "consent_version",
    "submissions",
    "first_sent_at",
    "last_sent_at",
    "deleted_here",
    "last_deleted_here_at",
    "deleted_at_provider",
    "last_deleted_at_provider_at",
    "agreements",
    "agreement_on_every_day",
)
_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class TypedAgreement:
    """What was typed into the form of an agreement."""

    provider: str = ""
    name: str = ""
    reference: str = ""
    region: str = ""
    retention_days: str = "30"
    endpoint: str = ""
    in_force_from: str = ""
    in_force_until: str = ""


def reports() -> str:
    """What went to providers, per course and month."""
    chosen = _filter()
    with parts().database.transaction() as session:
        shown = report(session, chosen)
        courses = course_choices(session)
        providers = providers_seen(session)
    return render_template(
        "admin/reports.html",
        report=shown,
        chosen=chosen,
        arguments=_arguments(chosen),
        courses=courses,
        providers=providers,
        now=parts().clock(),
    )


def export() -> FlaskResponse:
    """The report as CSV, all rows of it."""
    chosen = _filter()
    with parts().database.transaction() as session:
        found = report(session, chosen, None)
        note_export(session, signed_in_actor(), chosen)
    response = FlaskResponse(_csv(found), mimetype="text/csv")
    name = f"sent-to-providers-{parts().clock():%Y-%m-%d}.csv"
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


def agreements() -> str:
    """The register of providers."""
    with parts().database.transaction() as session:
        found = provider_register.agreements(session)
    return render_template("admin/agreements.html", agreements=found, today=_today())


def add_agreement() -> Response | str | tuple[str, int]:
    """Enter an agreement."""
    if request.method == "GET":
        known = parts().providers.get(parts().provider)
        start = TypedAgreement(provider=parts().provider, endpoint=known.endpoint if known else "")
        return _form(start, {})
    typed = _typed()
    try:
        with parts().database.transaction() as session:
            provider_register.add(session, _draft(typed), signed_in_actor(), parts().clock)
    except AgreementInvalid as error:
        return _form(typed, {error.field: error.message}), error.status
    flash("The agreement is in the register.", "done")
    return redirect(url_for("admin.agreements"), 303)


def change_agreement(agreement_id: UUID) -> Response | str | tuple[str, int]:
    """Change an agreement, as to enter its last day."""
    with parts().database.transaction() as session:
        found = provider_register.get(session, agreement_id)
    if request.method == "GET":
        return _form(_written(found), {}, found)
    typed = _typed()
    try:
        with parts().database.transaction() as session:
            provider_register.change(
                session, provider_register.get(session, agreement_id), _draft(typed), signed_in_actor()
            )
    except AgreementInvalid as error:
        return _form(typed, {error.field: error.message}, found), error.status
    flash("Saved.", "done")
    return redirect(url_for("admin.agreements"), 303)


def processing() -> str:
    """The record of processing activities, from the present settings."""
    with parts().database.transaction() as session:
        found = processing_record(session, parts().providers, _today())
    return render_template(
        "admin/processing.html",
        record=found,
        settings=parts().settings,
        consent_version=CURRENT_TEXT.version,
        now=parts().clock(),
    )


def _csv(found: Report) -> str:
    rows = (
        (
            row.month,
            row.context_id,
            row.course,
            row.lms,
            row.provider,
            row.model,
            row.endpoint,
            row.consent_version,
            row.submissions,
            row.first_at,
            row.last_at,
            row.here.submissions,
            row.here.last_at,
            row.at_provider.submissions,
            row.at_provider.last_at,
            "; ".join(one.reference for one in row.cover.agreements),
            "yes" if row.cover.complete else "no",
        )
        for row in found.rows
    )
    return "".join(csv_lines(COLUMNS, rows))


def _form(typed: TypedAgreement, errors: dict[str, str], agreement: ProviderAgreement | None = None) -> str:
    return render_template(
        "admin/agreement.html",
        typed=typed,
        errors=errors,
        agreement=agreement,
        providers=sorted({*parts().providers, parts().provider, *([typed.provider] if typed.provider else [])}),
    )


def _typed() -> TypedAgreement:
    return TypedAgreement(**{name: request.form.get(name, "").strip() for name in TypedAgreement.__slots__})


def _written(found: ProviderAgreement) -> TypedAgreement:
    values = {name: getattr(found, name) for name in TypedAgreement.__slots__}
    return TypedAgreement(**{name: "" if value is None else str(value) for name, value in values.items()})


def _draft(typed: TypedAgreement) -> AgreementDraft:
    try:
        days = int(typed.retention_days)
    except ValueError as error:
        raise AgreementInvalid("Enter a whole number of days.", field="retention_days") from error
    first = _day(typed.in_force_from, "in_force_from")
    if first is None:
        raise AgreementInvalid("Enter the first day on which it is in force.", field="in_force_from")
    return AgreementDraft(
        provider=typed.provider,
        name=typed.name,
        reference=typed.reference,
        region=typed.region,
        retention_days=days,
        endpoint=typed.endpoint,
        in_force_from=first,
        in_force_until=_day(typed.in_force_until, "in_force_until"),
    )


def _day(value: str, field: str) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise AgreementInvalid("Enter a day as 2026-11-21.", field=field) from error


def _filter() -> ReportFilter:
    given = request.values
    months = [given.get(name, "").strip() for name in ("from", "to")]
    if any(month and not _MONTH.fullmatch(month) for month in months):
        raise FilterUnreadable("A month is written as 2026-11. Go back to the report.")
    try:
        course = UUID(given["course"]) if given.get("course") else None
    except ValueError as error:
        raise FilterUnreadable("This filter can't be read. Go back to the report.") from error
    return ReportFilter(months[0] or None, months[1] or None, course, given.get("provider") or None)


def _arguments(chosen: ReportFilter) -> dict[str, str]:
    values = {
        "from": chosen.first_month,
        "to": chosen.last_month,
        "course": chosen.context_id,
        "provider": chosen.provider,
    }
    return {name: str(value) for name, value in values.items() if value}


def _today() -> date:
    return parts().clock().astimezone(parts().zone).date()
