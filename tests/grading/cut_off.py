"""Cuts work off before a database statement, one later each time, until it gets through."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import event

from config.database import Database

T = TypeVar("T")


class Killed(BaseException):
    """The process ends here."""


def until_it_survives(
    database: Database, work: Callable[[], T], *, every: int = 1, from_statement: int = 1
) -> tuple[T, int]:
    """Do work that is cut off at each statement in turn; returns what came of it at last, and how often it was cut off.

    Args:
        every: of the statements behind `from_statement`, only every so many is tried.
    """
    count, deadline, cut = 0, 1, 0

    def dies(*_: object) -> None:
        nonlocal count
        count += 1
        if count == deadline:
            raise Killed

    event.listen(database.engine, "before_cursor_execute", dies)
    try:
        while True:
            count = 0
            try:
                return work(), cut
            except Killed:
                cut += 1
                deadline += 1 if deadline < from_statement else every
    finally:
        event.remove(database.engine, "before_cursor_execute", dies)
