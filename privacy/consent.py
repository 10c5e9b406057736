"""Consent: which words a student agreed to, when, and when they changed their mind (P4)."""

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import insert_ignoring_conflicts
from privacy.audit import Actor, record
from privacy.models import Consent


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The words a student agrees to. Changed words are a new version."""

    version: str
    paragraphs: tuple[str, ...]

    @property
    def hash(self) -> str:
        """SHA-256 over the words, so that what was shown can be proved later."""
        return hashlib.sha256("\n\n".join(self.paragraphs).encode()).hexdigest()


CURRENT_TEXT = ConsentText(
    version="2026-11",
    paragraphs=(
        (
            "Your instructor uses an AI service to prepare feedback on this work. Before anything is sent, your name "
            "and other details that identify you are replaced, and the work is sent without them."
        ),
        (
            "A person decides: your instructor reads the proposal, may change or reject it, and only then do you see "
            "a result. The service may not use your work for training."
        ),
        (
            "Agreeing is your choice. If you don't agree, you can still hand in, and your instructor grades by hand. "
            "You can change your mind here at any time."
        ),
    ),
)


def standing_consent(session: Session, person_id: uuid.UUID, context_id: uuid.UUID) -> Consent | None:
    """The consent a person has given in a course and not withdrawn."""
    return session.execute(
        select(Consent).where(
            Consent.person_id == person_id, Consent.context_id == context_id, Consent.withdrawn_at.is_(None)
        )
    ).scalar_one_or_none()


def people_with_consent(session: Session, context_ids: Iterable[uuid.UUID]) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """All (person, context) pairs with standing consent in these courses."""
    rows = session.execute(
        select(Consent.person_id, Consent.context_id).where(
            Consent.context_id.in_(set(context_ids)), Consent.withdrawn_at.is_(None)
        )
    )
    return {(person, context) for person, context in rows}


def give_consent(
    session: Session,
    *,
    tenant_id: uuid.UUID,
    person_id: uuid.UUID,
    context_id: uuid.UUID,
    text: ConsentText = CURRENT_TEXT,
    clock: Clock = utc_now,
) -> None:
    """Record a person's yes. A second yes while the first stands changes nothing."""
    made = session.execute(
        insert_ignoring_conflicts(session, Consent)
        .values(
            id=uuid.uuid4(),
            tenant_id=tenant_id,
            person_id=person_id,
            context_id=context_id,
            text_version=text.version,
            text_hash=text.hash,
            given_at=clock(),
        )
        .returning(Consent.id)
    ).scalar_one_or_none()
    if made is not None:
        record(
            session,
            event="consent.given",
            actor=Actor.person(person_id),
            tenant_id=tenant_id,
            object_type="context",
            object_id=context_id,
            details={"text_version": text.version},
        )


def withdraw_consent(
    session: Session,
    *,
    tenant_id: uuid.UUID,
    person_id: uuid.UUID,
    context_id: uuid.UUID,
    clock: Clock = utc_now,
) -> bool:
    """Record that a person takes their yes back; returns whether there was one."""
    withdrawn = session.execute(
        update(Consent)
        .where(
            Consent.tenant_id == tenant_id,
            Consent.person_id == person_id,
            Consent.context_id == context_id,
            Consent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=clock())
        .returning(Consent.id)
    ).scalar_one_or_none()
    if withdrawn is not None:
        record(
            session,
            event="consent.withdrawn",
            actor=Actor.person(person_id),
            tenant_id=tenant_id,
            object_type="context",
            object_id=context_id,
        )
    return withdrawn is not None
