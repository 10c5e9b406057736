"""Logs: events with keys, and nothing of what an exception quotes."""

import json
import logging
import os
import subprocess
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


PLANTED = "Anna Apfel wrote this"
NOISE = """
import json, logging, os, sys, threading
from config.logging import configure_logging, fields, get_logger
configure_logging("DEBUG", "text")
words = os.environ["PLANTED"]
get_logger("grading.batches").debug("batch.sealed", extra=fields(items=3))

for name in ("openai._base_client", "httpx2", "httpcore2.http11", "urllib3.connectionpool", "sqlalchemy.engine.Engine",
             "celery.worker.strategy", "celery.app.trace", "kombu", "waitress", "werkzeug", "flask.app", "pypdf"):
    for level in (logging.DEBUG, logging.INFO):
        logging.getLogger(name).log(level, "Request options: %s", {"body": words})
        logging.getLogger(name).log(level, f"said already: {words}")
    retrying = "Retrying (%r) after %d: %s /path?access_token=%s"
    logging.getLogger(name).warning(retrying, ValueError(words), 3, words, words)
    logging.getLogger(name).error("Task %(name)s failed", {"name": words, "count": 4})
    logging.getLogger(name).error("needs a number: %d", words)

from sqlalchemy import text
from config.database import open_database
database = open_database("sqlite://")
try:
    with database.connection() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": words})
except Exception:
    get_logger("lti_tool").exception("request.failed")

class Unwritable:
    def __str__(self):
        raise RuntimeError(words)
get_logger("grading").warning(Unwritable(), extra=fields(words=1))

def fail():
    raise ValueError(words)
thread = threading.Thread(target=fail, name="worker-1")
thread.start()
thread.join()

class Careless:
    def __del__(self):
        raise ValueError(words)
Careless()
raise LookupError(words)
"""


def test_nothing_that_is_handled_stands_in_a_log_at_any_level() -> None:
    """A process of its own, as entry points are: what it writes on its way and when it ends."""
    environment = {**os.environ, "PLANTED": PLANTED}
    ended = subprocess.run(
        [sys.executable, "-c", NOISE], env=environment, capture_output=True, text=True, timeout=60, check=False
    )

    written = ended.stdout + ended.stderr
    assert ended.returncode == 1
    for expected in (
        "batch.sealed",
        "Retrying (ValueError) after 3: … /path?access_token=…",
        "Task … failed",
        "needs a number: %d",
        "request.failed",
        "OperationalError",
        "thread.crashed",
        "error.unraisable",
        "process.crashed",
        "LookupError",
    ):
        assert expected in written, f"{expected}\n{written[-3000:]}"
    assert "Anna" not in written
    assert "Apfel" not in written
    assert "Traceback" not in written
