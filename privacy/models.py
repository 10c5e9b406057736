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
    Connection,
    Index,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from config.clock import utc_now
from config.database import Base, JsonObject, UtcDateTime, state_type

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


class Consent(Base):
    """A person's word on a text of a certain version, in one course: a yes, and when it was taken back; or a no from
    the start."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("given_at IS NOT NULL OR withdrawn_at IS NOT NULL", name="something_was_said"),
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
        Index("ix_audit_event_object", "object_type", "object_id"),
        Index("ix_audit_event_happened_at", "happened_at", "id"),
    )

    id: Mapped[Key]
    chain: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int]
    happened_at: Mapped[Moment]
    event: Mapped[str] = mapped_column(String(64))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[uuid.UUID | None]
    tenant_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    object_type: Mapped[str] = mapped_column(String(64))
    object_id: Mapped[uuid.UUID | None]
    details: Mapped[JsonObject] = mapped_column(JSON())
    """Codes, counts and opaque ids: never content, so that erasure never has to break the chain."""
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


APPEND_ONLY_SQLITE = (
    (
        "CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event "
        "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END"
    ),
    (
        "CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event "
        "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END"
    ),
)
APPEND_ONLY_POSTGRESQL = (
    (
        "CREATE FUNCTION audit_event_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit_event is append-only'; END $$"
    ),
    (
        "CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_event_append_only()"
    ),
)


def _run_when(dialect: str, statements: tuple[str, ...]) -> None:
    for statement in statements:

        def create(_table: Table, connection: Connection, *, _statement: str = statement, **_options: object) -> None:
            if connection.dialect.name == dialect:
                connection.exec_driver_sql(_statement)

        event.listen(AuditEvent.__table__, "after_create", create)


_run_when("sqlite", APPEND_ONLY_SQLITE)
_run_when("postgresql", APPEND_ONLY_POSTGRESQL)
