"""A browser without a screen: follows links, fills in forms, keeps cookies. Knows HTML and HTTP, and nothing of us.

It stands in for a person in the demonstration's self-check. Forms that a script would submit by itself (the steps of an
LTI launch) are recognized by their fields and submitted.
"""

from collections.abc import Callable, Mapping
from http.cookiejar import Cookie
from typing import Any, Final
from urllib.parse import urljoin

import requests
from lxml import html
from requests.cookies import RequestsCookieJar

TIMEOUT_SECONDS: Final = 30
_LAUNCH_FIELDS: Final = frozenset({"login_hint", "id_token", "JWT"})
_MOST_HOPS: Final = 10


class VisitFailed(Exception):
    """A page was not what a person would expect there."""


class Page:
    """A page as it was answered."""

    def __init__(self, response: requests.Response) -> None:
        self.url = response.url
        self.status = response.status_code
        self.root: Any = html.document_fromstring(response.content or b"<html></html>")

    @property
    def text(self) -> str:
        """The words on the page, one space between them."""
        for hidden in self.root.xpath("//script | //style"):
            hidden.drop_tree()
        return " ".join(self.root.text_content().split())

    def expect(self, *words: str) -> "Page":
        """Return the page if all of these words stand on it.

        Raises:
            VisitFailed: says what is missing and how the page begins.
        """
        for expected in words:
            if expected not in self.text:
                raise VisitFailed(f"“{expected}” is missing on {self.url} (HTTP {self.status}): {self.text[:300]}")
        return self

    def form(self, wanted: Callable[[Any], bool] | str) -> Any:
        """The first form that fits: whose address or buttons contain a string, or that a function accepts."""
        for form in self.root.forms:
            if callable(wanted):
                if wanted(form):
                    return form
            elif wanted in (form.action or "") or wanted in " ".join(form.text_content().split()):
                return form
        raise VisitFailed(f"No form “{wanted}” on {self.url} (HTTP {self.status}): {self.text[:300]}")

    def link(self, words: str) -> str:
        """The absolute address of the first link with these words."""
        for anchor in self.root.iter("a"):
            if words in " ".join(anchor.text_content().split()):
                return str(urljoin(self.url, anchor.get("href")))
        raise VisitFailed(f"No link “{words}” on {self.url} (HTTP {self.status}): {self.text[:300]}")

    def frame(self) -> str:
        """The absolute address of the page's iframe."""
        frames = list(self.root.iter("iframe"))
        if not frames:
            raise VisitFailed(f"No frame on {self.url} (HTTP {self.status}): {self.text[:300]}")
        return str(urljoin(self.url, frames[0].get("src")))


class _LoopbackCookies(RequestsCookieJar):
    """Browsers treat loopback as secure, so that Secure cookies go over plain HTTP there: so does this jar."""

    def set_cookie(self, cookie: Cookie, *args: Any, **kwargs: Any) -> None:
        """Keep a cookie as one that goes over plain HTTP as well."""
        cookie.secure = False
        super().set_cookie(cookie, *args, **kwargs)


class Visitor:
    """One person's browser."""

    def __init__(self) -> None:
        self._http = requests.Session()
        self._http.cookies = _LoopbackCookies()
        # A window of its own, in which cookies are kept.
        self._http.headers["Sec-Fetch-Dest"] = "document"

    def sign_in(self, lms: str, key: str) -> "Visitor":
        """Sign in to the demonstration LMS as the person of that key; returns itself."""
        home = self.get(f"{lms}/")
        form = home.form(lambda one: any(button.get("value") == key for button in one.iter("button")))
        button = next(button for button in form.iter("button") if button.get("value") == key)
        self.submit(home, form, button=" ".join(button.text_content().split()))
        return self

    def get(self, url: str) -> Page:
        """Open an address, and go through a launch if one begins there."""
        return self._arrive(self._http.get(url, timeout=TIMEOUT_SECONDS))

    def json(self, url: str) -> Any:
        """Read a JSON document."""
        response = self._http.get(url, timeout=TIMEOUT_SECONDS)
        response.raise_for_status()
        return response.json()

    def submit(
        self,
        page: Page,
        form: Any,
        values: Mapping[str, str | list[str]] | None = None,
        *,
        button: str | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> Page:
        """Fill in a form and press one of its buttons (by its words; the first one if none is named)."""
        fields: list[tuple[str, str]] = []
        values = dict(values or {})
        for name, value in form.form_values():
            if name not in values:
                fields.append((name, value))
        for name, entered in values.items():
            fields.extend((name, value) for value in ([entered] if isinstance(entered, str) else entered))
        pressed = _button(page, form, button)
        if pressed is not None and pressed.get("name"):
            fields.append((pressed.get("name"), pressed.get("value") or ""))
        action = (pressed.get("formaction") if pressed is not None else None) or form.get("action") or page.url
        target = urljoin(page.url, action)
        if form.method.upper() == "GET":
            return self._arrive(self._http.get(target, params=fields, timeout=TIMEOUT_SECONDS))
        return self._arrive(
            self._http.post(target, data=fields, files=dict(files) if files else None, timeout=TIMEOUT_SECONDS)
        )

    def _arrive(self, response: requests.Response) -> Page:
        page = Page(response)
        for _ in range(_MOST_HOPS):
            form = next((form for form in page.root.forms if _LAUNCH_FIELDS & set(form.fields)), None)
            if form is None:
                break
            page = Page(
                self._http.post(urljoin(page.url, form.action), data=form.form_values(), timeout=TIMEOUT_SECONDS)
            )
        if page.status >= 400:
            raise VisitFailed(f"{page.url} answered HTTP {page.status}: {page.text[:300]}")
        return page


def _button(page: Page, form: Any, words: str | None) -> Any:
    buttons = form.xpath(".//button[not(@type) or @type='submit'] | .//input[@type='submit']")
    if form.get("id"):
        # Buttons may stand outside their form and name it.
        buttons += page.root.xpath("//button[@form=$id]", id=form.get("id"))
    if words is None:
        return buttons[0] if buttons else None
    for button in buttons:
        if words in " ".join(button.text_content().split()):
            return button
    raise VisitFailed(f"No button “{words}” in its form on {page.url}")
