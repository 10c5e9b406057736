"""Structured logs: events with keys, one a line, never a sentence with somebody's data in it.

log = get_logger(__name__)
log.info("batch.submitted", extra=fields(batch=batch.id, items=100))
"""

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Literal

_FIELDS = "blindmark_fields"
_ROOMS: Final = ("config", "privacy", "grading", "lti_tool")


def fields(**values: object) -> dict[str, dict[str, object]]:
    """The keys of an event, for `extra=`. Values must be ids, counts, codes or durations: never personal data."""
    return {_FIELDS: values}


def get_logger(name: str) -> logging.Logger:
    """The logger of a module."""
    return logging.getLogger(name)


class EventFormatter(logging.Formatter):
    """Formats a record as one JSON object, or as `time level event key=value` for a terminal.

    Of an exception only its type and the places it passed are written: its message may quote what a student wrote.
    So may the values that a library fills into its messages (addresses, bodies, statements): of these only numbers
    and the types of exceptions are written.
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
            "event": _event_of(record),
        }
        event.update(getattr(record, _FIELDS, {}))
        if record.exc_info and record.exc_info[0] is not None:
            event["error"] = record.exc_info[0].__name__
            event["at"] = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(record.exc_info[2])[-6:]]
        if self._json:
            return json.dumps(event, default=str, ensure_ascii=False)
        head = f"{event.pop('time')} {event.pop('level'):<7} {event.pop('event')}"
        return " ".join([head, *(f"{key}={value}" for key, value in event.items() if key != "logger")])


def _event_of(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] in _ROOMS or not record.args:
        return record.getMessage()
    given = record.args
    shown: Any = (
        {name: _shown(value) for name, value in given.items()}
        if isinstance(given, dict)
        else tuple(_shown(value) for value in given)
    )
    try:
        filled: str = str(record.msg) % shown
    except (TypeError, ValueError, KeyError):
        # The words alone: a place for a value asked for another kind than ours.
        return str(record.msg)
    return filled


def _shown(value: object) -> object:
    if isinstance(value, bool | int | float):
        return value
    return _Word(type(value).__name__ if isinstance(value, BaseException) else "…")


class _Word(str):
    """Words that are written without quotes by %r as well."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def configure_logging(level: str, style: Literal["json", "text"]) -> None:
    """Send all logs to standard error in one format; called once by each entry point.

    The level is that of our own events. What libraries say below a warning carries addresses, headers and bodies, and
    is never written.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(EventFormatter(style))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    for room in _ROOMS:
        logging.getLogger(room).setLevel(level)
    # It quotes the exception of a failed task, words and all; tasks log their failures themselves.
    logging.getLogger("celery.app.trace").setLevel(logging.CRITICAL)
    # A record that can't be written would be printed as it came, values and all.
    logging.raiseExceptions = False
    sys.excepthook = _crashed
    threading.excepthook = _thread_crashed
    sys.unraisablehook = _lost


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What ends a process leaves a line like any other error, not a report that quotes it."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    get_logger(__name__).critical("process.crashed", exc_info=(kind, error, trace))


def _thread_crashed(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value is not None:
        name = crash.thread.name if crash.thread else ""
        exc_info = (crash.exc_type, crash.exc_value, crash.exc_traceback)
        get_logger(__name__).critical("thread.crashed", exc_info=exc_info, extra=fields(thread=name))


def _lost(lost: "sys.UnraisableHookArgs") -> None:
    if lost.exc_value is not None:
        exc_info = (lost.exc_type, lost.exc_value, lost.exc_traceback)
        get_logger(__name__).error("error.unraisable", exc_info=exc_info)
