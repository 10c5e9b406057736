"""The in-process worker runs Celery's own tasks, and stops when told."""

import threading

from config.celery import InProcessWorker, make_celery
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
