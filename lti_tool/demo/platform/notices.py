"""The notification service: who wants to hear of what, and notices signed and sent once (PNS 1.0)."""

import json
import secrets
import threading
from datetime import UTC, datetime
from typing import Any, Final

import requests
from flask import Blueprint, Response, jsonify, request

from lti_tool.demo.platform.claims import LTI, NOTICE_SCOPE, NOTICE_TYPES, signed_parts
from lti_tool.demo.platform.errors import ServiceRefused
from lti_tool.demo.platform.keys import SigningKey
from lti_tool.demo.platform.model import Clock, Platform, origin_of
from lti_tool.demo.platform.store import Store
from lti_tool.demo.platform.tokens import AccessTokens

_SECONDS: Final = 10


class Notices:
    """Keeps subscriptions and sends notices. A notice that finds nobody is not sent again."""

    def __init__(self, platform: Platform, store: Store, key: SigningKey, clock: Clock) -> None:
        self._platform = platform
        self._store = store
        self._key = key
        self._clock = clock

    def subscribe(self, body: dict[str, Any]) -> dict[str, Any]:
        """Set or, with an empty handler, remove the handler of a type; raises ServiceRefused."""
        kind, handler = body.get("notice_type"), body.get("handler")
        if kind not in NOTICE_TYPES:
            raise ServiceRefused("This type of notice is not offered.")
        if not isinstance(handler, str) or (handler and origin_of(handler) != origin_of(self._platform.tool_url)):
            raise ServiceRefused("The handler must be an address of the tool.")
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM handlers WHERE notice_type = ?", (kind,))
            if handler:
                connection.execute("INSERT INTO handlers VALUES (?, ?)", (kind, handler))
        return {"notice_type": kind, "handler": handler}

    def handlers(self) -> dict[str, str]:
        """Give every handler by the type it takes."""
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT * FROM handlers")
            return {row["notice_type"]: row["handler"] for row in rows}

    def send(self, kind: str, claims: dict[str, Any]) -> None:
        """Send a notice in the background, if somebody subscribed to its type."""
        handler = self.handlers().get(kind)
        if handler is None:
            return
        moment = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds")
        notice = {"id": secrets.token_hex(16), "timestamp": moment.replace("+00:00", "Z"), "type": kind}
        content = claims | signed_parts(self._platform, secrets.token_urlsafe(24), self._clock())
        content |= {
            LTI + "version": "1.3.0",
            LTI + "deployment_id": self._platform.deployment_id,
            LTI + "notice": notice,
        }
        body = json.dumps({"notices": [{"jwt": self._key.sign(content)}]})
        threading.Thread(target=self._post, args=(handler, body), daemon=True).start()

    def _post(self, handler: str, body: str) -> None:
        status = 0
        try:
            headers = {"Content-Type": "application/json"}
            status = requests.post(handler, data=body, headers=headers, timeout=_SECONDS).status_code
        except requests.RequestException:
            # Who is not there misses the notice: the teacher can have it sent again.
            status = -1
        with self._store.transaction() as connection:
            connection.execute("INSERT INTO sent_notices (status) VALUES (?)", (status,))


def create_notice_routes(platform: Platform, notices: Notices, tokens: AccessTokens) -> Blueprint:
    """Give the routes of the notification service."""
    routes = Blueprint("notices", __name__)

    @routes.put("/lti/notice-handlers")
    def subscribe() -> Response:
        tokens.require(request, NOTICE_SCOPE)
        body = request.get_json(silent=True)
        if request.mimetype != "application/json" or not isinstance(body, dict):
            raise ServiceRefused("The body must be a JSON object.")
        return jsonify(notices.subscribe(body))

    @routes.get("/lti/notice-handlers")
    def show() -> Response:
        tokens.require(request, NOTICE_SCOPE)
        found = [{"notice_type": kind, "handler": handler} for kind, handler in notices.handlers().items()]
        return jsonify(client_id=platform.client_id, deployment_id=platform.deployment_id, notice_handlers=found)

    return routes
