"""The forms of Moodle's answers: JSON that says so, JSON that calls itself HTML, and pages."""

import html
import json
from typing import Any, Final

from flask import Response, request

HTML: Final = "text/html; charset=utf-8"


def mislabelled(content: dict[str, Any], status: int = 200) -> Response:
    """Give JSON as the token endpoint does: under the name of HTML."""
    return Response(json.dumps(content), status, content_type=HTML)


def as_json(content: object, kind: str, status: int = 200) -> Response:
    """Give JSON under its own name."""
    return Response(json.dumps(content, ensure_ascii=False), status, content_type=f"{kind}; charset=utf-8")


def words(text: str, status: int) -> Response:
    """Give a refusal in plain words, which calls itself HTML too."""
    return Response(text, status, content_type=HTML)


def error_page(text: str = "Sorry, the requested page could not be found") -> Response:
    """Give Moodle's error page, which is a 404 whatever went wrong."""
    page = f"<!DOCTYPE html><html><head><title>Error | EXC</title></head><body><p>{html.escape(text)}</p></body></html>"
    return Response(page, 404, content_type=HTML)


def posting_page(action: str, fields: dict[str, str]) -> Response:
    """Give a page that posts these fields by itself."""
    inputs = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}"/>'
        for name, value in fields.items()
    )
    form = f'<form method="POST" action="{html.escape(action)}">{inputs}</form>'
    return Response(f"<!DOCTYPE html><html><body>{form}</body></html>", content_type=HTML)


def go_to(address: str) -> Response:
    """Send the browser elsewhere."""
    return Response(status=303, headers={"Location": address})


def refuse(status: int, reason: str) -> Response:
    """Refuse as the services do: the reason in the status line and in the body, beside what was asked."""
    asked = {
        "method": request.method,
        "url": request.full_path.rstrip("?"),
        "accept": request.headers.get("Accept", ""),
        "contentType": request.headers.get("Content-Type", ""),
    }
    answer = as_json({"status": status, "reason": reason, "request": asked}, "application/json", status)
    answer.status = f"{status} {reason}".encode().decode("latin-1")
    return answer
