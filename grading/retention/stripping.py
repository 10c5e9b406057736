"""Takes the text out of submissions and everything that repeats it; score, state, times and the feedback stay.

Released feedback belongs to the result, which the course keeps; the passages it quotes from the work go with the work.
"""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from grading import disclosures
from grading.by_hand import give_to_instructor, stop_items
from grading.exports.discarding import discard
from grading.intake import source_place
from grading.models import (
    AnonymizedText,
    Arrival,
    ArrivalAsset,
    Assessment,
    BatchRequest,
    QueueItem,
    ReviewDecision,
    SearchTerm,
    Submission,
)
from grading.results.words import TEXT_DELETED
from grading.review.feedback import Feedback
from grading.states import QueueState, SubmissionState
from grading.submissions import text_place
from privacy.sealing import Owner, Place, Vault

_NO_SOURCE: Final = {"url": "", "title": "", "file_name": ""}


@dataclass(frozen=True, slots=True)
class Stripped:
    """A submission whose text goes."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    context_id: uuid.UUID
    person_id: uuid.UUID

    @property
    def owner(self) -> Owner:
        """Under whose key it is sealed."""
        return Owner.person(self.tenant_id, self.person_id)


def strip(session: Session, vault: Vault, rows: Sequence[Stripped], now: datetime) -> Counter[uuid.UUID]:
    """Delete the texts of these submissions, whose rows the caller has locked; returns how many per course."""
    ids = [row.id for row in rows]
    vault.prepare_keys(session, {row.owner for row in rows})
    _take_out_of_the_queue(session, ids, now)
    disclosures.note_deleted_here(session, select(Submission.id).where(Submission.id.in_(ids)), now)
    _empty_texts(session, vault, rows, now)
    session.execute(delete(AnonymizedText).where(AnonymizedText.submission_id.in_(ids)))
    session.execute(delete(SearchTerm).where(SearchTerm.submission_id.in_(ids)))
    items = select(QueueItem.id).where(QueueItem.submission_id.in_(ids))
    session.execute(
        update(BatchRequest).where(BatchRequest.queue_item_id.in_(items)).values(sealed_body=None, sealed_answer=None)
    )
    session.execute(
        update(Assessment).where(Assessment.submission_id.in_(ids)).values(sealed_content=None, comments_mark=None)
    )
    by_id = {row.id: row for row in rows}
    _take_quotes_out(session, vault, by_id)
    _forget_sources(session, vault, by_id)
    discard(session, {(row.tenant_id, row.person_id) for row in rows}, now)
    return Counter(row.context_id for row in rows)


def _take_out_of_the_queue(session: Session, ids: list[uuid.UUID], now: datetime) -> None:
    waiting = select(QueueItem.id).where(QueueItem.submission_id.in_(ids), QueueItem.state == QueueState.QUEUED)
    stop_items(session, list(session.execute(waiting).scalars()), TEXT_DELETED, now)
    unsent = select(Submission.id).where(Submission.id.in_(ids), Submission.state == SubmissionState.WAITING)
    give_to_instructor(session, list(session.execute(unsent).scalars()), TEXT_DELETED)


def _empty_texts(session: Session, vault: Vault, rows: Sequence[Stripped], now: datetime) -> None:
    session.execute(
        update(Submission),
        [
            {
                "id": row.id,
                "sealed_text": vault.seal_text(session, row.owner, text_place(row.id), ""),
                "sealed_file": None,
                "sealed_file_name": None,
                "sealed_document_names": None,
                "text_deleted_at": now,
                "indexed": True,
            }
            for row in rows
        ],
    )


def _take_quotes_out(session: Session, vault: Vault, rows: dict[uuid.UUID, Stripped]) -> None:
    found = session.execute(
        select(ReviewDecision.id, ReviewDecision.submission_id, ReviewDecision.sealed_feedback).where(
            ReviewDecision.submission_id.in_(rows), ReviewDecision.sealed_feedback.is_not(None)
        )
    ).all()
    opened = vault.open_many(session, [(_feedback_place(one.id), one.sealed_feedback or b"") for one in found])
    changed = []
    for one, raw in zip(found, opened, strict=True):
        feedback = Feedback.model_validate_json(raw)
        if any(criterion.evidence for criterion in feedback.criteria):
            kept = tuple(criterion.model_copy(update={"evidence": ()}) for criterion in feedback.criteria)
            text = feedback.model_copy(update={"criteria": kept}).model_dump_json()
            owner = rows[one.submission_id].owner
            sealed = vault.seal_text(session, owner, _feedback_place(one.id), text)
            changed.append({"id": one.id, "sealed_feedback": sealed})
    if changed:
        session.execute(update(ReviewDecision), changed)


def _forget_sources(session: Session, vault: Vault, rows: dict[uuid.UUID, Stripped]) -> None:
    """Names and addresses of the files at the LMS that the work came from."""
    found = session.execute(
        select(ArrivalAsset.id, Arrival.submission_id)
        .join(Arrival, Arrival.id == ArrivalAsset.arrival_id)
        .where(Arrival.submission_id.in_(rows))
    ).all()
    emptied = [
        {
            "id": one.id,
            "sealed_source": vault.seal_json(session, rows[one.submission_id].owner, source_place(one.id), _NO_SOURCE),
        }
        for one in found
        if one.submission_id is not None
    ]
    if emptied:
        session.execute(update(ArrivalAsset), emptied)


def _feedback_place(decision_id: uuid.UUID) -> Place:
    return Place("review_decision", "feedback", decision_id)
