"""Our own RSA keys: made on first use, sealed at rest, published as a JWKS, changed without a gap (L6).

A new key is published before it signs, because platforms keep our key set for a while; the old one stays published
until nothing that it signed can still be under way.
"""

import base64
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import ColumnElement, delete, or_, select, true, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.errors import GradingError
from lti_tool.lti.models import ToolKey
from privacy.audit import Actor, record
from privacy.sealing import Owner, Place, Vault

KEY_BITS = 2048
JWKS_SECONDS = 3600
"""How long a platform may keep our key set."""
PUBLISHED_AHEAD = timedelta(seconds=2 * JWKS_SECONDS)
KEPT_AFTER = timedelta(days=7)
PUBLIC_EXPONENT = 65537


class RotationRefused(GradingError):
    """A change of keys is under way already."""

    code = "rotation_refused"
    status = 409


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """A published key, for administrators."""

    kid: str
    signs_from: datetime
    published_until: datetime | None
    signs_now: bool


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key that signs now."""

    kid: str
    private: rsa.RSAPrivateKey


class ToolKeys:
    """Keeps the keys in the database."""

    def __init__(self, vault: Vault, clock: Clock = utc_now) -> None:
        self._vault = vault
        self._clock = clock

    def ensure(self, session: Session) -> None:
        """Make a first key if there is none."""
        now = self._clock()
        usable = select(ToolKey.id).where(_published(now), ToolKey.activates_at <= now).limit(1)
        if session.execute(usable).first() is None:
            self._make(session, now)

    def signing_key(self, session: Session) -> SigningKey:
        """The newest active key."""
        self.ensure(session)
        row = session.execute(
            select(ToolKey)
            .where(_published(self._clock()), ToolKey.activates_at <= self._clock())
            .order_by(ToolKey.activates_at.desc())
            .limit(1)
        ).scalar_one()
        pem = self._vault.open(session, Place("tool_key", "private_key", row.id), row.sealed_private_key)
        # The seal has shown that this is the key we made; proving once more that its numbers are prime is slow.
        private = serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
        return SigningKey(row.kid, cast("rsa.RSAPrivateKey", private))

    def jwks(self, session: Session) -> dict[str, Any]:
        """The public keys (RFC 7517)."""
        self.ensure(session)
        rows = session.execute(
            select(ToolKey.public_jwk).where(_published(self._clock())).order_by(ToolKey.activates_at)
        ).scalars()
        return {"keys": list(rows)}

    def standing(self, session: Session) -> list[KeyStanding]:
        """All published keys, oldest first."""
        self.ensure(session)
        now = self._clock()
        rows = list(session.execute(select(ToolKey).where(_published(now)).order_by(ToolKey.activates_at)).scalars())
        active = [row.kid for row in rows if row.activates_at <= now]
        return [
            KeyStanding(row.kid, row.activates_at, row.retired_at, bool(active) and row.kid == active[-1])
            for row in rows
        ]

    def rotate(self, session: Session, actor: Actor, *, at_once: bool = False) -> KeyStanding:
        """Make a new key that signs from two hours on; the ones before stay published for a week after that.

        Args:
            at_once: the present key may be in wrong hands: the new one signs now, and the others are withdrawn.

        Raises:
            RotationRefused: a new key waits for its time already.
        """
        now = self._clock()
        waiting = select(ToolKey).where(_published(now), ToolKey.activates_at > now)
        if not at_once and session.execute(waiting).first() is not None:
            raise RotationRefused("A new key waits for its time already. Rotate again after it has begun to sign.")
        begins = now if at_once else now + PUBLISHED_AHEAD
        session.execute(
            update(ToolKey)
            .where(_published(now), ToolKey.retired_at.is_(None) if not at_once else true())
            .values(retired_at=now if at_once else begins + KEPT_AFTER)
        )
        kid = self._make(session, begins)
        record(
            session,
            event="keys.rotated",
            actor=actor,
            tenant_id=None,
            object_type="tool_key",
            object_id=None,
            details={"kid": kid, "at_once": at_once},
        )
        return KeyStanding(kid, begins, None, at_once)

    def _make(self, session: Session, activates_at: datetime) -> str:
        private = _new_key()
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        numbers = private.public_key().public_numbers()
        kid = f"bm-{secrets.token_hex(8)}"
        key_id = uuid.uuid4()
        session.add(
            ToolKey(
                id=key_id,
                kid=kid,
                public_jwk={
                    "kty": "RSA",
                    "use": "sig",
                    "alg": "RS256",
                    "kid": kid,
                    "n": _base64url(numbers.n),
                    "e": _base64url(numbers.e),
                },
                sealed_private_key=self._vault.seal(
                    session, Owner.site(), Place("tool_key", "private_key", key_id), pem
                ),
                created_at=self._clock(),
                activates_at=activates_at,
            )
        )
        session.flush()
        return kid


def forget_keys(session: Session, now: datetime) -> None:
    """Remove keys whose time is over."""
    session.execute(delete(ToolKey).where(ToolKey.retired_at <= now))


def _published(now: datetime) -> ColumnElement[bool]:
    return or_(ToolKey.retired_at.is_(None), ToolKey.retired_at > now)


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(PUBLIC_EXPONENT, KEY_BITS)


def _base64url(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8)).rstrip(b"=").decode()
