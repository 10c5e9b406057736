"""Positions in lists that are ordered by a moment and an id, as addresses carry them (keyset paging)."""

import uuid
from datetime import datetime

from grading.errors import GradingError


def position(moment: datetime, identifier: uuid.UUID) -> str:
    """Where a page ends, for the address of the next one."""
    return f"{moment.isoformat()}_{identifier}"


def read_position(after: str) -> tuple[datetime, uuid.UUID]:
    """The moment and the id at which a page begins.

    Raises:
        GradingError: it is not a position that `position` wrote.
    """
    try:
        moment, identifier = after.split("_")
        return datetime.fromisoformat(moment), uuid.UUID(identifier)
    except ValueError as error:
        raise GradingError("This page address can't be read. Go back to the first page.", code="page") from error
