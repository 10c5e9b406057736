"""The parts of a copy besides the work itself: courses, consents, what was sent and to whom, the log."""

import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from grading import submissions
from grading.models import (
    AnonymizedText,
    Arrival,
    Assessment,
    Assignment,
    BatchRequest,
    Context,
    Disclosure,
    DisclosureDeletion,
    Draft,
    Enrolment,
    GradePush,
    IndividualDate,
    ProviderAgreement,
    QueueItem,
    Submission,
)
from grading.models.disclosures import DeletedAt
from grading.people import profile_place
from grading.points import format_points
from grading.states import SubmissionState
from privacy.models import AuditEvent, Consent
from privacy.sealing import Place, Vault

PAGE = 500


def courses(session: Session, vault: Vault, tenant_id: uuid.UUID, person_id: uuid.UUID) -> list[dict[str, Any]]:
    """In which courses somebody is, as what, and under which name."""
    rows = session.execute(
        select(Enrolment, Context)
        .join(Context, Context.id == Enrolment.context_id)
        .where(Enrolment.person_id == person_id, Context.tenant_id == tenant_id)
        .order_by(Enrolment.created_at)
    ).all()
    return [
        {
            "course": context.title,
            "role": enrolment.role.value,
            "state": enrolment.state.value,
            "known_as": vault.open_json(session, profile_place(enrolment.id), enrolment.sealed_profile)
            if enrolment.sealed_profile
            else {},
            "since": enrolment.created_at.isoformat(),
        }
        for enrolment, context in rows
    ]


def consents(session: Session, tenant_id: uuid.UUID, person_id: uuid.UUID) -> list[dict[str, Any]]:
    """What somebody said to which words."""
    rows = session.execute(
        select(Consent)
        .where(Consent.tenant_id == tenant_id, Consent.person_id == person_id)
        .order_by(Consent.given_at, Consent.withdrawn_at)
    ).scalars()
    return [
        {
            "text_version": row.text_version,
            "text_language": row.text_language,
            "given_at": _written(row.given_at),
            "withdrawn_at": _written(row.withdrawn_at),
        }
        for row in rows
    ]


