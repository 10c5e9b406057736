"""The sweep: deletes what has outlived its time, a chunk a transaction, each with its proof in the audit log.

What is left to do stands in the rows themselves, so a sweep that is cut off anywhere is taken up by the next one. Two
sweeps at once pass over each other's rows.
"""

import uuid
from collections import Counter
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading.models import Arrival, ArrivalAsset, Assignment, Context, Draft, Processor, Submission
from grading.retention.rules import arrival_is_over, cutoffs, draft_is_over, is_held, text_is_over
from grading.retention.stripping import Stripped, strip
from privacy.audit import Actor, record
from privacy.sealing import Vault

CHUNK: Final = 50
MOST_CHUNKS: Final = 200
"""Chunks of one run: a sweep comes every quarter of an hour, and holds up no other task for long."""
log = get_logger(__name__)


def sweep(database: Database, vault: Vault, clock: Clock = utc_now, *, most_chunks: int = MOST_CHUNKS) -> int:
    """Delete texts and drafts whose time is over; returns how many of both."""
    gone = 0
    for _ in range(most_chunks):
        with database.transaction() as session:
            texts = _texts(session, vault, clock())
            drafts = _drafts(session, clock()) if texts < CHUNK else 0
            arrivals = _failed_arrivals(session, clock()) if texts < CHUNK else 0
        gone += texts + drafts + arrivals
        if max(texts, drafts, arrivals) < CHUNK:
            break
    if gone:
        log.info("retention.swept", extra=fields(deleted=gone))
    return gone


def _texts(session: Session, vault: Vault, now: datetime) -> int:
    found = session.execute(
        select(Submission.id, Context.tenant_id, Context.id, Submission.person_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(text_is_over(cutoffs(session, now)), ~is_held())
        .order_by(Submission.kept_from, Submission.id)
        .limit(CHUNK)
        .with_for_update(of=Submission, skip_locked=True)
    ).all()
    if not found:
        return 0
    rows = [Stripped(*one) for one in found]
    counts = strip(session, vault, rows, now)
    tenants = {row.context_id: row.tenant_id for row in rows}
    _prove(session, "retention.texts_deleted", tenants, counts)
    return len(rows)


def _drafts(session: Session, now: datetime) -> int:
    found = session.execute(
        select(Draft.id, Context.id, Context.tenant_id)
        .join(Assignment, Assignment.id == Draft.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(draft_is_over(cutoffs(session, now)), ~is_held())
        .order_by(Draft.saved_at, Draft.id)
        .limit(CHUNK)
        .with_for_update(of=Draft, skip_locked=True)
    ).all()
    if not found:
        return 0
    session.execute(delete(Draft).where(Draft.id.in_([row[0] for row in found])))
    tenants = {row[1]: row[2] for row in found}
    _prove(session, "retention.drafts_deleted", tenants, Counter(row[1] for row in found))
    return len(found)


def _failed_arrivals(session: Session, now: datetime) -> int:
    """Work of which no file could be read: its names and addresses at the LMS are all that is kept of it."""
    found = session.execute(
        select(Arrival.id, Context.id, Context.tenant_id)
        .join(Processor, Processor.id == Arrival.processor_id)
        .join(Context, Context.id == Processor.context_id)
        .where(arrival_is_over(cutoffs(session, now)), ~is_held())
        .order_by(Arrival.created_at, Arrival.id)
        .limit(CHUNK)
        .with_for_update(of=Arrival, skip_locked=True)
    ).all()
    if not found:
        return 0
    ids = [row[0] for row in found]
    session.execute(delete(ArrivalAsset).where(ArrivalAsset.arrival_id.in_(ids)))
    session.execute(delete(Arrival).where(Arrival.id.in_(ids)))
    tenants = {row[1]: row[2] for row in found}
    _prove(session, "retention.arrivals_deleted", tenants, Counter(row[1] for row in found))
    return len(found)


def _prove(session: Session, event: str, tenants: dict[uuid.UUID, uuid.UUID], counts: Counter[uuid.UUID]) -> None:
    for context_id, count in counts.items():
        record(
            session,
            event=event,
            actor=Actor.system(),
            tenant_id=tenants[context_id],
            object_type="context",
            object_id=context_id,
            details={"deleted": count},
        )
