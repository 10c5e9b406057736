"""Waking batches that wait for something: one statement about many of them, which waits for nobody's lock.

Whoever carries a batch holds its row and may wake others in the same transaction; two who did so for each other's
batch would wait in a circle. A batch that somebody holds at this moment is passed over: it looks again by itself.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from grading.models import Batch


def wake(session: Session, now: datetime, *which: ColumnElement[bool], **values: object) -> None:
    """Have batches looked at now, and write `values` to them."""
    free = session.execute(
        select(Batch.id).where(*which).order_by(Batch.id).with_for_update(skip_locked=True)
    ).scalars()
    session.execute(
        update(Batch)
        .where(Batch.id.in_(list(free)))
        .values(next_check_at=now, **values)
        .execution_options(synchronize_session="fetch")
    )
