"""`blindmark keyring`: rotate the master keys, step by step, while people work."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from lti_tool.command_line import opened_parts, reported
from lti_tool.parts import Parts
from privacy import rotation
from privacy.audit import Actor
from privacy.rotation import MasterKey, Progress, RingStatus


@click.group()
def keyring() -> None:
    """The master keys that everything sealed rests on."""


@keyring.command("status")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@reported
def show(as_json: bool) -> None:
    """Show the master keys, how many data keys each protects, and what to do next."""
    found = _status(opened_parts())
    if as_json:
        click.echo(json.dumps(_for_programs(found), indent=2))
        return
    click.echo(f"Key ring: {found.place}")
    for master in found.masters:
        click.echo(f"  {master.id:<24} {_state(master):<8} {master.data_keys} data keys")
    click.echo(f"  {found.destroyed} data keys were destroyed by erasure.")
    click.echo(_next_step(found))


@keyring.command()
@reported
def add() -> None:
    """Make a new master key. Data keys are wrapped by it from `activate` on."""
    parts = opened_parts()
    key_id = rotation.add(parts.database, parts.keyring, Actor.system())
    click.echo(f"Made master key {key_id}.")
    if parts.keyring.current == key_id:
        click.echo("It wraps new data keys from now on. Next: blindmark keyring rewrap")
        return
    click.echo("Back the key ring up now, and bring it to every machine that has a copy of its own.")
    click.echo(f"Next: blindmark keyring activate {key_id}")


@keyring.command()
@click.argument("master_key")
@reported
def activate(master_key: str) -> None:
    """Have MASTER_KEY wrap new data keys. Running processes notice by themselves."""
    parts = opened_parts()
    rotation.activate(parts.database, parts.keyring, master_key, Actor.system())
    click.echo(f"Master key {master_key} wraps new data keys from now on. Next: blindmark keyring rewrap")


@keyring.command()
@click.option("--batch", type=click.IntRange(1, 5000), default=rotation.BATCH, show_default=True, help="Keys at once.")
@reported
def rewrap(batch: int) -> None:
    """Move all data keys to the active master key. May be stopped at any moment and run again."""
    parts = opened_parts()
    with _progress() as report:
        moved = rotation.rewrap(parts.database, parts.keyring, Actor.system(), report, batch=batch)
    click.echo(f"{moved} data keys moved to master key {parts.keyring.current}.")
    click.echo(_next_step(_status(parts)))


@keyring.command()
@click.argument("master_key")
@click.option("--yes", is_flag=True, help="Don't ask.")
@reported
def retire(master_key: str, yes: bool) -> None:
    """Destroy MASTER_KEY, once no data key needs it. Backups from before the rewrap can't be opened without it."""
    parts = opened_parts()
    if not yes:
        click.confirm(f"Destroy master key {master_key}? Older backups of the database need it.", abort=True)
    rotation.retire(parts.database, parts.keyring, master_key, Actor.system())
    click.echo(f"Master key {master_key} is gone. Copies and backups of the key ring still hold it: remove them too.")


def _status(parts: Parts) -> RingStatus:
    with parts.database.transaction() as session:
        return rotation.status(session, parts.keyring)


def _state(master: MasterKey) -> str:
    if not master.in_ring:
        return "MISSING"
    if master.active:
        return "active"
    return "retired" if master.retired else "kept"


def _next_step(found: RingStatus) -> str:
    if found.lost:
        return (
            f"{', '.join(found.lost)}: data keys need what the key ring does not hold. Restore the key ring from its "
            "backup before anything else."
        )
    if found.waiting:
        return f"{found.waiting} data keys are not under the active master key. Next: blindmark keyring rewrap"
    if not found.masters[-1].active:
        return f"{found.masters[-1].id} is not put to use yet. Next: blindmark keyring activate {found.masters[-1].id}"
    idle = [master.id for master in found.masters if not master.active]
    if idle:
        return f"No data key needs {', '.join(idle)}. Next: blindmark keyring retire {idle[0]}"
    return "Nothing to do. A rotation begins with: blindmark keyring add"


def _for_programs(found: RingStatus) -> dict[str, object]:
    return {
        "place": found.place,
        "master_keys": [
            {"id": master.id, "state": _state(master).lower(), "data_keys": master.data_keys}
            for master in found.masters
        ],
        "waiting": found.waiting,
        "destroyed": found.destroyed,
        "next": _next_step(found),
    }


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """A bar on a terminal; a line for each tenth of the way in a log."""
    if sys.stderr.isatty():
        with click.progressbar(length=1, label="Rewrapping", file=sys.stderr, show_pos=True) as bar:

            def move(progress: Progress) -> None:
                bar.length = max(progress.total, 1)
                bar.update(progress.done - bar.pos)

            yield move
        return
    shown = -1

    def tell(progress: Progress) -> None:
        nonlocal shown
        tenth = 10 * progress.done // max(progress.total, 1)
        if tenth > shown:
            shown = tenth
            click.echo(f"{progress.done} of {progress.total} data keys", err=True)

    yield tell
