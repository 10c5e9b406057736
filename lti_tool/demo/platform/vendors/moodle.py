"""The services of Moodle 4.5 as they were seen to answer: tokens, line items, scores, results, lists of people.

Nothing here is how it should be; it is how it is. Reason phrases repeat what was sent, a whole-second clock decides
what is newer, anything but a final score erases, and a line break in a refused body turns refusal into success.
"""

import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import jwt
from flask import Flask, Response, request

from lti_tool.demo.platform.errors import AssertionRefused
from lti_tool.demo.platform.keys import ToolKeys
from lti_tool.demo.platform.model import Clock

COURSE: Final = "2"
TYPE_ID: Final = "1"
ITEM: Final = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE: Final = "application/vnd.ims.lis.v1.score+json"
RESULTS: Final = "application/vnd.ims.lis.v2.resultcontainer+json"
MEMBERS: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
SCOPES: Final = (
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/score",
    "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
)
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?", re.ASCII)


@dataclass
class Item:
    """A grade item."""

    number: int
    label: str | None
    maximum: float
    resource_id: str | None = ""
    tag: str = ""
    link_id: str | None = None
    review: dict[str, Any] | None = None
    locked: bool = False


@dataclass
class Grade:
    """One cell of the gradebook."""

    score: float | None
    comment: str
    second: int
    overridden: bool = False


@dataclass
class Moodle:
    """The state of one course."""

    url: str
    """Address of the site, as https://moodle.example."""
    client_id: str
    tool_keys: ToolKeys
    people: list[dict[str, Any]]
    """Members as the list of people shows them."""
    items: dict[int, Item] = field(default_factory=dict)
    grades: dict[tuple[int, str], Grade] = field(default_factory=dict)
    tokens: dict[str, tuple[str, ...]] = field(default_factory=dict)
    clock: Clock = time.time

    @property
    def services(self) -> str:
        return f"{self.url}/mod/lti/services.php"

    def item_url(self, number: int) -> str:
        return f"{self.services}/{COURSE}/lineitems/{number}/lineitem?type_id={TYPE_ID}"

    def shown(self, item: Item) -> dict[str, Any]:
        """Give an item as it is read."""
        found: dict[str, Any] = {
            "id": self.item_url(item.number),
            "label": item.label,
            "scoreMaximum": int(item.maximum) if item.maximum == int(item.maximum) else item.maximum,
            "tag": item.tag,
        }
        if item.resource_id is not None:
            found["resourceId"] = item.resource_id
        if item.link_id is not None:
            found |= {"resourceLinkId": item.link_id, "ltiLinkId": item.link_id}
        return found | ({"submissionReview": item.review} if item.review else {})

    def override(self, number: int, user_id: str, score: float, comment: str) -> None:
        """Let a teacher type a grade: it stands from then on, whatever the tool sends."""
        self.grades[number, user_id] = Grade(score, comment, int(self.clock()), overridden=True)


