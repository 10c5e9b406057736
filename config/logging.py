"""Structured logs: events with keys, one a line, never a sentence with somebody's data in it.

log = get_logger(__name__)
log.info("batch.submitted", extra=fields(batch=batch.id, items=100))
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Literal

_FIELDS = "blindmark_fields"

# Libraries whose ordinary messages carry addresses, headers or bodies.
_QUIET = (
    "celery.beat",
    "httpx2",
    "httpcore2",
    "openai",
    "urllib3",
    "celery.worker.strategy",
    "pylti1p3",
)


def fields(**values: object) -> dict[str, dict[str, object]]:
    """The keys of an event, for `extra=`. Values must be ids, counts, codes or durations: never personal data."""
    return {_FIELDS: values}


def get_logger(name: str) -> logging.Logger:
    """The logger of a module."""
    return logging.getLogger(name)


class EventFormatter(logging.Formatter):
    """Formats a record as one JSON object, or as `time level event key=value` for a terminal.

    Of an exception only its type and the places it passed are written: its message may quote what a student wrote.
    """

    def __init__(self, style: Literal["json", "text"]) -> None:
        super().__init__()
        self._json = style == "json"

    def format(self, record: logging.LogRecord) -> str:
        """One line for one record."""
        event: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        event.update(getattr(record, _FIELDS, {}))
        if record.exc_info and record.exc_info[0] is not None:
            event["error"] = record.exc_info[0].__name__
            event["at"] = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(record.exc_info[2])[-6:]]
        if self._json:
            return json.dumps(event, default=str, ensure_ascii=False)
        head = f"{event.pop('time')} {event.pop('level'):<7} {event.pop('event')}"
        return " ".join([head, *(f"{key}={value}" for key, value in event.items() if key != "logger")])


def configure_logging(level: str, style: Literal["json", "text"]) -> None:
    """Send all logs to standard error in one format; called once by each entry point."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(EventFormatter(style))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # It quotes the exception of a failed task, words and all; tasks log their failures themselves.
    logging.getLogger("celery.app.trace").setLevel(logging.CRITICAL)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
