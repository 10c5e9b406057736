"""An assignment of the platform's own, with whatever tool its teacher attached: files in, reports back.

(LTI Asset Processor 1.0.) A submission never changes; handing in again makes a new one.
"""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, Response, jsonify, request, url_for

from lti_tool.demo.platform.claims import (
    ASSET_SCOPE,
    LTI,
    REPORT_SCOPE,
    SUBMISSION_NOTICE,
    context,
    deployment_of,
)
from lti_tool.demo.platform.courses import Courses
from lti_tool.demo.platform.errors import ServiceRefused
from lti_tool.demo.platform.model import ACTIVITY_ID, ACTIVITY_TITLE, COURSE_ID, Clock, Person, Platform
from lti_tool.demo.platform.notices import Notices
from lti_tool.demo.platform.scores import nanoseconds_of
from lti_tool.demo.platform.store import Store
from lti_tool.demo.platform.tokens import AccessTokens

_PROGRESS: Final = ("Processed", "Processing", "PendingManual", "Failed", "NotProcessed", "NotReady")


@dataclass(frozen=True)
class Activity:
    """One assignment of the platform's own; `processor` is the item that a tool attached, if one did."""

    id: str
    course_id: str
    title: str
    processor: dict[str, Any] | None

    @property
    def claim(self) -> dict[str, str]:
        """The activity as launches and notices name it."""
        return {"id": self.id, "title": self.title}


@dataclass(frozen=True)
class Asset:
    """One file or text, as it came."""

    id: str
    activity_id: str
    submission_id: str
    user_id: str
    file_name: str | None
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Report:
    """The newest report about an asset."""

    asset_id: str
    body: dict[str, Any]


class OwnAssignment:
    """Knows what is attached, what came in, and what was reported."""

    def __init__(self, platform: Platform, store: Store, courses: Courses, notices: Notices, clock: Clock) -> None:
        self._platform = platform
        self._store = store
        self._courses = courses
        self._notices = notices
        self._clock = clock
        with store.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO activities (id, course_id, title) VALUES (?, ?, ?)",
                (ACTIVITY_ID, COURSE_ID, ACTIVITY_TITLE),
            )

    def attach(self, course_id: str, item: dict[str, Any]) -> None:
        """Keep a deep-linked processor in place of an earlier one."""
        with self._store.transaction() as connection:
            connection.execute("UPDATE activities SET processor = ? WHERE course_id = ?", (json.dumps(item), course_id))

    def activity_of(self, course_id: str) -> Activity:
        """Give the one activity that every course has."""
        with self._store.transaction() as connection:
            row = connection.execute("SELECT * FROM activities WHERE course_id = ?", (course_id,)).fetchone()
        processor = None if row["processor"] is None else dict(json.loads(row["processor"]))
        return Activity(row["id"], row["course_id"], row["title"], processor)

    def hand_in(self, activity: Activity, person: Person, files: list[tuple[str | None, str, bytes]]) -> str:
        """Take a submission of (file name, content type, content) and tell the tool; give its id."""
        submission = f"submission-{secrets.token_hex(6)}"
        with self._store.transaction() as connection:
            for name, kind, content in files:
                connection.execute(
                    "INSERT INTO assets "
                    "(id, activity_id, submission_id, user_id, file_name, content_type, content, at) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        f"asset-{secrets.token_hex(6)}",
                        activity.id,
                        submission,
                        person.user_id,
                        name,
                        kind,
                        content,
                        self._clock(),
                    ),
                )
        self.announce(activity, submission)
        return submission

    def announce(self, activity: Activity, submission: str) -> None:
        """Send the notice of a submission, for the first time or again."""
        course = self._courses.course(activity.course_id)
        assets = [one for one in self.assets(activity) if one.submission_id == submission]
        if course is None or activity.processor is None or not assets:
            return
        claims = {
            LTI + "activity": activity.claim,
            LTI + "submission": {"id": submission},
            LTI + "for_user": {"user_id": assets[0].user_id},
            LTI + "context": context(course),
            LTI + "assetservice": {"scope": [ASSET_SCOPE], "assets": [self._announced(one) for one in assets]},
            LTI + "assetreport": {"scope": [REPORT_SCOPE], "report_url": self._platform.reports_url},
        }
        if activity.processor.get("custom"):
            claims[LTI + "custom"] = activity.processor["custom"]
        self._notices.send(SUBMISSION_NOTICE, claims, deployment_of(self._platform, course))

    def assets(self, activity: Activity) -> list[Asset]:
        """Give everything that came in, in its order."""
        return [one for one in self._all_assets() if one.activity_id == activity.id]

    def asset(self, asset_id: str) -> Asset | None:
        return next((one for one in self._all_assets() if one.id == asset_id), None)

    def _all_assets(self) -> list[Asset]:
        with self._store.transaction() as connection:
            rows = connection.execute(
                "SELECT id, activity_id, submission_id, user_id, file_name, content_type, content "
                "FROM assets ORDER BY position"
            )
            return [Asset(*row) for row in rows]

    def take_report(self, body: dict[str, Any]) -> None:
        """Check and keep a report; raises ServiceRefused (400, 404, 409)."""
        asset_id = body.get("assetId")
        if not isinstance(asset_id, str) or self.asset(asset_id) is None:
            raise ServiceRefused("There is no such asset.", code="not_found", status=404)
        _check(body)
        moment = nanoseconds_of(body.get("timestamp"))
        with self._store.transaction() as connection:
            last = connection.execute(
                "SELECT moment FROM reports WHERE asset_id = ? AND type = ?", (asset_id, body["type"])
            ).fetchone()
            if last is not None and moment <= last["moment"]:
                raise ServiceRefused("A report as new or newer is on record.", code="conflict", status=409)
            connection.execute(
                "INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?)", (asset_id, body["type"], moment, json.dumps(body))
            )

    def reports(self) -> dict[str, Report]:
        """Give the newest report of every asset."""
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT asset_id, body FROM reports")
            return {row["asset_id"]: Report(row["asset_id"], json.loads(row["body"])) for row in rows}

    def _announced(self, asset: Asset) -> dict[str, Any]:
        announced: dict[str, Any] = {
            "asset_id": asset.id,
            "url": f"{self._platform.public_url}/lti/assets/{asset.id}",
            "sha256_checksum": base64.b64encode(hashlib.sha256(asset.content).digest()).decode(),
            "timestamp": datetime.fromtimestamp(self._clock(), UTC).isoformat().replace("+00:00", "Z"),
            "size": len(asset.content),
            "content_type": asset.content_type,
            "title": asset.file_name or "Text entry",
        }
        return announced | ({"filename": asset.file_name} if asset.file_name else {})


