"""What machines ask about an installation: is the process alive, can it do its work, what are the figures.

`/healthz` and `/readyz` are open to everybody and say nothing that a stranger could use. `/metrics` is for Prometheus,
which must know the token; without a token in the settings there is no such address.
"""

import hmac
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Final

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import false, text, update
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import NotFound, Unauthorized

from config.logging import fields, get_logger
from config.migrate import has_newest_schema
from grading import monitoring
from grading.models import ProviderHealth
from grading.monitoring import Figures, Line
from grading.states import BatchState, BatchStep, Circuit, Priority, QueueState
from lti_tool.parts import Parts, parts
from privacy.errors import PrivacyError
from privacy.rotation import check_ring

READY_SECONDS: Final = 2.0
"""How long a verdict is good for: whoever asks more often gets the last one, and nothing far away is asked again."""
PATIENCE_SECONDS: Final = 10.0
"""How long the last verdict stands in while the next one is being found."""
log = get_logger(__name__)


class Readiness:
    """Whether this installation can do its work. Each reason is a code; nothing of an error's words gets out."""

    def __init__(self, checked: Parts, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._parts = checked
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._until = 0.0
        self._reasons: tuple[str, ...] = ()

    def reasons(self) -> tuple[str, ...]:
        """Codes of what is wrong; empty when all is well."""
        # While one looks, perhaps for long, nobody else waits for more than the very first verdict.
        if not self._lock.acquire(blocking=self._until == 0):
            fresh = self._monotonic() < self._until + PATIENCE_SECONDS
            return self._reasons if fresh else ("no_verdict",)
        try:
            if self._monotonic() >= self._until:
                self._reasons = tuple(self._look())
                self._until = self._monotonic() + READY_SECONDS
            return self._reasons
        finally:
            self._lock.release()

    def _look(self) -> Iterable[str]:
        checks: Mapping[str, Callable[[], bool]] = {
            "database_schema": self._schema_is_newest,
            "database_not_writable": self._can_write,
            "key_ring": self._ring_opens,
            "broker": self._parts.reach_broker,
        }
        if not _database_answers(self._parts):
            yield "database"
            checks = {"broker": self._parts.reach_broker}
        for code, holds in checks.items():
            try:
                if holds():
                    continue
                log.warning("ready.not", extra=fields(check=code))
            except (SQLAlchemyError, PrivacyError) as error:
                log.warning("ready.not", extra=fields(check=code, error=type(error).__name__))
            yield code

    def _schema_is_newest(self) -> bool:
        with self._parts.database.connection() as connection:
            return has_newest_schema(connection)

    def _can_write(self) -> bool:
        """A write that touches no row: a database that only reads refuses it all the same."""
        with self._parts.database.connection() as connection:
            connection.execute(update(ProviderHealth).where(false()).values(calls=0))
        return True

    def _ring_opens(self) -> bool:
        with self._parts.database.glance() as session:
            check_ring(session, self._parts.keyring)
        return True


class Figured(Collector):
    """Turns figures into metrics, with names and labels as Prometheus has them."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """All metrics. No label names a tenant, a course or a person."""
        yield from self._of_queue()
        yield from self._of_batches()
        yield from self._of_money()
        yield from self._of_providers()
        yield from self._of_lines()

    def _of_queue(self) -> Iterable[Metric]:
        now, queue = self._figures.now, self._figures.queue
        items = _gauge("queue_items", "Items of the queue.", "state", "priority")
        cost = _gauge("queue_estimated_microdollars", "What they are estimated at, at most.", "state", "priority")
        for state in QueueState:
            for priority in Priority:
                depth = queue.get((state, priority))
                items.add_metric([state.value, priority.value], depth.items if depth else 0)
                cost.add_metric([state.value, priority.value], depth.microdollars if depth else 0)
        oldest = _gauge("queue_oldest_seconds", "Age of the oldest work that waits and may run; 0 when none does.")
        oldest.add_metric([], _age(self._figures.oldest_waiting_at, now))
        return (items, cost, oldest)

    def _of_batches(self) -> Iterable[Metric]:
        figures = self._figures
        states = _gauge("batches", "Batches by state, those that have ended included.", "state")
        for state in BatchState:
            states.add_metric([state.value], figures.batches.get(state, 0))
        steps = _gauge("batches_in_step", "Batches that are not done, by what is done next for them.", "step")
        for step in BatchStep:
            if step is not BatchStep.DONE:
                steps.add_metric([step.value], figures.steps.get(step, 0))
        stuck = _gauge("batches_stuck", "Batches that do not move, of which administrators are told.")
        stuck.add_metric([], figures.stuck)
        return (states, steps, stuck)

    def _of_money(self) -> Iterable[Metric]:
        budget = self._figures.budget
        spent = _gauge("budget_spent_microdollars", "Spent this month by the whole site.")
        spent.add_metric([], budget.spent)
        reserved = _gauge("budget_reserved_microdollars", "Set aside this month for what runs.")
        reserved.add_metric([], budget.reserved)
        allowed = _gauge(
            "budget_allowed_microdollars", "What may be committed this month in all; absent without a limit."
        )
        if budget.allowed is not None:
            allowed.add_metric([], budget.allowed)
        frozen = _gauge("budget_frozen", "1 while an administrator has frozen everything.")
        frozen.add_metric([], self._figures.frozen)
        return (spent, reserved, allowed, frozen)

    def _of_providers(self) -> Iterable[Metric]:
        circuit = _gauge(
            "provider_circuit", "1 for the state that the provider's circuit breaker is in.", "provider", "state"
        )
        calls = _gauge("provider_window_calls", "Steps that called the provider in the present window.", "provider")
        failures = _gauge("provider_window_failures", "How many of these failed.", "provider")
        for row in self._figures.providers:
            for state in Circuit:
                circuit.add_metric([row.provider, state.value], row.state is state)
            calls.add_metric([row.provider], row.calls)
            failures.add_metric([row.provider], row.failures)
        return (circuit, calls, failures)

    def _of_lines(self) -> Iterable[Metric]:
        names = {
            Line.PUSHES: ("grade_pushes", "Messages to gradebooks that are not delivered.", monitoring.PUSHES),
            Line.ARRIVALS: ("arrivals", "Work handed in at an LMS that is not here yet.", monitoring.ARRIVALS),
            Line.ERASURES: ("erasure_requests", "Requests for erasure that are open.", monitoring.ERASURES),
            Line.FILES: ("provider_files", "Files at providers that must go.", monitoring.FILES),
        }
        for line, (name, words, states) in names.items():
            count = _gauge(name, words, "state")
            oldest = _gauge(f"{name}_oldest_seconds", "Age of the oldest of them; 0 when there is none.", "state")
            for state in states:
                found = self._figures.waiting.get((line, state.value), monitoring.Waiting())
                count.add_metric([state.value], found.items)
                oldest.add_metric([state.value], _age(found.oldest_at, self._figures.now))
            yield count
            yield oldest
        overdue = _gauge("erasure_requests_overdue", "Open requests for erasure whose last day is over.")
        overdue.add_metric([], self._figures.erasures_overdue)
        yield overdue


def make_monitoring_blueprint(checked: Parts) -> Blueprint:
    """`/healthz`, `/readyz` and `/metrics`."""
    blueprint = Blueprint("monitoring", __name__)
    readiness = Readiness(checked)
    blueprint.add_url_rule("/healthz", "healthz", _healthz)
    blueprint.add_url_rule("/readyz", "readyz", lambda: _readyz(readiness))
    blueprint.add_url_rule("/metrics", "metrics", _metrics)
    return blueprint


def _healthz() -> tuple[Response, int]:
    """Whether this process lives and reaches its database."""
    if not _database_answers(parts()):
        return jsonify({"status": "database does not answer"}), 503
    return jsonify({"status": "ok", "version": version("blindmark")}), 200


def _readyz(readiness: Readiness) -> tuple[Response, int]:
    reasons = readiness.reasons()
    if reasons:
        return jsonify({"status": "not ready", "reasons": reasons}), 503
    return jsonify({"status": "ready"}), 200


def _metrics() -> Response:
    token = parts().settings.metrics_token
    if token is None:
        raise NotFound
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    known = hmac.compare_digest(given.strip().encode(), token.get_secret_value().encode())
    if scheme.casefold() != "bearer" or not known:
        raise Unauthorized(www_authenticate=WWWAuthenticate("bearer"))
    with parts().database.glance() as session:
        figures = monitoring.read(session, parts().clock())
    registry = CollectorRegistry()
    registry.register(Figured(figures))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _database_answers(checked: Parts) -> bool:
    try:
        with checked.database.connection() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        log.warning("database.not_answering", extra=fields(error=type(error).__name__))
        return False
    return True


def _gauge(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"blindmark_{name}", words, labels=labels)


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
