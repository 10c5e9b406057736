"""The notification service: who wants to hear of what, and notices signed and sent once (PNS 1.0)."""

import json
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import requests
from flask import Blueprint, Response, jsonify, request

from lti_tool.demo.platform.claims import LTI, NOTICE_SCOPE, NOTICE_TYPES, deployment_of, signed_parts
from lti_tool.demo.platform.courses import Courses
from lti_tool.demo.platform.errors import ServiceRefused
from lti_tool.demo.platform.model import Clock, Platform, origin_of
from lti_tool.demo.platform.signing_keys import SigningKeys
from lti_tool.demo.platform.store import Store
from lti_tool.demo.platform.tokens import AccessTokens

_SECONDS: Final = 10
_PATH: Final = "/lti/deployments/<deployment_id>/notice-handlers"


@dataclass(frozen=True)
class Sent:
    """A notice that went out; `status` is the HTTP status of the answer, -1 when there was none."""

    notice_type: str
    status: int


class Notices:
    """Keeps each deployment's subscriptions and sends notices. A notice that finds nobody is not sent again."""

    def __init__(self, platform: Platform, store: Store, courses: Courses, keys: SigningKeys, clock: Clock) -> None:
        self._platform = platform
        self._store = store
        self._courses = courses
        self._keys = keys
        self._clock = clock

    def deployments(self) -> list[str]:
        """Give every deployment of the tool here, that of the whole school first."""
        own = [deployment_of(self._platform, course) for course in self._courses.all()]
        return list(dict.fromkeys([self._platform.deployment_id, *own]))

    def require_deployment(self, deployment_id: str) -> None:
        """Let a call pass that is about a deployment of the tool; raises ServiceRefused (404)."""
        if deployment_id not in self.deployments():
            raise ServiceRefused("There is no such deployment.", code="not_found", status=404)

    def subscribe(self, deployment_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Set or, with an empty handler, remove a deployment's handler of a type; raises ServiceRefused."""
        kind, handler = body.get("notice_type"), body.get("handler")
        if kind not in NOTICE_TYPES:
            raise ServiceRefused("This type of notice is not offered.")
        if not isinstance(handler, str) or (handler and origin_of(handler) != origin_of(self._platform.tool_url)):
            raise ServiceRefused("The handler must be an address of the tool.")
        with self._store.transaction() as connection:
            connection.execute(
                "DELETE FROM notice_handlers WHERE deployment_id = ? AND notice_type = ?", (deployment_id, kind)
            )
            if handler:
                connection.execute("INSERT INTO notice_handlers VALUES (?, ?, ?)", (deployment_id, kind, handler))
        return {"notice_type": kind, "handler": handler}

    def handlers(self, deployment_id: str) -> dict[str, str]:
        """Give every handler of a deployment by the type it takes."""
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT * FROM notice_handlers WHERE deployment_id = ?", (deployment_id,))
            return {row["notice_type"]: row["handler"] for row in rows}

    def sent(self) -> list[Sent]:
        """Give the notices that were answered or given up, the newest first."""
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT * FROM sent_notices ORDER BY position DESC LIMIT 10")
            return [Sent(row["notice_type"], row["status"]) for row in rows]

    def send(self, kind: str, claims: dict[str, Any], deployment_id: str) -> bool:
        """Send a notice in the background; False when nobody subscribed to its type in the deployment."""
        handler = self.handlers(deployment_id).get(kind)
        if handler is None:
            return False
        moment = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds")
        notice = {"id": secrets.token_hex(16), "timestamp": moment.replace("+00:00", "Z"), "type": kind}
        content = claims | signed_parts(self._platform, secrets.token_urlsafe(24), self._clock())
        content |= {
            LTI + "version": "1.3.0",
            LTI + "deployment_id": deployment_id,
            LTI + "notice": notice,
        }
        body = json.dumps({"notices": [{"jwt": self._keys.sign(content)}]})
        threading.Thread(target=self._post, args=(kind, handler, body), daemon=True).start()
        return True

    def _post(self, kind: str, handler: str, body: str) -> None:
        status = 0
        try:
            headers = {"Content-Type": "application/json"}
            status = requests.post(handler, data=body, headers=headers, timeout=_SECONDS).status_code
        except requests.RequestException:
            # Who is not there misses the notice: the teacher can have it sent again.
            status = -1
        with self._store.transaction() as connection:
            connection.execute("INSERT INTO sent_notices (notice_type, status) VALUES (?, ?)", (kind, status))


def create_notice_routes(platform: Platform, notices: Notices, tokens: AccessTokens) -> Blueprint:
    """Give the routes of the notification service."""
    routes = Blueprint("notices", __name__)

    @routes.put(_PATH)
    def subscribe(deployment_id: str) -> Response:
        tokens.require(request, NOTICE_SCOPE)
        notices.require_deployment(deployment_id)
        body = request.get_json(silent=True)
        if request.mimetype != "application/json" or not isinstance(body, dict):
            raise ServiceRefused("The body must be a JSON object.")
        return jsonify(notices.subscribe(deployment_id, body))

    @routes.get(_PATH)
    def show(deployment_id: str) -> Response:
        tokens.require(request, NOTICE_SCOPE)
        notices.require_deployment(deployment_id)
        handlers = notices.handlers(deployment_id)
        found = [{"notice_type": kind, "handler": handler} for kind, handler in handlers.items()]
        return jsonify(client_id=platform.client_id, deployment_id=deployment_id, notice_handlers=found)

    return routes
