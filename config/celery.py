"""The Celery application, and the worker that lives inside the web process when there is no broker.

Messages carry ids only, and nothing depends on one arriving: a periodic tick finds in the database whatever is due.
Without a broker the same tasks run through Celery's in-memory transport, in threads of the web process.
"""

import heapq
import threading
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from celery import Celery
from celery.beat import Scheduler, event_t
from celery.worker import WorkController
from celery.worker import state as worker_state
from kombu.exceptions import OperationalError

from config.logging import get_logger
from config.settings import Settings

QUEUE: Final = "blindmark"
# Longer than the longest task, so that no broker hands a running task to a second worker.
VISIBILITY_SECONDS: Final = 3600
# Shorter than the half hour after which RabbitMQ gives up waiting for an acknowledgement.
TASK_SECONDS: Final = 1500
CONNECT_SECONDS: Final = 3
# Longer than a worker lets Redis wait for a message.
ANSWER_SECONDS: Final = 30
_REDIS: Final[dict[str, object]] = {
    "visibility_timeout": VISIBILITY_SECONDS,
    "socket_connect_timeout": CONNECT_SECONDS,
    "socket_timeout": ANSWER_SECONDS,
    "socket_keepalive": True,
}
_TRANSPORT_OPTIONS: Final[dict[str, dict[str, object]]] = {
    "memory": {"polling_interval": 0.1},
    "redis": _REDIS,
    "rediss": _REDIS,
    "sentinel": _REDIS,
    "sqs": {"visibility_timeout": VISIBILITY_SECONDS},
}
"""Options by the scheme of a broker's URL. A broker that is not here acknowledges over its connection."""
IN_MEMORY: Final = "memory://"
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
log = get_logger(__name__)


def make_celery(settings: Settings) -> Celery:
    """A Celery application for these settings, without tasks yet."""
    app = Celery("blindmark", set_as_current=False)
    url = settings.effective_broker_url or IN_MEMORY
    app.conf.update(
        broker_url=url,
        broker_connection_timeout=CONNECT_SECONDS,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_TRANSPORT_OPTIONS.get(urlsplit(url).scheme, {}),
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


def broker_answers(app: Celery) -> bool:
    """Whether the broker takes messages at this moment; asks once, for a few seconds at most."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=CONNECT_SECONDS)
    except OperationalError:
        return False
    return True


class PromptScheduler(Scheduler):  # type: ignore[misc]
    """Runs each entry of the schedule once at the start: what came due while nobody ran is found at once."""

    def setup_schedule(self) -> None:
        """Read the schedule."""
        super().setup_schedule()
        for entry in self.schedule.values():
            entry.last_run_at = _LONG_AGO

    def populate_heap(self, *_: object) -> None:
        """Line the entries up as due: Celery would look at each only after its first interval."""
        self._heap = [event_t(0, 5, entry) for entry in self.schedule.values()]
        heapq.heapify(self._heap)


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
        scheduler = PromptScheduler(app=self._app, lazy=False)
        while not self._stopping.is_set():
            pause = scheduler.tick()
            self._stopping.wait(min(max(pause, 0.05), 1.0))
