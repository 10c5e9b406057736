"""The HTTP face: Files, Batches, Chat Completions and Models under /v1, with a Bearer key."""

import hmac
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from lti_tool.demo.grader import batches
from lti_tool.demo.grader.completions import complete
from lti_tool.demo.grader.control import SteeredClock, add_control
from lti_tool.demo.grader.errors import ApiError, missing
from lti_tool.demo.grader.faults import add_faulty_calls
from lti_tool.demo.grader.models import available
from lti_tool.demo.grader.store import Store, add_file, find_file

MOST_BYTES: Final = 200 * 1024 * 1024
SHORTEST_LIFETIME: Final = 3600
LONGEST_LIFETIME: Final = 2_592_000


def create_app(
    data_dir: Path, api_key: str, seconds: float, clock: Callable[[], float] = time.time, *, control: bool = False
) -> Flask:
    """The server.

    Args:
        seconds: how long a batch takes.
        control: whether whoever has the key may let time pass and have things go wrong.
    """
    app = Flask("demonstration-grader", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES + 1024 * 1024
    app.config["MAX_FORM_MEMORY_SIZE"] = 1024 * 1024
    store = Store(data_dir)
    _add_manners(app, api_key)
    if control:
        clock = steered = SteeredClock(clock)
        add_control(app, store, steered)
        add_faulty_calls(app, store)
    _add_files(app, store, clock)
    _add_batches(app, store, seconds, clock)

    @app.post("/v1/chat/completions")
    def completions() -> Response:
        return jsonify(complete(request.get_json(silent=True), clock()))

    @app.get("/v1/models")
    def models() -> Response:
        names = [{"id": name, "object": "model", "owned_by": "demonstration"} for name in available(clock())]
        return jsonify({"object": "list", "data": names})

    return app


def _add_manners(app: Flask, api_key: str) -> None:
    @app.before_request
    def _authorize() -> None:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {api_key}".encode()):
            raise ApiError("Incorrect API key provided.", status=401, code="invalid_api_key")

    @app.after_request
    def _mark(response: Response) -> Response:
        response.headers["x-request-id"] = f"req_{secrets.token_hex(8)}"
        response.headers["x-demonstration-grader"] = "true"
        return response

    @app.errorhandler(ApiError)
    def _refused(error: ApiError) -> tuple[Response, int]:
        return jsonify(error.body), error.status

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> tuple[Response, int]:
        status = error.code or 500
        wrapped = ApiError(error.description or "Invalid request.", status=status, code=f"http_{status}")
        return jsonify(wrapped.body), status


def _add_files(app: Flask, store: Store, clock: Callable[[], float]) -> None:
    @app.post("/v1/files")
    def upload() -> Response:
        unknown = set(request.form) - {"purpose", "expires_after[anchor]", "expires_after[seconds]"}
        if unknown:
            raise ApiError(f"Unknown parameter: '{min(unknown)}'.", code="unknown_parameter")
        if request.form.get("purpose") != "batch":
            raise ApiError("Only files for batches are kept here.", param="purpose", code="invalid_value")
        sent = request.files.get("file")
        if sent is None:
            raise ApiError("Missing required parameter: 'file'.", param="file", code="missing_required_parameter")
        lifetime = _lifetime(request.form.get("expires_after[anchor]"), request.form.get("expires_after[seconds]"))
        content = sent.stream.read()
        if len(content) > MOST_BYTES:
            raise ApiError("The file is larger than 200 MB.", status=413, code="file_too_large")
        now = clock()
        with store.open() as database:
            identifier = add_file(database, sent.filename or "upload.jsonl", content, now, lifetime)
            return jsonify(_file(find_file(database, identifier, now)))

    @app.get("/v1/files")
    def files() -> Response:
        now, purpose = clock(), request.args.get("purpose")
        with store.open() as database:
            rows = database.execute(
                "SELECT * FROM file WHERE (expires IS NULL OR expires > ?) AND purpose = COALESCE(?, purpose) "
                "ORDER BY number",
                (now, purpose),
            ).fetchall()
        shown = [_file(row) for row in rows]
        return _page(shown if request.args.get("order") == "asc" else shown[::-1])

    @app.get("/v1/files/<identifier>")
    def file(identifier: str) -> Response:
        with store.open() as database:
            return jsonify(_file(find_file(database, identifier, clock())))

    @app.get("/v1/files/<identifier>/content")
    def content(identifier: str) -> Response:
        with store.open() as database:
            row = find_file(database, identifier, clock())
        if row is None:
            raise missing("File object")
        return Response(row["content"], mimetype="application/jsonl")

    @app.delete("/v1/files/<identifier>")
    def delete(identifier: str) -> Response:
        with store.open() as database:
            if find_file(database, identifier, clock()) is None:
                raise missing("File object")
            database.execute("DELETE FROM file WHERE id = ?", (identifier,))
        return jsonify({"id": identifier, "object": "file", "deleted": True})


def _add_batches(app: Flask, store: Store, seconds: float, clock: Callable[[], float]) -> None:
    @app.post("/v1/batches")
    def create() -> Response:
        wanted = _wanted_batch(request.get_json(silent=True))
        now = clock()
        with store.open() as database:
            if find_file(database, wanted["input_file_id"], now) is None:
                raise missing("File object")
            return jsonify(batches.shown(batches.create(database, wanted, now)))

    @app.get("/v1/batches")
    def listed() -> Response:
        now = clock()
        with store.open() as database:
            ids = [row["id"] for row in database.execute("SELECT id FROM batch ORDER BY number DESC")]
            found = [batches.current(database, identifier, now, seconds) for identifier in ids]
        return _page([batches.shown(batch) for batch in found if batch])

    @app.get("/v1/batches/<identifier>")
    def retrieve(identifier: str) -> Response:
        with store.open() as database:
            batch = batches.current(database, identifier, clock(), seconds)
        if batch is None:
            raise missing("batch")
        return jsonify(batches.shown(batch))

    @app.post("/v1/batches/<identifier>/cancel")
    def cancel(identifier: str) -> Response:
        now = clock()
        with store.open() as database:
            batch = batches.current(database, identifier, now, seconds)
            if batch is None:
                raise missing("batch")
            return jsonify(batches.shown(batches.cancel(database, batch, now)))


def _wanted_batch(body: Any) -> dict[str, Any]:
    known = {"input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after"}
    if not isinstance(body, dict):
        raise ApiError("The body must be an object.")
    for name in body:
        if name not in known:
            raise ApiError(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    if not isinstance(body.get("input_file_id"), str):
        raise ApiError("Missing required parameter: 'input_file_id'.", param="input_file_id")
    if body.get("endpoint") != batches.ENDPOINT:
        raise ApiError("Invalid value for endpoint.", param="endpoint", code="invalid_value")
    if body.get("completion_window") != "24h":
        raise ApiError("The completion window must be '24h'.", param="completion_window", code="invalid_value")
    metadata = body.get("metadata") or {}
    if len(metadata) > 16 or any(
        not isinstance(value, str) or len(name) > 64 or len(value) > 512 for name, value in metadata.items()
    ):
        raise ApiError("Invalid metadata.", param="metadata", code="invalid_value")
    expiry = body.get("output_expires_after")
    if expiry is not None:
        _lifetime(expiry.get("anchor"), expiry.get("seconds"))
    return body


def _lifetime(anchor: object, seconds: object) -> int | None:
    if anchor is None and seconds is None:
        return None
    if anchor != "created_at" or not str(seconds).isdigit():
        raise ApiError("Invalid value for expires_after.", param="expires_after", code="invalid_value")
    value = int(str(seconds))
    if not SHORTEST_LIFETIME <= value <= LONGEST_LIFETIME:
        raise ApiError("expires_after must be between one hour and 30 days.", param="expires_after")
    return value


def _file(row: Any) -> dict[str, Any]:
    if row is None:
        raise missing("File object")
    return {
        "id": row["id"],
        "object": "file",
        "bytes": len(row["content"]),
        "created_at": int(row["created"]),
        "expires_at": int(row["expires"]) if row["expires"] else None,
        "filename": row["name"],
        "purpose": row["purpose"],
        "status": "processed",
    }


def _page(found: list[dict[str, Any]]) -> Response:
    """Cursor paging: `limit` entries after the one that `after` names."""
    limit, after = request.args.get("limit", "20"), request.args.get("after")
    if not limit.isdigit() or not 1 <= int(limit) <= 10_000:
        raise ApiError("Invalid 'limit'.", param="limit", code="invalid_value")
    ids = [entry["id"] for entry in found]
    if after is not None and after not in ids:
        raise missing("cursor")
    start = ids.index(after) + 1 if after is not None else 0
    shown = found[start : start + int(limit)]
    return jsonify(
        {
            "object": "list",
            "data": shown,
            "first_id": shown[0]["id"] if shown else None,
            "last_id": shown[-1]["id"] if shown else None,
            "has_more": start + len(shown) < len(found),
        }
    )
