"""What administrators know better than the built-in price list: prices and retirement dates of models (K1)."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base
from grading.models.columns import Created, Key, MicroDollars, Moment


class PriceOverride(Base):
    """A price that replaces the built-in one from a day on. In micro-dollars per million tokens."""

    __tablename__ = "price_override"
    __table_args__ = (
        CheckConstraint(
            "input_price >= 0 AND cached_price >= 0 AND output_price >= 0"
            " AND batch_input_price >= 0 AND batch_cached_price >= 0 AND batch_output_price >= 0",
            name="not_negative",
        ),
        CheckConstraint("length(source) > 0", name="has_a_source"),
        Index("ix_price_override_model", "provider", "model", "valid_from"),
    )

    id: Mapped[Key]
    provider: Mapped[str] = mapped_column(String(32))
    model: Mapped[str] = mapped_column(String(100))
    input_price: Mapped[MicroDollars]
    cached_price: Mapped[MicroDollars]
    output_price: Mapped[MicroDollars]
    batch_input_price: Mapped[MicroDollars]
    batch_cached_price: Mapped[MicroDollars]
    batch_output_price: Mapped[MicroDollars]
    valid_from: Mapped[date] = mapped_column(Date())
    source: Mapped[str] = mapped_column(String(500))
    note: Mapped[str] = mapped_column(Text(), default="")
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("administrator.id"))
    """None for an operator at the command line."""
    created_at: Mapped[Created]
    withdrawn_at: Mapped[Moment | None]


class RetirementOverride(Base):
    """When a provider switches a model off, where it differs from the built-in list."""

    __tablename__ = "retirement_override"
    __table_args__ = (CheckConstraint("length(source) > 0", name="has_a_source"),)

    provider: Mapped[str] = mapped_column(String(32), primary_key=True)
    model: Mapped[str] = mapped_column(String(100), primary_key=True)
    retires_on: Mapped[date | None] = mapped_column(Date())
    """None: it is not going to be switched off, whatever the built-in list says."""
    source: Mapped[str] = mapped_column(String(500))
    changed_by: Mapped[UUID | None] = mapped_column(ForeignKey("administrator.id"))
    changed_at: Mapped[Moment]
