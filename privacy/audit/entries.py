"""What an entry of the audit log is, and how code notes one: collected now, written when its transaction commits."""

import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from config.clock import utc_now
from privacy.models import AuditEvent

SITE_CHAIN = "site"
GENESIS = "0" * 64
PENDING = "blindmark_audit_pending"
PURPOSE = "audit chain v1"
"""What the audit key is derived from the key ring for."""
COLUMNS = tuple(column.key for column in AuditEvent.__table__.columns if column.key not in ("hash", "previous"))
"""What an entry's hash covers, besides the hash before it."""

Detail = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something: an opaque id, never a name."""

    kind: str
    id: uuid.UUID | None

    @classmethod
    def person(cls, identifier: uuid.UUID) -> "Actor":
        """Somebody who came in through an LMS."""
        return cls("person", identifier)

    @classmethod
    def administrator(cls, identifier: uuid.UUID) -> "Actor":
        """An account of Blindmark's own."""
        return cls("administrator", identifier)

    @classmethod
    def system(cls) -> "Actor":
        """Blindmark itself, at work, or an operator at the command line."""
        return cls("system", None)

    @classmethod
    def visitor(cls) -> "Actor":
        """Somebody who did not show who they are."""
        return cls("visitor", None)


ACTOR_KINDS = ("person", "administrator", "system", "visitor")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, before it has a place in a chain."""

    happened_at: datetime
    event: str
    actor: Actor
    tenant_id: uuid.UUID | None
    object_type: str
    object_id: uuid.UUID | None
    details: dict[str, Detail]

    @property
    def chain(self) -> str:
        """Which chain it belongs to."""
        return str(self.tenant_id) if self.tenant_id else SITE_CHAIN

    def values(self, chain: str, sequence: int) -> dict[str, object]:
        """The columns of the entry, but for the hashes."""
        return {
            "id": uuid.uuid4(),
            "chain": chain,
            "sequence": sequence,
            "happened_at": self.happened_at,
            "event": self.event,
            "actor_kind": self.actor.kind,
            "actor_id": self.actor.id,
            "tenant_id": self.tenant_id,
            "object_type": self.object_type,
            "object_id": self.object_id,
            "details": self.details,
        }


def record(
    session: Session,
    *,
    event: str,
    actor: Actor,
    tenant_id: uuid.UUID | None,
    object_type: str,
    object_id: uuid.UUID | None,
    details: Mapping[str, Detail] | None = None,
) -> None:
    """Note that something happened; written with the transaction or not at all.

    Args:
        event: dotted name such as `submission.opened`; pages say it in words (lti_tool/audit_words.py).
        details: codes, counts and opaque ids. Never words of a person.
    """
    if not session.in_transaction():
        session.begin()
    entry = Entry(utc_now(), event, actor, tenant_id, object_type, object_id, dict(details or {}))
    session.info.setdefault(PENDING, []).append(entry)


def chained(key: bytes, previous: str, values: Mapping[str, object]) -> str:
    """The hash of an entry behind the hash before it: HMAC-SHA-256(key, previous | canonical JSON)."""
    return hmac.digest(key, f"{previous}|{_CANONICAL.encode(values)}".encode(), "sha256").hex()


def as_json(value: object) -> str:
    """How values without a form of their own in JSON are written: moments in ISO 8601, ids as they are shown."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


_CANONICAL: Final = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=as_json)
