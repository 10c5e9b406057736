"""Agreements with providers: under which contract, where and for how long they process what they are sent (P8)."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base
from grading.models.columns import Created, Key, Url


class ProviderAgreement(Base):
    """A data processing agreement (GDPR article 28) with one provider, for as long as it is in force."""

    __tablename__ = "provider_agreement"
    __table_args__ = (
        CheckConstraint("retention_days >= 0", name="retention_not_negative"),
        CheckConstraint("in_force_until IS NULL OR in_force_until >= in_force_from", name="ends_after_it_begins"),
        Index("ix_provider_agreement_provider", "provider", "in_force_from"),
    )

    id: Mapped[Key]
    provider: Mapped[str] = mapped_column(String(32))
    """The code that batches and disclosures carry."""
    name: Mapped[str] = mapped_column(String(200))
    """The company, as it stands in the contract."""
    reference: Mapped[str] = mapped_column(String(200))
    """Number, date or place of the agreement on file."""
    region: Mapped[str] = mapped_column(String(100))
    """Where the provider keeps and processes what it is sent."""
    retention_days: Mapped[int]
    """How long it keeps copies of its own after our files there are deleted."""
    endpoint: Mapped[Url]
    in_force_from: Mapped[date] = mapped_column(Date())
    in_force_until: Mapped[date | None] = mapped_column(Date())
    """The last day; None while no end is agreed."""
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("administrator.id"))
    created_at: Mapped[Created]
