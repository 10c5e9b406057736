"""What machines are told: alive, ready, figures; and what they are not."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import event, update

from config.celery import broker_answers, make_celery
from config.database import open_database
from config.errors import ConfigurationError
from config.migrate import revisions
from config.settings import load_settings
from grading.budget import limits
from grading.models import Batch, ErasureRequest, GradePush, ProviderFile, ProviderHealth, QueueItem
from grading.models.budget import SITE
from grading.states import BatchStep, Circuit, Priority, PushState
from lti_tool.monitoring import PATIENCE_SECONDS, READY_SECONDS, Readiness
from lti_tool.parts import EXTENSION, Parts
from privacy.audit import Actor
from privacy.keyring import create_keyring, load_keyring
from tests import factories
from tests.conftest import StillClock
from tests.lti_tool.conftest import Tool

TOKEN = "a token that only Prometheus knows"


def watched(tool: Tool, token: str | None = TOKEN) -> Parts:
    """A tool with this token for its metrics."""
    settings = tool.parts.settings.model_copy(update={"metrics_token": SecretStr(token) if token else None})
    parts = replace(tool.parts, settings=settings)
    tool.flask.extensions[EXTENSION] = parts
    return parts


def scrape(tool: Tool) -> dict[tuple[str, ...], float]:
    """The metrics, by name and the values of their labels in the order of the labels' names."""
    answer = tool.flask.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ÄÖ"])
