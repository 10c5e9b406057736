"""Carrying an erasure out: submissions in chunks, a transaction each, then what is left and the keys.

What is left to do stands in the rows: a worker that dies anywhere is followed by one that finds what is still there.
Work that is at a provider is waited for, as its answer would come to nobody; after a week it is not waited for any
more, and what comes back then is passed over. The provider's files are deleted either way (`grading.provider_files`).
"""

import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading import disclosures
from grading.erasure.leftovers import clear_up, own_keys, people_of
from grading.erasure.origins import courses_of, forget_origins
from grading.erasure.proof import audit_erasure
from grading.erasure.reach import remove, rows_in, rows_of_submissions, submissions_in
from grading.erasure.requests import LAST_DAY, OPEN
from grading.erasure.waiting import ForgetWaiting, gone_with, nothing_waits
from grading.exports.discarding import discard
from grading.models import Batch, BatchRequest, Context, Enrolment, ErasureRequest, QueueItem, RetentionHold, Submission
from grading.models.erasures import ErasureScope, ErasureState
from grading.states import BatchState, RequestState
from privacy.audit import Actor
from privacy.sealing import Vault

CHUNK: Final = 100
RUNNING: Final = (BatchState.SUBMITTED, BatchState.PROCESSING)
LONGEST_WAIT: Final = timedelta(days=7)
LOOK_AGAIN: Final = timedelta(minutes=5)
LOOK_AT_HOLD_AGAIN: Final = timedelta(hours=1)
log = get_logger(__name__)


def carry_out(
    database: Database,
    vault: Vault,
    request_id: uuid.UUID,
    clock: Clock = utc_now,
    forget_waiting: ForgetWaiting = nothing_waits,
) -> bool:
    """Erase what a request is about; returns whether it is settled. Otherwise something stands in the way for now: work
    at a provider, a legal hold, or a decision that an administrator has not made.

    Args:
        forget_waiting: forgets what an LMS has told about it and nobody has worked off.
    """
    while True:
        with database.transaction() as session:
            row = session.execute(
                select(ErasureRequest).where(ErasureRequest.id == request_id).with_for_update()
            ).scalar_one()
            if row.state not in OPEN:
                return True
            pause = _obstacle(session, row, clock())
            if pause is not None:
                row.next_attempt_at = clock() + pause
                return False
            _count_in(row, {"notice": forget_waiting(session, gone_with(session, row))})
            if not _remove_chunk(session, row, clock()):
                _finish(session, vault, row, clock())
                return True


def _obstacle(session: Session, row: ErasureRequest, now: datetime) -> timedelta | None:
    """How long to wait before looking again; None when nothing stands in the way."""
    if row.state is ErasureState.ASKED and now < row.due_at - LAST_DAY:
        return row.due_at - LAST_DAY - now
    if _held(session, row):
        return LOOK_AT_HOLD_AGAIN
    if now < row.created_at + LONGEST_WAIT and _at_a_provider(session, row):
        return LOOK_AGAIN
    return None


def _held(session: Session, row: ErasureRequest) -> bool:
    """Whether a legal hold stands on a course that this would take something from."""
    courses = select(RetentionHold.context_id).where(RetentionHold.lifted_at.is_(None))
    query = select(Context.id).where(Context.id.in_(courses), Context.tenant_id == row.tenant_id)
    match row.scope:
        case ErasureScope.PERSON:
            theirs = select(Enrolment.context_id).where(Enrolment.person_id == row.target_id)
            query = query.where(Context.id.in_(theirs))
        case ErasureScope.SUBMISSION:
            query = query.where(Context.id == row.context_id)
        case ErasureScope.COURSE:
            query = query.where(Context.id == row.target_id)
        case ErasureScope.DEPLOYMENT:
            pass
    return bool(session.execute(select(exists(query))).scalar_one())


def _at_a_provider(session: Session, row: ErasureRequest) -> bool:
    running = (
        select(BatchRequest.id)
        .join(Batch, Batch.id == BatchRequest.batch_id)
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .where(
            QueueItem.submission_id.in_(submissions_in(row.scope, row.tenant_id, row.target_id)),
            # What an answer cost is settled when its batch has ended: until then its line is needed.
            or_(BatchRequest.state == RequestState.PREPARED, BatchRequest.actual_microdollars > 0),
            Batch.state.in_(RUNNING),
        )
    )
    return bool(session.execute(select(exists(running))).scalar_one())


def _remove_chunk(session: Session, row: ErasureRequest, now: datetime) -> bool:
    """Remove some submissions with everything on them; returns whether there were any."""
    own = submissions_in(row.scope, row.tenant_id, row.target_id)
    ids = list(session.execute(own.order_by(Submission.id).limit(CHUNK)).scalars())
    if not ids:
        return False
    _leave_batches(session, ids)
    disclosures.note_deleted_here(session, select(Submission.id).where(Submission.id.in_(ids)), now)
    authors = session.execute(select(Submission.person_id).where(Submission.id.in_(ids)).distinct()).scalars()
    discard(session, {(row.tenant_id, author) for author in authors}, now)
    _count_in(row, remove(session, rows_of_submissions(ids)))
    audit_erasure(session, "erasure.submissions_removed", Actor.system(), row, len(ids))
    return True


def _leave_batches(session: Session, ids: list[uuid.UUID]) -> None:
    """Batches that were made go without this work."""
    lines = (
        select(BatchRequest.batch_id, func.count().label("lines"), func.sum(QueueItem.estimated_microdollars))
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .where(QueueItem.submission_id.in_(ids), BatchRequest.state == RequestState.PREPARED)
        .group_by(BatchRequest.batch_id)
        .order_by(BatchRequest.batch_id)
    )
    lowest = func.max if session.get_bind().dialect.name == "sqlite" else func.greatest
    for batch_id, count, cost in session.execute(lines).all():
        session.execute(
            update(Batch)
            .where(Batch.id == batch_id)
            .values(
                items=Batch.items - count,
                estimated_microdollars=lowest(Batch.estimated_microdollars - cost, 0),
            )
        )


def _finish(session: Session, vault: Vault, row: ErasureRequest, now: datetime) -> None:
    """Everything but submissions, in one transaction with the keys and the end of the request."""
    people, courses = people_of(session, row), courses_of(session, row)
    discard(session, {(row.tenant_id, person_id) for person_id in people}, now)
    _count_in(row, remove(session, rows_in(row.scope, row.tenant_id, row.target_id)))
    forgotten = clear_up(session, row, people)
    forget_origins(session, courses)
    vault.destroy_keys(session, own_keys(session, row, forgotten), now)
    row.state, row.done_at = ErasureState.DONE, now
    rows = sum(row.removed.values())
    audit_erasure(session, "erasure.done", Actor.system(), row, rows)
    log.info("erasure.done", extra=fields(request=row.id, scope=row.scope.value, rows=rows))


def _count_in(row: ErasureRequest, removed: Mapping[str, int]) -> None:
    # Adding counters leaves out what is none.
    row.removed = dict(Counter(row.removed) + Counter(removed))
