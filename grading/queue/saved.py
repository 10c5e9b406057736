"""Filters of the queue that an administrator keeps under a name."""

import uuid

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.errors import GradingError, NotFound
from grading.models import SavedFilter
from grading.queue.filters import QueueFilter

LONGEST_NAME = 60
MOST = 50


class FilterNotSaved(GradingError):
    """A filter that can't be kept under this name."""

    code = "filter_not_saved"


def saved_filters(session: Session, administrator_id: uuid.UUID) -> list[SavedFilter]:
    """An administrator's filters by name."""
    return list(
        session.execute(
            select(SavedFilter).where(SavedFilter.administrator_id == administrator_id).order_by(SavedFilter.name)
        ).scalars()
    )


def save_filter(
    session: Session,
    administrator_id: uuid.UUID,
    name: str,
    chosen: QueueFilter,
    *,
    opens_first: bool,
    clock: Clock = utc_now,
) -> SavedFilter:
    """Keep a filter under a name; one with the same name is replaced.

    Raises:
        FilterNotSaved: no name, too long a name, or too many filters.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise FilterNotSaved(f"Give the filter a name of at most {LONGEST_NAME} characters.")
    # The administrator's own filters alone are touched; two windows at once meet at the unique name.
    session.execute(
        delete(SavedFilter).where(SavedFilter.administrator_id == administrator_id, SavedFilter.name == name)
    )
    kept = select(func.count()).where(SavedFilter.administrator_id == administrator_id)
    if session.execute(kept).scalar_one() >= MOST:
        raise FilterNotSaved(f"You have {MOST} filters already. Delete one that you no longer need.")
    if opens_first:
        _no_default(session, administrator_id)
    made = SavedFilter(
        id=uuid.uuid4(),
        administrator_id=administrator_id,
        name=name,
        content=dict(chosen.arguments()),
        opens_first=opens_first,
        created_at=clock(),
    )
    session.add(made)
    try:
        session.flush()
    except IntegrityError as error:
        raise FilterNotSaved("This filter was saved from another window just now. Reload the queue.") from error
    return made


def delete_filter(session: Session, administrator_id: uuid.UUID, filter_id: uuid.UUID) -> str:
    """Forget a filter; returns the name it had.

    Raises:
        NotFound: this administrator has no such filter.
    """
    name = session.execute(
        delete(SavedFilter)
        .where(SavedFilter.id == filter_id, SavedFilter.administrator_id == administrator_id)
        .returning(SavedFilter.name)
    ).scalar_one_or_none()
    if name is None:
        raise NotFound("There is no such filter any more.")
    return name


def _no_default(session: Session, administrator_id: uuid.UUID) -> None:
    session.execute(
        update(SavedFilter)
        .where(SavedFilter.administrator_id == administrator_id, SavedFilter.opens_first.is_(True))
        .values(opens_first=False)
    )
