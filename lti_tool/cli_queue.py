"""`blindmark queue …`: list and show what waits, skip it, put it back, change its priority, put it off."""

import sys
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click

from grading.models import ChangeKind, QueueChange
from grading.queue import carrying, changes, page, reading, tally
from grading.queue.reading import QueueRow
from grading.queue.searching import matching_with, words_of
from grading.states import Priority
from lti_tool.cli_filters import (
    MOMENTS,
    Command,
    actor_of,
    as_json,
    dollars,
    everything,
    filter_of,
    filtered,
    one_of,
    say_json,
    unasked,
)
from lti_tool.command_line import opened_parts, reported
from lti_tool.parts import Parts


@click.group()
def queue() -> None:
    """What waits to be assessed."""


@queue.command("list")
@filtered
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Most items shown.")
@as_json
@reported
def list_items(limit: int, as_json: bool, **given: Any) -> None:
    """Show items, by default in the order in which they run."""
    parts = opened_parts()
    chosen = filter_of(parts, given)
    after: str | None = None
    while limit > 0:
        with parts.database.transaction() as session:
            matching = words_of(session, parts.blind_index, chosen)
            found = page(session, chosen, after=after, size=min(limit, 1_000), matching=matching)
        for row in found.rows:
            say_json(row) if as_json else click.echo(_line(row))
        limit, after = limit - len(found.rows), found.next_after
        if after is None:
            return


@queue.command()
@click.argument("item", type=click.UUID, required=False)
@as_json
@reported
def show(item: UUID | None, as_json: bool) -> None:
    """Show one item with its batches, or the figures of the whole queue."""
    parts = opened_parts()
    with parts.database.transaction() as session:
        found = reading.details(session, item) if item else tally.statistics(session)
    if as_json:
        say_json(found)
        return
    if isinstance(found, reading.ItemDetails):
        click.echo(_line(found.row))
        if found.failure_words:
            click.echo(f"  {found.failure_words}")
        for turn in found.turns:
            click.echo(
                f"  batch {turn.number} ({turn.batch_state.value}): {turn.state.value}  {turn.failure_code or ''}"
            )
        return
    oldest = f", the oldest from {found.oldest_queued_at:%Y-%m-%d %H:%M}Z" if found.oldest_queued_at else ""
    click.echo(f"{found.pending} wait{oldest}, at most {dollars(found.estimated_microdollars)}")
    click.echo(f"{found.processing} are being assessed, {found.failed} failed")


def _change(command: Command) -> Command:
    """What all commands that change items take."""
    for decorate in (
        reported,
        as_json,
        unasked,
        click.option("--as", "username", help="The administrator whose act it is; without, the operator's."),
        everything,
        filtered,
        click.argument("items", type=click.UUID, nargs=-1),
    ):
        command = decorate(command)
    return command


@queue.command()
@_change
def skip(**given: Any) -> None:
    """Take waiting or failed items out; their instructors grade them by hand."""
    _carry_out(ChangeKind.SKIP, "", given)


@queue.command("put-back")
@_change
def put_back(**given: Any) -> None:
    """Put failed or skipped items back into the queue (with --all-matching, say --state failed or skipped)."""
    _carry_out(ChangeKind.PUT_BACK, "", given)


@queue.command()
@click.option("--to", "wanted", required=True, type=click.Choice([one.value for one in Priority]), help="New priority.")
@_change
def priority(wanted: str, **given: Any) -> None:
    """Change how soon waiting items run."""
    _carry_out(ChangeKind.PRIORITY, wanted, given)


@queue.command()
@click.option("--not-before", type=MOMENTS, help="No batch takes them before; left out, they may run at any time.")
@_change
def reschedule(not_before: datetime | None, **given: Any) -> None:
    """Put queued items off until a moment (time zone of BLINDMARK_TIME_ZONE), or let them run again."""
    _carry_out(ChangeKind.RESCHEDULE, not_before or "", given)


@queue.command()
@click.argument("text")
@_change
def note(text: str, **given: Any) -> None:
    """Put a note on items, in the place of the one that is there."""
    _carry_out(ChangeKind.NOTE, text, given)


@queue.command()
@click.argument("change", type=click.UUID)
@as_json
@reported
def undo(change: UUID, as_json: bool) -> None:
    """Take a change back, by the id that it was answered with."""
    parts = opened_parts()
    with parts.database.transaction() as session:
        made = changes.undo(session, change, actor_of(session, None), parts.clock)
    _finish(parts, made, as_json)


def _carry_out(kind: ChangeKind, value: str | datetime, given: dict[str, Any]) -> None:
    parts = opened_parts()
    if isinstance(value, datetime):
        value = value.replace(tzinfo=parts.zone).astimezone(UTC).isoformat()
    chosen = filter_of(parts, given)
    one_of(given["items"], given["all_matching"])
    if given["items"]:
        with parts.database.transaction() as session:
            actor = actor_of(session, given["username"])
            made = changes.change_items(session, kind, value, given["items"], actor, parts.provider, parts.clock)
        _answer(made, given["as_json"])
        return
    with parts.database.transaction() as session:
        matching = words_of(session, parts.blind_index, chosen)
        forecast = changes.forecast(session, kind, chosen, matching)
    if not given["yes"]:
        click.confirm(
            f"{forecast.matching} match, {forecast.acts_on} will be changed "
            f"(at most {dollars(forecast.estimated_microdollars)}). Go on?",
            abort=True,
            err=True,
        )
    with parts.database.transaction() as session:
        actor = actor_of(session, given["username"])
        made = changes.change_matching(
            session, kind, value, chosen, actor, expected=forecast.acts_on, clock=parts.clock
        )
    _finish(parts, made, given["as_json"])


def _finish(parts: Parts, made: QueueChange, as_json: bool) -> None:
    """Carry a change out to its end, with a bar on the error stream. Cut off, a worker does the rest."""
    with click.progressbar(length=max(made.expected, 1), label=made.kind.value, file=sys.stderr) as bar:
        made = carrying.carry_on(
            parts.database.transaction,
            made.id,
            matching_with(parts.blind_index),
            parts.provider,
            parts.clock,
            lambda change: bar.update(min(change.done, made.expected) - bar.pos),
        )
    _answer(made, as_json)


def _answer(made: QueueChange, as_json: bool) -> None:
    if as_json:
        say_json({"change": made.id, "kind": made.kind, "looked_at": made.done, "changed": made.changed})
        return
    click.echo(f"{made.changed} changed, {made.done - made.changed} left alone.")
    if changes.can_undo(made):
        click.echo(f"To undo: blindmark queue undo {made.id}")


def _line(row: QueueRow) -> str:
    later = f"  not before {row.not_before:%Y-%m-%d %H:%M}Z" if row.not_before else ""
    return (
        f"{row.id}  {row.state.value:<10}  {row.priority.value:<6}  {row.queued_at:%Y-%m-%d %H:%M}Z  "
        f"{dollars(row.estimated_microdollars)}  {row.course}  {row.assignment}{later}  {row.note}"
    ).rstrip()
