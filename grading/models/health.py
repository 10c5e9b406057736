"""How providers fare, and which of their messages were seen (B5)."""

from uuid import UUID

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, state_type
from grading.models.columns import Moment
from grading.states import Circuit


class ProviderHealth(Base):
    """The circuit breaker of one provider, shared by all workers; no row means that it was never called."""

    __tablename__ = "provider_health"
    __table_args__ = (CheckConstraint("failures <= calls", name="failures_are_calls"),)

    provider: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[Circuit] = mapped_column(state_type(Circuit, "circuit"), default=Circuit.CLOSED)
    since: Mapped[Moment]
    """When it came into this state."""
    window_began_at: Mapped[Moment]
    calls: Mapped[int] = mapped_column(default=0)
    """Steps that called the provider since the window began."""
    failures: Mapped[int] = mapped_column(default=0)
    pauses: Mapped[int] = mapped_column(default=0)
    """How many tries have failed since it opened: each makes the next pause longer."""
    next_probe_at: Mapped[Moment | None]
    probe_batch_id: Mapped[UUID | None]
    """The batch that tries whether it works again. No foreign key: it is a note of who is trying."""
    probe_until: Mapped[Moment | None]
    """When somebody else may try, should that one never be heard of again."""
    failure_code: Mapped[str | None] = mapped_column(String(64))
    failure_words: Mapped[str | None] = mapped_column(Text())


class ProviderEvent(Base):
    """A message that a provider sent by itself and that was taken: the same one is not taken twice."""

    __tablename__ = "provider_event"

    webhook_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    received_at: Mapped[Moment] = mapped_column(index=True)
