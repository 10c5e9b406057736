"""The filters of the queue as options of commands, and what several commands say in the same way."""

import json
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.errors import GradingError, NotFound
from grading.models import Administrator
from grading.queue import QueueFilter, Sort
from grading.queue.filters import read_filter
from grading.states import Priority, QueueState, TaskType
from lti_tool.parts import Parts
from privacy.audit import Actor

Command = Callable[..., Any]
STATES = ("waiting", "all", *(state.value for state in QueueState))
MOMENTS = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for other programs.")
everything = click.option("--all-matching", is_flag=True, help="Everything that the filters match.")
unasked = click.option("--yes", is_flag=True, help="Don't ask before it is done.")
signed = click.option("--as", "username", required=True, help="The administrator whose act it is, for the audit log.")


def filtered(command: Command) -> Command:
    """Give a command the filters of the page."""
    for option in (
        click.option("--sort", type=click.Choice([sort.value for sort in Sort]), help="Default: whose turn is next."),
        click.option("--words", default="", help="Words that stand in the work."),
        click.option("--until", type=MOMENTS, help="Handed in before (time zone of BLINDMARK_TIME_ZONE)."),
        click.option("--since", type=MOMENTS, help="Handed in from then on."),
        click.option("--task", type=click.Choice([task.value for task in TaskType]), help="What is to be done."),
        click.option("--priority", type=click.Choice([one.value for one in Priority])),
        click.option("--instructor", type=click.UUID, help="Id of somebody who teaches in the course."),
        click.option("--lms", type=click.UUID, help="Deployment id."),
        click.option("--course", type=click.UUID, help="Blindmark's id of a course."),
        click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Default: waiting."),
    ):
        command = option(command)
    return command


FILTERS = ("states", "course", "lms", "instructor", "priority", "task", "since", "until", "words", "sort")


def filter_of(parts: Parts, given: dict[str, Any]) -> QueueFilter:
    """The filter that the options say. They are taken out of what was given."""
    chosen = {name: given.pop(name) for name in FILTERS}
    states, words = chosen.pop("states"), chosen.pop("words")
    values: dict[str, str | list[str]] = {
        "state": list(states),
        "sought": parts.blind_index.hide(words) if words else "",
    }
    for name, value in chosen.items():
        values[name] = value.isoformat() if isinstance(value, datetime) else str(value or "")
    return read_filter(values, parts.zone)


def administrator_of(session: Session, username: str) -> UUID:
    """The account of a name.

    Raises:
        NotFound: there is none.
    """
    found = session.execute(select(Administrator.id).where(Administrator.username == username)).scalar_one_or_none()
    if found is None:
        raise NotFound(f"There is no administrator {username}. `blindmark admin create` makes one.")
    return found


def actor_of(session: Session, username: str | None) -> Actor:
    """Whose act it is: an administrator's, or the operator's at this machine."""
    return Actor.administrator(administrator_of(session, username)) if username else Actor.system()


def one_of(items: tuple[UUID, ...], all_matching: bool) -> None:
    """Items by id, or everything that matches: not both, and not neither.

    Raises:
        GradingError: says which.
    """
    if bool(items) == all_matching:
        raise GradingError(
            "Name items by their ids, or give --all-matching with filters: not both, and not neither.",
            code="nothing_chosen",
        )


def say_json(value: object) -> None:
    """One JSON value on a line."""
    click.echo(json.dumps(value, ensure_ascii=False, default=_plain))


def dollars(microdollars: int) -> str:
    """Money as an operator reads it."""
    return f"${microdollars / 1_000_000:,.4f}"


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime) else str(value)
