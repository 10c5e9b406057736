"""Runs the web application on a production server, and a worker beside it or alone, until a signal says stop."""

import signal
import threading
from collections.abc import Callable
from types import FrameType

from celery import Celery
from celery.signals import worker_process_init
from flask import Flask
from waitress.server import create_server

from config.celery import QUEUE, InProcessWorker
from config.database import Database
from config.logging import fields, get_logger
from config.settings import Settings

log = get_logger(__name__)


def run_web(app: Flask, settings: Settings, host: str, port: int, beside: InProcessWorker | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C; `beside` is started before and stopped after."""
    # Waitress keeps an upload above this size in a temporary file; whole uploads stay in memory, nothing on disk.
    memory = (settings.upload_megabytes + 4) * 1024 * 1024
    server = create_server(
        app,
        host=host,
        port=port,
        threads=settings.web_threads,
        ident=None,
        inbuf_overflow=memory,
        max_request_body_size=memory,
        # Whose word counts about the client's address is the application's decision (ProxyFix).
        clear_untrusted_proxy_headers=False,
    )
    if beside is not None:
        beside.start()
    log.info("web.serving", extra=fields(host=host, port=port))
    stopping = threading.Event()

    def serve() -> None:
        try:
            server.run()
        except OSError:
            # Closing the server closes the sockets under its own loop.
            if not stopping.is_set():
                raise

    thread = threading.Thread(target=serve, name="blindmark-web", daemon=True)
    thread.start()
    _wait_for_signal(lambda: not thread.is_alive())
    stopping.set()
    server.close()
    if beside is not None:
        beside.stop()
    thread.join(5)
    log.info("web.stopped")


def run_worker(celery: Celery, database: Database, concurrency: int, *, beat: bool) -> None:
    """Work on the broker's queue until a signal; one worker of an installation also runs the schedule.

    The worker forks its processes: none may share a database connection with another.
    """

    def after_fork(**_: object) -> None:
        database.after_fork()

    worker_process_init.connect(after_fork, weak=False)
    database.dispose()
    arguments = ["worker", "--loglevel", "WARNING", "--queues", QUEUE, "--concurrency", str(concurrency)]
    if beat:
        arguments += ["--beat", "--schedule", "/dev/null", "--scheduler", "config.celery:PromptScheduler"]
    celery.worker_main(arguments)


def _wait_for_signal(ended: Callable[[], bool]) -> None:
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    while not stop.wait(0.5):
        if ended():
            return
