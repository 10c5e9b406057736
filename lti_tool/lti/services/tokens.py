"""Access tokens of platforms: one per registration and set of scopes, renewed early, asked for once at a time.

Never shared by issuer: schools share issuers (LTI Security Framework 1.0, 4.1).
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import jwt
import requests

from config.clock import Clock, utc_now
from config.database import Database
from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.outside import OutsideFailed, ask, read_json
from lti_tool.lti.services.errors import ServiceFailed

ASSERTION_SECONDS: Final = 60
RENEW_EARLY_SECONDS: Final = 60.0
USUAL_SECONDS: Final = 3600.0
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are to a platform, and where it gives tokens."""

    registration_id: UUID
    client_id: str
    token_url: str
    audience: str


@dataclass(frozen=True, slots=True)
class Token:
    """An access token."""

    value: str
    scopes: tuple[str, ...]
    """What it opens, as far as the platform said; what was asked for where it did not."""
    good_until: float
    """On the monotonic clock."""


class Tokens:
    """The tokens of one process."""

    def __init__(
        self,
        database: Database,
        keys: ToolKeys,
        http: requests.Session,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._keys = keys
        self._http = http
        self._clock = clock
        self._monotonic = monotonic
        self._known: dict[tuple[UUID, tuple[str, ...]], Token] = {}
        self._asking: dict[tuple[UUID, tuple[str, ...]], threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, client: Client, scopes: tuple[str, ...]) -> str:
        """A token that opens all of these scopes.

        Raises:
            ServiceFailed: the platform gives none, or one that opens less.
        """
        key = (client.registration_id, tuple(sorted(scopes)))
        with self._lock:
            asking = self._asking.setdefault(key, threading.Lock())
        with asking:
            known = self._known.get(key)
            if known is None or known.good_until <= self._monotonic():
                known = self.fetch(client, key[1])
                missing = set(scopes) - set(known.scopes)
                if missing:
                    raise ServiceFailed(
                        "Your LMS does not allow Blindmark to do this. Its administrator can allow it in the settings "
                        "of the tool.",
                        status=403,
                    )
                self._known[key] = known
        return known.value

    def forget(self, client: Client, scopes: tuple[str, ...], value: str) -> None:
        """Drop a token that was refused, unless another has taken its place already."""
        key = (client.registration_id, tuple(sorted(scopes)))
        with self._lock:
            known = self._known.get(key)
            if known is not None and known.value == value:
                del self._known[key]

    def fetch(self, client: Client, scopes: tuple[str, ...]) -> Token:
        """Ask for a fresh token.

        Raises:
            ServiceFailed: no answer, or one without a token.
        """
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._assertion(client),
            "scope": " ".join(scopes),
        }
        try:
            answer = ask(self._http, "POST", client.token_url, data=form, headers={"Accept": "application/json"})
        except OutsideFailed as failure:
            raise ServiceFailed("Your LMS could not be reached for an access token.", retry=True) from failure
        refused = ServiceFailed(
            f"Your LMS gave no access token (HTTP {answer.status}). Its administrator may have to allow this.",
            status=answer.status,
            retry=answer.status in BUSY,
        )
        if answer.status not in (200, 201):
            raise refused
        try:
            # Some platforms call their JSON text/html: only the content counts.
            content = read_json(answer.body)
            value, seconds = content["access_token"], float(content.get("expires_in", USUAL_SECONDS))
        except (ValueError, KeyError, TypeError) as error:
            raise refused from error
        if not isinstance(value, str) or not value or not value.isascii():
            raise refused
        said = content.get("scope")
        given = tuple(said.split()) if isinstance(said, str) and said.strip() else scopes
        return Token(value, given, self._monotonic() + max(0.0, seconds - RENEW_EARLY_SECONDS))

    def _assertion(self, client: Client) -> str:
        now = int(self._clock().timestamp())
        with self._database.transaction() as session:
            key = self._keys.signing_key(session)
        claims = {
            "iss": client.client_id,
            "sub": client.client_id,
            "aud": client.audience,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
            "jti": secrets.token_urlsafe(24),
        }
        return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.kid})
