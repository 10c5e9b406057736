"""Making a copy: an archive that is sealed piece by piece while it is written, each in a transaction of its own.

A worker that dies leaves its lease to run out; the next try removes the pieces of the last one and begins anew. Only
the try that still holds the row may add to it.
"""

import io
import uuid
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, cast

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading.backoff import pause_seconds
from grading.exports.contents import Copied, write_archive
from grading.models import ExportPart, PersonalExport
from grading.models.exports import ExportState
from privacy.audit import Actor, record
from privacy.sealing import Owner, Place, Vault

LEASE: Final = timedelta(minutes=30)
MOST_ATTEMPTS: Final = 8
PIECE: Final = 1024 * 1024
log = get_logger(__name__)


class _Superseded(Exception):
    """Somebody else makes this copy by now, or nobody needs it any more."""


class _Pieces(io.RawIOBase):
    """Where the archive is written to: bytes go on in pieces of one size, and none is kept."""

    def __init__(self, keep: Callable[[int, bytes], None]) -> None:
        self._keep = keep
        self._buffer = bytearray()
        self.number = 0
        self.written = 0

    def writable(self) -> bool:
        """Only that."""
        return True

    def write(self, data: Any) -> int:
        """Take bytes; whole pieces are handed on at once."""
        self._buffer += data
        self.written += len(data)
        while len(self._buffer) >= PIECE:
            self._hand_on(PIECE)
        return len(data)

    def finish(self) -> None:
        """Hand on what is left."""
        if self._buffer:
            self._hand_on(len(self._buffer))

    def _hand_on(self, size: int) -> None:
        self.number += 1
        self._keep(self.number, bytes(self._buffer[:size]))
        del self._buffer[:size]


def make(database: Database, vault: Vault, export_id: uuid.UUID, clock: Clock = utc_now) -> bool:
    """Make one copy; returns whether it was this caller's turn and the copy is ready now."""
    claimed = _claim(database, export_id, clock)
    if claimed is None:
        return False
    attempt, copied = claimed
    owner = Owner.person(copied.tenant_id, copied.person_id)

    def keep(number: int, piece: bytes) -> None:
        with database.transaction() as session:
            _hold(session, export_id, attempt)
            part_id = uuid.uuid5(export_id, f"{attempt}:{number}")
            sealed = vault.seal(session, owner, part_place(part_id), piece)
            session.add(ExportPart(id=part_id, export_id=export_id, number=number, sealed_content=sealed))

    target = _Pieces(keep)
    try:
        with zipfile.ZipFile(cast("Any", target), "w", zipfile.ZIP_DEFLATED) as archive:
            write_archive(database, vault, copied, archive)
        target.finish()
        return _ready(database, export_id, attempt, target, copied, clock)
    except _Superseded:
        log.info("export.superseded", extra=fields(export=export_id))
        return False
    except Exception:
        _again_soon(database, export_id, attempt, clock)
        raise


def part_place(part_id: uuid.UUID) -> Place:
    """Where a piece of an archive is sealed."""
    return Place("export_part", "content", part_id)


def _claim(database: Database, export_id: uuid.UUID, clock: Clock) -> tuple[int, Copied] | None:
    now = clock()
    with database.transaction() as session:
        row = session.execute(
            select(PersonalExport)
            .where(
                PersonalExport.id == export_id,
                PersonalExport.state.in_((ExportState.WAITING, ExportState.MAKING)),
                PersonalExport.next_attempt_at <= now,
            )
            .with_for_update()
        ).scalar_one_or_none()
        if row is None:
            return None
        session.execute(delete(ExportPart).where(ExportPart.export_id == export_id))
        if row.attempts >= MOST_ATTEMPTS:
            row.state, row.failure_code, row.next_attempt_at = ExportState.FAILED, "too_many_attempts", None
            log.error("export.failed", extra=fields(export=export_id))
            return None
        row.state = ExportState.MAKING
        row.attempts += 1
        row.next_attempt_at = now + LEASE
        return row.attempts, Copied(row.tenant_id, row.person_id, Actor(row.requested_by_kind, row.requested_by), now)


def _again_soon(database: Database, export_id: uuid.UUID, attempt: int, clock: Clock) -> None:
    with database.transaction() as session:
        session.execute(
            update(PersonalExport)
            .where(
                PersonalExport.id == export_id,
                PersonalExport.state == ExportState.MAKING,
                PersonalExport.attempts == attempt,
            )
            .values(next_attempt_at=clock() + timedelta(seconds=pause_seconds(attempt)))
        )


def _hold(session: Session, export_id: uuid.UUID, attempt: int) -> None:
    mine = session.execute(
        select(PersonalExport.id)
        .where(
            PersonalExport.id == export_id,
            PersonalExport.state == ExportState.MAKING,
            PersonalExport.attempts == attempt,
        )
        .with_for_update()
    ).first()
    if mine is None:
        raise _Superseded


def _ready(
    database: Database, export_id: uuid.UUID, attempt: int, target: _Pieces, copied: Copied, clock: Clock
) -> bool:
    with database.transaction() as session:
        _hold(session, export_id, attempt)
        _replace_earlier(session, export_id, copied)
        done = session.execute(
            update(PersonalExport)
            .where(PersonalExport.id == export_id)
            .values(
                state=ExportState.READY,
                ready_at=clock(),
                next_attempt_at=None,
                parts=target.number,
                bytes=target.written,
            )
        )
        record(
            session,
            event="personal_data.export_made",
            actor=Actor.system(),
            tenant_id=copied.tenant_id,
            object_type="person",
            object_id=copied.person_id,
            details={"export": str(export_id), "bytes": target.written},
        )
    return cast("CursorResult[Any]", done).rowcount == 1


def _replace_earlier(session: Session, export_id: uuid.UUID, copied: Copied) -> None:
    """One copy of somebody's data waits at a time: the newest."""
    earlier = select(PersonalExport.id).where(
        PersonalExport.tenant_id == copied.tenant_id,
        PersonalExport.person_id == copied.person_id,
        PersonalExport.id != export_id,
    )
    ids = list(session.execute(earlier).scalars())
    session.execute(delete(ExportPart).where(ExportPart.export_id.in_(ids)))
    session.execute(delete(PersonalExport).where(PersonalExport.id.in_(ids)))
