"""Canvas's gradebook services as its documentation describes them: refusals, extension, paging, rate limit."""

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from flask import Flask, Response, jsonify, request

from lti_tool.demo.platform.errors import AssertionRefused
from lti_tool.demo.platform.keys import ToolKeys, read_tool_token
from lti_tool.demo.platform.model import Clock

SUBMISSION: Final = "https://canvas.instructure.com/lti/submission"
ITEM: Final = "application/vnd.ims.lis.v2.lineitem+json"
SCORE: Final = "application/vnd.ims.lis.v1.score+json"
RESULTS: Final = "application/vnd.ims.lis.v2.resultcontainer+json"
ITEMS: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"


@dataclass
class Grade:
    """One student's grade; `by_person` when somebody typed it."""

    score: float | None
    comment: str
    moment: datetime
    by_person: bool = False


@dataclass
class Canvas:
    """The gradebook of one course."""

    url: str
    client_id: str
    tool_keys: ToolKeys
    students: set[str]
    clock: Clock
    items: dict[int, dict[str, Any]] = field(default_factory=dict)
    grades: dict[tuple[int, str], Grade] = field(default_factory=dict)
    submissions: list[dict[str, Any]] = field(default_factory=list)
    """Extension of each score that was taken."""
    tokens: set[str] = field(default_factory=set)
    used_ids: set[str] = field(default_factory=set)
    throttled: int = 0
    """How many of the next requests are refused as too many."""

    @property
    def items_url(self) -> str:
        return f"{self.url}/api/lti/courses/1/line_items"


def create_app(canvas: Canvas) -> Flask:
    """Give the token address and the services of the course."""
    app = Flask("canvas")

    @app.before_request
    def throttle() -> Response | None:
        if canvas.throttled and "/api/lti/" in request.path:
            canvas.throttled -= 1
            return Response("403 Forbidden (Rate Limit Exceeded)\n", 403, content_type="text/plain")
        if "/api/lti/" in request.path and request.headers.get("Authorization", "")[7:] not in canvas.tokens:
            return Response(json.dumps({"errors": "unauthorized"}), 401, content_type="application/json")
        return None

    @app.post("/login/oauth2/token")
    def token() -> tuple[Response, int]:
        try:
            claims = read_tool_token(
                request.form["client_assertion"], canvas.tool_keys, audience=request.base_url, now=canvas.clock()
            )
        except AssertionRefused as refusal:
            return jsonify(error="invalid_client", error_description=str(refusal)), 400
        if claims.get("jti") in canvas.used_ids or claims.get("sub") != canvas.client_id:
            return jsonify(error="invalid_request"), 400
        canvas.used_ids.add(claims["jti"])
        made = secrets.token_urlsafe(32)
        canvas.tokens.add(made)
        answer = {"access_token": made, "token_type": "Bearer", "expires_in": 3600, "scope": request.form["scope"]}
        return jsonify(answer), 200

    _add_items(app, canvas)
    _add_scores(app, canvas)
    return app


def _add_items(app: Flask, canvas: Canvas) -> None:
    @app.get("/api/lti/courses/1/line_items")
    def show() -> Response:
        wanted = request.args
        found = [
            item
            for item in canvas.items.values()
            if wanted.get("resource_id", item.get("resourceId")) == item.get("resourceId")
            and wanted.get("resource_link_id", item.get("resourceLinkId")) == item.get("resourceLinkId")
        ]
        return Response(json.dumps(found), content_type=ITEMS)

    @app.post("/api/lti/courses/1/line_items")
    def make() -> Response:
        number = len(canvas.items) + 1
        canvas.items[number] = {**request.get_json(force=True), "id": f"{canvas.items_url}/{number}"}
        return Response(json.dumps(canvas.items[number]), 201, content_type=ITEM)


def _add_scores(app: Flask, canvas: Canvas) -> None:
    @app.post("/api/lti/courses/1/line_items/<int:number>/scores")
    def score(number: int) -> tuple[Response, int]:
        body = request.get_json(force=True)
        user, moment = str(body["userId"]), datetime.fromisoformat(body["timestamp"].replace("Z", "+00:00"))
        if user not in canvas.students:
            return jsonify(errors={"type": "unprocessable_entity", "message": "User not found in course"}), 422
        if "scoreGiven" in body and "scoreMaximum" not in body:
            return jsonify(errors={"type": "unprocessable_entity", "message": "ScoreMaximum not supplied"}), 422
        known = canvas.grades.get((number, user))
        if known is not None and known.moment > moment:
            return jsonify(errors={"type": "bad_request", "message": "a newer result exists"}), 400
        extension = body.get(SUBMISSION, {})
        canvas.submissions.append(extension)
        kept = known is not None and known.by_person and extension.get("prioritize_non_tool_grade")
        if not kept and not (known is not None and "scoreGiven" not in body and extension.get("preserve_score")):
            given = body.get("scoreGiven") if body["gradingProgress"] in ("FullyGraded", "PendingManual") else None
            canvas.grades[number, user] = Grade(given, body.get("comment", ""), moment)
        return jsonify(resultUrl=f"{canvas.items_url}/{number}/results/{user}"), 200

    @app.get("/api/lti/courses/1/line_items/<int:number>/results")
    def results(number: int) -> Response:
        found = [
            {
                "id": f"{canvas.items_url}/{number}/results/{user}",
                "userId": user,
                "resultScore": grade.score,
                "resultMaximum": canvas.items[number]["scoreMaximum"],
                "comment": grade.comment,
            }
            for (item, user), grade in sorted(canvas.grades.items())
            if item == number
        ]
        # Pages are told apart by a mark whose letters count, big and small.
        mark = request.args.get("page", "bookmark:WyJhIl0")
        start = 1 if mark == "bookmark:WyJBYkMiXQ" else 0
        answer = Response(json.dumps(found[start:] if start else found[:1]), content_type=RESULTS)
        if not start and len(found) > 1:
            answer.headers["Link"] = f'<{request.base_url}?page=bookmark:WyJBYkMiXQ>; rel="next"'
        return answer
