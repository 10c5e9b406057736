"""`blindmark budget …`: how the budgets stand, limits, freeze, emergency overrides, and whether the record adds up."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

import click

from grading.budget import freezing, limits, reading
from grading.budget.errors import BudgetBroken, BudgetInvalid
from grading.budget.money import dollars, exact_dollars, read_dollars
from grading.budget.reading import Standing
from grading.budget.verifying import verify as verify_sums
from grading.models.budget import SITE
from lti_tool.command_line import opened_parts, reported
from privacy.audit import Actor

_as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for other programs.")
_course = click.option(
    "--course", "course_id", type=click.UUID, help="Blindmark's id of a course; without it the site."
)
_NO_LIMIT: Final = "none"


@click.group()
def budget() -> None:
    """What may be spent, what was, and the emergency freeze."""


@budget.command("show")
@_as_json
@reported
def show(as_json: bool) -> None:
    """Show how the site and its courses stand this month."""
    parts = opened_parts()
    with parts.database.transaction() as session:
        now = parts.clock()
        found = [reading.site_standing(session, now), *reading.course_standings(session, now)]
        freeze = freezing.frozen(session)
        reason = freeze.reason if freeze else None
    if as_json:
        click.echo(json.dumps({"frozen": reason, "budgets": [_described(one) for one in found]}))
        return
    if reason is not None:
        click.echo(f"FROZEN: {reason}")
    for one in found:
        limit = "no limit" if one.allowed is None else f"of {dollars(one.allowed)}"
        percent = "" if one.percent is None else f" ({one.percent} %)"
        scope = "" if one.scope_id == SITE else f"  {one.scope_id}"
        click.echo(
            f"{one.name}: {dollars(one.spent)} spent, {dollars(one.reserved)} set aside, {limit}{percent}{scope}"
        )


@budget.command("set")
@click.argument("amount")
@_course
@click.option("--rollover/--no-rollover", default=None, help="Whether what is left over is added to the next month.")
@_as_json
@reported
def set_(amount: str, course_id: UUID | None, rollover: bool | None, as_json: bool) -> None:
    """Set what a month may cost, in dollars; AMOUNT "none" takes the limit away."""
    parts = opened_parts()
    microdollars = None if amount == _NO_LIMIT else _amount(amount)
    scope = course_id or SITE
    with parts.database.transaction() as session:
        before = reading.standings(session, [scope], parts.clock())[0]
        chosen = before.rollover if rollover is None else rollover
        limits.set_limit(session, scope, microdollars, Actor.system(), rollover=chosen, clock=parts.clock)
        after = reading.standings(session, [scope], parts.clock())[0]
    words = "has no limit now" if after.limit is None else f"may cost {dollars(after.limit)} a month"
    _say(as_json, _described(after), f"{after.name} {words}.")


@budget.command("freeze")
@click.option("--reason", required=True, help="Why; others will read it.")
@click.option("--cancel-running", is_flag=True, help="Also cancel what runs at the provider.")
@_as_json
@reported
def freeze(reason: str, cancel_running: bool, as_json: bool) -> None:
    """Stop everything: nothing is sent until it is lifted."""
    from grading.batches.stopping import Stopped
    from grading.batches.stopping import cancel_running as stop_running

    parts = opened_parts()
    with parts.database.transaction() as session:
        freezing.freeze(session, reason, Actor.system(), cancels_batches=cancel_running, clock=parts.clock)
    stopped = stop_running(parts.database, None, parts.clock) if cancel_running else Stopped()
    for words in stopped.refused:
        click.echo(words, err=True)
    cancelled = len(stopped.cancelled)
    answer = {"frozen": True, "cancelled": cancelled, "not_cancelled": len(stopped.refused)}
    _say(as_json, answer, f"Everything is frozen. {cancelled} running batches are being cancelled.")


@budget.command("unfreeze")
@click.option("--reason", required=True, help="Why it can go on.")
@_as_json
@reported
def unfreeze(reason: str, as_json: bool) -> None:
    """Lift the freeze; what it held goes on by itself."""
    parts = opened_parts()
    with parts.database.transaction() as session:
        freezing.unfreeze(session, reason, Actor.system(), parts.clock)
    _say(as_json, {"frozen": False}, "The freeze is lifted.")


@budget.command("override")
@click.argument("amount")
@click.option("--reason", required=True, help="Why; others will read it.")
@click.option("--hours", type=click.IntRange(1, 744), required=True, help="How long it holds, at most this month.")
@_course
@_as_json
@reported
def override(amount: str, reason: str, hours: int, course_id: UUID | None, as_json: bool) -> None:
    """Allow AMOUNT dollars more than the limit, in an emergency."""
    parts = opened_parts()
    scope = course_id or SITE
    with parts.database.transaction() as session:
        made = limits.grant_override(
            session,
            scope,
            _amount(amount),
            reason,
            parts.clock() + timedelta(hours=hours),
            Actor.system(),
            parts.clock,
        )
        answer = {"id": str(made.id), "usd": exact_dollars(made.microdollars), "until": made.expires_at.isoformat()}
    _say(as_json, answer, f"{dollars(made.microdollars)} more are allowed until {made.expires_at:%Y-%m-%d %H:%M} UTC.")


@budget.command("verify")
@_as_json
@reported
def verify(as_json: bool) -> None:
    """Add the whole record up again and compare. Exit code 1 says what does not agree."""
    parts = opened_parts()
    try:
        with parts.database.transaction() as session:
            found = verify_sums(session)
    except BudgetBroken as broken:
        if as_json:
            click.echo(json.dumps({"whole": False, "broken": broken.message}))
            raise click.exceptions.Exit(1) from broken
        raise
    answer = {"whole": True, "entries": found.entries, "accounts": found.accounts, "batches": found.batches}
    words = f"{found.entries} entries, {found.accounts} accounts and {found.batches} batches agree to the micro-dollar."
    _say(as_json, answer, words)


def _amount(typed: str) -> int:
    amount = read_dollars(typed)
    if amount is None:
        raise BudgetInvalid(f"{typed} is not an amount in dollars. Write it as 25 or 12.50.", field="amount")
    return amount


def _described(one: Standing) -> dict[str, object]:
    return {
        "scope": "site" if one.scope_id == SITE else str(one.scope_id),
        "name": one.name,
        "limit_usd": None if one.limit is None else exact_dollars(one.limit),
        "carried_usd": exact_dollars(one.carried),
        "override_usd": exact_dollars(one.extra),
        "spent_usd": exact_dollars(one.spent),
        "reserved_usd": exact_dollars(one.reserved),
        "left_usd": None if one.left is None else exact_dollars(one.left),
        "percent": one.percent,
        "rollover": one.rollover,
    }


def _say(as_json: bool, answer: Mapping[str, object], words: str) -> None:
    click.echo(json.dumps(answer) if as_json else words)
