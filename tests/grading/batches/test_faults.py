"""Everything that goes wrong at a provider, by name, and what must come of it.

The provider is a server of its own that speaks the real protocol and does wrong what it is told to; time passes when
the test says so. Whatever happens, `Ground.check_books` holds: our costs are the provider's bill, no batch was accepted
twice, and no file stayed there.
"""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
from sqlalchemy import select
from waitress.server import create_server

from config.database import open_database
from grading import provider_health
from grading.batches import lifecycle
from grading.models import Batch
from grading.providers.base import JobInput, Limits
from grading.states import BatchState, Circuit, QueueState
from lti_tool.demo.grader.app import create_app
from privacy.audit import Actor, AuditLog
from privacy.keyring import create_keyring, load_keyring
from privacy.sealing import Place, Vault
from tests.conftest import START
from tests.grading.batches.ground import BATCH_SECONDS, KEY, Fault, GraderControl, Ground

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
        shown="more than one model",
    ),
    "batch: retired model": Case(
        (batch("fail", code="model_not_found", message="The model has been retired."),),
        items=((QUEUED, None),) * 3,
        batches=(ENDED_IN_FAILURE,),
        shown="has switched it off",
    ),
    "clean-up: 500": Case((call("delete", "error", status=500),)),
}


# The provider charges these lines and never hands them over: its bill is higher than what we can know.
NEVER_DELIVERED = {"results: half a file each time", "results: gone"}


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
    if name not in NEVER_DELIVERED:
        ground.check_books()


def work_until(ground: Ground, state: Circuit) -> None:
    for _ in range(12):
        ground.work(minutes=1)
        with ground.database.transaction() as session:
            if {row.state for row in provider_health.all_rows(session)} == {state}:
                return
    raise AssertionError(f"never {state}")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (call("create", "error", status=429, code="insufficient_quota", times=9), "insufficient_quota"),
        (call("upload", "error", status=401, code="invalid_api_key", times=9), "Check OPENAI_API_KEY"),
    ],
)
def test_an_account_that_is_not_in_order_stops_everything_until_it_is(ground: Ground, fault: Fault, words: str) -> None:
    ground.reset()
    ground.grader.break_things([fault])
    work_until(ground, Circuit.STOPPED)
    (stopped,) = ground.batches()
    assert words in (stopped.failure_words or "")
    assert stopped.state is BatchState.SUBMITTED
    ground.work(minutes=6)
    assert ground.batches()[0].failure_code == "provider_stopped", "it waits, and does not call"
    ground.grader.call("POST", "reset")
    with ground.database.transaction() as session:
        provider_health.resume(session, "openai", Actor.administrator(ground.admin_id), ground.clock())
    # Where the file was uploaded already it has gone with the old account: it is uploaded anew.
    ground.work(minutes=0)
    ground.carry()
    assert {item.state for item in ground.items()} == {DONE}
    with ground.database.transaction() as session:
        assert provider_health.troubled(session) == []
    ground.check_books()


def test_a_provider_that_keeps_failing_is_left_alone_and_found_again(ground: Ground) -> None:
    ground.reset()
    ground.grader.break_things([call("retrieve", "error", status=500, times=7)])
    work_until(ground, Circuit.OPEN)
    ground.carry()
    assert {item.state for item in ground.items()} == {DONE}
    with ground.database.transaction() as session:
        assert provider_health.troubled(session) == []
    ground.check_books()


def test_a_wait_is_as_long_as_the_provider_asks_for(ground: Ground) -> None:
    ground.reset()
    ground.grader.break_things([call("create", "error", status=429, headers={"Retry-After": 2400})])
    ground.work()
    (waiting,) = ground.batches()
    assert waiting.next_check_at is not None
    assert (waiting.next_check_at - ground.clock()).total_seconds() == 2400


def test_a_create_that_times_out_after_it_was_done_is_found(ground: Ground) -> None:
    ground.reset()
    ground.grader.break_things([call("create", "hang", seconds=1.0, after=True)])
    patient, ground.provider = ground.provider, ground.grader.provider(timeout_seconds=0.5)
    try:
        ground.work()
    finally:
        ground.provider = patient
    assert "did not answer in time" in (ground.batches()[0].failure_words or "")
    ground.carry()
    assert {item.state for item in ground.items()} == {DONE}
    ground.check_books()


