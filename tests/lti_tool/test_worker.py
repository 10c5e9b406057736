"""Grown up: PostgreSQL, Redis, a Celery worker and the grader as processes of their own carry a batch to its end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import requests
from sqlalchemy import select

from config.database import Database
from config.settings import load_settings
from grading.batches import compose, lifecycle
from grading.models import Assessment, Batch, QueueItem
from grading.states import BatchState, BatchStep
from grading.tasks import ADVANCE_BATCH
from lti_tool.demo.processes import clean_environment, free_ports
from lti_tool.wiring import Application, open_application
from tests import factories, services
from tests.conftest import StillClock

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("redis")]
KEY = "worker-test"


@pytest.fixture
def environment(tmp_path: Path, postgresql_url: str, postgresql_database: Database) -> Iterator[dict[str, str]]:
    """Settings of an installation on PostgreSQL and Redis, and a running grader."""
    if not services.redis_found():
        services.missing("Redis")
    port = free_ports(1)[0]
    redis.Redis.from_url(services.REDIS).flushdb()
    values = clean_environment() | {
        "DATABASE_URL": postgresql_url,
        "REDIS_URL": services.REDIS,
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
        "BLINDMARK_DATA_DIR": str(tmp_path / "data"),
        "BLINDMARK_TICK_SECONDS": "0.5",
        "BLINDMARK_BATCH_POLL_SECONDS": "0.5",
        "BLINDMARK_BATCH_MINIMUM_ITEMS": "1",
    }
    options = [f"--port={port}", f"--data-dir={tmp_path / 'grader'}", f"--api-key={KEY}", "--seconds=1"]
    grader = subprocess.Popen([sys.executable, "-m", "lti_tool.demo.grader", *options], env=values)
    _until(lambda: _answers(f"http://127.0.0.1:{port}/v1/models"), "the grader answers")
    yield values
    grader.terminate()
    grader.wait(10)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).status_code == 401
    except requests.RequestException:
        return False


def _until(holds: object, what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline, f"in time: {what}"
        time.sleep(0.1)


@contextmanager
def _worker(environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker with its forked processes; none of them outlives the block, whatever happens in it."""
    worker = subprocess.Popen([sys.executable, "-m", "lti_tool.cli", "worker"], env=environment, start_new_session=True)
    try:
        yield worker
        if worker.poll() is None:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(10)


def _submitted(application: Application) -> None:
    parts, clock = application.parts, StillClock()
    with parts.database.transaction() as session:
        course = factories.course(session, parts.vault)
        shown = factories.assignment(session, course, clock)
        for name in ("Okafor", "Novak", "Silva"):
            person = factories.student(session, parts.vault, course, family_name=name)
            factories.submission(session, parts.vault, shown, person, clock)
        admin = factories.administrator(session)
        batch = compose.create(
            session,
            list(session.execute(select(QueueItem.id)).scalars()),
            provider="openai",
            limits=compose.Limits(1, 10),
            note="",
            administrator_id=admin.id,
        )
        lifecycle.submit(session, batch.id, administrator_id=admin.id)
    parts.nudge(ADVANCE_BATCH, batch.id)


def _step(application: Application) -> BatchStep:
    with application.parts.database.transaction() as session:
        return session.execute(select(Batch.step)).scalar_one()


def test_neither_an_emptied_redis_nor_a_killed_worker_loses_anything(environment: dict[str, str]) -> None:
    application = open_application(load_settings(environment), migrate=True)
    database, broker = application.parts.database, redis.Redis.from_url(services.REDIS)
    _submitted(application)
    with _worker(environment) as first:
        _until(lambda: _step(application) not in (BatchStep.SEAL, BatchStep.UPLOAD), "the batch is on its way")
        os.killpg(first.pid, signal.SIGKILL)
        first.wait(10)
    broker.flushdb()
    with _worker(environment):
        _until(lambda: broker.keys("_kombu.binding.*"), "the second worker listens")
        broker.flushdb()
        with database.transaction() as session:
            # What a dead worker held is free once its lease has run out, and a batch that it may have created shows by
            # then; the test does not wait the minutes.
            batch = session.execute(select(Batch)).scalar_one()
            batch.lease_until = None
            if batch.create_started_at is not None:
                batch.create_started_at -= timedelta(minutes=5)
        _until(lambda: _step(application) is BatchStep.DONE, "the batch is done")
    with database.transaction() as session:
        assert session.execute(select(Batch.state)).scalar_one() is BatchState.COMPLETED
        assert len(session.execute(select(Assessment.id)).all()) == 3
    assert application.parts.audit.verify(database.transaction)
    database.dispose()
