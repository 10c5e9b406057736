"""`blindmark keys`: the keys that Blindmark signs with."""

import click

from lti_tool.command_line import opened_parts, reported
from lti_tool.lti.keys import ToolKeys
from privacy.audit import Actor


@click.group()
def keys() -> None:
    """Blindmark's own signing keys."""


@keys.command("list")
@reported
def show() -> None:
    """List the published keys."""
    parts = opened_parts()
    with parts.database.transaction() as session:
        for key in ToolKeys(parts.vault).standing(session):
            use = "signs now" if key.signs_now else f"signs from {key.signs_from:%Y-%m-%d %H:%M} UTC"
            until = f", published until {key.published_until:%Y-%m-%d %H:%M} UTC" if key.published_until else ""
            click.echo(f"{key.kid}  {use if key.signs_now or not key.published_until else 'kept'}{until}")


@keys.command("rotate")
@click.option("--at-once", is_flag=True, help="The present key may be in wrong hands: withdraw it now.")
@reported
def rotate(at_once: bool) -> None:
    """Make a new key: published now, signing in two hours; the old one stays published for a week after that."""
    parts = opened_parts()
    with parts.database.transaction() as session:
        made = ToolKeys(parts.vault).rotate(session, Actor.system(), at_once=at_once)
    click.echo(f"{made.kid} is published and signs from {made.signs_from:%Y-%m-%d %H:%M} UTC.")
