"""A batch's life: validated, worked on for a few seconds, finished. Its state follows from the clock when asked."""

import hashlib
import json
import secrets
import sqlite3
from typing import Any, Final

from lti_tool.demo.grader.completions import complete
from lti_tool.demo.grader.errors import ApiError
from lti_tool.demo.grader.faults import spoil_answer, spoil_lines, take
from lti_tool.demo.grader.models import available
from lti_tool.demo.grader.store import add_file, charge, find_file, load_batch, save_batch

ENDPOINT: Final = "/v1/chat/completions"
MOST_LINES: Final = 50_000
VALIDATION_SHARE: Final = 0.15
HIDDEN: Final = frozenset({"started", "lifetime", "faults", "line_faults"})
FINAL: Final = frozenset({"failed", "completed", "expired", "cancelled"})


def create(database: sqlite3.Connection, wanted: dict[str, Any], now: float) -> dict[str, Any]:
    """Note a batch; whether its file is any good shows later."""
    batch = {
        "id": f"batch_{secrets.token_hex(12)}",
        "object": "batch",
        "endpoint": wanted["endpoint"],
        "errors": None,
        "input_file_id": wanted["input_file_id"],
        "completion_window": "24h",
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": int(now),
        "expires_at": int(now) + 24 * 3600,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "metadata": wanted.get("metadata"),
        "started": now,
        "lifetime": (wanted.get("output_expires_after") or {}).get("seconds"),
        "faults": take(database, "batch"),
        "line_faults": take(database, "line"),
    }
    save_batch(database, batch)
    return batch


def current(database: sqlite3.Connection, identifier: str, now: float, seconds: float) -> dict[str, Any] | None:
    """A batch as it stands now, moved on as far as the clock says."""
    batch = load_batch(database, identifier)
    if batch is None or batch["status"] in FINAL:
        return batch
    unknown = _fault(batch, "status")
    if unknown and unknown.get("polls", 1) > 0:
        unknown["polls"] = unknown.get("polls", 1) - 1
        save_batch(database, batch)
        return {**batch, "status": unknown["status"]}
    share = 1.0 if seconds <= 0 else (now - batch["started"]) / seconds
    if batch["status"] == "validating" and share >= VALIDATION_SHARE:
        _validate(database, batch, now)
    if batch["status"] == "in_progress":
        total = batch["request_counts"]["total"]
        done = min(total, int(total * (share - VALIDATION_SHARE) / (1 - VALIDATION_SHARE)))
        batch["request_counts"]["completed"] = max(0, done)
        if share >= 1.0:
            early = _fault(batch, "expire") or _fault(batch, "cancel")
            status = {"expire": "expired", "cancel": "cancelled"}.get(early["do"], "") if early else "completed"
            _finish(database, batch, now, int(early["done"]) if early else total, status)
    elif batch["status"] == "cancelling":
        _finish(database, batch, now, batch["request_counts"]["completed"], "cancelled")
    save_batch(database, batch)
    return batch


def cancel(database: sqlite3.Connection, batch: dict[str, Any], now: float) -> dict[str, Any]:
    """Begin to cancel a batch that is not finished."""
    if batch["status"] in FINAL or batch["status"] == "cancelling":
        raise ApiError(f"Cannot cancel a batch with status '{batch['status']}'.", code="batch_not_cancellable")
    batch |= {"status": "cancelling", "cancelling_at": int(now)}
    save_batch(database, batch)
    return batch


def shown(batch: dict[str, Any]) -> dict[str, Any]:
    """A batch as the API answers it."""
    return {name: value for name, value in batch.items() if name not in HIDDEN}


def _lines(database: sqlite3.Connection, batch: dict[str, Any], now: float) -> list[str]:
    row = find_file(database, batch["input_file_id"], now)
    content: bytes = row["content"] if row else b""
    return [line for line in content.decode("utf-8", "replace").split("\n") if line.strip()]


def _validate(database: sqlite3.Connection, batch: dict[str, Any], now: float) -> None:
    lines = _lines(database, batch, now)
    told = _fault(batch, "fail")
    errors = (
        [_error(told["code"], told.get("message", "Told to fail."), None)]
        if told
        else _errors(lines, batch["endpoint"], now)
    )
    if errors:
        batch |= {"status": "failed", "failed_at": int(now), "errors": {"object": "list", "data": errors}}
        return
    batch |= {"status": "in_progress", "in_progress_at": int(now), "model": json.loads(lines[0])["body"]["model"]}
    batch["request_counts"]["total"] = len(lines)


