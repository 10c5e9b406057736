"""The protocol's memory: registrations under way, our signing keys, the platforms' key sets."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, JsonObject, state_type
from grading.models.columns import Created, Key, LmsId, Moment, Sealed
from privacy.sealing import Place


class RegistrationProgress(StrEnum):
    """How far an attempt to connect came. One that stays `started` was cut off while the LMS was asked."""

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"


class TermsAct(StrEnum):
    """What an LMS is told about the terms that it has people accept."""

    ASK_AGAIN = "ask_again"
    REQUIRE = "require"
    WAIVE = "waive"


class TermsProgress(StrEnum):
    """How far an order came. One that stays `started` was cut off: the LMS may have taken it or not."""

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"


class ConnectionMode(StrEnum):
    """Who may connect an LMS by dynamic registration. What comes in openly still waits for approval."""

    CLOSED = "closed"
    INVITATION = "invitation"
    OPEN = "open"


class DynamicRegistration(Base):
    """One attempt of an LMS's administrator to connect, written down before the LMS is told (L5)."""

    __tablename__ = "dynamic_registration"

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """Hash of the LMS's registration token (or of address and time where it sends none): each is used once."""
    issuer: Mapped[LmsId]
    state: Mapped[RegistrationProgress] = mapped_column(state_type(RegistrationProgress, "registration_progress"))
    invitation_id: Mapped[UUID | None] = mapped_column(ForeignKey("registration_invitation.id"))
    registration_id: Mapped[UUID | None] = mapped_column(ForeignKey("registration.id"))
    failure_words: Mapped[str | None] = mapped_column(Text())
    created_at: Mapped[Created]
    finished_at: Mapped[Moment | None]


class RegistrationInvitation(Base):
    """A link with which one LMS may connect. Only its hash is kept."""

    __tablename__ = "registration_invitation"

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    note: Mapped[str] = mapped_column(String(200), default="")
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("administrator.id"))
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]
    withdrawn_at: Mapped[Moment | None]


class ConnectionPolicy(Base):
    """Who may connect an LMS by dynamic registration. One row at most; none means: by invitation."""

    __tablename__ = "connection_policy"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    mode: Mapped[ConnectionMode] = mapped_column(state_type(ConnectionMode, "connection_mode"))
    changed_at: Mapped[Moment]


class NoticeState(StrEnum):
    """Whether a notice was worked off."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Notice(Base):
    """A notice of a platform, kept before the platform is answered. The row keeps repeats out."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("tenant_id", "notice_id"),
        UniqueConstraint("tenant_id", "nonce_hash"),
        Index("ix_notice_due", "state", "next_attempt_at"),
    )

    id: Mapped[Key]
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("deployment.id"))
    notice_id: Mapped[LmsId]
    nonce_hash: Mapped[str] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(255))
    state: Mapped[NoticeState] = mapped_column(state_type(NoticeState, "notice_state"))
    sealed_content: Mapped[Sealed | None]
    """The claims; gone once the notice was worked off."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[Moment | None]
    received_at: Mapped[Moment]


def notice_place(notice_id: UUID) -> Place:
    """What the content of a notice is bound to."""
    return Place("notice", "content", notice_id)


class LegacyConsumer(Base):
    """An LTI 1.1 consumer key of a registration, to check migration claims with (LTI Core 1.3 migration guide)."""

    __tablename__ = "legacy_consumer"
    __table_args__ = (UniqueConstraint("registration_id", "consumer_key"),)

    id: Mapped[Key]
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"))
    consumer_key: Mapped[LmsId]
    sealed_secret: Mapped[Sealed]
    created_at: Mapped[Created]


class TermsOrder(Base):
    """What an administrator had an LMS do about the terms, written down before the LMS is told."""

    __tablename__ = "terms_order"
    __table_args__ = (Index("ix_terms_order_deployment_id", "deployment_id", "created_at"),)

    id: Mapped[Key]
    deployment_id: Mapped[UUID] = mapped_column(ForeignKey("deployment.id"))
    act: Mapped[TermsAct] = mapped_column(state_type(TermsAct, "terms_act"))
    state: Mapped[TermsProgress] = mapped_column(state_type(TermsProgress, "terms_progress"))
    text_version: Mapped[str] = mapped_column(String(32))
    """Version of the words that were shown at that time."""
    failure_words: Mapped[str | None] = mapped_column(Text())
    created_at: Mapped[Created]
    finished_at: Mapped[Moment | None]


class ToolKey(Base):
    """One of our RSA keys: published from the start, signing from `activates_at`, withdrawn at `retired_at`.

    Both moments may lie ahead.
    """

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
