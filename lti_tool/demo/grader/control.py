"""How tests and the demonstration steer the grader: let time pass, have things go wrong, read the bill, sign messages.

Only there when it was asked for, under /control, and with the same key.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, jsonify, request

from lti_tool.demo.grader import faults
from lti_tool.demo.grader.store import Store


class SteeredClock:
    """The grader's clock, put forward by as much as it was told to."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.ahead = 0.0
        """Seconds."""

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return self._clock() + self.ahead


def add_control(app: Flask, store: Store, clock: SteeredClock) -> None:
    """The endpoints under /control."""

    @app.post("/control/forward")
    def forward() -> Response:
        clock.ahead += float(_body()["seconds"])
        return jsonify({"now": clock()})

    @app.post("/control/faults")
    def add_faults() -> Response:
        with store.open() as database:
            for fault in _body()["faults"]:
                faults.add(database, fault)
        return jsonify({"added": len(_body()["faults"])})

    @app.get("/control/account")
    def account() -> Response:
        """Everything that was taken in and charged."""
        with store.open() as database:
            charges = [dict(row) for row in database.execute("SELECT * FROM charge ORDER BY rowid")]
            bodies = [json.loads(row["body"]) for row in database.execute("SELECT body FROM batch ORDER BY number")]
            kept = [dict(row) for row in database.execute("SELECT id, name FROM file ORDER BY number")]
        shown = [{name: body[name] for name in ("id", "status", "metadata", "input_file_id")} for body in bodies]
        return jsonify({"charges": charges, "batches": shown, "files": kept})

    @app.post("/control/reset")
    def reset() -> Response:
        with store.open() as database:
            for table in ("file", "batch", "fault", "charge"):
                database.execute(f"DELETE FROM {table}")  # noqa: S608 - the names stand in the line above
        clock.ahead = 0.0
        return jsonify({})

    @app.post("/control/messages")
    def message() -> Response:
        """A message as it would be sent to a webhook, signed."""
        wanted = _body()
        return jsonify(signed(wanted, int(clock()) if wanted.get("at") is None else int(wanted["at"])))


def signed(wanted: dict[str, Any], now: int) -> dict[str, Any]:
    """The raw body and the headers of a message about a batch, as `type` and `batch` say."""
    content = {
        "id": f"evt_{wanted['id']}",
        "object": "event",
        "type": wanted["type"],
        "created_at": now,
        "data": {"id": wanted["batch"]},
    }
    body = json.dumps(content)
    key = base64.b64decode(str(wanted["secret"]).removeprefix("whsec_"))
    mark = hmac.new(key, f"{wanted['id']}.{now}.{body}".encode(), hashlib.sha256).digest()
    headers = {
        "webhook-id": str(wanted["id"]),
        "webhook-timestamp": str(now),
        "webhook-signature": f"v1,{base64.b64encode(mark).decode()}",
    }
    return {"body": body, "headers": headers}


def _body() -> dict[str, Any]:
    found: dict[str, Any] = request.get_json()
    return found
