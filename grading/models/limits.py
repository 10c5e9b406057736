"""What administrators let courses do at all with students' work (P4)."""

from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, state_type
from grading.models.columns import Moment


class LegalBasis(StrEnum):
    """What the use of AI on students' work rests on (GDPR, article 6), as students are told."""

    CONSENT = "consent"  # each student says yes first
    NOTICE = "notice"  # students are told, and may opt out


class PrivacyLimits(Base):
    """The site's limits. One row at most; none means the defaults of `grading.privacy_limits`."""

    __tablename__ = "privacy_limits"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("default_retention_days >= 1", name="default_retention_positive"),
        CheckConstraint("longest_retention_days >= default_retention_days", name="longest_retention_not_below_default"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    allow_llm_assessment: Mapped[bool]
    approved_providers: Mapped[list[str]] = mapped_column(JSON())
    ask_each_student: Mapped[bool]
    """Whether courses must ask each student for a yes; with consent as the basis they always must."""
    longest_retention_days: Mapped[int]
    default_retention_days: Mapped[int]
    legal_basis: Mapped[LegalBasis] = mapped_column(state_type(LegalBasis, "legal_basis"))
    changed_at: Mapped[Moment]
