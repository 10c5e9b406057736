"""Our own RSA keys: made on first use, sealed at rest, published as a JWKS (L6)."""

import base64
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from lti_tool.lti.models import ToolKey
from privacy.sealing import Owner, Place, Vault

KEY_BITS = 2048
PUBLIC_EXPONENT = 65537


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key that signs now."""

    kid: str
    private_pem: str


class ToolKeys:
    """Keeps the keys in the database."""

    def __init__(self, vault: Vault, clock: Clock = utc_now) -> None:
        self._vault = vault
        self._clock = clock

    def ensure(self, session: Session) -> None:
        """Make a first key if there is none."""
        if session.execute(select(ToolKey.id).where(ToolKey.retired_at.is_(None)).limit(1)).first() is None:
            self._make(session)

    def signing_key(self, session: Session) -> SigningKey:
        """The newest active key."""
        self.ensure(session)
        row = session.execute(
            select(ToolKey)
            .where(ToolKey.retired_at.is_(None), ToolKey.activates_at <= self._clock())
            .order_by(ToolKey.activates_at.desc())
            .limit(1)
        ).scalar_one()
        pem = self._vault.open_text(session, Place("tool_key", "private_key", row.id), row.sealed_private_key)
        return SigningKey(row.kid, pem)

    def jwks(self, session: Session) -> dict[str, Any]:
        """The public keys (RFC 7517)."""
        self.ensure(session)
        rows = session.execute(
            select(ToolKey.public_jwk).where(ToolKey.retired_at.is_(None)).order_by(ToolKey.activates_at)
        ).scalars()
        return {"keys": list(rows)}

    def _make(self, session: Session) -> None:
        private = rsa.generate_private_key(PUBLIC_EXPONENT, KEY_BITS)
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        numbers = private.public_key().public_numbers()
        kid = f"bm-{secrets.token_hex(8)}"
        key_id, now = uuid.uuid4(), self._clock()
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
                created_at=now,
                activates_at=now,
            )
        )
        session.flush()


def _base64url(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8)).rstrip(b"=").decode()
