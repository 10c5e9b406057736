"""Form tokens: HMAC over what the browser proves anyway (its secret and its visit), so that no other site can post."""

import hashlib
import hmac

from flask import Request

from grading.errors import GradingError

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"


class FormRefused(GradingError):
    """A form without our token: from another site, or from a page that is too old."""

    code = "form_refused"
    status = 403


def csrf_token(signing_key: str, subject: str) -> str:
    """The token for one browser and visit."""
    return hmac.new(signing_key.encode(), b"form:" + subject.encode(), hashlib.sha256).hexdigest()


def check_csrf(signing_key: str, subject: str, request: Request) -> None:
    """Refuse a request that changes something without the right token.

    Raises:
        FormRefused: token missing or wrong, or nobody to tie it to.
    """
    given = request.form.get(FIELD) or request.headers.get(HEADER) or ""
    if not subject or not hmac.compare_digest(given.encode(), csrf_token(signing_key, subject).encode()):
        raise FormRefused("This page was open for too long, or the form came from elsewhere. Reload it and try again.")