def create_app(moodle: Moodle) -> Flask:
    """Give the two addresses under which Moodle's services live."""
    app = Flask("moodle")

    @app.post("/mod/lti/token.php")
    def token() -> Response:
        return _token(moodle)

    @app.route("/mod/lti/services.php/<path:rest>", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    def service(rest: str) -> Response:
        return _service(moodle, rest)

    return app


def _token(moodle: Moodle) -> Response:
    form = request.form
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != kind:
        return _html({"error": "unsupported_grant_type"}, 400)
    assertion, wanted = form.get("client_assertion", ""), form.get("scope", "")
    if assertion.count(".") != 2 or not wanted:
        return _html({"error": "invalid_request"}, 400)
    # Who asks is told by `sub` alone; audience, issuer, repeats and long lives are not looked at.
    claims = jwt.decode(assertion, options={"verify_signature": False})
    if claims.get("sub") != moodle.client_id:
        return _html({"error": "invalid_client"}, 400)
    try:
        key = moodle.tool_keys.find(str(jwt.get_unverified_header(assertion).get("kid")))
        jwt.decode(assertion, key, algorithms=["RS256"], options={"verify_aud": False, "verify_exp": False})
    except AssertionRefused:
        return Response('{\n  "error" : ""kid" invalid, unable to lookup correct key"\n}', 400, content_type=_HTML)
    except jwt.PyJWTError:
        return _html({"error": "Signature verification failed"}, 400)
    if claims.get("exp", 0) < moodle.clock():
        return _html({"error": "Expired token"}, 400)
    granted = tuple(scope for scope in wanted.split() if scope in SCOPES)
    if not granted:
        return _html({"error": "invalid_scope"}, 400)
    token = secrets.token_hex(16)
    moodle.tokens[token] = granted
    return _html({"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": " ".join(granted)}, 200)


_HTML: Final = "text/html; charset=utf-8"


def _html(content: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(content), status, content_type=_HTML)


def _service(moodle: Moodle, rest: str) -> Response:
    parts = rest.split("/")
    if rest.startswith("CourseSection/") and rest.endswith("/memberships"):
        return _people(moodle, parts)
    accept = request.headers.get("Accept", "")
    handlers: dict[int, Callable[[Moodle, list[str], str], Response]] = {2: _items, 4: _item, 5: _below}
    handler = handlers.get(len(parts))
    if handler is None or parts[1] != "lineitems":
        return _refuse(400, f"No handler found for /{rest} {accept} ")
    return handler(moodle, parts, accept)


def _allowed(moodle: Moodle, *scopes: str) -> bool:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    held = moodle.tokens.get(token, ())
    return kind == "Bearer" and bool({f"https://purl.imsglobal.org/spec/{scope}" for scope in scopes} & set(held))


def _items(moodle: Moodle, parts: list[str], accept: str) -> Response:
    kind = request.mimetype
    if request.method == "GET":
        if accept == "*/*":
            return _refuse(400, "No context or unsupported content type")
        if accept not in ("", ITEMS):
            return _refuse(400, f"No handler found for /{'/'.join(parts)} {accept} ")
    elif kind != ITEM:
        return _refuse(400, f"No handler found for /{'/'.join(parts)}  {kind}")
    if not _allowed(moodle, "lti-ags/scope/lineitem", "lti-ags/scope/lineitem.readonly"):
        return _refuse(401, "Unauthorized")
    if parts[0] != COURSE:
        return _json([], ITEMS) if parts[0] == "1" else _refuse(404, f"Not Found: Course {parts[0]} doesn't exist")
    return _make(moodle) if request.method == "POST" else _list(moodle)


def _list(moodle: Moodle) -> Response:
    wanted = request.args
    found = [
        moodle.shown(item)
        for item in moodle.items.values()
        if item.number > 1
        and wanted.get("resource_id", item.resource_id) == item.resource_id
        and wanted.get("resource_link_id", item.link_id) == item.link_id
        and wanted.get("tag", item.tag) == item.tag
    ]
    limit = int(wanted.get("limit", 0))
    if not limit:
        return _json(found, ITEMS)
    start = int(wanted.get("from", 0))
    answer = _json(found[start : start + limit], ITEMS)
    last = (len(found) - 1) // limit * limit
    links = [("first", 0), *([("prev", start - limit)] if start else []), ("canonical", start)]
    links += [*([("next", start + limit)] if start + limit < len(found) else []), ("last", last)]
    base = f"{moodle.services}/{COURSE}/lineitems?type_id={TYPE_ID}&amp;limit={limit}&amp;from="
    # Escaped for HTML, with typographic quotation marks in UTF-8: headers of servers are Latin-1.
    text = ", ".join(f"<{base}{place}>; rel=“{name}”" for name, place in links)
    answer.headers["Link"] = text.encode().decode("latin-1")
    return answer


def _make(moodle: Moodle) -> Response:
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict) or not body.get("label") or "scoreMaximum" not in body:
        return _refuse(400, "No label or Score Maximum")
    link = body.get("resourceLinkId")
    if link is not None and not any(item.link_id == link for item in moodle.items.values()):
        return _refuse(403, "Forbidden")
    number = max(moodle.items, default=1) + 1
    moodle.items[number] = Item(
        number,
        body["label"],
        float(body["scoreMaximum"]),
        body.get("resourceId", ""),
        body.get("tag", ""),
        link,
    )
    return _json(body | {"id": moodle.item_url(number)}, ITEM, 201)


