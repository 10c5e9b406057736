"""The audit log, newest first, under a filter; and what the filter shows as a file (P6)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from flask import Response as FlaskResponse
from flask import render_template, request

from grading.course_objects import ids_in_course
from grading.errors import NotFound
from grading.queue import FilterUnreadable
from lti_tool.audit_words import ACTORS, EVENTS, grouped_events
from lti_tool.pages.admin.shared import course_choices, signed_in_actor, tenant_choices
from lti_tool.parts import parts
from privacy.audit import exporting
from privacy.audit.exporting import FORMATS
from privacy.audit.reading import AuditFilter, page
from privacy.errors import PositionUnreadable

T = TypeVar("T")
MOMENT: Final = "%Y-%m-%dT%H:%M"


def audit() -> str:
    """One page of the log."""
    chosen = _filter()
    with parts().database.transaction() as session:
        try:
            found = page(session, chosen, after=request.args.get("after") or None)
        except PositionUnreadable as error:
            raise FilterUnreadable(error.message) from error
        courses = course_choices(session)
        tenants = tenant_choices(session)
    return render_template(
        "admin/audit.html",
        page=found,
        chosen=chosen,
        arguments=_arguments(chosen),
        courses=courses,
        tenants=tenants,
        events=grouped_events(),
        actors=ACTORS,
        exports=FORMATS,
        zone=parts().settings.time_zone,
    )


def export() -> FlaskResponse:
    """Everything that the filter shows, as a file that is written while it is read. The log notes that it left."""
    form = request.form.get("format", "")
    if form not in FORMATS:
        raise NotFound("There is no such format. Reload the page.")
    now = parts().clock()
    lines = exporting.export(parts().database.transaction, signed_in_actor(), form, _filter(), now)
    response = FlaskResponse(lines, mimetype=FORMATS[form][0])
    response.headers["Content-Disposition"] = f"attachment; filename=audit-log-{now:%Y-%m-%d}.{form}"
    return response


def _filter() -> AuditFilter:
    given = request.values
    try:
        course = _read(given, "course", UUID)
        chosen = AuditFilter(
            event=given.get("event") or None,
            actor_kind=given.get("actor_kind") or None,
            actor_id=_read(given, "actor", UUID),
            object_id=_read(given, "object", UUID),
            tenant_id=_read(given, "tenant", UUID),
            course_id=course,
            objects=ids_in_course(course) if course else None,
            since=_read(given, "since", _moment),
            until=_read(given, "until", _moment),
        )
    except ValueError as error:
        raise FilterUnreadable(
            "This filter can't be read: an id or a time is not complete. Go back to the audit log."
        ) from error
    known = (chosen.event is None or chosen.event in EVENTS, chosen.actor_kind is None or chosen.actor_kind in ACTORS)
    if not all(known):
        raise FilterUnreadable("This filter can't be read. Go back to the audit log.")
    return chosen


def _read(given: Mapping[str, str], name: str, reader: Callable[[str], T]) -> T | None:
    value = given.get(name, "").strip()
    return reader(value) if value else None


def _moment(value: str) -> datetime:
    """As a browser's field sends it, in the time zone of the pages."""
    return datetime.strptime(value[: len("2026-11-21T09:00")], MOMENT).replace(tzinfo=parts().zone)


def _arguments(chosen: AuditFilter) -> dict[str, str]:
    """The filter as the address says it."""
    values = {
        "event": chosen.event,
        "actor_kind": chosen.actor_kind,
        "actor": chosen.actor_id,
        "object": chosen.object_id,
        "tenant": chosen.tenant_id,
        "course": chosen.course_id,
        "since": chosen.since and chosen.since.strftime(MOMENT),
        "until": chosen.until and chosen.until.strftime(MOMENT),
    }
    return {name: str(value) for name, value in values.items() if value}