def _check(body: dict[str, Any]) -> None:
    if body.get("processingProgress") not in _PROGRESS:
        raise ServiceRefused("processingProgress must be a value of the standard.")
    priority = body.get("priority")
    if isinstance(priority, bool) or not isinstance(priority, int) or not 0 <= priority <= 5:
        raise ServiceRefused("priority must be a whole number from 0 to 5.")
    if not isinstance(body.get("type"), str) or not body["type"]:
        raise ServiceRefused("type is needed.")
    result = body.get("result")
    if result is not None and (
        body["processingProgress"] != "Processed" or not isinstance(result, str) or len(result) > 16
    ):
        raise ServiceRefused("result is a text of at most 16 characters, with Processed only.")
    if body["processingProgress"] == "Failed" and not isinstance(body.get("errorCode"), str):
        raise ServiceRefused("A failure needs an errorCode.")
    if not isinstance(body.get("visibleToOwner", False), bool):
        raise ServiceRefused("visibleToOwner must be true or false.")


def create_asset_routes(own: OwnAssignment, tokens: AccessTokens) -> Blueprint:
    """Give the routes of assets and reports. An asset is handed out from a second address, without the token."""
    routes = Blueprint("assets", __name__)
    passes: dict[str, str] = {}

    @routes.get("/lti/assets/<asset_id>")
    def hand_out(asset_id: str) -> Response:
        tokens.require(request, ASSET_SCOPE)
        if own.asset(asset_id) is None:
            raise ServiceRefused("There is no such asset.", code="not_found", status=404)
        ticket = secrets.token_urlsafe(24)
        passes[ticket] = asset_id
        answer = Response(status=302)
        answer.headers["Location"] = url_for("assets.file", ticket=ticket)
        return answer

    @routes.get("/lti/files/<ticket>")
    def file(ticket: str) -> Response:
        asset = own.asset(passes.pop(ticket, ""))
        if asset is None:
            raise ServiceRefused("There is no such file.", code="not_found", status=404)
        return Response(asset.content, content_type=asset.content_type)

    @routes.post("/lti/reports")
    def report() -> Response:
        tokens.require(request, REPORT_SCOPE)
        body = request.get_json(silent=True)
        if request.mimetype != "application/json" or not isinstance(body, dict):
            raise ServiceRefused("The body must be a JSON object.")
        own.take_report(body)
        answer = jsonify(body)
        answer.status_code = 201
        return answer

    return routes
