"""What a copy holds: `data.json` with everything in words, the files that were handed in, and the log about the person.

Each part is read in a transaction of its own, and files one by one.
"""

import json
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import Database
from grading import review, submissions
from grading.exports.about import consents, courses, dates, drafts, gradebook_messages, log_page, recipients, sent
from grading.exports.peers import Peers, peers_of
from grading.models import Assignment, Context, Submission
from grading.points import format_points
from privacy.audit import Actor
from privacy.sealing import Vault

_README: Final = """What Blindmark keeps about you
==============================

data.json   Your courses, agreements, work, results, drafts and dates; what was sent to AI services and what came back;
            to whom, when, and when it was deleted there; what your learning platform was told.
files/      Files that you handed in, as you handed them in.
log.jsonl   What was done with your data, one entry a line. Who did it stands there as a number without a name.

Names of other students were taken out of texts. Work whose text was deleted is listed with the day of its deletion.
"""


@dataclass(frozen=True, slots=True)
class Copied:
    """Whose data are copied, for whom."""

    tenant_id: uuid.UUID
    person_id: uuid.UUID
    reader: Actor
    now: datetime


@dataclass(slots=True)
class _Reader:
    """Reads one person's data, with the classmates of each course looked up once."""

    vault: Vault
    copied: Copied
    _peers: dict[uuid.UUID, Peers] = field(default_factory=dict)

    def peers(self, session: Session, context_id: uuid.UUID) -> Peers:
        if context_id not in self._peers:
            self._peers[context_id] = peers_of(session, self.vault, context_id, self.copied.person_id)
        return self._peers[context_id]


def write_archive(database: Database, vault: Vault, copied: Copied, archive: zipfile.ZipFile) -> None:
    """Write everything into an archive."""
    reader = _Reader(vault, copied)
    tenant_id, person_id = copied.tenant_id, copied.person_id
    archive.writestr("README.txt", _README)
    work = list(_work(database, reader, archive))
    with database.transaction() as session:
        content: dict[str, Any] = {
            "copied_at": copied.now.isoformat(),
            "courses": courses(session, vault, tenant_id, person_id),
            "consents": consents(session, tenant_id, person_id),
            "submissions": work,
            "drafts": [
                {**one, "text": reader.peers(session, context_id).hidden(one["text"])}
                for context_id, one in drafts(session, vault, tenant_id, person_id)
            ],
            "dates": dates(session, tenant_id, person_id),
            "sent_to_ai_services": sent(session, vault, tenant_id, person_id),
            "recipients": recipients(session, tenant_id, person_id),
            "told_to_the_learning_platform": gradebook_messages(session, tenant_id, person_id),
        }
    archive.writestr("data.json", json.dumps(content, ensure_ascii=False, indent=2))
    with archive.open("log.jsonl", "w", force_zip64=True) as target:
        for line in _log(database, tenant_id, person_id):
            target.write(line)


def _log(database: Database, tenant_id: uuid.UUID, person_id: uuid.UUID) -> Iterator[bytes]:
    """Page by page: while a line is written, no transaction is open that the writing would wait for."""
    after = 0
    while True:
        with database.transaction() as session:
            lines, after = log_page(session, tenant_id, person_id, after)
        if not lines:
            return
        yield from lines


def _work(database: Database, reader: _Reader, archive: zipfile.ZipFile) -> Iterator[dict[str, Any]]:
    copied = reader.copied
    with database.transaction() as session:
        ids = list(
            session.execute(
                select(Submission.id)
                .join(Assignment, Assignment.id == Submission.assignment_id)
                .join(Context, Context.id == Assignment.context_id)
                .where(Submission.person_id == copied.person_id, Context.tenant_id == copied.tenant_id)
                .order_by(Submission.submitted_at, Submission.id)
            ).scalars()
        )
    for number, submission_id in enumerate(ids, start=1):
        with database.transaction() as session:
            row = session.execute(
                select(Submission, Assignment)
                .join(Assignment, Assignment.id == Submission.assignment_id)
                .where(Submission.id == submission_id)
            ).one_or_none()
            if row is None:
                continue
            described, file = _described(session, reader, *row)
        if file is not None:
            # The name comes from outside: only its last part is kept, behind a number of ours.
            name = (described["file_name"] or "file").replace("\\", "/").rpartition("/")[2][:100]
            archive.writestr(f"files/{number:03d}-{name}", file)
        yield described


def _described(
    session: Session, reader: _Reader, submission: Submission, assignment: Assignment
) -> tuple[dict[str, Any], bytes | None]:
    peers = reader.peers(session, assignment.context_id)
    described: dict[str, Any] = {
        "assignment": assignment.title,
        "attempt": submission.attempt,
        "submitted_at": submission.submitted_at.isoformat(),
        "state": submission.state.value,
        "file_name": None,
        "text": None,
        "text_deleted_at": submission.text_deleted_at.isoformat() if submission.text_deleted_at else None,
        "result": None,
    }
    file = None
    if submission.text_deleted_at is None:
        work = submissions.open_submission(
            session, reader.vault, submission, tenant_id=reader.copied.tenant_id, reader=reader.copied.reader
        )
        described["file_name"], described["text"], file = work.file_name, peers.hidden(work.text), work.file
    released = review.released_feedback(session, reader.vault, submission)
    if released:
        decision, feedback = released
        described["result"] = {
            "score": format_points(decision.score_hundredths or 0),
            "of": format_points(assignment.points_hundredths),
            "feedback": peers.feedback(feedback).model_dump(mode="json"),
        }
    return described, file
