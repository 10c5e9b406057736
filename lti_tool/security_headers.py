"""Headers of every answer: what a browser may load, who may frame us, what is never kept (CSP level 3)."""

import re
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, g, request
from werkzeug.wrappers import Response

REMEMBERED_SECONDS = 30.0
_ALWAYS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin-allow-popups"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
)
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+", re.ASCII)


class FrameAncestors:
    """The origins of the active platforms: the only pages that may frame ours. Read anew every half minute."""

    def __init__(self, load: Callable[[], list[str]], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._load = load
        self._monotonic = monotonic
        self._origins: list[str] = []
        self._read_at: float | None = None

    def origins(self) -> list[str]:
        """Origins such as https://moodle.example."""
        now = self._monotonic()
        if self._read_at is None or now - self._read_at > REMEMBERED_SECONDS:
            self._origins = sorted({origin(url) for url in self._load()})
            self._read_at = now
        return self._origins


def origin(url: str) -> str:
    """Scheme and host of an address, with its port if it names one."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def let_frame(urls: Iterable[str | None]) -> None:
    """Let the sites of these addresses frame the answer to this request, and take its forms.

    Schools that share an issuer have their pages at sites of their own, which only what their platform signed names.
    What is no plain web address is passed over: it would end up in a header.
    """
    found = {origin(url) for url in urls if url}
    g.lms_origins = getattr(g, "lms_origins", frozenset()) | {each for each in found if _ORIGIN.fullmatch(each)}


def add_security_headers(app: Flask, ancestors: FrameAncestors, *, secure: bool) -> None:
    """Set the headers of every answer of an application."""

    @app.after_request
    def _headers(response: Response) -> Response:
        known = [] if request.path.startswith("/admin") else ancestors.origins()
        platforms = " ".join([*known, *sorted(getattr(g, "lms_origins", frozenset()) - set(known))])
        # Before an LMS has registered, and before a launch is read, its site is not known; such pages carry nobody's
        # session.
        policy = _policy(platforms, "*" if getattr(g, "any_frame", False) else platforms or "'none'")
        wanted = [("Content-Security-Policy", policy), *_ALWAYS]
        if request.endpoint != "static":
            wanted.append(("Cache-Control", "no-store"))
        if secure:
            wanted.append(("Strict-Transport-Security", "max-age=31536000"))
        # Looked up once: each look into the headers of an answer walks all of them.
        said = {name.lower() for name, _ in response.headers}
        response.headers.extend([(name, value) for name, value in wanted if name.lower() not in said])
        return response


@lru_cache(maxsize=64)
def _policy(platforms: str, frames: str) -> str:
    """What a page may load (CSP level 3). The forms of a launch and of a deep linking answer go to the platform; no
    other form leaves."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
        f"connect-src 'self'; base-uri 'none'; form-action 'self' {platforms}; frame-ancestors {frames}"
    )
