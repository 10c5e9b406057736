"""A student's word on AI-assisted feedback in a course, and what follows from it at once (P4)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading import withholding
from grading.course_settings import CoursePrivacy
from grading.errors import GradingError
from grading.models import Context
from grading.withholding import Scope, SentWork
from privacy.audit import Actor
from privacy.consent import give_consent, refuse_consent, standing_consent
from privacy.consent_words import ConsentText, ConsentTexts, consent_texts, notice_texts
from privacy.models import Consent


class WordsChanged(GradingError):
    """The words that somebody decided about are not the ones that count now."""

    code = "words_changed"
    status = 409


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a no has done."""

    withheld: int
    """Submissions that waited, and are graded by hand now."""
    sent: Sequence[SentWork]
    """What had left before."""


def texts_of(privacy: CoursePrivacy) -> ConsentTexts:
    """The words that students of a course are shown: a question, or a notice where they may only opt out."""
    return consent_texts() if privacy.asks_first else notice_texts()


def agree(
    session: Session, *, context: Context, person_id: uuid.UUID, text: ConsentText, clock: Clock = utc_now
) -> None:
    """A student says yes. Work that is being graded by hand stays there until somebody asks for more."""
    give_consent(
        session, tenant_id=context.tenant_id, person_id=person_id, context_id=context.id, text=text, clock=clock
    )


def disagree(
    session: Session,
    *,
    context: Context,
    person_id: uuid.UUID,
    text: ConsentText,
    provider: str,
    clock: Clock = utc_now,
) -> TakenBack:
    """A student says no, or takes a yes back: whatever was not sent is graded by hand from now on."""
    refuse_consent(
        session, tenant_id=context.tenant_id, person_id=person_id, context_id=context.id, text=text, clock=clock
    )
    withheld = withholding.take_out(
        session, Scope(context.id, person_id), provider=provider, actor=Actor.person(person_id), clock=clock
    )
    return TakenBack(withheld, withholding.sent_work(session, context.id, person_id))


def carry(session: Session, *, context: Context, person_id: uuid.UUID, clock: Clock = utc_now) -> None:
    """Who accepted the terms in the LMS has agreed in a course, unless they said something else there before."""
    accepted = standing_consent(session, person_id, context.tenant_id)
    if accepted is None:
        return
    said = session.execute(
        select(Consent.id).where(Consent.person_id == person_id, Consent.context_id == context.id)
    ).first()
    text = consent_texts().shown(accepted.text_version, accepted.text_language)
    if said is None and text is not None:
        agree(session, context=context, person_id=person_id, text=text, clock=clock)


def decline_terms(
    session: Session,
    *,
    tenant_id: uuid.UUID,
    person_id: uuid.UUID,
    text: ConsentText,
    provider: str,
    clock: Clock = utc_now,
) -> None:
    """Who declines the terms in the LMS says no for all of its courses: takes back every yes, and what was not sent is
    graded by hand from now on. A yes that they give in a course later counts there."""
    refuse_consent(session, tenant_id=tenant_id, person_id=person_id, context_id=tenant_id, text=text, clock=clock)
    agreed = session.execute(
        select(Consent.context_id)
        .join(Context, Context.id == Consent.context_id)
        .where(Consent.person_id == person_id, Consent.withdrawn_at.is_(None), Context.tenant_id == tenant_id)
        .order_by(Consent.context_id)
    ).scalars()
    for context_id in list(agreed):
        refuse_consent(session, tenant_id=tenant_id, person_id=person_id, context_id=context_id, text=text, clock=clock)
    withholding.take_out(
        session, Scope(person_id=person_id), provider=provider, actor=Actor.person(person_id), clock=clock
    )
