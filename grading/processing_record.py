"""Figures for the record of processing activities (GDPR article 30), read from what this installation is set to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grading.models import Context, ProviderAgreement, Registration
from grading.models.tenancy import RegistrationState
from grading.provider_register import agreements


@dataclass(frozen=True, slots=True)
class ProcessingRecord:
    """What the record says of this installation."""

    lmss: list[str]
    courses: int
    assisted_courses: int
    asking_consent: int
    """Of the assisted courses, those that ask each student."""
    shortest_days: int | None
    longest_days: int | None
    """Retention after a grade is released, over all courses; None while there is no course."""
    providers: list[str]
    """Codes of providers that some course approves or that are set up here."""
    agreements: list[ProviderAgreement]
    """Those in force today."""

    @property
    def without_agreement(self) -> list[str]:
        """Providers that no agreement in force covers."""
        covered = {one.provider for one in self.agreements}
        return [name for name in self.providers if name not in covered]


def processing_record(session: Session, set_up: Iterable[str], today: date) -> ProcessingRecord:
    """Read the figures, in a constant number of statements.

    Args:
        set_up: providers that this installation can reach.
    """
    row = session.execute(
        select(
            func.count(),
            func.count().filter(Context.allow_llm_assessment),
            func.count().filter(Context.allow_llm_assessment, Context.batch_processing_consent),
            func.min(Context.data_retention_days),
            func.max(Context.data_retention_days),
        ).select_from(Context)
    ).one()
    approved = session.execute(select(Context.approved_providers).where(Context.allow_llm_assessment)).scalars()
    names = select(Registration.name).where(Registration.state == RegistrationState.ACTIVE)
    return ProcessingRecord(
        lmss=list(session.execute(names.order_by(Registration.name)).scalars()),
        courses=row[0],
        assisted_courses=row[1],
        asking_consent=row[2],
        shortest_days=row[3],
        longest_days=row[4],
        providers=sorted({*set_up, *(name for names in approved for name in names)}),
        agreements=[
            one
            for one in agreements(session)
            if one.in_force_from <= today and (one.in_force_until is None or one.in_force_until >= today)
        ],
    )