def _item(moodle: Moodle, parts: list[str], accept: str) -> Response:
    if request.method == "PATCH":
        return _refuse(405, "Method Not Allowed")
    if not _allowed(moodle, "lti-ags/scope/lineitem", "lti-ags/scope/lineitem.readonly"):
        return _refuse(401, "Unauthorized")
    item = moodle.items.get(int(parts[2]))
    if item is None:
        return _refuse(404, f"Not Found: Grade item {parts[2]} doesn't exist")
    if request.method == "DELETE":
        del moodle.items[item.number]
        return Response(status=204, content_type=_HTML)
    if request.method == "GET":
        return _json(moodle.shown(item), ITEM)
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict) or not body.get("label") or "scoreMaximum" not in body:
        return _refuse(400, "Bad Request")
    # What is left out is cleared.
    item.label, item.maximum = body["label"], float(body["scoreMaximum"])
    item.resource_id, item.tag = body.get("resourceId", ""), body.get("tag", "")
    review = body.get("submissionReview")
    item.review = {name: review[name] for name in ("url", "custom") if name in review} if review else None
    return _json(body | {"id": moodle.item_url(item.number)}, ITEM)


def _below(moodle: Moodle, parts: list[str], accept: str) -> Response:
    if parts[4] == "results":
        if accept not in ("", "*/*", RESULTS):
            return _refuse(400, f"No handler found for /{'/'.join(parts)} {accept} ")
        return _results(moodle, parts)
    if request.method != "POST":
        return _refuse(405, "Method Not Allowed")
    if not _allowed(moodle, "lti-ags/scope/score") or request.args.get("type_id", TYPE_ID) != TYPE_ID:
        return _refuse(401, "Unauthorized")
    item = moodle.items.get(int(parts[2]))
    if item is None:
        return _refuse(404, f"Not Found: Grade item {parts[2]} doesn't exist")
    if request.mimetype != SCORE:
        return _refuse(400, f"No handler found for /{'/'.join(parts)}  {request.mimetype}")
    return _score(moodle, item)


def _score(moodle: Moodle, item: Item) -> Response:
    raw = request.get_data().decode()
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict) or not _complete(body) or str(body["userId"]) not in _students(moodle):
        return _incorrect(raw)
    user_id = str(body["userId"])
    second = int(datetime.fromisoformat(body["timestamp"].replace("Z", "+00:00")).timestamp())
    known = moodle.grades.get((item.number, user_id))
    if known is not None and known.second >= second:
        words = f"Refusing score with an earlier timestamp for item {item.number} and user {user_id}"
        return _plain(409, words)
    if item.locked or item.number == 1:
        return _plain(500, "Internal Server Error")
    if known is not None and known.overridden:
        return Response(status=200, content_type=f"{SCORE}; charset=utf-8")
    given = body.get("scoreGiven")
    score: float | None = None
    if given is not None and body["gradingProgress"] == "FullyGraded":
        score = min(item.maximum, max(0.0, float(given) / float(body["scoreMaximum"]) * item.maximum))
    moodle.grades[item.number, user_id] = Grade(score, str(body.get("comment") or ""), second)
    return Response(status=200, content_type=f"{SCORE}; charset=utf-8")


def _complete(body: dict[str, Any]) -> bool:
    needed = ("userId", "timestamp", "activityProgress", "gradingProgress")
    if any(name not in body for name in needed) or not _MOMENT.fullmatch(str(body["timestamp"])):
        return False
    return "scoreGiven" not in body or "scoreMaximum" in body


