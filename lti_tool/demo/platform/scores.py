"""Scores and results: what the tool reports, and what the gradebook shows for it (AGS 2.0, sections 3.3 and 3.4)."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import Blueprint, Response, request

from lti_tool.demo.platform.claims import AGS_SCOPE
from lti_tool.demo.platform.courses import Column, Courses
from lti_tool.demo.platform.errors import ServiceRefused
from lti_tool.demo.platform.line_items import LineItems
from lti_tool.demo.platform.model import Clock, People, Platform
from lti_tool.demo.platform.service_parts import answer, number_in, page_of, read_body, require_accept, text_in
from lti_tool.demo.platform.store import Store
from lti_tool.demo.platform.tokens import AccessTokens

SCORE_TYPE: Final = "application/vnd.ims.lis.v1.score+json"
RESULTS_TYPE: Final = "application/vnd.ims.lis.v2.resultcontainer+json"
_ACTIVITY: Final = ("Initialized", "Started", "InProgress", "Submitted", "Completed")
_GRADING: Final = ("NotReady", "Pending", "PendingManual", "FullyGraded", "Failed")
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{1,9})(Z|[+-]\d\d:\d\d)", re.ASCII)
_FUTURE_SECONDS: Final = 60
_PREFIX: Final = "/lti/courses/<course_id>/lineitems/<int:number>/lineitem"
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


def nanoseconds_of(text: object) -> int:
    """Read an ISO 8601 time with zone and sub-second part as nanoseconds since 1970; raises ServiceRefused."""
    match = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ServiceRefused("A time must be ISO 8601 with a sub-second part and a zone.")
    try:
        whole = datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00"))
        seconds = (whole - _START) // timedelta(seconds=1)
    except (ValueError, OverflowError) as error:
        raise ServiceRefused("A time names no moment of the calendar.") from error
    return seconds * 1_000_000_000 + int(match[2].ljust(9, "0"))


class Scores:
    """Takes scores and gives results."""

    def __init__(self, platform: Platform, store: Store, people: People, courses: Courses, clock: Clock) -> None:
        self._platform = platform
        self._store = store
        self._students = {person.user_id for person in people.students}
        self._courses = courses
        self._clock = clock

    def take(self, column: Column, body: dict[str, Any]) -> None:
        """Check and record one score; a body without a score clears score and comment. Raises ServiceRefused."""
        user_id, moment = text_in(body, "userId"), nanoseconds_of(body.get("timestamp"))
        given, out_of, comment, scored_by = _check(body)
        if not user_id:
            raise ServiceRefused("A score needs a userId.")
        if user_id not in self._students:
            raise ServiceRefused("The user is no student of this course.", code="not_gradable", status=422)
        if moment > (self._clock() + _FUTURE_SECONDS) * 1_000_000_000:
            raise ServiceRefused("The timestamp lies in the future.")
        with self._store.transaction() as connection:
            key = (column.number, user_id)
            last = connection.execute("SELECT moment FROM grades WHERE number = ? AND user_id = ?", key).fetchone()
            if last is not None and moment <= last["moment"]:
                raise ServiceRefused("A score as new or newer is on record.", code="conflict", status=409)
            connection.execute(
                "INSERT OR REPLACE INTO grades (number, user_id, moment, given, out_of, comment, scored_by) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*key, moment, given, out_of, comment, scored_by),
            )
            connection.execute(
                "INSERT INTO received_scores (course_id, number, body) VALUES (?, ?, ?)",
                (column.course_id, column.number, json.dumps(body)),
            )

    def results(self, column: Column, user_id: str | None) -> list[dict[str, Any]]:
        """Give what the gradebook shows in the column, for everyone or one user."""
        item, results = self._platform.line_item_url(column.course_id, column.number), []
        for grade in self._courses.grades():
            if grade.number != column.number or user_id not in (None, grade.user_id):
                continue
            result: dict[str, Any] = {"id": f"{results_url(item)}&user_id={grade.user_id}", "scoreOf": item}
            result |= {"userId": grade.user_id, "resultMaximum": grade.maximum}
            optional = {"resultScore": grade.score, "comment": grade.comment or None, "scoringUserId": grade.scored_by}
            results.append(result | {name: value for name, value in optional.items() if value is not None})
        return results


def results_url(item: str) -> str:
    """Give the address of a line item's results; the query part stays at the end."""
    path, _, query = item.partition("?")
    return f"{path}/results?{query}"


def _check(body: dict[str, Any]) -> tuple[float | None, float | None, str, str | None]:
    if body.get("activityProgress") not in _ACTIVITY or body.get("gradingProgress") not in _GRADING:
        raise ServiceRefused("activityProgress and gradingProgress must be values of the standard.")
    given, out_of = number_in(body, "scoreGiven"), number_in(body, "scoreMaximum")
    if given is not None and (given < 0 or out_of is None):
        raise ServiceRefused("scoreGiven must be at least zero and come with scoreMaximum.")
    if out_of is not None and out_of <= 0:
        raise ServiceRefused("scoreMaximum must be above zero.")
    comment, scored_by = text_in(body, "comment") or "", text_in(body, "scoringUserId")
    if scored_by == "":
        raise ServiceRefused("scoringUserId may not be empty.")
    _check_submission(body.get("submission", {}))
    return given, out_of, comment if given is not None else "", scored_by


def _check_submission(submission: object) -> None:
    if not isinstance(submission, dict):
        raise ServiceRefused("submission must be an object.")
    times = {name: nanoseconds_of(submission[name]) for name in ("startedAt", "submittedAt") if name in submission}
    if len(times) == 2 and times["submittedAt"] < times["startedAt"]:
        raise ServiceRefused("submittedAt lies before startedAt.")


def create_score_routes(platform: Platform, scores: Scores, line_items: LineItems, tokens: AccessTokens) -> Blueprint:
    """Give the routes below a line item's address."""
    routes = Blueprint("scores", __name__, url_prefix=_PREFIX)

    @routes.post("/scores")
    def take(course_id: str, number: int) -> Response:
        tokens.require(request, AGS_SCOPE + "score")
        column = line_items.find(course_id, number)
        scores.take(column, read_body(request, SCORE_TYPE))
        return Response(status=200)

    @routes.get("/results")
    def results(course_id: str, number: int) -> Response:
        tokens.require(request, AGS_SCOPE + "result.readonly")
        require_accept(request, RESULTS_TYPE)
        found = scores.results(line_items.find(course_id, number), request.args.get("user_id"))
        url = results_url(platform.line_item_url(course_id, number))
        page, headers = page_of(request, url, found, filters=("user_id",))
        response = answer(page, RESULTS_TYPE)
        response.headers.update(headers)
        return response

    return routes
