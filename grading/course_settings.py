"""What an instructor lets happen with the work of a course (P4). Off until somebody turns it on.

`CourseSettings` is the course's own choice; `CoursePrivacy` is what holds once the site's limits are counted in.
"""

import uuid
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grading.errors import EntryRefused
from grading.models import Context, Enrolment
from grading.models.limits import LegalBasis
from grading.models.people import CourseRole, EnrolmentState
from grading.privacy_limits import Limits, differences
from privacy.audit import Actor, record
from privacy.consent import agrees, declines


class SettingsRefused(EntryRefused):
    """A setting can't be chosen. `field` names it."""

    code = "settings_refused"


@dataclass(frozen=True, slots=True)
class CourseSettings:
    """What a course has chosen, whatever the site's limits say at the moment."""

    allow_llm_assessment: bool = False
    approved_providers: tuple[str, ...] = ()
    data_retention_days: int = 30
    anonymize_submissions: bool = True
    batch_processing_consent: bool = True
    real_time_only_mode: bool = False


@dataclass(frozen=True, slots=True)
class CoursePrivacy:
    """What holds in a course."""

    chosen: CourseSettings
    limits: Limits

    def sends_to(self, provider: str) -> bool:
        """Whether work of students who don't object may go to a provider in a batch."""
        return (
            self.limits.allow(provider)
            and self.chosen.allow_llm_assessment
            and provider in self.chosen.approved_providers
            and self.chosen.anonymize_submissions
            and not self.chosen.real_time_only_mode
        )

    @property
    def asks_first(self) -> bool:
        """Whether a student's yes is needed before their work may go."""
        return self.limits.always_ask or self.chosen.batch_processing_consent

    @property
    def retention_days(self) -> int:
        """For how many days things are kept."""
        return min(self.chosen.data_retention_days, self.limits.longest_retention_days)

    @property
    def legal_basis(self) -> LegalBasis:
        """What students are told that the use of AI rests on."""
        return self.limits.legal_basis


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many students of a course have said what."""

    students: int
    agreed: int
    refused: int

    @property
    def silent(self) -> int:
        """Those who have said nothing, or to words that no longer count."""
        return self.students - self.agreed - self.refused


def own_settings(context: Context) -> CourseSettings:
    """What a course has chosen."""
    values = {field.name: getattr(context, field.name) for field in fields(CourseSettings)}
    return CourseSettings(**values | {"approved_providers": tuple(sorted(context.approved_providers))})


def privacy_of(context: Context, limits: Limits) -> CoursePrivacy:
    """What holds in a course under the site's limits."""
    return CoursePrivacy(own_settings(context), limits)


def change_settings(
    session: Session,
    *,
    context: Context,
    settings: CourseSettings,
    limits: Limits,
    configured: Collection[str],
    actor_id: uuid.UUID,
) -> bool:
    """Change what a course has chosen; returns whether anything changed. Old and new values go to the audit log.

    Raises:
        SettingsRefused: names the setting that goes beyond the site's limits or makes no sense.
    """
    before = own_settings(context)
    _check(settings, before, limits, configured)
    if settings == before:
        return False
    for name, value in asdict(settings).items():
        setattr(context, name, list(value) if name == "approved_providers" else value)
    session.flush()
    record(
        session,
        event="course.privacy_changed",
        actor=Actor.person(actor_id),
        tenant_id=context.tenant_id,
        object_type="context",
        object_id=context.id,
        details=differences(_described(before), _described(settings)),
    )
    return True


def allow_assessment(
    session: Session,
    *,
    context: Context,
    limits: Limits,
    provider: str,
    actor_id: uuid.UUID,
) -> bool:
    """Turn model-assisted assessment by one provider on for a course; returns whether anything changed.

    Raises:
        SettingsRefused: the site's limits do not allow it.
    """
    own = own_settings(context)
    wanted = replace(
        own,
        allow_llm_assessment=True,
        approved_providers=tuple(sorted({*own.approved_providers, provider})),
    )
    return change_settings(
        session, context=context, settings=wanted, limits=limits, configured=(provider,), actor_id=actor_id
    )


def agreement(session: Session, context_id: uuid.UUID) -> Agreement:
    """How many students of a course have agreed or opted out, in one statement."""
    people = Enrolment.person_id
    tenant_id = select(Context.tenant_id).where(Context.id == context_id).scalar_subquery()
    row = session.execute(
        select(
            func.count(),
            func.count().filter(agrees(people, context_id)),
            func.count().filter(declines(people, context_id, tenant_id)),
        )
        .select_from(Enrolment)
        .where(
            Enrolment.context_id == context_id,
            Enrolment.role == CourseRole.LEARNER,
            Enrolment.state == EnrolmentState.ACTIVE,
            Enrolment.test_user.is_(False),
        )
    ).one()
    return Agreement(*row)


def _described(settings: CourseSettings) -> dict[str, str | int]:
    return asdict(settings) | {"approved_providers": ", ".join(settings.approved_providers)}


def _check(settings: CourseSettings, before: CourseSettings, limits: Limits, configured: Collection[str]) -> None:
    """A choice that was made before may stay as it is under a limit that came later."""
    if settings.allow_llm_assessment and not before.allow_llm_assessment and not limits.allow_llm_assessment:
        raise SettingsRefused(
            "Blindmark's administrators do not allow AI-assisted feedback at present.", field="allow_llm_assessment"
        )
    added = set(settings.approved_providers) - set(before.approved_providers)
    allowed = {provider for provider in configured if limits.allow(provider)}
    if added - allowed:
        raise SettingsRefused("This service can't be chosen here. Reload the page.", field="approved_providers")
    days = settings.data_retention_days
    if days != before.data_retention_days and not 1 <= days <= limits.longest_retention_days:
        raise SettingsRefused(
            f"Choose between 1 and {limits.longest_retention_days} days.", field="data_retention_days"
        )
