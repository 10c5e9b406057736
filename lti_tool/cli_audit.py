"""`blindmark audit …`: list, verify and export the audit log, and put down where it ends."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import IO, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import click

from grading.course_objects import ids_in_course
from lti_tool.audit_words import ACTORS, EVENTS, object_words
from lti_tool.command_line import opened_parts, reported
from lti_tool.parts import Parts
from privacy.audit import Actor, exporting
from privacy.audit.exporting import FORMATS, as_json_lines
from privacy.audit.reading import AuditFilter, stream
from privacy.errors import AuditBroken
from privacy.models import AuditEvent

Command = Callable[..., Any]
_as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for other programs.")


@click.group()
def audit() -> None:
    """The audit log."""


def _filtered(command: Command) -> Command:
    """Give a command the filters of the page."""
    moments = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    for option in (
        click.option("--until", type=moments, help="Before this moment (time zone of BLINDMARK_TIME_ZONE)."),
        click.option("--since", type=moments, help="From this moment on."),
        click.option("--tenant", "tenant_id", type=click.UUID, help="Deployment id."),
        click.option("--course", "course_id", type=click.UUID, help="Blindmark's id of a course, with all in it."),
        click.option("--object", "object_id", type=click.UUID, help="Id of what it is about."),
        click.option("--actor", "actor_id", type=click.UUID, help="Id of who did it."),
        click.option("--actor-kind", type=click.Choice(list(ACTORS)), help="Kind of who did it."),
        click.option("--event", type=click.Choice(sorted(EVENTS)), metavar="EVENT", help="As submission.opened."),
    ):
        command = option(command)
    return command


@audit.command("list")
@_filtered
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Most entries shown.")
@_as_json
@reported
def list_entries(limit: int, as_json: bool, **chosen: Any) -> None:
    """Show entries, newest first."""
    parts = opened_parts()
    rows = stream(parts.database.transaction, _filter(parts, chosen), limit)
    if as_json:
        for line in as_json_lines(rows):
            click.echo(line, nl=False)
        return
    for row in rows:
        click.echo(_line(row))


@audit.command("export")
@_filtered
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="csv", show_default=True)
@click.option("--output", type=click.File("w", encoding="utf-8", lazy=True), default="-", help="File; - is the screen.")
@reported
def export(form: str, output: IO[str], **chosen: Any) -> None:
    """Write out what the filters show, and note in the log that it was."""
    parts = opened_parts()
    found = _filter(parts, chosen)
    for line in exporting.export(parts.database.transaction, Actor.system(), form, found, parts.clock()):
        output.write(line)


@audit.command("verify")
@click.option("--heads", type=click.File(), help="Heads that `blindmark audit head` printed earlier.")
@_as_json
@reported
def verify(heads: IO[str] | None, as_json: bool) -> None:
    """Walk every chain from its beginning and say whether it holds. Exit code 1 names the first broken link."""
    parts = opened_parts()
    try:
        known = parts.audit.read_heads(heads) if heads else []
        counts = parts.audit.verify(parts.database.transaction, known, _show_progress)
    except AuditBroken as broken:
        if as_json:
            click.echo(json.dumps({"whole": False, "broken": broken.message}))
            raise click.exceptions.Exit(1) from broken
        raise
    if as_json:
        click.echo(json.dumps({"whole": True, "entries": counts, "heads_checked": len(known)}))
        return
    for chain, count in sorted(counts.items()):
        click.echo(f"{chain}: {count} entries, unbroken")
    if heads:
        click.echo(f"All {len(known)} heads put down earlier are still links of their chains.")
    click.echo("The audit log is whole.")


@audit.command("head")
@reported
def head() -> None:
    """Print where the chains end, signed, as one line of JSON to keep outside the database (append it to a file)."""
    parts = opened_parts()
    with parts.database.transaction() as session:
        click.echo(parts.audit.signed_heads(session, parts.clock))


def _filter(parts: Parts, chosen: dict[str, Any]) -> AuditFilter:
    for name in ("since", "until"):
        if chosen[name] is not None:
            chosen[name] = _in_zone(chosen[name], parts.zone)
    course_id = chosen["course_id"]
    return AuditFilter(**chosen, objects=ids_in_course(course_id) if course_id else None)


def _in_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.replace(tzinfo=zone)


def _line(row: AuditEvent) -> str:
    details = " ".join(f"{name}={value}" for name, value in row.details.items() if value is not None)
    return (
        f"{row.happened_at:%Y-%m-%d %H:%M:%S}Z  {row.event:<30}  {row.actor_kind}{_behind(row.actor_id)}  "
        f"{object_words(row.object_type)}{_behind(row.object_id)}  {details}"
    ).rstrip()


def _behind(identifier: UUID | None) -> str:
    return f" {identifier}" if identifier else ""


def _show_progress(chain: str, done: int, total: int) -> None:
    """On the error stream, so that the answer itself can be read by programs; short chains need none."""
    if total > 10_000:
        click.echo(f"{chain}: {done} of {total}", err=True)
