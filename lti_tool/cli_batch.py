"""`blindmark batch …`: make batches from the queue, send them, see how far they are, cancel, retry what failed."""

import sys
import time
from typing import Any
from uuid import UUID

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grading import dead_letters
from grading.batches import compose, lifecycle, listing
from grading.batches.compose import Plan
from grading.batches.listing import BatchDetails
from grading.dead_letters import Remedy
from grading.errors import GradingError, NotFound
from grading.models import Batch, BatchRequest
from grading.queue.searching import words_of
from grading.states import BatchState, RequestState
from grading.tasks import ADVANCE_BATCH
from lti_tool.cli_filters import (
    administrator_of,
    as_json,
    dollars,
    everything,
    filter_of,
    filtered,
    one_of,
    say_json,
    signed,
    unasked,
)
from lti_tool.command_line import opened_parts, reported
from lti_tool.parts import Parts
from privacy.audit import Actor

WATCH_SECONDS = 2.0
ENDED = (BatchState.COMPLETED, BatchState.FAILED, BatchState.CANCELLED)
_number = click.argument("number", type=click.IntRange(1))
_because = click.option("--reason", help="Only what failed with this code, as refused.")


@click.group()
def batch() -> None:
    """Batches: made from the queue, sent, watched."""


@batch.command("list")
@click.option("--limit", type=click.IntRange(1, 1_000), default=30, show_default=True, help="Most batches shown.")
@as_json
@reported
def list_batches(limit: int, as_json: bool) -> None:
    """Show batches, newest first."""
    with opened_parts().database.transaction() as session:
        for row in listing.page(session, size=limit).rows:
            say_json(_facts(row)) if as_json else click.echo(_line(row))


@batch.command()
@click.argument("items", type=click.UUID, nargs=-1)
@filtered
@everything
@click.option("--size", type=click.IntRange(1, 50_000), help="With --all-matching: at most so many submissions.")
@click.option("--note", default="", help="Why, for whoever looks later.")
@signed
@click.option("--dry-run", is_flag=True, help="Say what would be made, and make nothing.")
@unasked
@as_json
@reported
def create(**given: Any) -> None:
    """Make batches from items, or from the first that the filters match. Nothing is sent: `batch submit` does that."""
    parts = opened_parts()
    chosen = filter_of(parts, given)
    one_of(given["items"], given["all_matching"])
    common: Any = {"provider": parts.provider, "limits": parts.limits}

    def plan(session: Session) -> Plan:
        if given["items"]:
            return compose.preview(session, given["items"], clock=parts.clock, **common)
        matching = words_of(session, parts.blind_index, chosen)
        size = given["size"] or parts.limits.most
        return compose.preview_matching(session, chosen, size, matching=matching, clock=parts.clock, **common)

    with parts.database.transaction() as session:
        administrator_id = administrator_of(session, given["username"])
        planned = plan(session)
    _say_plan(planned, as_json=given["as_json"] and given["dry_run"])
    if given["dry_run"]:
        return
    if not given["yes"] and planned.batches:
        click.confirm("Make them?", abort=True, err=True)
    with parts.database.transaction() as session:
        made = compose.create_all(
            session, plan(session), note=given["note"], administrator_id=administrator_id, **common
        )
        for row in made:
            say_json(_facts(row)) if given["as_json"] else click.echo(_line(row))


@batch.command()
@_number
@signed
@as_json
@reported
def submit(number: int, username: str, as_json: bool) -> None:
    """Send a batch: names are removed, then it goes to the provider."""
    parts = opened_parts()
    with parts.database.transaction() as session:
        administrator_id = administrator_of(session, username)
        row = lifecycle.submit(session, _find(session, number), administrator_id=administrator_id, clock=parts.clock)
    parts.nudge(ADVANCE_BATCH, row.id)
    say_json(_facts(row)) if as_json else click.echo(_line(row))


@batch.command()
@_number
@click.option("--watch", is_flag=True, help="Stay until it has ended. Exit code 1 when it failed or was cancelled.")
@as_json
@reported
def status(number: int, watch: bool, as_json: bool) -> None:
    """Show how far a batch is."""
    parts = opened_parts()
    shown = _details(parts, number)
    if watch and shown.batch.state not in ENDED:
        shown = _watched(parts, number, shown)
    if as_json:
        say_json({**_facts(shown.batch), "outcomes": {state.value: count for state, count in shown.counts.items()}})
    else:
        click.echo(_line(shown.batch))
        click.echo("  " + (", ".join(f"{count} {state.value}" for state, count in shown.counts.items()) or "empty"))
        if shown.batch.failure_words:
            click.echo(f"  {shown.batch.failure_words}")
    if watch and shown.batch.state is not BatchState.COMPLETED:
        raise click.exceptions.Exit(1)


