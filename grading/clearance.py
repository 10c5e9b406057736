"""Whether work may leave the building: site limits, the course's settings and the student's word, asked in SQL.

This is the one place where they come together (P4). Whatever is about to queue, batch, seal or send work puts the
condition into its own query, so that what was decided a moment ago is what counts.
"""

import uuid
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, exists, null, or_, select
from sqlalchemy.orm import Session

from config.database import json_list_holds
from grading.models import Context, PrivacyLimits, Submission
from grading.models.limits import LegalBasis
from privacy.consent import agrees, declines

SITE_LIMIT: Final = "site_limit"
COURSE_SETTING: Final = "course_setting"
NO_CONSENT: Final = "no_consent"
OBSTACLES: Final = (SITE_LIMIT, COURSE_SETTING, NO_CONSENT)
"""Codes of what can stand in the way, the farthest-reaching first."""
REPLACED: Final = "replaced"
TAKEN_OUT: Final = "taken_out"
LEAK: Final = "name_may_remain"
TOO_LARGE: Final = "too_large"
HELD_BACK: Final = (*OBSTACLES, REPLACED, TAKEN_OUT, LEAK, TOO_LARGE)
"""Codes of lines that were taken out of a batch before it was sent."""


def obstacle(session: Session, provider: str, person_id: Any = Submission.person_id) -> ColumnElement[str | None]:
    """SQL: the code of what keeps a person's work in `Context` from going to a provider; NULL when nothing does.

    Args:
        person_id: a column of the query, or an id.
    """
    asked_first = or_(~_site_excuses_from_asking(), Context.batch_processing_consent.is_(True))
    return case(
        (_site_forbids(session, provider), SITE_LIMIT),
        (~_course_allows(session, provider), COURSE_SETTING),
        (and_(asked_first, ~agrees(person_id, Context.id)), NO_CONSENT),
        (declines(person_id, Context.id, Context.tenant_id), NO_CONSENT),
        else_=null(),
    )


def may_leave(session: Session, provider: str, person_id: Any = Submission.person_id) -> ColumnElement[bool]:
    """SQL: whether nothing keeps a person's work in `Context` from going to a provider."""
    return obstacle(session, provider, person_id).is_(None)


def obstacle_of(session: Session, provider: str, context_id: uuid.UUID, person_id: uuid.UUID) -> str | None:
    """The code of what keeps one person's work in one course from going to a provider; None when nothing does."""
    return session.execute(
        select(obstacle(session, provider, person_id)).select_from(Context).where(Context.id == context_id)
    ).scalar_one()


def _site_forbids(session: Session, provider: str) -> ColumnElement[bool]:
    """No row means that no administrator has drawn any limit."""
    approved = json_list_holds(session, PrivacyLimits.approved_providers, provider)
    return exists().where(or_(PrivacyLimits.allow_llm_assessment.is_(False), ~approved))


def _site_excuses_from_asking() -> ColumnElement[bool]:
    return exists().where(PrivacyLimits.legal_basis == LegalBasis.NOTICE, PrivacyLimits.ask_each_student.is_(False))


def _course_allows(session: Session, provider: str) -> ColumnElement[bool]:
    return and_(
        Context.allow_llm_assessment.is_(True),
        Context.anonymize_submissions.is_(True),
        Context.real_time_only_mode.is_(False),
        json_list_holds(session, Context.approved_providers, provider),
    )
