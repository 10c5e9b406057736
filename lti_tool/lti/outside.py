"""Requests to platforms: limits of time and size on every answer, no redirects, HTTPS outside loopback."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import requests
from urllib3.exceptions import HTTPError

from config.settings import is_loopback
from lti_tool.odd_signs import without_odd_signs

TIMEOUT_SECONDS = (5.0, 20.0)
"""For a connection, and for each time that the other side falls silent."""
LONGEST_SECONDS: Final = 30.0
"""For a whole answer: who sends one byte at a time never falls silent."""
MOST_BYTES = 2 * 1024 * 1024
PIECE: Final = 64 * 1024
# How JSON writes a NUL and halves of signs.
_ODD: Final = re.compile(r"\\u(0000|[dD][89a-fA-F])|[\ud800-\udfff]")
_MAX_AGE = re.compile(r"max-age=(\d+)")


class OutsideFailed(Exception):
    """The other side could not be reached, or its answer can't be used. Carries no part of the answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read to its end."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


def ask(session: requests.Session, method: str, url: str, **arguments: object) -> Answer:
    """Send one request.

    Raises:
        OutsideFailed: no connection, too slow, too large, or an address that is not safe.
    """
    if not url.startswith("https://") and not is_loopback(url):
        raise OutsideFailed("not_https")
    try:
        with session.request(
            method,
            url,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
            stream=True,
            **arguments,  # type: ignore[arg-type]
        ) as response:
            body = read_body(response, most_bytes=MOST_BYTES, seconds=LONGEST_SECONDS)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, body)
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise OutsideFailed(type(error).__name__) from error


def read_body(response: requests.Response, *, most_bytes: int, seconds: float) -> bytes:
    """The body of a streamed answer, unpacked.

    Raises:
        OutsideFailed: it is larger (`too_large`), or takes longer (`too_slow`).
        OSError, HTTPError: the connection broke.
    """
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > most_bytes:
        raise OutsideFailed("too_large")
    ends, body = time.monotonic() + seconds, bytearray()
    while piece := response.raw.read1(PIECE, decode_content=True):
        body += piece
        if len(body) > most_bytes:
            raise OutsideFailed("too_large")
        if time.monotonic() > ends:
            raise OutsideFailed("too_slow")
    return bytes(body)


def read_json(content: bytes | str) -> Any:
    """What JSON says. Signs in it that are no text come as replacement characters.

    Raises:
        ValueError: it is none, is not UTF-8, or is nested without end.
    """
    text = content if isinstance(content, str) else content.decode("utf-8-sig")
    try:
        said = json.loads(text)
        return without_odd_signs(said, "\N{REPLACEMENT CHARACTER}") if _ODD.search(text) else said
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def max_age(headers: dict[str, str]) -> int | None:
    """Seconds an answer may be kept; 0 when it may not; None when it does not say."""
    control = headers.get("cache-control", "").lower()
    if "no-store" in control or "no-cache" in control:
        return 0
    found = _MAX_AGE.search(control)
    return int(found.group(1)) if found else None


def with_query(url: str, parameters: Mapping[str, str]) -> str:
    """An address of a platform with more parameters; those that it has already stay as they are."""
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(parameters)}"
