"""One way to talk to all services of all platforms: tokens, one retry on 401, paging that stays on its origin.

Tokens are kept per registration and scopes (never per issuer: schools share issuers) and renewed before they run out.
Nothing of an answer is logged but its status: platforms repeat what was sent in bodies and even in reason phrases.
"""

import json
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin
from uuid import UUID

import jwt
import requests

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading.models import Deployment, Registration
from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.outside import Answer, OutsideFailed, ask
from lti_tool.security_headers import origin

ASSERTION_SECONDS: Final = 60
RENEW_EARLY_SECONDS: Final = 60.0
USUAL_TOKEN_SECONDS: Final = 3600.0
MOST_PAGES: Final = 500
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# RFC 8288; some platforms leave the quotation marks out or use typographic ones.
_LINK = re.compile(r"<([^>]*)>([^<]*)")
_NEXT = re.compile(r"""rel\s*=\s*["“]?\s*next\b""", re.IGNORECASE)
log = get_logger(__name__)


class ServiceFailed(Exception):
    """A service did not answer as it should. `retry` says whether the same request may work later."""

    def __init__(self, words: str, *, status: int | None = None, retry: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.status = status
        self.retry = retry


@dataclass(frozen=True, slots=True)
class _Client:
    registration_id: UUID
    client_id: str
    token_url: str
    audience: str


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    good_until: float


class ServiceConnector:
    """Sends requests to platforms on behalf of a deployment."""

    def __init__(self, database: Database, keys: ToolKeys, http: requests.Session, clock: Clock = utc_now) -> None:
        self._database = database
        self._keys = keys
        self._http = http
        self._clock = clock
        self._tokens: dict[tuple[UUID, tuple[str, ...]], _Token] = {}
        self._lock = threading.Lock()

    def request(
        self,
        deployment_id: UUID,
        method: str,
        url: str,
        *,
        scopes: tuple[str, ...],
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Answer:
        """Send one request with a token; a token that is refused is renewed once.

        Raises:
            ServiceFailed: no token, or no answer. An answer of any status is returned.
        """
        client = self._client(deployment_id)
        for attempt in (1, 2):
            token = self._token(client, scopes)
            try:
                answer = ask(
                    self._http,
                    method,
                    url,
                    headers={**headers, "Authorization": f"Bearer {token}"},
                    data=body,
                )
            except OutsideFailed as failure:
                raise ServiceFailed(
                    "Your LMS could not be reached, or did not answer in time.", retry=True
                ) from failure
            log.info("service.answered", extra=fields(method=method, status=answer.status, attempt=attempt))
            if answer.status != 401:
                break
            self._forget(client, scopes)
        return answer

    def pages(self, deployment_id: UUID, url: str, *, scopes: tuple[str, ...], accept: str) -> Iterator[Any]:
        """Read a paged collection to its end, following `next` on the same origin only.

        Raises:
            ServiceFailed: any page is not what it should be; what came before is worth nothing then.
        """
        home, current = origin(url), url
        for _ in range(MOST_PAGES):
            answer = self.request(deployment_id, "GET", current, scopes=scopes, headers={"Accept": accept})
            if answer.status != 200:
                raise ServiceFailed(
                    f"Your LMS answered with HTTP {answer.status}.", status=answer.status, retry=answer.status >= 500
                )
            try:
                yield json.loads(answer.body)
            except ValueError as error:
                raise ServiceFailed("Your LMS sent something that can't be read.", status=200) from error
            following = next_link(answer.headers.get("link", ""))
            if following is None:
                return
            current = urljoin(current, following)
            if origin(current) != home:
                raise ServiceFailed("Your LMS pointed to another site for the next page.", status=200)
        raise ServiceFailed("Your LMS sent more pages than anybody has people.", status=200)

    def _client(self, deployment_id: UUID) -> _Client:
        with self._database.transaction() as session:
            deployment = session.get_one(Deployment, deployment_id)
            registration = session.get_one(Registration, deployment.registration_id)
            return _Client(
                registration.id,
                registration.client_id,
                registration.token_url,
                registration.token_audience or registration.token_url,
            )

    def _token(self, client: _Client, scopes: tuple[str, ...]) -> str:
        key = (client.registration_id, tuple(sorted(scopes)))
        with self._lock:
            known = self._tokens.get(key)
        if known is not None and known.good_until > time.monotonic():
            return known.value
        fresh = self._ask_for_token(client, key[1])
        with self._lock:
            self._tokens[key] = fresh
        return fresh.value

    def _forget(self, client: _Client, scopes: tuple[str, ...]) -> None:
        with self._lock:
            self._tokens.pop((client.registration_id, tuple(sorted(scopes))), None)

    def _ask_for_token(self, client: _Client, scopes: tuple[str, ...]) -> _Token:
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
        try:
            # Some platforms call their JSON text/html: only the content counts.
            content = json.loads(answer.body)
            value, seconds = str(content["access_token"]), float(content.get("expires_in", USUAL_TOKEN_SECONDS))
        except (ValueError, KeyError, TypeError) as error:
            raise ServiceFailed(
                f"Your LMS gave no access token (HTTP {answer.status}). Its administrator may have to allow this.",
                status=answer.status,
                retry=answer.status == 429 or answer.status >= 500,
            ) from error
        if answer.status != 200:
            raise ServiceFailed(f"Your LMS gave no access token (HTTP {answer.status}).", status=answer.status)
        return _Token(value, time.monotonic() + max(0.0, seconds - RENEW_EARLY_SECONDS))

    def _assertion(self, client: _Client) -> str:
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
        return jwt.encode(claims, key.private_pem, algorithm="RS256", headers={"kid": key.kid})


def next_link(header: str) -> str | None:
    """The target of `rel="next"` in a Link header, its case kept; None on the last page."""
    for target, parameters in _LINK.findall(header):
        if _NEXT.search(parameters):
            return str(target).replace("&amp;", "&")
    return None