def test_figures_are_for_whoever_knows_the_token(tool: Tool, header: str | None) -> None:
    watched(tool)
    answer = tool.flask.test_client().get("/metrics", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert b"blindmark_queue" not in answer.data


def test_without_a_token_in_the_settings_there_are_no_figures(tool: Tool) -> None:
    watched(tool, None)
    for header in ("Bearer ", "Bearer None", f"Bearer {TOKEN}"):
        assert tool.flask.test_client().get("/metrics", headers={"Authorization": header}).status_code == 404


@pytest.mark.both_databases
def test_figures_tell_what_is_in_the_database_in_the_same_number_of_statements(tool: Tool) -> None:
    parts = watched(tool)
    statements: list[str] = []
    event.listen(parts.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    empty = scrape(tool)
    assert empty["blindmark_queue_items", "high", "queued"] == 0
    assert ("blindmark_budget_allowed_microdollars",) not in empty
    few = len(statements)
    _plant(parts)
    statements.clear()
    found = scrape(tool)
    assert len(statements) <= few
    expected = {
        ("queue_items", "high", "queued"): 1,
        ("queue_items", "normal", "queued"): 0,
        ("batches", "created"): 2,
        ("batches_in_step", "poll"): 1,
        ("batches_in_step", "submit"): 1,
        ("batches_stuck",): 1,
        ("budget_allowed_microdollars",): 5_000_000,
        ("budget_spent_microdollars",): 0,
        ("budget_reserved_microdollars",): 0,
        ("budget_frozen",): 0,
        ("provider_circuit", "openai", "open"): 1,
        ("provider_circuit", "openai", "closed"): 0,
        ("provider_window_calls", "openai"): 8,
        ("provider_window_failures", "openai"): 6,
        ("erasure_requests", "decided"): 1,
        ("erasure_requests_overdue",): 1,
        ("provider_files", "present"): 1,
        ("grade_pushes", "failed"): 1,
        ("grade_pushes", "sending"): 0,
    }
    assert {key: found["blindmark_" + key[0], *key[1:]] for key in expected} == expected
    assert 7_190 <= found["blindmark_queue_oldest_seconds",] <= 7_300
    assert found["blindmark_erasure_requests_oldest_seconds", "decided"] >= 86_000
    assert found["blindmark_provider_files_oldest_seconds", "present"] >= 3_590


def _plant(parts: Parts) -> None:
    """Something of everything that is counted."""
    now, clock = parts.clock(), StillClock()
    clock.now = now
    with parts.database.transaction() as session:
        course = factories.course(session, parts.vault)
        task = factories.assignment(session, course, clock)
        person = factories.student(session, parts.vault, course)
        factories.submission(session, parts.vault, task, person, clock)
        session.execute(update(QueueItem).values(priority=Priority.HIGH, queued_at=now - timedelta(hours=2)))
        limits.set_limit(session, SITE, 5_000_000, Actor.system(), rollover=False, clock=clock)
        admin = factories.administrator(session)
        plain = {"provider": "openai", "model": "gpt-6-luna", "created_by": admin.id}
        session.add(Batch(number=1, **plain))
        session.add(Batch(number=2, step=BatchStep.POLL, alerted_at=now, moved_at=now, **plain))
        session.add(
            ProviderHealth(
                provider="openai", state=Circuit.OPEN, since=now, window_began_at=now, calls=8, failures=6, pauses=0
            )
        )
        late = now - timedelta(days=1)
        session.add(
            ErasureRequest(
                tenant_id=course.deployment.id, target_id=uuid4(), created_at=late, due_at=late, next_attempt_at=late
            )
        )
        hour_ago = now - timedelta(hours=1)
        session.add(
            ProviderFile(
                provider="openai", file_id="f", batch_id=uuid4(), must_go_at=hour_ago, next_attempt_at=hour_ago
            )
        )
        session.execute(update(GradePush).values(state=PushState.FAILED))


def test_a_healthy_process_answers_also_where_it_is_not_ready(tool: Tool) -> None:
    assert tool.flask.test_client().get("/healthz").get_json()["status"] == "ok"
    ready = tool.flask.test_client().get("/readyz")
    assert (ready.status_code, ready.get_json()) == (200, {"status": "ready"})


@pytest.mark.both_databases
def test_what_keeps_it_from_its_work_is_told_by_codes(tool: Tool, tmp_path: Path) -> None:
    with tool.parts.database.transaction() as session:
        factories.course(session, tool.parts.vault)
    create_keyring(tmp_path / "another.json")
    another = load_keyring(tmp_path / "another.json")
    broken = replace(tool.parts, keyring=another, reach_broker=lambda: False)
    assert Readiness(broken).reasons() == ("key_ring", "broker")
    with tool.parts.database.connection() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    older = Readiness(tool.parts).reasons()
    with tool.parts.database.connection() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revisions()[0]}'")  # noqa: S608
    assert older == ("database_schema",)


@pytest.mark.both_databases
def test_a_database_that_only_reads_is_not_enough(tool: Tool) -> None:
    only_read = {
        "sqlite": "PRAGMA query_only=ON",
        "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    }[tool.parts.database.engine.dialect.name]

    def connected(connection: Any, _record: object) -> None:
        connection.cursor().execute(only_read)
        connection.commit()

    event.listen(tool.parts.database.engine, "connect", connected)
    tool.parts.database.dispose()
    assert Readiness(tool.parts).reasons() == ("database_not_writable",)


def test_without_its_database_it_says_so_and_nothing_else(tool: Tool) -> None:
    gone = replace(tool.parts, database=open_database("postgresql+pg8000://nobody:secret@127.0.0.1:1/none"))
    tool.flask.extensions[EXTENSION] = gone
    health = tool.flask.test_client().get("/healthz")
    assert (health.status_code, health.get_json()) == (503, {"status": "database does not answer"})
    assert Readiness(gone).reasons() == ("database",)


def test_whoever_asks_often_asks_nothing_far_away(tool: Tool) -> None:
    asked: list[bool] = []
    at = [100.0]
    parts = replace(tool.parts, reach_broker=lambda: bool(asked.append(True) or len(asked) > 1))
    readiness = Readiness(parts, lambda: at[0])
    assert [readiness.reasons() for _ in range(3)] == [("broker",)] * 3
    assert len(asked) == 1
    at[0] += READY_SECONDS
    assert readiness.reasons() == ()


def test_something_that_hangs_is_neither_waited_for_nor_taken_for_well(tool: Tool) -> None:
    at, meanwhile = [100.0], []

    def hang() -> bool:
        at[0] += READY_SECONDS + PATIENCE_SECONDS
        if at[0] > 120:
            meanwhile.append(readiness.reasons())
        return True

    readiness = Readiness(replace(tool.parts, reach_broker=hang), lambda: at[0])
    assert readiness.reasons() == ()
    at[0] += READY_SECONDS
    assert readiness.reasons() == ()
    assert meanwhile == [("no_verdict",)]


def test_a_broker_that_is_not_there_is_noticed() -> None:
    assert broker_answers(make_celery(load_settings({})))
    assert not broker_answers(make_celery(load_settings({"REDIS_URL": "redis://127.0.0.1:1/0"})))
    assert not broker_answers(make_celery(load_settings({"BLINDMARK_BROKER_URL": "amqp://127.0.0.1:1//"})))


def test_a_token_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="BLINDMARK_METRICS_TOKEN"):
        load_settings({"BLINDMARK_METRICS_TOKEN": "short"})
