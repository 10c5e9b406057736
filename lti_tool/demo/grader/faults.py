"""What can go wrong at a provider, on request: faults are told over `/control` and happen once, or as often as told.

A fault is a JSON object: `on` (what it happens to), `do` (what happens), `times`, `skip` (how often it passes by
first), and what it needs besides. `on` is the name of a call (`upload`, `files`, `content`, `delete`, `create`,
`listed`, `retrieve`, `cancel`), or `batch` for what becomes of the next batch, or `line` for what its answers are.

| on | do | besides |
|---|---|---|
| a call | `error`: an HTTP error | `status`, `code`, `headers`; `after`: once the call has done its work |
| a call | `drop`: the connection breaks before the answer | `after` |
| a call | `hang`: no answer within any patience | `seconds`, `after` |
| `content` | `cut`: breaks in the middle; `truncate`: half, as if it were all; `drip`: a few bytes at a time | |
| `batch` | `fail` | `code`, `message` |
| `batch` | `expire`, `cancel`: ends early | `done`: lines that were executed |
| `batch` | `status`: stays in a state nobody knows | `status`, `polls` |
| `batch` | `shuffle`, `duplicate`, `lose`, `strangers`, `blanks`: the result lines | `count` |
| `line` | `refusal`, `length`, `content_filter`, `invalid_json`, `schema`, `status` | `lines`: which; `status` |
"""

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Flask, Response, g, request

from lti_tool.demo.grader.errors import ApiError
from lti_tool.demo.grader.store import Store

Fault = dict[str, Any]
DRIP_BYTES = 16


def add(database: sqlite3.Connection, fault: Fault) -> None:
    """Have something go wrong from now on."""
    if not isinstance(fault, dict) or "on" not in fault or "do" not in fault:
        raise ApiError("A fault needs 'on' and 'do'.")
    database.execute(
        "INSERT INTO fault (happens_on, body, passes, times) VALUES (?, ?, ?, ?)",
        (fault["on"], json.dumps(fault), int(fault.get("skip", 0)), int(fault.get("times", 1))),
    )


def take(database: sqlite3.Connection, name: str) -> list[Fault]:
    """What goes wrong this time; counted off."""
    rows = database.execute(
        "SELECT number, body, passes FROM fault WHERE happens_on = ? AND times > 0 ORDER BY number", (name,)
    ).fetchall()
    found = []
    for row in rows:
        if row["passes"] > 0:
            database.execute("UPDATE fault SET passes = passes - 1 WHERE number = ?", (row["number"],))
        else:
            database.execute("UPDATE fault SET times = times - 1 WHERE number = ?", (row["number"],))
            found.append(json.loads(row["body"]))
    return found


def add_faulty_calls(app: Flask, store: Store) -> None:
    """Have calls go wrong as told."""

    @app.before_request
    def _before() -> Response | None:
        if request.endpoint is None or request.path.startswith("/control"):
            return None
        with store.open() as database:
            g.faults = take(database, request.endpoint)
        for fault in g.faults:
            if not fault.get("after") and fault["do"] in ("error", "drop", "hang"):
                g.faults = []
                return _instead(fault)
        return None

    @app.after_request
    def _after(response: Response) -> Response:
        for fault in getattr(g, "faults", []):
            if fault["do"] in ("cut", "truncate", "drip"):
                return _spoiled(response, fault["do"])
            if fault.get("after"):
                return _instead(fault)
        return response


def _instead(fault: Fault) -> Response:
    if fault["do"] == "hang":
        time.sleep(float(fault["seconds"]))
    if fault["do"] != "error":
        # Fewer bytes than announced: the server closes the connection, and the client never sees an answer.
        return Response(iter([b"{"]), headers={"Content-Length": "4096"}, mimetype="application/json")
    error = ApiError(
        fault.get("message", "Told to fail."), status=int(fault["status"]), code=fault.get("code"), kind="told"
    )
    headers = {name: str(value) for name, value in fault.get("headers", {}).items()}
    return Response(json.dumps(error.body), status=error.status, headers=headers, mimetype="application/json")


def _spoiled(response: Response, how: str) -> Response:
    content = response.get_data()
    half = content[: len(content) // 2]
    if how == "truncate":
        response.set_data(half)
        return response
    if how == "cut":
        headers = {"Content-Length": str(len(content))}
        return Response(iter([half]), headers=headers, mimetype=response.mimetype)
    headers = {"Content-Length": str(len(content))}
    return Response(_dripped(content), headers=headers, mimetype=response.mimetype)


def _dripped(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), DRIP_BYTES):
        yield content[start : start + DRIP_BYTES]


def spoil_answer(body: dict[str, Any], faults: Sequence[Fault], number: int) -> dict[str, Any]:
    """An answer as the faults of its line make it.

    Raises:
        ApiError: the line fails with an HTTP status.
    """
    choice = body["choices"][0]
    message = choice["message"]
    for fault in faults:
        if number not in fault.get("lines", [number]):
            continue
        match fault["do"]:
            case "refusal":
                message |= {"content": None, "refusal": "I can't help with that."}
            case "length":
                choice["finish_reason"] = "length"
                message["content"] = message["content"][: len(message["content"]) // 2]
            case "content_filter":
                choice["finish_reason"] = "content_filter"
                message["content"] = ""
            case "invalid_json":
                message["content"] = "Certainly! Here is the assessment: {"
            case "schema":
                message["content"] = json.dumps({"criteria": {}, "verdict": "good"})
            case "status":
                raise ApiError("Told to fail.", status=int(fault["status"]), code=fault.get("code", "told"))
    return body


def spoil_lines(lines: list[str], faults: Sequence[Fault]) -> list[str]:
    """A result file's lines as the faults of its batch make them."""
    for fault in faults:
        count = int(fault.get("count", 1))
        match fault["do"]:
            case "shuffle":
                lines = lines[::-1]
            case "duplicate":
                lines = [*lines, *lines[:count]]
            case "strangers":
                strange = [
                    json.dumps({**json.loads(line), "custom_id": f"stranger_{n}"}) for n, line in enumerate(lines)
                ]
                lines = [*strange[:count], *lines]
            case "blanks":
                lines = [part for line in lines for part in ("", line, "  ")]
    return lines
