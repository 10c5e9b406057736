"""Tables of the privacy room: data keys, consent, the audit chain.

They name people, courses and submissions by opaque ids without foreign keys: a data key and an audit entry outlive
or precede the rows they speak of, and this room does not know the domain's tables.
"""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from config.clock import utc_now
from config.database import Base, JsonObject, UtcDateTime, keep_append_only, make_with, state_type

Key = Annotated[uuid.UUID, mapped_column(primary_key=True, default=uuid.uuid4)]
Moment = Annotated[datetime, mapped_column(UtcDateTime())]


class OwnerKind(StrEnum):
    """Whose data a key seals."""

    PERSON = "person"
    COURSE = "course"
    SITE = "site"


class DataKey(Base):
    """One data key, wrapped by the key ring. Destroying the row's key is deletion (crypto-shredding)."""

    __tablename__ = "data_key"
    __table_args__ = (
        CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name="destroyed_is_gone"),
        Index(
            "uq_data_key_live",
            "tenant_id",
            "owner_kind",
            "owner_id",
            unique=True,
            sqlite_where=text("destroyed_at IS NULL"),
            postgresql_where=text("destroyed_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    tenant_id: Mapped[uuid.UUID]
    owner_kind: Mapped[OwnerKind] = mapped_column(state_type(OwnerKind, "data_key_owner"))
    owner_id: Mapped[uuid.UUID]
    master_key_id: Mapped[str] = mapped_column(String(64), index=True)
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utc_now)
    destroyed_at: Mapped[Moment | None]


class RetiredMasterKey(Base):
    """A master key that is gone for good. Triggers refuse a data key wrapped under one.

    A writer that wrapped a data key before the master key was retired, and comes to insert it afterwards, would leave
    a data key that nobody can unwrap.
    """

    __tablename__ = "retired_master_key"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    retired_at: Mapped[Moment]


class Consent(Base):
    """A person's word on a text of a certain version, in one course: a yes, and when it was taken back; or a no from
    the start."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("given_at IS NOT NULL OR withdrawn_at IS NOT NULL", name="something_was_said"),
        # What somebody said is asked for each work that may leave.
        Index("ix_consent_person_id", "person_id", "context_id"),
        Index(
            "uq_consent_standing",
            "person_id",
            "context_id",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    tenant_id: Mapped[uuid.UUID] = mapped_column(index=True)
    person_id: Mapped[uuid.UUID]
    context_id: Mapped[uuid.UUID] = mapped_column(index=True)
    text_version: Mapped[str] = mapped_column(String(32))
    text_language: Mapped[str] = mapped_column(String(16), default="en")
    """The language in which the words were shown."""
    text_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the words that were shown."""
    given_at: Mapped[Moment | None]
    """None where somebody said no without having said yes."""
    withdrawn_at: Mapped[Moment | None]


class AuditChain(Base):
    """The head of one chain; its row is the lock that keeps writers in order."""

    __tablename__ = "audit_chain"

    chain: Mapped[str] = mapped_column(String(64), primary_key=True)
    sequence: Mapped[int] = mapped_column(default=0)
    head: Mapped[str] = mapped_column(String(64))


class AuditEvent(Base):
    """One entry of a chain. Only added: triggers refuse UPDATE and DELETE."""

    __tablename__ = "audit_event"
    __table_args__ = (
        UniqueConstraint("chain", "sequence"),
        # One for each filter of the page, in the order in which it shows them.
        Index("ix_audit_event_happened_at", "happened_at", "id"),
        Index("ix_audit_event_event", "event", "happened_at", "id"),
        Index("ix_audit_event_actor", "actor_id", "happened_at", "id"),
        Index("ix_audit_event_actor_kind", "actor_kind", "happened_at", "id"),
        Index("ix_audit_event_object", "object_id", "happened_at", "id"),
        Index("ix_audit_event_tenant", "tenant_id", "happened_at", "id"),
    )

    id: Mapped[Key]
    chain: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int]
    happened_at: Mapped[Moment]
    event: Mapped[str] = mapped_column(String(64))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[uuid.UUID | None]
    tenant_id: Mapped[uuid.UUID | None]
    object_type: Mapped[str] = mapped_column(String(64))
    object_id: Mapped[uuid.UUID | None]
    details: Mapped[JsonObject] = mapped_column(JSON())
    """Codes, counts and opaque ids: never content, so that erasure never has to break the chain."""
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


RETIRED_WORDS = "master key is retired"
"""What the triggers below say."""
LIVE_MASTER_SQLITE = (
    (
        "CREATE TRIGGER data_key_live_master_insert BEFORE INSERT ON data_key WHEN NEW.wrapped IS NOT NULL "
        "AND EXISTS (SELECT 1 FROM retired_master_key WHERE id = NEW.master_key_id) "
        "BEGIN SELECT RAISE(ABORT, 'master key is retired'); END"
    ),
    (
        "CREATE TRIGGER data_key_live_master_update BEFORE UPDATE OF master_key_id ON data_key "
        "WHEN NEW.wrapped IS NOT NULL AND EXISTS (SELECT 1 FROM retired_master_key WHERE id = NEW.master_key_id) "
        "BEGIN SELECT RAISE(ABORT, 'master key is retired'); END"
    ),
)
LIVE_MASTER_POSTGRESQL = (
    (
        "CREATE FUNCTION data_key_live_master() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.wrapped IS NOT NULL AND EXISTS (SELECT 1 FROM retired_master_key WHERE id = NEW.master_key_id) THEN "
        "RAISE EXCEPTION 'master key is retired'; END IF; RETURN NEW; END $$"
    ),
    (
        "CREATE TRIGGER data_key_live_master BEFORE INSERT OR UPDATE OF master_key_id ON data_key "
        "FOR EACH ROW EXECUTE FUNCTION data_key_live_master()"
    ),
)


keep_append_only(AuditEvent)
make_with(DataKey, lambda dialect: LIVE_MASTER_SQLITE if dialect == "sqlite" else LIVE_MASTER_POSTGRESQL)
