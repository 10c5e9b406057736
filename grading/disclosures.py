"""Keeps count of what left for providers and of what was deleted again, without any of it (P8)."""

import uuid
from collections import defaultdict
from datetime import UTC, datetime

from sqlalchemy import ScalarSelect, Select, func, select, update
from sqlalchemy.orm import Session

from config.database import insert_ignoring_conflicts
from grading.models import Batch, BatchRequest, Disclosure, DisclosureDeletion, QueueItem, Submission
from grading.models.disclosures import DeletedAt
from grading.states import RequestState
from privacy.models import Consent


def note_sending(session: Session, batch: Batch, endpoint: str, now: datetime) -> None:
    """Note what is about to leave, by course and consent version; committed before the first byte does.

    A request counts once for a batch: the row that it was counted in is kept on it, so that a sending that was cut off
    and is taken up again adds nothing. What a split moved to another batch is counted there again when it leaves again.
    """
    counted = select(Disclosure.id).where(Disclosure.id == BatchRequest.disclosure_id, Disclosure.batch_id == batch.id)
    groups: dict[tuple[uuid.UUID, uuid.UUID, str], list[uuid.UUID]] = defaultdict(list)
    rows = session.execute(
        select(BatchRequest.id, QueueItem.tenant_id, QueueItem.context_id, _consent_version())
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .where(
            BatchRequest.batch_id == batch.id,
            BatchRequest.state == RequestState.PREPARED,
            BatchRequest.sealed_body.is_not(None),
            ~counted.exists(),
        )
    )
    for request_id, tenant_id, context_id, version in rows:
        groups[tenant_id, context_id, version or ""].append(request_id)
    for (tenant_id, context_id, version), requests in groups.items():
        made = Disclosure(
            id=uuid.uuid4(),
            batch_id=batch.id,
            tenant_id=tenant_id,
            context_id=context_id,
            month=f"{now.astimezone(UTC):%Y-%m}",
            provider=batch.provider,
            model=batch.model,
            endpoint=endpoint,
            consent_version=version,
            submissions=len(requests),
            sent_at=now,
        )
        session.add(made)
        session.flush()
        session.execute(update(BatchRequest).where(BatchRequest.id.in_(requests)).values(disclosure_id=made.id))


def note_deleted_at_provider(session: Session, batch_id: uuid.UUID, now: datetime) -> None:
    """Note that the provider holds no file of a batch any more. A second time changes nothing."""
    sent = session.execute(select(Disclosure.id, Disclosure.submissions).where(Disclosure.batch_id == batch_id)).all()
    if sent:
        session.execute(
            insert_ignoring_conflicts(session, DisclosureDeletion),
            [
                {
                    "id": uuid.uuid4(),
                    "disclosure_id": disclosure_id,
                    "place": DeletedAt.PROVIDER,
                    "submissions": submissions,
                    "happened_at": now,
                }
                for disclosure_id, submissions in sent
            ],
        )


def note_deleted_here(session: Session, submissions: Select[uuid.UUID], now: datetime) -> None:
    """Note that the text of these submissions is about to be deleted here, in the transaction that deletes it.

    Texts that were deleted before are noted already.

    Args:
        submissions: a query for their ids.
    """
    counts = session.execute(
        select(BatchRequest.disclosure_id, func.count())
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .where(
            Submission.id.in_(submissions),
            Submission.text_deleted_at.is_(None),
            BatchRequest.disclosure_id.is_not(None),
        )
        .group_by(BatchRequest.disclosure_id)
    ).all()
    session.add_all(
        DisclosureDeletion(
            id=uuid.uuid4(), disclosure_id=disclosure_id, place=DeletedAt.HERE, submissions=count, happened_at=now
        )
        for disclosure_id, count in counts
    )
    session.flush()


def _consent_version() -> ScalarSelect[str | None]:
    """The text version of the newest consent, also of one withdrawn since the request was sealed: it was sealed under
    that one, and sealing is where consent is asked for."""
    return (
        select(Consent.text_version)
        .where(
            Consent.person_id == Submission.person_id,
            Consent.context_id == QueueItem.context_id,
            Consent.given_at.is_not(None),
        )
        .order_by(Consent.given_at.desc(), Consent.id)
        .limit(1)
        .correlate(Submission, QueueItem)
        .scalar_subquery()
    )
