"""Tasks are acknowledged after the work, on every broker; the schedule begins at once; the worker can be stopped."""

import threading
from typing import Any

import pytest

from config.celery import IN_MEMORY, InProcessWorker, PromptScheduler, make_celery
from config.settings import load_settings


def test_without_a_broker_tasks_and_schedule_run_in_this_process() -> None:
    app = make_celery(load_settings({}))
    sent, ticked = threading.Event(), threading.Event()

    @app.task(name="sent", shared=False)
    def on_message() -> None:
        sent.set()

    @app.task(name="ticked", shared=False)
    def on_tick() -> None:
        ticked.set()

    app.conf.beat_schedule = {"tick": {"task": "ticked", "schedule": 0.1}}
    worker = InProcessWorker(app)
    worker.start()
    app.send_task("sent")
    assert sent.wait(20)
    assert ticked.wait(20)
    worker.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("blindmark-")]


BROKERS = ["redis://h:1/0", "rediss://h:1/0", "sentinel://h:1/0", "sqs://key:secret@", "amqp://h//", "amqps://h//"]


@pytest.mark.parametrize("url", BROKERS)
def test_a_task_is_acknowledged_after_its_work_and_given_to_one_worker_until_then(url: str) -> None:
    conf = make_celery(load_settings({"BLINDMARK_BROKER_URL": url})).conf
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.worker_prefetch_multiplier) == (True, True, 1)
    assert conf.broker_connection_max_retries is None, "a worker waits for its broker for as long as it takes"
    options = conf.broker_transport_options
    if url.startswith("amqp"):
        assert options == {}, "RabbitMQ has no visibility time-out, and its client knows none of the other options"
        assert conf.task_time_limit < 1800, "after which RabbitMQ takes a message back"
    else:
        assert options["visibility_timeout"] > conf.task_time_limit
    if url.startswith("sqs"):
        assert set(options) == {"visibility_timeout"}


def test_the_schedule_runs_everything_once_at_the_start_and_then_in_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_celery(load_settings({}))
    assert app.conf.broker_url == IN_MEMORY
    app.conf.beat_schedule = {name: {"task": name, "schedule": every} for name, every in (("a", 60), ("b", 900))}
    scheduler = PromptScheduler(app=app, lazy=False)
    sent: list[str] = []

    def note(entry: Any, **_: object) -> None:
        sent.append(entry.task)

    monkeypatch.setattr(scheduler, "apply_async", note)
    pauses = [scheduler.tick() for _ in range(4)]
    assert sorted(sent) == ["a", "b"]
    assert 0 < pauses[-1] <= 60
