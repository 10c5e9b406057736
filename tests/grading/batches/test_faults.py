"""Everything that goes wrong at a provider, by name, and what must come of it.

The provider is a server of its own that speaks the real protocol and does wrong what it is told to; time passes when the
test says so. Whatever happens, `Ground.check_books` holds: our costs are the provider's bill, no batch was accepted
twice, and no file stayed there.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
from waitress.server import create_server

from config.database import open_database
from grading import provider_health
from grading.models import Batch, QueueItem
from grading.states import BatchState, Circuit, QueueState
from lti_tool.demo.grader.app import create_app
from privacy.audit import Actor, AuditLog
from privacy.keyring import create_keyring, load_keyring
from privacy.sealing import Vault
from tests.conftest import START
from tests.grading.batches.ground import BATCH_SECONDS, KEY, Fault, Ground, GraderControl

DONE, FAILED, QUEUED = QueueState.COMPLETED, QueueState.FAILED, QueueState.QUEUED
COMPLETED, ENDED_IN_FAILURE, CANCELLED = BatchState.COMPLETED, BatchState.FAILED, BatchState.CANCELLED


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, sqlite_template: object) -> Iterator[Ground]:
    """Three students have handed in, a batch is submitted, and the grader listens."""
    place = tmp_path_factory.mktemp("faults")
    app = create_app(place / "grader", KEY, BATCH_SECONDS, lambda: START.timestamp(), control=True)
    server = create_server(app, host="127.0.0.1", port=0, threads=4)

    def serve() -> None:
        with suppress(OSError):
            server.run()

    threading.Thread(target=serve, daemon=True).start()
    create_keyring(place / "keyring.json")
    keyring = load_keyring(place / "keyring.json")
    (place / "blindmark.db").write_bytes(sqlite_template.read_bytes())  # type: ignore[attr-defined]
    database = open_database(f"sqlite:///{place / 'blindmark.db'}")
    AuditLog(keyring).attach(database.sessions)
    control = GraderControl(f"http://127.0.0.1:{server.effective_port}")
    made = Ground(database, Vault(keyring), control, control.provider())
    made.prepare()
    yield made
    database.dispose()
    server.close()


@dataclass(frozen=True)
class Case:
    """A fault and what must come of it."""

    faults: tuple[Fault, ...]
    items: tuple[tuple[QueueState, str | None], ...] = ((DONE, None),) * 3
    batches: tuple[BatchState, ...] = (COMPLETED,)
    shown: str = ""
    """Words that the batch shows on the way, or at its end."""
    attempts: int = 0
    """Tries that items which wait again have used up."""


def call(on: str, do: str, **more: object) -> Fault:
    return {"on": on, "do": do, **more}


def batch(do: str, **more: object) -> Fault:
    return {"on": "batch", "do": do, **more}


def line(do: str, **more: object) -> Fault:
    return {"on": "line", "do": do, "lines": [0], **more}


def one(state: QueueState, code: str) -> tuple[tuple[QueueState, str | None], ...]:
    """One of the three ends like this, the others well."""
    return ((state, code), (DONE, None), (DONE, None))


BUSY, BROKEN, LOST = "busy or has a fault (HTTP 500)", "broke off", "can't be reached"
CASES: dict[str, Case] = {
    "upload: 500 before anything": Case((call("upload", "error", status=500),), shown=BUSY),
    "upload: 500 although the file arrived": Case((call("upload", "error", status=500, after=True),), shown=BUSY),
    "upload: the connection breaks afterwards": Case((call("upload", "drop", after=True),), shown=LOST),
    "upload: arrives twice, as the look-up fails too": Case(
        (call("upload", "drop", after=True), call("files", "error", status=503, times=2)), shown="HTTP 503"
    ),
    "create: 429 with Retry-After": Case(
        (call("create", "error", status=429, headers={"Retry-After": 2400}),), shown="HTTP 429"
    ),
    "create: 429 without Retry-After": Case((call("create", "error", status=429),), shown="HTTP 429"),
    "create: 500 although the batch was created": Case((call("create", "error", status=500, after=True),), shown=BUSY),
    "create: the connection breaks afterwards": Case((call("create", "drop", after=True),), shown=LOST),
    "create: and the look-up fails as well": Case(
        (call("create", "drop", after=True), call("listed", "error", status=500)), shown=BUSY
    ),
    "create: refused for good": Case(
        (call("create", "error", status=400, code="invalid_request"),),
        items=((QUEUED, None),) * 3,
        batches=(ENDED_IN_FAILURE,),
        shown="OpenAI refuses this (HTTP 400, invalid_request)",
    ),
    "create: the file has expired meanwhile": Case((call("create", "error", status=404, code="not_found"),)),
    "poll: 500 a few times": Case((call("retrieve", "error", status=500, times=3),), shown=BUSY),
    "poll: the provider no longer knows the batch": Case(
        (call("retrieve", "error", status=404, times=3),),
        items=((QUEUED, None),) * 3,
        batches=(ENDED_IN_FAILURE,),
        shown="HTTP 404",
    ),
    "poll: a status nobody knows": Case((batch("status", status="paused", polls=3),)),
    "results: the connection is cut in the middle": Case((call("content", "cut"),), shown=BROKEN),
    "results: half a file": Case((call("content", "truncate"),), shown="fewer lines than the provider announced"),
    "results: half a file each time": Case(
        (call("content", "truncate", times=9),),
        items=((DONE, None), (QUEUED, "missing"), (QUEUED, "missing")),
        attempts=1,
    ),
    "results: 500": Case((call("content", "error", status=500),), shown=BUSY),
    "results: gone": Case(
        (call("content", "error", status=404, times=3),), items=((QUEUED, "missing"),) * 3, shown="HTTP 404", attempts=1
    ),
    "results: in another order": Case((batch("shuffle"),)),
    "results: lines twice": Case((batch("duplicate", count=2),)),
    "results: lines nobody asked for": Case((batch("strangers", count=2),)),
    "results: blank lines": Case((batch("blanks"),)),
    "results: a line missing": Case((batch("lose", count=1),), items=one(QUEUED, "missing"), attempts=1),
    "line: refusal": Case((line("refusal"),), items=one(FAILED, "refused")),
    "line: content filter": Case((line("content_filter"),), items=one(FAILED, "content_filter")),
    "line: cut off": Case((line("length"),), items=one(QUEUED, "truncated"), attempts=1),
    "line: not JSON": Case((line("invalid_json"),), items=one(QUEUED, "schema"), attempts=1),
    "line: not the schema": Case((line("schema"),), items=one(QUEUED, "schema"), attempts=1),
    "line: 400": Case((line("status", status=400),), items=one(FAILED, "rejected")),
    "line: 429": Case((line("status", status=429),), items=one(QUEUED, "provider_busy"), attempts=1),
    "line: 503": Case((line("status", status=503),), items=one(QUEUED, "provider_busy"), attempts=1),
    "batch: expired with a part done": Case(
        (batch("expire", done=1),), items=((DONE, None), (QUEUED, "expired"), (QUEUED, "expired"))
    ),
    "batch: cancelled over there with a part done": Case(
        (batch("cancel", done=1),),
        items=((DONE, None), (QUEUED, "cancelled"), (QUEUED, "cancelled")),
        batches=(CANCELLED,),
    ),
    "batch: alone too much at once": Case(
        (batch("fail", code="token_limit_exceeded", message="Enqueued token limit reached for gpt-6-luna."),),
        batches=(COMPLETED, COMPLETED),
    ),
    "batch: wrong model": Case(
        (batch("fail", code="mismatched_model", message="Two models."),),
        items=((QUEUED, None),) * 3,
        batches=(ENDED_IN_FAILURE,),
        shown="Two models.",
    ),
    "batch: retired model": Case(
        (batch("fail", code="model_not_found", message="The model has been retired."),),
        items=((QUEUED, None),) * 3,
        batches=(ENDED_IN_FAILURE,),
        shown="The model has been retired.",
    ),
    "clean-up: 500": Case((call("delete", "error", status=500),), shown=BUSY),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fault_of_the_provider(ground: Ground, name: str) -> None:
    case = CASES[name]
    ground.reset()
    ground.grader.break_things(case.faults)
    seen = ground.carry()
    items = ground.items()
    assert Counter((item.state, item.failure_code) for item in items) == Counter(case.items)
    assert tuple(found.state for found in ground.batches()) == case.batches
    assert case.shown in " ".join(seen)
    assert {item.attempts for item in items if item.state is QUEUED} <= {case.attempts}
    if name != "results: half a file each time" and name != "results: gone":
        ground.check_books()
