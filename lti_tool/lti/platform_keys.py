"""The platforms' public keys: cached as long as they say, fetched once more when a `kid` is unknown (L6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
import requests

from config.clock import Clock, utc_now
from config.database import Database, insert_ignoring_conflicts
from config.logging import fields, get_logger
from lti_tool.lti.errors import refused
from lti_tool.lti.models import PlatformKeySet
from lti_tool.lti.outside import OutsideFailed, ask, max_age, read_json

USUAL_SECONDS = 3600
LONGEST_SECONDS = 24 * 3600
SHORTEST_SECONDS = 2
"""A set that may not be kept serves all who come at the same moment: a class that arrives, or a flood of notices."""
SMALLEST_KEY_BITS = 2048
"""RFC 7518, 3.3."""
REFETCH_PAUSE = timedelta(seconds=30)
"""Between two looks for an unknown `kid`, and after a set could not be had."""
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """A key set as it was last fetched; the columns of `PlatformKeySet`."""

    content: dict[str, Any]
    fetched_at: datetime
    expires_at: datetime
    refetched_at: datetime | None


class PlatformKeys:
    """Finds the key that a token names. Nothing is locked while a platform is asked."""

    def __init__(self, database: Database, http: requests.Session, clock: Clock = utc_now) -> None:
        self._database = database
        self._http = http
        self._clock = clock

    def find(
        self, registration_id: UUID, jwks_url: str, kid: str, *, stored: StoredKeys | PlatformKeySet | None = None
    ) -> jwt.PyJWK:
        """The RSA key with this id in the registration's key set.

        Args:
            stored: the stored set, if the caller has read it already.

        Raises:
            TokenRefused: there is no such key, even after one fresh look.
        """
        now = self._clock()
        stored = stored or self._stored(registration_id)
        if stored is None or stored.expires_at <= now:
            stored = self._fetch(registration_id, jwks_url, now, forced=False) or stored
        key = pick_key(stored, kid) if stored else None
        if key is None and stored is not None and _may_refetch(stored, now):
            stored = self._fetch(registration_id, jwks_url, now, forced=True) or stored
            key = pick_key(stored, kid)
        if key is None:
            raise refused("unknown_key" if stored and stored.content["keys"] else "keys_unavailable")
        return key

    def refresh(self, registration_id: UUID, jwks_url: str) -> int | None:
        """Fetch the key set now; returns how many of its keys can be used, None when it can't be had."""
        stored = self._fetch(registration_id, jwks_url, self._clock(), forced=False)
        if stored is None:
            return None
        named = [key.get("kid") for key in stored.content["keys"] if isinstance(key, dict)]
        return sum(isinstance(kid, str) and pick_key(stored, kid) is not None for kid in named)

    def _stored(self, registration_id: UUID) -> PlatformKeySet | None:
        with self._database.transaction() as session:
            return session.get(PlatformKeySet, registration_id)

    def _fetch(self, registration_id: UUID, jwks_url: str, now: datetime, *, forced: bool) -> PlatformKeySet | None:
        """Fetch and keep the key set; None, and the old one kept, when it can't be had."""
        content, lifetime = self._download(registration_id, jwks_url)
        with self._database.transaction() as session:
            session.execute(
                insert_ignoring_conflicts(session, PlatformKeySet).values(
                    registration_id=registration_id, content={"keys": []}, fetched_at=now, expires_at=now
                )
            )
            stored = session.get_one(PlatformKeySet, registration_id, with_for_update=True)
            if forced:
                stored.refetched_at = now
            if content is None:
                # Whoever comes next need not wait for the same silence: what is known serves a while longer.
                stored.expires_at = max(stored.expires_at, now + REFETCH_PAUSE)
                return None
            stored.content, stored.fetched_at = content, now
            stored.expires_at = now + timedelta(seconds=max(lifetime, SHORTEST_SECONDS))
            return stored

    def _download(self, registration_id: UUID, jwks_url: str) -> tuple[dict[str, Any] | None, int]:
        reason = ""
        try:
            answer = ask(self._http, "GET", jwks_url, headers={"Accept": "application/json"})
            content = read_json(answer.body)
            if answer.status == 200 and isinstance(content, dict) and isinstance(content.get("keys"), list):
                age = max_age(answer.headers)
                return content, USUAL_SECONDS if age is None else min(age, LONGEST_SECONDS)
            reason = f"status_{answer.status}"
        except (OutsideFailed, ValueError) as error:
            reason = type(error).__name__
        log.warning("jwks.fetch_failed", extra=fields(registration=registration_id, reason=reason))
        return None, 0


def _may_refetch(stored: StoredKeys | PlatformKeySet, now: datetime) -> bool:
    if stored.fetched_at == now:
        return False
    return stored.refetched_at is None or now - stored.refetched_at >= REFETCH_PAUSE


def pick_key(stored: StoredKeys | PlatformKeySet, kid: str) -> jwt.PyJWK | None:
    """The RSA key with this id in a key set as it was stored, if there is one that may sign messages."""
    found = [key for key in stored.content["keys"] if isinstance(key, dict) and key.get("kid") == kid]
    # Two keys under one id, or a key that is not for RS256 signatures: not something to guess about.
    if len(found) != 1 or found[0].get("kty") != "RSA" or found[0].get("use", "sig") != "sig":
        return None
    if found[0].get("alg", "RS256") != "RS256":
        return None
    modulus, exponent = found[0].get("n"), found[0].get("e")
    if not isinstance(modulus, str) or not isinstance(exponent, str):
        return None
    try:
        return _public_key(kid, modulus, exponent)
    except (jwt.PyJWTError, ValueError):
        return None


@lru_cache(maxsize=256)
def _public_key(kid: str, modulus: str, exponent: str) -> jwt.PyJWK:
    key = jwt.PyJWK({"kty": "RSA", "kid": kid, "n": modulus, "e": exponent}, algorithm="RS256")
    if key.key.key_size < SMALLEST_KEY_BITS:
        raise ValueError("too small for RS256")
    return key
