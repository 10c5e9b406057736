"""The Celery application, and the worker that lives inside the web process when there is no broker.

Messages carry ids only, and nothing depends on one arriving: a periodic tick finds in the database whatever is due.
Without a broker the same tasks run through Celery's in-memory transport, in threads of the web process.
"""

import threading
from typing import Any, Final

from celery import Celery
from celery.beat import Scheduler
from celery.worker import WorkController
from celery.worker import state as worker_state

from config.logging import get_logger
from config.settings import Settings

QUEUE: Final = "blindmark"
# Longer than the longest task, so that Redis does not hand a running task to a second worker.
VISIBILITY_SECONDS: Final = 3600
TASK_SECONDS: Final = 1800
IN_MEMORY: Final = "memory://"
log = get_logger(__name__)


def make_celery(settings: Settings) -> Celery:
    """A Celery application for these settings, without tasks yet."""
    app = Celery("blindmark", set_as_current=False)
    app.conf.update(
        broker_url=settings.effective_broker_url or IN_MEMORY,
        broker_connection_retry_on_startup=True,
        broker_transport_options={"visibility_timeout": VISIBILITY_SECONDS}
        if settings.effective_broker_url
        else {"polling_interval": 0.1},
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_time_limit=TASK_SECONDS,
        task_default_queue=QUEUE,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        task_serializer="json",
        accept_content=["json"],
        timezone="UTC",
        enable_utc=True,
    )
    return app


class InProcessWorker:
    """Runs the application's tasks and its beat in threads of this process; stopped with `stop`."""

    def __init__(self, app: Celery, concurrency: int = 2) -> None:
        self._app = app
        self._concurrency = concurrency
        self._worker: Any = None
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the worker thread and the beat thread."""
        # Threads of the pool ask Celery which application is theirs.
        self._app.set_default()
        self._worker = WorkController(
            app=self._app,
            pool_cls="threads",
            concurrency=self._concurrency,
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
            queues=[QUEUE],
        )
        for name, target in (("worker", self._worker.start), ("beat", self._beat)):
            thread = threading.Thread(target=target, name=f"blindmark-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, seconds: float = 15.0) -> None:
        """Let running tasks end, then stop both threads."""
        self._stopping.set()
        worker_state.should_stop = 0
        for thread in self._threads:
            thread.join(seconds)
        worker_state.should_stop = None
        if any(thread.is_alive() for thread in self._threads):
            log.warning("worker.still_running")

    def _beat(self) -> None:
        scheduler = Scheduler(app=self._app, lazy=False)
        while not self._stopping.is_set():
            pause = scheduler.tick()
            self._stopping.wait(min(max(pause, 0.05), 1.0))
