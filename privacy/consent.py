"""Consent: which words a student agreed to, when, and when they changed their mind (P4).

What somebody said last in a course counts. Where no yes is needed, a no from the start counts all the same.
"""

import uuid
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from config.clock import Clock, utc_now
from config.database import insert_ignoring_conflicts
from privacy.audit import Actor, record
from privacy.consent_words import ConsentText, consent_texts
from privacy.models import Consent

CURRENT_TEXT: Final = consent_texts().in_language("en")


def agrees(person_id: Any, context_id: Any) -> ColumnElement[bool]:
    """SQL: whether a person's yes stands in a course, to words that still count. Takes ids or columns."""
    return exists().where(
        Consent.person_id == person_id,
        Consent.context_id == context_id,
        Consent.withdrawn_at.is_(None),
        Consent.text_version.in_(consent_texts().accepted_versions),
    )


def refuses(person_id: Any, context_id: Any) -> ColumnElement[bool]:
    """SQL: whether the last word of a person in a course is a no. Takes ids or columns."""
    # Under another name: a query about consents may ask this as well.
    word = aliased(Consent)
    said = (word.person_id == person_id, word.context_id == context_id)
    return and_(
        exists().where(*said, word.withdrawn_at.is_not(None)),
        ~exists().where(*said, word.withdrawn_at.is_(None)),
    )


def declines(person_id: Any, context_id: Any, tenant_id: Any) -> ColumnElement[bool]:
    """SQL: whether a person has said no to a course, or to the terms of the whole tenant and no yes to the course."""
    return or_(refuses(person_id, context_id), and_(refuses(person_id, tenant_id), ~agrees(person_id, context_id)))


def standing_consent(session: Session, person_id: uuid.UUID, context_id: uuid.UUID) -> Consent | None:
    """The yes of a person in a course that was not withdrawn; the words may have changed since."""
    return session.execute(
        select(Consent).where(
            Consent.person_id == person_id, Consent.context_id == context_id, Consent.withdrawn_at.is_(None)
        )
    ).scalar_one_or_none()


def last_word(session: Session, person_id: uuid.UUID, context_id: uuid.UUID, tenant_id: uuid.UUID) -> Consent | None:
    """What a person said last in a course: the yes that stands, or the newest no. Where they said nothing, a no to the
    terms of the whole tenant."""
    in_tenant = and_(Consent.context_id == tenant_id, refuses(person_id, tenant_id))
    return session.execute(
        select(Consent)
        .where(Consent.person_id == person_id, or_(Consent.context_id == context_id, in_tenant))
        .order_by(
            (Consent.context_id == context_id).desc(),
            Consent.withdrawn_at.is_(None).desc(),
            Consent.withdrawn_at.desc(),
        )
        .limit(1)
    ).scalar_one_or_none()


def still_counts(consent: Consent | None) -> bool:
    """Whether a yes stands and was given to words that still count."""
    return (
        consent is not None
        and consent.withdrawn_at is None
        and consent.text_version in consent_texts().accepted_versions
    )


def give_consent(
    session: Session,
    *,
    tenant_id: uuid.UUID,
    person_id: uuid.UUID,
    context_id: uuid.UUID,
    text: ConsentText = CURRENT_TEXT,
    clock: Clock = utc_now,
) -> None:
    """Record a person's yes. A second yes to words that still count changes nothing; to newer words it is a new one."""
    now = clock()
    standing = standing_consent(session, person_id, context_id)
    if standing is not None and standing.text_version != text.version and not still_counts(standing):
        standing.withdrawn_at = now
        session.flush()
    if _add(session, tenant_id, person_id, context_id, text, given_at=now, withdrawn_at=None):
        _note(session, "consent.given", tenant_id, person_id, context_id, text)


def refuse_consent(
    session: Session,
    *,
    tenant_id: uuid.UUID,
    person_id: uuid.UUID,
    context_id: uuid.UUID,
    text: ConsentText = CURRENT_TEXT,
    clock: Clock = utc_now,
) -> None:
    """Record a person's no: it takes a yes back, or stands by itself. A second no changes nothing."""
    if withdraw_consent(session, tenant_id=tenant_id, person_id=person_id, context_id=context_id, clock=clock):
        return
    if session.execute(select(refuses(person_id, context_id))).scalar_one():
        return
    _add(session, tenant_id, person_id, context_id, text, given_at=None, withdrawn_at=clock())
    _note(session, "consent.refused", tenant_id, person_id, context_id, text)


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
        _note(session, "consent.withdrawn", tenant_id, person_id, context_id, None)
    return withdrawn is not None


def _add(
    session: Session,
    tenant_id: uuid.UUID,
    person_id: uuid.UUID,
    context_id: uuid.UUID,
    text: ConsentText,
    *,
    given_at: datetime | None,
    withdrawn_at: datetime | None,
) -> bool:
    made = session.execute(
        insert_ignoring_conflicts(session, Consent)
        .values(
            id=uuid.uuid4(),
            tenant_id=tenant_id,
            person_id=person_id,
            context_id=context_id,
            text_version=text.version,
            text_language=text.language,
            text_hash=text.hash,
            given_at=given_at,
            withdrawn_at=withdrawn_at,
        )
        .returning(Consent.id)
    ).scalar_one_or_none()
    return made is not None


def _note(
    session: Session,
    event: str,
    tenant_id: uuid.UUID,
    person_id: uuid.UUID,
    context_id: uuid.UUID,
    text: ConsentText | None,
) -> None:
    record(
        session,
        event=event,
        actor=Actor.person(person_id),
        tenant_id=tenant_id,
        object_type="context",
        object_id=context_id,
        details={"text_version": text.version, "text_language": text.language} if text else None,
    )
