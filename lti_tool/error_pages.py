"""The one place where errors become answers: a page for people, problem+json for machines (RFC 9457).

An error that nobody foresaw is logged, by its type and place, under a reference that the page shows.
"""

import secrets
from typing import Any

from flask import Flask, jsonify, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from config.logging import fields, get_logger
from grading.errors import GradingError
from lti_tool.api.v1 import PREFIX
from privacy.errors import PrivacyError

PROBLEM = "application/problem+json"
log = get_logger(__name__)
_TITLES = {
    400: "That didn't work",
    401: "You are not signed in",
    403: "This isn't open to you",
    404: "There is nothing here",
    405: "That can't be done here",
    409: "This has changed in the meantime",
    410: "That is not there any more",
    413: "That is too large",
    429: "Too much at once",
}
_HTTP_WORDS = {
    404: ("The address leads nowhere, or to something that is not yours to see.", "Open the activity again."),
    405: ("This page can't be used that way.", "Go back and use the buttons on the page."),
    413: ("What was sent is larger than this page takes.", "Choose a smaller file, or paste your text."),
}


def add_error_pages(app: Flask) -> None:
    """Answer every kind of error of an application."""
    app.register_error_handler(GradingError, _expected)
    app.register_error_handler(PrivacyError, _privacy)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)


def _expected(error: GradingError) -> tuple[Response | str, int]:
    log.info("request.refused", extra=fields(code=error.code, status=error.status, endpoint=request.endpoint))
    return _answer(error.status, error.code, error.message, "Go back to continue; nothing you entered before is lost.")


def _privacy(error: PrivacyError) -> tuple[Response | str, int]:
    reference = _reference()
    log.error("request.privacy", extra=fields(code=error.code, reference=reference, endpoint=request.endpoint))
    return _answer(500, error.code, error.message, "Tell your administrator and give the reference.", reference)


def _http(error: HTTPException) -> Any:
    code = error.code or 500
    if code < 400:
        return error
    why, what = _HTTP_WORDS.get(code, (error.description or "", "Go back and try again."))
    answer, status = _answer(code, f"http_{code}", why, what)
    return answer, status, [(name, value) for name, value in error.get_headers() if name == "Allow"]


def _unforeseen(error: Exception) -> tuple[Response | str, int]:
    reference = _reference()
    log.error("request.failed", extra=fields(reference=reference, endpoint=request.endpoint), exc_info=error)
    return _answer(
        500,
        "internal",
        "Something went wrong on our side. What was saved before is safe.",
        "Try again in a moment. If it happens again, tell your administrator and give the reference.",
        reference,
    )


def _answer(status: int, code: str, why: str, what: str, reference: str = "") -> tuple[Response | str, int]:
    title = _TITLES.get(status, "Something went wrong")
    if request.path.startswith(PREFIX):
        problem = {"type": "about:blank", "title": title, "status": status, "detail": why, "code": code}
        if reference:
            problem["reference"] = reference
        response = jsonify(problem)
        response.mimetype = PROBLEM
        return response, status
    page = render_template("error.html", what_happened=title, why=why, what_to_do=what, reference=reference)
    return page, status


def _reference() -> str:
    return secrets.token_hex(4)