def _errors(lines: list[str], endpoint: str, now: float) -> list[dict[str, Any]]:
    if not lines:
        return [_error("empty_file", "The input file is empty.", None)]
    if len(lines) > MOST_LINES:
        return [_error("too_many_tasks", f"The batch input file contains more than {MOST_LINES} requests.", None)]
    seen: set[str] = set()
    models: set[str] = set()
    found: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        error = _line_error(line, endpoint, seen, models, now)
        if error:
            found.append({**error, "line": number})
    return found[:20]


def _line_error(line: str, endpoint: str, seen: set[str], models: set[str], now: float) -> dict[str, Any] | None:
    try:
        request = json.loads(line)
    except ValueError:
        return _error("invalid_json_line", "This line is not parseable as valid JSON.", None)
    if not isinstance(request, dict):
        return _error("invalid_json_line", "This line is not an object.", None)
    for name in ("custom_id", "method", "url", "body"):
        if name not in request:
            return _error("missing_required_parameter", f"Missing required parameter: '{name}'.", name)
    custom_id, body = request["custom_id"], request["body"]
    if not isinstance(custom_id, str) or not custom_id or not isinstance(body, dict):
        return _error("invalid_type", "custom_id must be a string and body an object.", "custom_id")
    if custom_id in seen:
        return _error("duplicate_custom_id", "This custom_id is used more than once.", "custom_id")
    seen.add(custom_id)
    if request["method"] != "POST":
        return _error("invalid_method", "The method must be POST.", "method")
    if request["url"] != endpoint:
        return _error("invalid_url", "The url must be the batch's endpoint.", "url")
    model = body.get("model")
    models.add(str(model))
    if len(models) > 1:
        return _error("mismatched_model", "All requests of a batch must use the same model.", "body.model")
    if model not in available(now):
        return _error("model_not_found", f"The provided model '{model}' is not supported.", "body.model")
    return None


def _error(code: str, message: str, param: str | None) -> dict[str, Any]:
    return {"code": code, "message": message, "param": param, "line": None}


def _finish(database: sqlite3.Connection, batch: dict[str, Any], now: float, done: int, status: str) -> None:
    """Write both result files: lines that were reached, in no particular order, and those that were not."""
    output: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    used = {"input_tokens": 0, "output_tokens": 0}
    lost = int((_fault(batch, "lose") or {}).get("count", 0))
    for number, line in enumerate(_lines(database, batch, now)):
        request = json.loads(line)
        if number < lost:
            continue
        if number >= done:
            errors.append(_result(request, None, _UNEXECUTED[status]))
            continue
        try:
            body = spoil_answer(complete(request["body"], now), batch.get("line_faults", ()), number)
        except ApiError as refusal:
            errors.append(_result(request, (refusal.status, refusal.body), None))
            continue
        used["input_tokens"] += body["usage"]["prompt_tokens"]
        used["output_tokens"] += body["usage"]["completion_tokens"]
        charge(database, batch["id"], request["custom_id"], body)
        output.append(_result(request, (200, body), None))
    # Results come in no particular order: a steady one of their own, that is not the order of the requests.
    output.sort(key=lambda line: str(line["id"]))
    batch["output_file_id"] = _write(database, batch, output, "output", now)
    batch["error_file_id"] = _write(database, batch, errors, "error", now)
    batch["request_counts"] |= {"completed": len(output), "failed": len(errors)}
    batch["usage"] = {**used, "total_tokens": sum(used.values())}
    batch |= {"status": status, "finalizing_at": int(now), f"{status}_at": int(now)}


_UNEXECUTED: Final = {
    "cancelled": {"code": "batch_cancelled", "message": "The batch was cancelled."},
    "expired": {
        "code": "batch_expired",
        "message": "This request could not be executed before the completion window expired.",
    },
}


def _fault(batch: dict[str, Any], what: str) -> dict[str, Any] | None:
    return next((fault for fault in batch.get("faults", ()) if fault["do"] == what), None)


def _result(
    request: dict[str, Any], response: tuple[int, dict[str, Any]] | None, error: dict[str, str] | None
) -> dict[str, Any]:
    mark = hashlib.sha256(request["custom_id"].encode()).hexdigest()[:16]
    answered = (
        {"status_code": response[0], "request_id": f"req_{mark}", "body": response[1]} if response is not None else None
    )
    return {"id": f"batch_req_{mark}", "custom_id": request["custom_id"], "response": answered, "error": error}


def _write(
    database: sqlite3.Connection, batch: dict[str, Any], lines: list[dict[str, Any]], kind: str, now: float
) -> str | None:
    if not lines:
        return None
    written = spoil_lines([json.dumps(line, ensure_ascii=False) for line in lines], batch.get("faults", ()))
    content = "".join(line + "\n" for line in written)
    return add_file(database, f"{batch['id']}_{kind}.jsonl", content.encode(), now, batch["lifetime"], "batch_output")
