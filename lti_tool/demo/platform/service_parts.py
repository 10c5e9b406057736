"""What all services share: media types of requests and answers, and pages joined by Link headers."""

import json
import math
from typing import Any, Final
from urllib.parse import urlencode

from flask import Request, Response

from lti_tool.demo.platform.courses import Course, Courses
from lti_tool.demo.platform.errors import ServiceRefused

LARGEST_PAGE: Final = 100


def course_of(courses: Courses, course_id: str) -> Course:
    """Give the course of an address; raises ServiceRefused (404)."""
    course = courses.course(course_id)
    if course is None:
        raise ServiceRefused("There is no such course.", code="not_found", status=404)
    return course


def require_accept(incoming: Request, media_type: str) -> None:
    """Let a request pass that accepts the media type by name or says nothing; raises ServiceRefused (406)."""
    accepted = incoming.headers.get("Accept")
    if accepted and media_type not in [part.partition(";")[0].strip().lower() for part in accepted.split(",")]:
        raise ServiceRefused(f"The Accept header must name {media_type}.", code="not_acceptable", status=406)


def read_body(incoming: Request, media_type: str) -> dict[str, Any]:
    """Give the JSON object sent under the media type; raises ServiceRefused (415, 400)."""
    if incoming.mimetype != media_type:
        raise ServiceRefused(f"The content type must be {media_type}.", code="unsupported_media_type", status=415)
    try:
        body = json.loads(incoming.get_data())
    except ValueError as error:
        raise ServiceRefused("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise ServiceRefused("The body must be a JSON object.")
    return body


def answer(content: object, media_type: str, status: int = 200) -> Response:
    """Give JSON under its media type."""
    return Response(json.dumps(content, ensure_ascii=False), status=status, content_type=media_type)


def number_in(body: dict[str, Any], name: str) -> float | None:
    """Give a finite number of the body, None when absent or null; raises ServiceRefused for anything else."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ServiceRefused(f"The field {name} must be a number.")
    return float(value)


def text_in(body: dict[str, Any], name: str) -> str | None:
    """Give a text of the body, None when absent; raises ServiceRefused for anything else."""
    value = body.get(name)
    if name in body and not isinstance(value, str):
        raise ServiceRefused(f"The field {name} must be a text.")
    return value


def _count(incoming: Request, name: str, default: int, least: int) -> int:
    given = incoming.args.get(name, str(default))
    if not (given.isascii() and given.isdigit()) or len(given) > 9 or int(given) < least:
        raise ServiceRefused(f"The parameter {name} must be a whole number of at least {least}.")
    return int(given)


def page_of(
    incoming: Request, url: str, entries: list[Any], *, filters: tuple[str, ...], default_limit: int = LARGEST_PAGE
) -> tuple[list[Any], dict[str, str]]:
    """Cut one page of entries as `limit` and `offset` ask; give it with the Link header to the next, if any."""
    limit = min(_count(incoming, "limit", default_limit, 1), LARGEST_PAGE)
    start = _count(incoming, "offset", 0, 0)
    page, rest = entries[start : start + limit], entries[start + limit :]
    if not rest:
        return page, {}
    kept = {name: incoming.args[name] for name in filters if name in incoming.args}
    separator = "&" if "?" in url else "?"
    following = url + separator + urlencode(kept | {"limit": limit, "offset": start + limit})
    return page, {"Link": f'<{following}>; rel="next"'}
