"""Scores and results of a grade item.

Reason phrases repeat what was sent, a whole-second clock decides what is newer, anything but a final score erases,
and a line break in a refused body turns refusal into success.
"""

import re
from datetime import UTC, datetime
from typing import Any, Final

from flask import Response, request

from lti_tool.demo.platform.vendors.moodle.access import token_for
from lti_tool.demo.platform.vendors.moodle.answers import as_json, error_page, refuse
from lti_tool.demo.platform.vendors.moodle.state import SCORE_SCOPES, Grade, Item, Moodle

SCORE: Final = "application/vnd.ims.lis.v1.score+json"
RESULTS: Final = "application/vnd.ims.lis.v2.resultcontainer+json"
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?", re.ASCII)


def answer(moodle: Moodle, parts: list[str], accept: str) -> Response:
    """Answer a request to what lies below an item."""
    if parts[4] == "results":
        if accept not in ("", "*/*", RESULTS):
            return refuse(400, f"No handler found for /{'/'.join(parts)} {accept} ")
        return _results(moodle, parts)
    if request.method != "POST":
        return refuse(405, "Method Not Allowed")
    if token_for(moodle, SCORE_SCOPES[1]) is None:
        return refuse(401, "Unauthorized")
    item = moodle.items.get(int(parts[2]))
    if item is None:
        return refuse(404, f"Not Found: Grade item {parts[2]} doesn't exist")
    if request.mimetype != SCORE:
        return refuse(400, f"No handler found for /{'/'.join(parts)}  {request.mimetype}")
    return _score(moodle, item)


def _score(moodle: Moodle, item: Item) -> Response:
    raw = request.get_data().decode()
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict) or not _complete(body) or str(body["userId"]) not in moodle.students():
        return _incorrect(raw)
    user_id = str(body["userId"])
    second = int(datetime.fromisoformat(body["timestamp"].replace("Z", "+00:00")).timestamp())
    known = moodle.grades.get((item.number, user_id))
    if known is not None and known.second is not None and known.second >= second:
        words = f"Refusing score with an earlier timestamp for item {item.number} and user {user_id}"
        return _plain(409, words)
    if item.locked or item.tool is None:
        return _plain(500, "Internal Server Error")
    score, comment = _score_of(body, item), str(body.get("comment") or "")
    if known is not None and known.overridden:
        known.from_tool = score
    elif score is None:
        # An erased cell has no time, so that nothing is older; a comment alone has the time of its arrival.
        moment = int(moodle.clock()) if comment else None
        moodle.grades[item.number, user_id] = Grade(None, comment, moment)
    else:
        moodle.grades[item.number, user_id] = Grade(score, comment, second, from_tool=score)
    return Response(status=200, content_type=f"{SCORE}; charset=utf-8")


def _score_of(body: dict[str, Any], item: Item) -> float | None:
    given = body.get("scoreGiven")
    if given is None or body["gradingProgress"] != "FullyGraded":
        return None
    return min(item.maximum, max(0.0, float(given) / float(body["scoreMaximum"]) * item.maximum))


def _complete(body: dict[str, Any]) -> bool:
    needed = ("userId", "timestamp", "activityProgress", "gradingProgress")
    if any(name not in body for name in needed) or not _MOMENT.fullmatch(str(body["timestamp"])):
        return False
    return "scoreGiven" not in body or "scoreMaximum" in body


def _incorrect(raw: str) -> Response:
    if "\n" in raw:
        # The line break would end the status line, so it is lost on the way.
        return _plain(200, "OK")
    return _plain(400, f"Incorrect score received{raw}")


def _plain(status: int, reason: str) -> Response:
    refusal = Response("[]", content_type=f"{SCORE}; charset=utf-8")
    refusal.status = f"{status} {reason}".encode().decode("latin-1")
    return refusal


def _results(moodle: Moodle, parts: list[str]) -> Response:
    token = token_for(moodle, SCORE_SCOPES[2])
    if token is None:
        return refuse(401, "Unauthorized")
    if "limit" in request.args:
        return error_page()
    item = moodle.items.get(int(parts[2]))
    if item is None:
        return refuse(404, f"Not Found: Grade item {parts[2]} doesn't exist")
    wanted = request.args.get("user_id")
    base = f"{moodle.services}/{item.course}/lineitems/{item.number}/lineitem/results?type_id={token.tool}"
    found = []
    for (number, user_id), grade in moodle.grades.items():
        if number != item.number or wanted not in (None, user_id) or grade.second is None:
            continue
        entry: dict[str, Any] = {"id": f"{base}&user_id={user_id}", "userId": user_id}
        if grade.score is not None:
            entry |= {"resultScore": round(grade.score, 5), "resultMaximum": item.maximum}
            entry |= {"comment": grade.comment} if grade.comment else {}
            entry["scoreOf"] = moodle.item_url(item.number, token.tool)
            entry["timestamp"] = datetime.fromtimestamp(grade.second, UTC).isoformat()
        found.append(entry)
    return as_json(found, RESULTS)
