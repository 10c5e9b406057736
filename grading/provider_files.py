"""Files at providers that must go: a row each, tried until the provider says that it is gone (P5).

Files are noted when they are no longer needed. What nobody noted, because a worker died between a call and its answer,
is found by listing what the provider has: only files that carry the id of a batch of ours which has ended are taken,
as an account may be shared.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database, insert_ignoring_conflicts
from config.logging import fields, get_logger
from grading import disclosures
from grading.backoff import pause_seconds
from grading.batches.provider_calls import AuditedProvider
from grading.models import Batch, ProviderFile
from grading.models.provider_files import ProviderFileState
from grading.providers.base import Provider, ProviderError
from grading.states import BatchStep
from privacy.audit import Actor, record

LEASE: Final = timedelta(minutes=5)
AGE: Final = timedelta(hours=1)
"""Files that are younger may belong to a call whose answer is on its way."""
EXPIRED: Final = timedelta(days=7)
"""By then the provider has deleted every file by itself: they are uploaded and asked for with an expiry."""
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """How many files still have to go."""

    waiting: int
    failing: int
    """Of these, that could not be deleted at the first try."""
    oldest: datetime | None


def must_go(
    session: Session, batch: Batch, file_ids: Iterable[str | None], now: datetime, *, found: bool = False
) -> None:
    """Note files of a batch that are not needed any more; a file that is noted already stays as it is."""
    rows = [
        {
            "id": uuid.uuid4(),
            "provider": batch.provider,
            "file_id": file_id,
            "batch_id": batch.id,
            "found": found,
            "state": ProviderFileState.PRESENT,
            "must_go_at": now,
            "next_attempt_at": now,
        }
        for file_id in file_ids
        if file_id
    ]
    if rows:
        session.execute(insert_ignoring_conflicts(session, ProviderFile), rows)


def due(session: Session, now: datetime, limit: int = 50) -> list[uuid.UUID]:
    """Files to delete now."""
    return list(
        session.execute(
            select(ProviderFile.id)
            .where(ProviderFile.state == ProviderFileState.PRESENT, ProviderFile.next_attempt_at <= now)
            .order_by(ProviderFile.next_attempt_at)
            .limit(limit)
        ).scalars()
    )


def due_of_batch(session: Session, batch_id: uuid.UUID, now: datetime) -> list[uuid.UUID]:
    """Files of one batch to delete now."""
    return list(
        session.execute(
            select(ProviderFile.id)
            .where(
                ProviderFile.batch_id == batch_id,
                ProviderFile.state == ProviderFileState.PRESENT,
                ProviderFile.next_attempt_at <= now,
            )
            .order_by(ProviderFile.id)
        ).scalars()
    )


def delete(
    database: Database, providers: Mapping[str, Provider], file_row_id: uuid.UUID, clock: Clock = utc_now
) -> bool:
    """Delete one file at its provider; returns whether it is gone. What fails is tried again, for ever."""
    claimed = _claim(database, file_row_id, clock())
    if claimed is None:
        return False
    row, batch = claimed
    plain = providers.get(row.provider)
    if plain is None:
        _failed(database, row, "provider_setup", clock())
        return False
    provider = AuditedProvider(plain, database, batch)
    try:
        provider.delete_file(row.file_id)
    except ProviderError as error:
        provider.note_failure(error)
        _failed(database, row, error.code, clock())
        return False
    _gone(database, row, clock())
    return True


def find_orphans(database: Database, provider: Provider, clock: Clock = utc_now) -> int:
    """Look for files of ended batches of ours that nobody noted; returns how many were found."""
    now, found = clock(), 0
    if not _anything_there(database, provider.name, now):
        return 0
    for file in provider.own_files():
        if file.created_at > now - AGE:
            continue
        with database.transaction() as session:
            batch = _ended_batch(session, provider.name, file.job, file.remote_batch_id)
            if batch is None:
                continue
            known = session.execute(
                select(ProviderFile.id).where(ProviderFile.provider == provider.name, ProviderFile.file_id == file.id)
            ).first()
            if known is None:
                must_go(session, batch, [file.id], now, found=True)
                found += 1
    if found:
        log.warning("provider.orphans_found", extra=fields(provider=provider.name, files=found))
    return found


def standing(session: Session) -> Standing:
    """How many files still have to go, for the administrator."""
    row = session.execute(
        select(func.count(), func.count().filter(ProviderFile.attempts > 1), func.min(ProviderFile.must_go_at)).where(
            ProviderFile.state == ProviderFileState.PRESENT
        )
    ).one()
    return Standing(*row)


def _anything_there(database: Database, provider: str, now: datetime) -> bool:
    """Whether a batch was sent so lately that its files have not expired there by themselves."""
    with database.transaction() as session:
        recent = select(Batch.id).where(Batch.provider == provider, Batch.upload_started_at > now - EXPIRED)
        return bool(session.execute(select(exists(recent))).scalar_one())


def _claim(database: Database, file_row_id: uuid.UUID, now: datetime) -> tuple[ProviderFile, Batch] | None:
    with database.transaction() as session:
        claimed = session.execute(
            update(ProviderFile)
            .where(
                ProviderFile.id == file_row_id,
                ProviderFile.state == ProviderFileState.PRESENT,
                ProviderFile.next_attempt_at <= now,
            )
            .values(next_attempt_at=now + LEASE, attempts=ProviderFile.attempts + 1)
            .returning(ProviderFile.id)
        ).first()
        if claimed is None:
            return None
        row = session.get_one(ProviderFile, file_row_id, populate_existing=True)
        return row, session.get_one(Batch, row.batch_id)


def _failed(database: Database, row: ProviderFile, code: str, now: datetime) -> None:
    pause = timedelta(seconds=pause_seconds(row.attempts))
    with database.transaction() as session:
        session.execute(
            update(ProviderFile)
            .where(ProviderFile.id == row.id)
            .values(next_attempt_at=now + pause, failure_code=code[:64])
        )
    log.warning("provider.file_stays", extra=fields(file=row.id, attempts=row.attempts, code=code))


def _gone(database: Database, row: ProviderFile, now: datetime) -> None:
    """Note that a file is gone; with the last one of a batch, that nothing of it is there any more."""
    with database.transaction() as session:
        batch = session.execute(select(Batch).where(Batch.id == row.batch_id).with_for_update()).scalar_one()
        session.execute(
            update(ProviderFile)
            .where(ProviderFile.id == row.id)
            .values(state=ProviderFileState.GONE, gone_at=now, failure_code=None)
        )
        left = session.execute(
            select(func.count()).where(
                ProviderFile.batch_id == row.batch_id, ProviderFile.state == ProviderFileState.PRESENT
            )
        ).scalar_one()
        if left == 0:
            nothing_left(session, batch, now)


def nothing_left(session: Session, batch: Batch, now: datetime) -> None:
    """Note that the provider holds no file of a batch."""
    disclosures.note_deleted_at_provider(session, batch.id, now)
    record(
        session,
        event="provider.files_deleted",
        actor=Actor.system(),
        tenant_id=None,
        object_type="batch",
        object_id=batch.id,
        details={"provider": batch.provider, "model": batch.model},
    )


def _ended_batch(session: Session, provider: str, job: str, remote_batch_id: str) -> Batch | None:
    query = select(Batch).where(Batch.provider == provider, Batch.step == BatchStep.DONE)
    if job:
        try:
            return session.execute(query.where(Batch.id == uuid.UUID(job))).scalar_one_or_none()
        except ValueError:
            return None
    if remote_batch_id:
        return session.execute(query.where(Batch.provider_batch_id == remote_batch_id)).scalar_one_or_none()
    return None