def drafts(
    session: Session, vault: Vault, tenant_id: uuid.UUID, person_id: uuid.UUID
) -> Iterator[tuple[uuid.UUID, dict[str, Any]]]:
    """What was typed and not handed in, with the course it is for."""
    rows = session.execute(
        select(Draft, Assignment.title, Context.id)
        .join(Assignment, Assignment.id == Draft.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(Draft.person_id == person_id, Context.tenant_id == tenant_id)
    ).all()
    for draft, title, context_id in rows:
        text = submissions.open_draft(session, vault, draft).text
        yield context_id, {"assignment": title, "saved_at": draft.saved_at.isoformat(), "text": text}


def dates(session: Session, tenant_id: uuid.UUID, person_id: uuid.UUID) -> list[dict[str, Any]]:
    """Dates that the learning platform gave to this person alone."""
    rows = session.execute(
        select(IndividualDate, Assignment.title)
        .join(Assignment, Assignment.id == IndividualDate.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(IndividualDate.person_id == person_id, Context.tenant_id == tenant_id)
    ).all()
    return [
        {"assignment": title, "due_at": _written(row.due_at), "closes_at": _written(row.closes_at)}
        for row, title in rows
    ]


def sent(session: Session, vault: Vault, tenant_id: uuid.UUID, person_id: uuid.UUID) -> list[dict[str, Any]]:
    """Somebody's work as it was sent to a provider of models, and what came back.

    Not the instructions around it: they hold the instructor's own words, perhaps a model solution. An answer is a
    proposal, which nobody takes along before a person has decided and released the result.
    """
    rows = session.execute(
        select(BatchRequest, AnonymizedText, Assignment.title, Disclosure, Submission.state)
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Disclosure, Disclosure.id == BatchRequest.disclosure_id)
        .outerjoin(AnonymizedText, AnonymizedText.submission_id == Submission.id)
        .where(Submission.person_id == person_id, QueueItem.tenant_id == tenant_id)
        .order_by(Disclosure.sent_at, BatchRequest.id)
    ).all()
    found = []
    for request, text, title, disclosure, state in rows:
        entry: dict[str, Any] = {
            "assignment": title,
            "to": disclosure.provider,
            "model": disclosure.model,
            "sent_at": disclosure.sent_at.isoformat(),
            "text": None,
            "answer": None,
        }
        if text is not None:
            entry["text"] = vault.open_text(session, Place("anonymized_text", "text", text.id), text.sealed_text)
        if request.sealed_answer is not None and state is SubmissionState.RELEASED:
            place = Place("batch_request", "answer", request.id)
            entry["answer"] = vault.open_text(session, place, request.sealed_answer)
        found.append(entry)
    return found


def recipients(session: Session, tenant_id: uuid.UUID, person_id: uuid.UUID) -> list[dict[str, Any]]:
    """To whom something of somebody went, when, under which agreement, and when it was deleted there."""
    rows = session.execute(
        select(Disclosure, DisclosureDeletion.happened_at)
        .outerjoin(
            DisclosureDeletion,
            and_(DisclosureDeletion.disclosure_id == Disclosure.id, DisclosureDeletion.place == DeletedAt.PROVIDER),
        )
        .where(
            Disclosure.id.in_(
                select(BatchRequest.disclosure_id)
                .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
                .join(Submission, Submission.id == QueueItem.submission_id)
                .where(Submission.person_id == person_id, QueueItem.tenant_id == tenant_id)
            )
        )
        .order_by(Disclosure.sent_at)
    ).all()
    agreements = list(session.execute(select(ProviderAgreement)).scalars())
    return [
        {
            "provider": row.provider,
            "model": row.model,
            "endpoint": row.endpoint,
            "sent_at": row.sent_at.isoformat(),
            "consent_version": row.consent_version or None,
            "files_deleted_there_at": _written(deleted),
            "agreements": [
                {"company": one.name, "region": one.region, "keeps_copies_for_days": one.retention_days}
                for one in agreements
                if one.provider == row.provider
            ],
        }
        for row, deleted in rows
    ]


def gradebook_messages(session: Session, tenant_id: uuid.UUID, person_id: uuid.UUID) -> list[dict[str, Any]]:
    """What the learning platform was told."""
    rows = session.execute(
        select(GradePush, Assignment.title)
        .join(Assignment, Assignment.id == GradePush.assignment_id)
        .where(GradePush.tenant_id == tenant_id, GradePush.person_id == person_id)
        .order_by(GradePush.created_at, GradePush.number)
    ).all()
    return [
        {
            "assignment": title,
            "what": push.kind.value,
            "state": push.state.value,
            "score": format_points(push.score_hundredths) if push.score_hundredths is not None else None,
            "comment_sent": push.sealed_comment is not None,
            "delivered_at": _written(push.delivered_at),
        }
        for push, title in rows
    ]


def log_page(session: Session, tenant_id: uuid.UUID, person_id: uuid.UUID, after: int) -> tuple[list[bytes], int]:
    """Entries of the audit log that somebody made, or that are about them or their work, as lines of JSON.

    Args:
        after: the place in the log to go on behind; 0 begins.

    Returns:
        The lines of a page, and the place to go on behind; no lines once all were read.
    """
    query = (
        select(AuditEvent)
        .where(
            AuditEvent.chain == str(tenant_id),
            AuditEvent.sequence > after,
            or_(
                AuditEvent.actor_id == person_id,
                *(AuditEvent.object_id.in_(ids) for ids in _objects(tenant_id, person_id)),
            ),
        )
        .order_by(AuditEvent.sequence)
        .limit(PAGE)
    )
    lines = []
    for row in session.execute(query).scalars():
        after = row.sequence
        entry = {
            "happened_at": row.happened_at.isoformat(),
            "event": row.event,
            "by": "you" if row.actor_id == person_id else row.actor_kind,
            "about": row.object_type,
            "about_id": str(row.object_id) if row.object_id else None,
            "details": row.details,
        }
        lines.append(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
    return lines, after


def _objects(tenant_id: uuid.UUID, person_id: uuid.UUID) -> list[Select[uuid.UUID]]:
    own = (
        select(Submission.id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(Submission.person_id == person_id, Context.tenant_id == tenant_id)
    )
    return [
        select(Enrolment.person_id).where(Enrolment.person_id == person_id),
        own,
        select(Assessment.id).where(Assessment.submission_id.in_(own)),
        select(QueueItem.id).where(QueueItem.submission_id.in_(own)),
        select(GradePush.id).where(GradePush.person_id == person_id, GradePush.tenant_id == tenant_id),
        select(Arrival.id).where(Arrival.person_id == person_id, Arrival.tenant_id == tenant_id),
    ]


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
