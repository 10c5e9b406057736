"""What an instructor allows to happen with the work of a course (P4). Off until somebody turns it on."""

import uuid

from sqlalchemy.orm import Session

from grading.models import Context
from privacy.audit import Actor, record


def assessment_allowed(context: Context, provider: str) -> bool:
    """Whether work of this course may be assessed by a provider in a batch."""
    return (
        context.allow_llm_assessment
        and provider in context.approved_providers
        and context.anonymize_submissions
        and not context.real_time_only_mode
    )


def allow_assessment(session: Session, *, context: Context, allowed: bool, provider: str, actor_id: uuid.UUID) -> None:
    """Turn model-assisted assessment by one provider on or off for a course, and note who did."""
    approved = set(context.approved_providers)
    after = approved | {provider} if allowed else approved - {provider}
    if allowed == context.allow_llm_assessment and after == approved:
        return
    context.allow_llm_assessment = allowed
    context.approved_providers = sorted(after)
    record(
        session,
        event="course.assessment_allowed" if allowed else "course.assessment_forbidden",
        actor=Actor.person(actor_id),
        tenant_id=context.tenant_id,
        object_type="context",
        object_id=context.id,
        details={"provider": provider},
    )
