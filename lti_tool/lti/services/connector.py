"""One way to talk to all services of all platforms: tokens, retries with pauses, paging that stays on its origin.

Nothing of an answer is logged but its status: platforms repeat what was sent in bodies and even in reason phrases.
"""

import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urljoin
from uuid import UUID

import requests

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading.models import Deployment, Registration
from lti_tool.lti import platforms
from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.outside import Answer, OutsideFailed, ask, read_json
from lti_tool.lti.platforms import Platform
from lti_tool.lti.services.errors import ServiceFailed
from lti_tool.lti.services.tokens import BUSY, Client, Tokens
from lti_tool.security_headers import origin

MOST_PAGES: Final = 500
TRIES: Final = 3
LONGEST_PAUSE_SECONDS: Final = 4.0
"""A platform that wants longer is asked again by the outbox, not by a worker that waits."""
LONGEST_RETRY_SECONDS: Final = 24 * 3600.0
"""However long a platform wants to be left alone, it is tried again after a day."""
AT_ONCE: Final = 4
"""Requests under way to one platform from one process."""
# RFC 8288; some platforms leave the quotation marks out or use typographic ones.
_LINK = re.compile(r"<([^>]*)>([^<]*)")
_NEXT = re.compile(r"""rel\s*=\s*["“”]?\s*next\b""", re.IGNORECASE)
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Target:
    client: Client
    platform: Platform


class ServiceConnector:
    """Sends requests to platforms on behalf of a deployment."""

    def __init__(
        self,
        database: Database,
        keys: ToolKeys,
        http: requests.Session,
        clock: Clock = utc_now,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._http = http
        self._clock = clock
        self._pause = pause
        self._tokens = Tokens(database, keys, http, clock)
        self._places: dict[UUID, threading.BoundedSemaphore] = {}
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
        repeatable: bool = True,
    ) -> Answer:
        """Send one request; a token that is refused is renewed once, a busy platform gets a short pause or two.

        Args:
            repeatable: whether sending it twice does no harm: reads, replacements, and scores, which carry their own
                timestamp. What makes something new is sent once.

        Raises:
            ServiceFailed: no token, no answer, or a platform that wants to be left alone for longer. An answer of
                any other status is returned.
        """
        target = self._target(deployment_id)
        with self._place(target.client.registration_id):
            for attempt in range(1, TRIES + 1):
                answer = self._try(target, method, url, scopes, headers, body)
                busy = answer is None or answer.status in BUSY or target.platform.is_rate_limit(answer)
                if answer is not None and not busy:
                    return answer
                wait = retry_after(answer.headers, self._clock()) if answer else None
                if not repeatable or attempt == TRIES or (wait or 0) > LONGEST_PAUSE_SECONDS:
                    raise _gave_up(answer, wait)
                jitter = random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, keeps no secret
                self._pause(wait if wait is not None else min(LONGEST_PAUSE_SECONDS, 0.5 * 2**attempt) * jitter)
        raise AssertionError("the last try either answers or raises")

    def pages(self, deployment_id: UUID, url: str, *, scopes: tuple[str, ...], accept: str) -> Iterator[Any]:
        """Read a paged collection to its end, following `next` on the same origin only.

        Raises:
            ServiceFailed: any page is not what it should be; what came before is worth nothing then.
        """
        home, current = origin(url), url
        for _ in range(MOST_PAGES):
            answer = self.request(deployment_id, "GET", current, scopes=scopes, headers={"Accept": accept})
            if answer.status != 200:
                raise ServiceFailed(f"Your LMS answered with HTTP {answer.status}.", status=answer.status)
            try:
                yield read_json(answer.body)
            except ValueError as error:
                raise ServiceFailed("Your LMS sent something that can't be read.", status=200) from error
            following = next_link(answer.headers.get("link", ""))
            if following is None:
                return
            current = urljoin(current, following)
            if origin(current) != home:
                raise ServiceFailed("Your LMS pointed to another site for the next page.", status=200)
        raise ServiceFailed("Your LMS sent more pages than anybody has people.", status=200)

    def token(self, deployment_id: UUID, scopes: tuple[str, ...]) -> str:
        """A token, for requests that are streamed.

        Raises:
            ServiceFailed: the platform gives none.
        """
        return self._tokens.get(self._target(deployment_id).client, scopes)

    def granted(self, registration_id: UUID, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """What a fresh token of a registration opens out of these scopes.

        Raises:
            ServiceFailed: the platform gives no token for them.
        """
        with self._database.transaction() as session:
            client = _client(session.get_one(Registration, registration_id))
        return tuple(scope for scope in self._tokens.fetch(client, scopes).scopes if scope in scopes)

    def platform_of(self, deployment_id: UUID) -> Platform:
        """Which LMS a deployment belongs to."""
        return self._target(deployment_id).platform

    def _try(
        self,
        target: _Target,
        method: str,
        url: str,
        scopes: tuple[str, ...],
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Answer | None:
        """One request, repeated once with a fresh token if the first was refused; None when nothing answered."""
        answer: Answer | None = None
        for renewed in (False, True):
            token = self._tokens.get(target.client, scopes)
            try:
                answer = ask(
                    self._http, method, url, headers={**headers, "Authorization": f"Bearer {token}"}, data=body
                )
            except OutsideFailed as failure:
                log.warning("service.unanswered", extra=fields(method=method, reason=failure.reason))
                return None
            log.info("service.answered", extra=fields(method=method, status=answer.status, renewed=renewed))
            if answer.status != 401:
                break
            self._tokens.forget(target.client, scopes, token)
        return answer

    def _place(self, registration_id: UUID) -> threading.BoundedSemaphore:
        with self._lock:
            return self._places.setdefault(registration_id, threading.BoundedSemaphore(AT_ONCE))

    def _target(self, deployment_id: UUID) -> _Target:
        with self._database.transaction() as session:
            deployment = session.get_one(Deployment, deployment_id)
            registration = session.get_one(Registration, deployment.registration_id)
            return _Target(_client(registration), platforms.find(registration.product_family, registration.issuer))


def next_link(header: str) -> str | None:
    """The target of `rel="next"` in a Link header, its case kept; None on the last page."""
    # Header bytes reach us as Latin-1; Moodle writes typographic quotation marks into them in UTF-8.
    with suppress(UnicodeError):
        header = header.encode("latin-1").decode("utf-8")
    for target, parameters in _LINK.findall(header):
        if _NEXT.search(parameters):
            return str(target).replace("&amp;", "&")
    return None


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a platform asks us to wait (RFC 9110, 10.2.3: seconds or a date); None when it does not say."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return min(float(value), LONGEST_RETRY_SECONDS)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    return min(max(0.0, seconds), LONGEST_RETRY_SECONDS)


def _client(registration: Registration) -> Client:
    return Client(
        registration.id,
        registration.client_id,
        registration.token_url,
        registration.token_audience or registration.token_url,
    )


def _gave_up(answer: Answer | None, wait: float | None) -> ServiceFailed:
    if answer is None:
        return ServiceFailed("Your LMS could not be reached, or did not answer in time.", retry=True)
    words = f"Your LMS is busy (HTTP {answer.status})."
    return ServiceFailed(words, status=answer.status, retry=True, retry_after=wait)