@batch.command()
@_number
@click.option("--reason", required=True, help="Why, for whoever looks at the batch later.")
@signed
@as_json
@reported
def cancel(number: int, reason: str, username: str, as_json: bool) -> None:
    """Cancel a batch. What is finished by then is kept and charged; the rest goes back to the queue."""
    if not reason.strip():
        raise GradingError("Say why, in a few words: --reason 'Wrong prompt.'", code="reason_missing")
    parts = opened_parts()
    with parts.database.transaction() as session:
        row = lifecycle.cancel(
            session,
            _find(session, number),
            administrator_id=administrator_of(session, username),
            reason=reason,
            clock=parts.clock,
        )
    parts.nudge(ADVANCE_BATCH, row.id)
    say_json(_facts(row)) if as_json else click.echo(_line(row))


@batch.command()
@_number
@signed
@as_json
@reported
def retry(number: int, username: str, as_json: bool) -> None:
    """Put what failed in a batch back into the queue, with all its tries; not what somebody has begun to grade."""
    parts = opened_parts()
    with parts.database.transaction() as session:
        batch_id = _find(session, number)
        failed = session.execute(
            select(func.count()).where(BatchRequest.batch_id == batch_id, BatchRequest.state == RequestState.FAILED)
        ).scalar_one()
        again = _apply(session, parts, dead_letters.Choice(batch_id=batch_id), Remedy.RETRY, username)
    if as_json:
        say_json({"failed": failed, "put_back": again})
    else:
        click.echo(f"{again} of {failed} that failed wait in the queue again.")


@batch.command()
@_because
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True, help="Most items shown.")
@as_json
@reported
def failures(reason: str | None, limit: int, as_json: bool) -> None:
    """Show the work that no further try will mend, oldest first."""
    with opened_parts().database.transaction() as session:
        page = dead_letters.page(session, reason=reason, size=limit)
    for row in page.rows:
        if as_json:
            say_json(row)
        else:
            click.echo(f"{row.item_id}  {row.code:<18}  batch {row.batch_number}  {row.course}: {row.assignment}")
    if not as_json:
        click.echo(", ".join(f"{count} {code}" for code, count in page.reasons.items()) or "Nothing has failed.")


@batch.command()
@click.argument("remedy", type=click.Choice([one.value.replace("_", "-") for one in Remedy]))
@click.argument("items", type=click.UUID, nargs=-1)
@_because
@signed
@as_json
@reported
def mend(remedy: str, items: tuple[UUID, ...], reason: str | None, username: str, as_json: bool) -> None:
    """Do something about failed work: items by their ids, or everything that failed for one reason."""
    if bool(items) == bool(reason):
        raise GradingError("Name items by their ids, or give --reason: not both, and not neither.", code="chosen")
    parts, chosen = opened_parts(), dead_letters.Choice(item_ids=items, reason=reason)
    with parts.database.transaction() as session:
        done = _apply(session, parts, chosen, Remedy(remedy.replace("-", "_")), username)
    say_json({"changed": done}) if as_json else click.echo(f"{done} changed.")


def _apply(session: Session, parts: Parts, chosen: dead_letters.Choice, remedy: Remedy, username: str) -> int:
    actor = Actor.administrator(administrator_of(session, username))
    return dead_letters.apply(session, chosen, remedy, actor, parts.provider, parts.clock())


def _watched(parts: Parts, number: int, shown: BatchDetails) -> BatchDetails:
    label, stream = f"Batch {number}", sys.stderr
    with click.progressbar(length=max(shown.batch.items, 1), label=label, file=stream) as bar:
        while shown.batch.state not in ENDED:
            time.sleep(WATCH_SECONDS)
            shown = _details(parts, number)
            bar.update(max(0, shown.finished - bar.pos))
    return shown


def _details(parts: Parts, number: int) -> BatchDetails:
    with parts.database.transaction() as session:
        return listing.details(session, _find(session, number), limit=0)


def _find(session: Session, number: int) -> UUID:
    found = session.execute(select(Batch.id).where(Batch.number == number)).scalar_one_or_none()
    if found is None:
        raise NotFound(f"There is no batch {number}. `blindmark batch list` shows those that there are.")
    return found


def _say_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "batches": [
                    {
                        "model": one.model,
                        "items": len(one.candidates),
                        "tokens": one.tokens,
                        "low_microdollars": one.low_microdollars,
                        "estimated_microdollars": one.estimated_microdollars,
                    }
                    for one in plan.batches
                ],
                "left_behind": {code: [str(item) for item in items] for code, items in plan.refused.items()},
            }
        )
        return
    for one in plan.batches:
        cost = f"{dollars(one.low_microdollars)} to {dollars(one.estimated_microdollars)}"
        click.echo(f"{one.model}: {len(one.candidates)} submissions, {cost}", err=True)
    for words, count in plan.left_behind.items():
        click.echo(f"stay in the queue: {count} {words}", err=True)


def _facts(row: Batch) -> dict[str, object]:
    names = ("number", "id", "state", "step", "model", "items", "estimated_microdollars", "actual_microdollars")
    return {name: getattr(row, name) for name in (*names, "created_at", "submitted_at", "finished_at", "note")}


def _line(row: Batch) -> str:
    return (
        f"batch {row.number}  {row.state.value:<10}  {row.items} submissions  {row.model}  at most "
        f"{dollars(row.estimated_microdollars)}, so far {dollars(row.actual_microdollars)}  {row.note}"
    ).rstrip()
