"""Handing a copy out: piece by piece, so that no archive ever stands whole in memory or unsealed on a disk."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from config.database import Database
from grading.errors import GradingError, NotFound
from grading.exports.making import part_place
from grading.models import ExportPart, PersonalExport
from grading.models.exports import ExportState
from privacy.audit import Actor, record
from privacy.sealing import Vault


class ExportIncomplete(GradingError):
    """A copy was deleted while it was being fetched."""

    code = "export_incomplete"
    status = 410


@dataclass(frozen=True, slots=True)
class Download:
    """A copy on its way out."""

    size: int
    pieces: Iterator[bytes]


def fetch(
    database: Database,
    vault: Vault,
    export_id: uuid.UUID,
    *,
    tenant_id: uuid.UUID,
    person_id: uuid.UUID,
    reader: Actor,
    now: datetime,
) -> Download:
    """A copy that is ready, for whom it is about; that it was fetched is noted before the first byte leaves.

    Raises:
        NotFound: there is none, or not about this person, or it is not ready or its time is over.
    """
    with database.transaction() as session:
        row = session.execute(
            select(PersonalExport).where(
                PersonalExport.id == export_id,
                PersonalExport.tenant_id == tenant_id,
                PersonalExport.person_id == person_id,
                PersonalExport.state == ExportState.READY,
                PersonalExport.expires_at > now,
            )
        ).scalar_one_or_none()
        if row is None:
            raise NotFound("This copy is not there any more. Ask for a new one.")
        record(
            session,
            event="personal_data.exported",
            actor=reader,
            tenant_id=tenant_id,
            object_type="person",
            object_id=person_id,
            details={"export": str(export_id), "bytes": row.bytes},
        )
    return Download(row.bytes, _pieces(database, vault, export_id, row.parts))


def _pieces(database: Database, vault: Vault, export_id: uuid.UUID, parts: int) -> Iterator[bytes]:
    for number in range(1, parts + 1):
        with database.transaction() as session:
            part = session.execute(
                select(ExportPart.id, ExportPart.sealed_content).where(
                    ExportPart.export_id == export_id, ExportPart.number == number
                )
            ).one_or_none()
            if part is None:
                raise ExportIncomplete("This copy was deleted while it was being fetched. Ask for a new one.")
            piece = vault.open(session, part_place(part.id), part.sealed_content)
        yield piece
