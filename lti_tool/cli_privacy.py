"""`blindmark privacy …`: take a person's data along, erase, and see or run what goes by time."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from sqlalchemy.orm import Session

from grading import erasure, exports, retention
from grading.erasure import Numbers
from grading.erasure.numbers import find_person
from grading.errors import GradingError
from lti_tool.command_line import opened_parts, reported
from lti_tool.parts import Parts
from privacy.audit import Actor

Command = Callable[..., Any]
_as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for other programs.")


class SeveralTenants(GradingError):
    """Somebody is known in more than one deployment, and it was not said which is meant."""

    code = "several_tenants"


@click.group()
def privacy() -> None:
    """People's data: copies, erasure, retention."""


def _of_person(command: Command) -> Command:
    """Give a command the options that say who is meant."""
    for option in (
        click.option("--deployment", "tenant_id", type=click.UUID, help="Deployment id, where there is more than one."),
        click.option("--subject", required=True, help="The person's LTI subject (sub)."),
        click.option("--registration", "registration_id", type=click.UUID, required=True, help="Registration id."),
    ):
        command = option(command)
    return command


def _confirmed(command: Command) -> Command:
    """Give a command the options of what can't be undone."""
    for option in (
        _as_json,
        click.option("--yes", is_flag=True, help="Don't ask."),
        click.option("--dry-run", is_flag=True, help="Say what would go, and do nothing."),
    ):
        command = option(command)
    return command


@privacy.command("export")
@_of_person
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="ZIP file to write.")
@_as_json
@reported
def export(registration_id: UUID, subject: str, tenant_id: UUID | None, output: Path, as_json: bool) -> None:
    """Write everything that is kept about a person into an archive that only you can read."""
    parts = opened_parts()
    tenant_id, person_id = _person(parts, registration_id, subject, tenant_id)
    actor = Actor.system()
    with parts.database.transaction() as session:
        export_id = exports.request(session, tenant_id=tenant_id, person_id=person_id, actor=actor, clock=parts.clock)
    if not exports.make(parts.database, parts.vault, export_id, parts.clock):
        raise GradingError("A worker is making this copy right now. Try again in a moment.", code="export_busy")
    found = exports.fetch(
        parts.database,
        parts.vault,
        export_id,
        tenant_id=tenant_id,
        person_id=person_id,
        reader=actor,
        now=parts.clock(),
    )
    with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
        for piece in found.pieces:
            target.write(piece)
    with parts.database.transaction() as session:
        exports.discard(session, {(tenant_id, person_id)}, parts.clock())
    if as_json:
        click.echo(json.dumps({"person": str(person_id), "deployment": str(tenant_id), "bytes": found.size}))
        return
    click.echo(f"Wrote {found.size:,} bytes to {output}.")


@privacy.group("erase")
def erase() -> None:
    """Erase a person, a submission, a course or a deployment, for good."""


@erase.command("person")
@_of_person
@_confirmed
@reported
def erase_person(registration_id: UUID, subject: str, tenant_id: UUID | None, **how: bool) -> None:
    """Everything about a person in a deployment."""
    parts = opened_parts()
    tenant_id, person_id = _person(parts, registration_id, subject, tenant_id)
    _erase(parts, lambda session: erasure.person_numbers(session, tenant_id, person_id), **how)


@erase.command("submission")
@click.argument("submission_id", type=click.UUID)
@_confirmed
@reported
def erase_submission(submission_id: UUID, **how: bool) -> None:
    """One submission with its assessment, decisions and feedback."""
    _erase(opened_parts(), lambda session: erasure.submission_numbers(session, submission_id), **how)


@erase.command("course")
@click.argument("context_id", type=click.UUID)
@_confirmed
@reported
def erase_course(context_id: UUID, **how: bool) -> None:
    """A course with everything in it."""
    _erase(opened_parts(), lambda session: erasure.course_numbers(session, context_id), **how)


@erase.command("deployment")
@click.argument("deployment_id", type=click.UUID)
@_confirmed
@reported
def erase_deployment(deployment_id: UUID, **how: bool) -> None:
    """A deployment with all its courses, people and keys."""
    _erase(opened_parts(), lambda session: erasure.deployment_numbers(session, deployment_id), **how)


@privacy.command("retention")
@_confirmed
@reported
def run_retention(dry_run: bool, yes: bool, as_json: bool) -> None:
    """Delete what has outlived its time now, as every running worker does each quarter of an hour."""
    parts = opened_parts()
    with parts.database.transaction() as session:
        rows = retention.courses(session, parts.clock())
    due = sum(row.due + row.drafts for row in rows if not row.held)
    if not as_json:
        for row in rows:
            click.echo(_line(row))
        click.echo(f"{due} texts and drafts have outlived their time.")
    deleted = 0
    if due and not dry_run:
        if not yes:
            click.confirm("Delete them?", abort=True)
        while done := retention.sweep(parts.database, parts.vault, parts.clock):
            deleted += done
        if not as_json:
            click.echo(f"Deleted {deleted}.")
    if as_json:
        courses = [
            {
                "course": str(row.context_id),
                "title": row.title,
                "days": row.days,
                "held": row.held,
                "kept": row.kept,
                "due": row.due,
                "within_a_week": row.soon,
                "drafts_due": row.drafts,
                "next": row.next_at.isoformat() if row.next_at else None,
            }
            for row in rows
        ]
        click.echo(json.dumps({"due": due, "deleted": deleted, "courses": courses}))


def _line(row: retention.Forecast) -> str:
    when = "held" if row.held else f"next {row.next_at:%Y-%m-%d}" if row.next_at else "nothing kept"
    return f"{row.context_id}  {row.days:>4} days  {row.kept:>6} kept  {row.due:>6} due  {when}  {row.title}"


def _person(parts: Parts, registration_id: UUID, subject: str, tenant_id: UUID | None) -> tuple[UUID, UUID]:
    with parts.database.transaction() as session:
        found = find_person(session, registration_id, subject)
    found = [one for one in found if tenant_id in (None, one[0])]
    if len(found) != 1:
        names = ", ".join(str(one[0]) for one in found) or "none of that id"
        raise SeveralTenants(f"Say with --deployment which one is meant; this person is known in: {names}.")
    return found[0]


def _erase(parts: Parts, count: Callable[[Session], Numbers], *, dry_run: bool, yes: bool, as_json: bool) -> None:
    with parts.database.transaction() as session:
        numbers = count(session)
    if not as_json:
        click.echo(f"Erasing this takes ({numbers.target.scope.value}: {numbers.name}):")
        for words, number in numbers.in_words():
            click.echo(f"  {words}: {number}")
    if dry_run:
        if as_json:
            click.echo(json.dumps({"erased": False, "rows": numbers.rows}))
        return
    if not yes:
        click.confirm("Erase it for good?", abort=True)
    with parts.database.transaction() as session:
        request_id = erasure.request(session, numbers.target, actor=Actor.system(), clock=parts.clock).id
    done = parts.erase(request_id)
    if as_json:
        click.echo(json.dumps({"erased": done, "request": str(request_id), "rows": numbers.rows}))
    elif done:
        click.echo("Erased. The audit log has the proof.")
    else:
        click.echo(
            "It can't go yet: a legal hold stands on it, or work of it is at a provider. A worker erases it as soon as "
            "nothing holds it any more."
        )
