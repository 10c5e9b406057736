"""Takes lines out of a batch before it is sent; whoever teaches the course grades that work by hand.

What may not leave is asked while lines are sealed, and asked again when they are about to be sent.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from sqlalchemy import ColumnElement, case, literal, select, update
from sqlalchemy.orm import Session

from config.clock import Clock
from grading.batches.joins import with_work
from grading.by_hand import give_to_instructor, stop_items
from grading.clearance import REPLACED, obstacle
from grading.models import Batch, BatchRequest, Context, QueueItem, Submission
from grading.states import QueueState, RequestState, SubmissionState
from privacy.audit import Actor, record

AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Held:
    """A line that is taken out, and what it belongs to."""

    request_id: uuid.UUID
    item_id: uuid.UUID
    submission_id: uuid.UUID
    tenant_id: uuid.UUID
    code: str
    """Of what keeps it."""


def hold(session: Session, lines: Iterable[Held], clock: Clock) -> None:
    """Take lines out of their batch. A constant number of statements for a thousand lines with one reason."""
    by_code: dict[str, list[Held]] = defaultdict(list)
    for line in lines:
        by_code[line.code].append(line)
    for code, kept in by_code.items():
        rest = iter(sorted(kept, key=lambda line: line.item_id))
        while part := list(islice(rest, AT_ONCE)):
            _hold(session, code, part, clock)


def hold_what_may_not_leave(session: Session, batch: Batch, clock: Clock) -> None:
    """Take lines out of a batch that is about to be sent, because something has changed since they were sealed."""
    _hold_where(session, batch, _kept_back(session, batch), clock)


def may_all_leave(session: Session, batch: Batch) -> bool:
    """Whether every line of a batch may still leave."""
    query = with_work(select(BatchRequest.id)).where(*_prepared(batch), _kept_back(session, batch).is_not(None))
    return session.execute(query.limit(1)).first() is None


def hold_all(session: Session, batch: Batch, code: str, clock: Clock) -> None:
    """Take every line out of a batch, for one reason."""
    _hold_where(session, batch, literal(code), clock)


def _prepared(batch: Batch) -> tuple[ColumnElement[bool], ...]:
    return BatchRequest.batch_id == batch.id, BatchRequest.state == RequestState.PREPARED


def _kept_back(session: Session, batch: Batch) -> ColumnElement[str | None]:
    """SQL: the code of what keeps a line that was sealed from leaving now; NULL when nothing does."""
    replaced = Submission.state == SubmissionState.REPLACED
    return case((replaced, REPLACED), else_=obstacle(session, batch.provider))


def _hold_where(session: Session, batch: Batch, why: ColumnElement[str | None], clock: Clock) -> None:
    query = with_work(select(BatchRequest.id, QueueItem.id, Submission.id, Context.tenant_id, why))
    rows = session.execute(query.where(*_prepared(batch), why.is_not(None))).all()
    hold(session, [Held(line, item, work, tenant, code or "") for line, item, work, tenant, code in rows], clock)


def _hold(session: Session, code: str, lines: list[Held], clock: Clock) -> None:
    now = clock()
    session.execute(
        update(BatchRequest)
        .where(BatchRequest.id.in_([line.request_id for line in lines]))
        .values(state=RequestState.FAILED, failure_code=code, finished_at=now, sealed_body=None)
        .execution_options(synchronize_session=False)
    )
    ended = QueueState.SKIPPED if code == REPLACED else QueueState.FAILED
    stop_items(session, [line.item_id for line in lines], code, now, ended)
    give_to_instructor(session, [line.submission_id for line in lines], code)
    for line in lines:
        record(
            session,
            event="batch.item_held",
            actor=Actor.system(),
            tenant_id=line.tenant_id,
            object_type="submission",
            object_id=line.submission_id,
            details={"code": code},
        )