def _students(moodle: Moodle) -> set[str]:
    return {one["user_id"] for one in moodle.people if "Learner" in one["roles"]} - {"4"}


def _incorrect(raw: str) -> Response:
    if "\n" in raw:
        # The line break would end the status line, so it is lost on the way.
        return _plain(200, "OK")
    return _plain(400, f"Incorrect score received{raw}")


def _plain(status: int, reason: str) -> Response:
    answer = Response("[]", content_type=f"{SCORE}; charset=utf-8")
    answer.status = f"{status} {reason}".encode().decode("latin-1")
    return answer


def _results(moodle: Moodle, parts: list[str]) -> Response:
    if not _allowed(moodle, "lti-ags/scope/result.readonly"):
        return _refuse(401, "Unauthorized")
    if "limit" in request.args:
        return Response("<html><body>error</body></html>", 404, content_type=_HTML)
    item, wanted = moodle.items[int(parts[2])], request.args.get("user_id")
    base = f"{moodle.services}/{COURSE}/lineitems/{item.number}/lineitem/results?type_id={TYPE_ID}"
    found = []
    for (number, user_id), grade in moodle.grades.items():
        if number != item.number or wanted not in (None, user_id) or (grade.score is None and not grade.comment):
            continue
        entry: dict[str, Any] = {"id": f"{base}&user_id={user_id}", "userId": user_id}
        if grade.score is not None:
            entry |= {"resultScore": round(grade.score, 5), "resultMaximum": item.maximum}
        if grade.comment:
            entry["comment"] = grade.comment
        found.append(entry | {"scoreOf": moodle.item_url(item.number)})
    return _json(found, RESULTS)


def _people(moodle: Moodle, parts: list[str]) -> Response:
    accept = request.headers.get("Accept", "*/*")
    if accept not in (MEMBERS, "*/*"):
        return _refuse(400, f"No handler found for /{'/'.join(parts)} {accept} ")
    if not _allowed(moodle, "lti-nrps/scope/contextmembership.readonly") or parts[3] != TYPE_ID:
        return _refuse(401, "Unauthorized")
    if parts[1] != COURSE:
        return _refuse(404, f"Not Found: Course {parts[1]} doesn't exist")
    link = request.args.get("rlid")
    if link is not None and not any(item.link_id == link for item in moodle.items.values()):
        return _refuse(404, f"Not Found: LTI link {link} doesn't exist")
    role = request.args.get("role", "").rpartition("#")[2]
    found = [one for one in moodle.people if role not in ("Learner", "Instructor") or role in one["roles"]]
    if link is not None:
        message = [{"https://purl.imsglobal.org/spec/lti/claim/message_type": "LtiResourceLinkRequest"}]
        found = [one | {"message": message} for one in found]
    url = f"{moodle.services}/CourseSection/{COURSE}/bindings/{TYPE_ID}/memberships"
    limit, start = int(request.args.get("limit", 0)), int(request.args.get("from", 0))
    page = found[start : start + limit] if limit else found
    content = {"id": url, "context": {"id": COURSE, "label": "ALG101", "title": "Algorithms 101"}, "members": page}
    answer = _json(content, MEMBERS)
    if limit and start + limit < len(found):
        more = f"&rlid={link}" if link else ""
        answer.headers["Link"] = f'<{url}?limit={limit}&from={start + limit}{more}>; rel="next"'
    return answer


def _json(content: object, kind: str, status: int = 200) -> Response:
    return Response(json.dumps(content, ensure_ascii=False), status, content_type=f"{kind}; charset=utf-8")


def _refuse(status: int, reason: str) -> Response:
    asked = {
        "method": request.method,
        "url": request.full_path.rstrip("?"),
        "accept": request.headers.get("Accept", ""),
        "contentType": request.headers.get("Content-Type", ""),
    }
    answer = _json({"status": status, "reason": reason, "request": asked}, "application/json", status)
    answer.status = f"{status} {reason}".encode().decode("latin-1")
    return answer