def test_results_that_drip_are_given_up_and_read_later_while_the_lease_is_kept(ground: Ground) -> None:
    ground.reset()
    ground.grader.break_things([call("content", "drip")])
    ground.work()
    ground.grader.forward()

    def slow() -> float:
        ground.clock.forward(seconds=130)
        return ground.clock().timestamp()

    plain, ground.provider = ground.provider, ground.grader.provider(monotonic=slow)
    try:
        ground.work()
    finally:
        ground.provider = plain
    assert "too slowly" in (ground.batches()[0].failure_words or "")
    ground.carry()
    assert {item.state for item in ground.items()} == {DONE}
    ground.check_books()


def test_a_file_of_an_earlier_try_that_is_not_whole_makes_room_for_one_that_is(ground: Ground) -> None:
    ground.reset()
    (submitted,) = ground.batches()
    half = JobInput(lambda: iter([b"{}"]), 1, 3)
    ground.provider.upload(str(submitted.id), half)
    with ground.database.transaction() as session:
        session.get_one(Batch, submitted.id).upload_started_at = ground.clock()
    ground.carry()
    assert {item.state for item in ground.items()} == {DONE}
    ground.check_books()


def test_more_than_a_file_may_hold_becomes_several_batches(ground: Ground) -> None:
    ground.reset()
    with ground.database.transaction() as session:
        estimated = session.execute(select(Batch.estimated_microdollars)).scalar_one()
    ground.work()
    sizes = [request.body_bytes or 0 for request in ground.requests()]
    ground.reset()
    ground.provider.limits = Limits(50_000, max(sizes) + 1)  # type: ignore[misc]
    try:
        ground.carry()
    finally:
        del ground.provider.limits  # type: ignore[misc]
    made = ground.batches()
    assert [(one.state, one.items, one.note) for one in made] == [(COMPLETED, 1, "first")] * 3
    assert sum(one.estimated_microdollars for one in made) == estimated
    assert {one.created_by for one in made} == {ground.admin_id}
    assert {item.state for item in ground.items()} == {DONE}
    ground.check_books()


def test_one_line_larger_than_a_file_goes_to_a_person(ground: Ground) -> None:
    ground.reset()
    ground.provider.limits = Limits(50_000, 100)  # type: ignore[misc]
    try:
        ground.carry()
    finally:
        del ground.provider.limits  # type: ignore[misc]
    assert Counter((item.state, item.failure_code) for item in ground.items()) == {(FAILED, "too_large"): 3}
    ground.check_books()


def test_one_submission_that_is_too_much_alone_goes_to_a_person_in_the_end(ground: Ground) -> None:
    ground.reset()
    ground.grader.break_things([batch("fail", code="token_limit_exceeded", times=99)])
    ground.carry(rounds=40)
    assert {item.failure_code for item in ground.items()} == {"too_large"}
    assert {one.state for one in ground.batches()} == {ENDED_IN_FAILURE}
    ground.check_books()


def test_an_answer_that_was_cut_off_gets_more_room_in_the_next_batch(ground: Ground) -> None:
    ground.reset()
    ground.grader.break_things([line("length")])
    ground.carry()
    (cut,) = [item for item in ground.items() if item.state is QUEUED]
    assert cut.output_limit == 2 * 1500
    with ground.database.transaction() as session:
        ground.submit_all(session)
    ground.clock.forward(minutes=20)
    ground.runner.advance(ground.batches()[-1].id)
    (request,) = [one for one in ground.requests() if one.queue_item_id == cut.id and one.state == "prepared"]
    with ground.database.transaction() as session:
        body = json.loads(
            ground.vault.open(session, Place("batch_request", "body", request.id), request.sealed_body or b"")
        )
    assert body["body"]["max_completion_tokens"] == 3000


def test_cancelling_with_a_reason_keeps_what_is_done_and_says_why(ground: Ground) -> None:
    ground.reset()
    ground.work()
    ground.grader.forward(BATCH_SECONDS / 2)
    ground.work()
    (running,) = ground.batches()
    with ground.database.transaction() as session:
        lifecycle.cancel(
            session, running.id, administrator_id=ground.admin_id, reason=" Wrong prompt. ", clock=ground.clock
        )
    ground.carry()
    (ended,) = ground.batches()
    assert (ended.state, ended.cancel_reason) == (CANCELLED, "Wrong prompt.")
    outcomes = Counter((item.state, item.failure_code) for item in ground.items())
    assert outcomes == {(DONE, None): 1, (QUEUED, "cancelled"): 2}
    ground.check_books()
