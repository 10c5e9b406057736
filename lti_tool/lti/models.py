"""The protocol's memory: logins under way, our signing keys, the platforms' key sets."""

from uuid import UUID

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, JsonObject
from grading.models.columns import Created, Key, Moment, Sealed


class LoginState(Base):
    """One login, from its initiation to its launch. Consumed once, by a guarded UPDATE."""

    __tablename__ = "login_state"

    id: Mapped[Key]
    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    nonce: Mapped[str] = mapped_column(String(64))
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"))
    browser_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Created]
    expires_at: Mapped[Moment] = mapped_column(index=True)
    consumed_at: Mapped[Moment | None]
    visit_handle: Mapped[str | None] = mapped_column(String(64))
    """Where the launch led: a reload in the same browser goes there again."""


class ToolKey(Base):
    """One of our RSA keys: published from the start, signing from `activates_at`, gone from use at `retired_at`."""

    __tablename__ = "tool_key"

    id: Mapped[Key]
    kid: Mapped[str] = mapped_column(String(64), unique=True)
    public_jwk: Mapped[JsonObject] = mapped_column(JSON())
    sealed_private_key: Mapped[Sealed]
    created_at: Mapped[Created]
    activates_at: Mapped[Moment]
    retired_at: Mapped[Moment | None]


class PlatformKeySet(Base):
    """A platform's key set as last fetched. The old one stays when a new fetch fails."""

    __tablename__ = "platform_key_set"

    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), primary_key=True)
    content: Mapped[JsonObject] = mapped_column(JSON())
    fetched_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    refetched_at: Mapped[Moment | None]
    """Last time an unknown `kid` made us fetch ahead of time."""
