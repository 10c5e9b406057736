"""The site's limits: what courses may let happen with students' work at all, set by an administrator (P4).

A course keeps its own choice under every limit. What holds is worked out each time, so a limit that is tightened holds
at once, and one that is loosened gives back what courses had chosen.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.errors import EntryRefused
from grading.models import Context, PrivacyLimits
from grading.models.limits import LegalBasis
from privacy.audit import Actor, record

LONGEST_RETENTION_DAYS = 3650
DEFAULT_RETENTION_DAYS = 30


class LimitsInvalid(EntryRefused):
    """What was entered for the limits can't be saved. `field` names the entry."""

    code = "limits_invalid"


@dataclass(frozen=True, slots=True)
class Limits:
    """What courses may do at most."""

    allow_llm_assessment: bool = True
    approved_providers: tuple[str, ...] | None = None
    """None until an administrator has chosen: every provider that is set up."""
    ask_each_student: bool = True
    longest_retention_days: int = 365
    default_retention_days: int = DEFAULT_RETENTION_DAYS
    legal_basis: LegalBasis = LegalBasis.CONSENT

    def allow(self, provider: str) -> bool:
        """Whether courses may let work go to a provider."""
        approved = self.approved_providers is None or provider in self.approved_providers
        return self.allow_llm_assessment and approved

    @property
    def always_ask(self) -> bool:
        """Whether courses have no choice but to ask each student: because it was decided so, or consent is the
        basis."""
        return self.ask_each_student or self.legal_basis is LegalBasis.CONSENT


def current(session: Session) -> Limits:
    """The limits in force."""
    row = session.get(PrivacyLimits, 1)
    if row is None:
        return Limits()
    values = {field.name: getattr(row, field.name) for field in fields(Limits)}
    return Limits(**values | {"approved_providers": tuple(row.approved_providers)})


def change(
    session: Session, limits: Limits, *, configured: Collection[str], actor: Actor, clock: Clock = utc_now
) -> bool:
    """Set the limits; returns whether anything changed. Old and new values go to the audit log.

    Raises:
        LimitsInvalid: names the entry that is wrong.
    """
    before = current(session)
    _check(limits, configured, before)
    if limits == before:
        return False
    values = asdict(limits) | {"approved_providers": list(limits.approved_providers or ())}
    row = session.get(PrivacyLimits, 1)
    if row is None:
        session.add(PrivacyLimits(id=1, changed_at=clock(), **values))
    else:
        for name, value in values.items():
            setattr(row, name, value)
        row.changed_at = clock()
    session.flush()
    record(
        session,
        event="privacy_limits.changed",
        actor=actor,
        tenant_id=None,
        object_type="privacy_limits",
        object_id=None,
        details=differences(_described(before), _described(limits)),
    )
    return True


def courses_using_it(session: Session) -> int:
    """In how many courses an instructor has turned AI-assisted feedback on."""
    return session.execute(
        select(func.count()).select_from(Context).where(Context.allow_llm_assessment.is_(True))
    ).scalar_one()


def differences(before: dict[str, str | int], after: dict[str, str | int]) -> dict[str, str | int | bool | None]:
    """Old and new value of everything that differs, for the audit log."""
    changed: dict[str, str | int | bool | None] = {}
    for name, value in after.items():
        if before[name] != value:
            changed[f"{name}_before"], changed[f"{name}_after"] = before[name], value
    return changed


def _described(limits: Limits) -> dict[str, str | int]:
    providers = "any" if limits.approved_providers is None else ", ".join(limits.approved_providers)
    return asdict(limits) | {"approved_providers": providers, "legal_basis": limits.legal_basis.value}


def _check(limits: Limits, configured: Collection[str], before: Limits) -> None:
    known = {*configured, *(before.approved_providers or ())}
    if limits.approved_providers is None or set(limits.approved_providers) - known:
        raise LimitsInvalid(
            "One of the services is not set up any more. Reload the page and choose again.", field="approved_providers"
        )
    if not 1 <= limits.longest_retention_days <= LONGEST_RETENTION_DAYS:
        raise LimitsInvalid(
            f"The longest time must be between 1 and {LONGEST_RETENTION_DAYS:,} days.", field="longest_retention_days"
        )
    if not 1 <= limits.default_retention_days <= limits.longest_retention_days:
        raise LimitsInvalid(
            "What new courses start with must be at least 1 day, and no more than the longest time.",
            field="default_retention_days",
        )


def retention_of_new_courses(session: Session) -> int:
    """Days for which a course keeps things until its instructor says otherwise."""
    found = session.execute(select(PrivacyLimits.default_retention_days).where(PrivacyLimits.id == 1)).scalar()
    return DEFAULT_RETENTION_DAYS if found is None else found
