"""Logs: events with keys, and nothing of what an exception quotes."""

import json
import logging
import sys

from config.logging import EventFormatter, fields


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("test", logging.INFO, __file__, 1, message, None, None)
    made.__dict__.update(extra)
    return made


def test_an_event_is_one_json_object_with_its_keys() -> None:
    line = EventFormatter("json").format(record("batch.submitted", **fields(batch="b1", items=3)))
    event = json.loads(line)
    assert event["event"] == "batch.submitted"
    assert (event["batch"], event["items"]) == ("b1", 3)


def test_an_exception_leaves_its_type_and_place_but_not_its_words() -> None:
    made = record("request.failed")
    try:
        raise ValueError("Anna Apfel wrote this")
    except ValueError:
        made.exc_info = sys.exc_info()
    for style in ("json", "text"):
        line = EventFormatter(style).format(made)  # type: ignore[arg-type]
        assert "ValueError" in line
        assert "Anna" not in line
