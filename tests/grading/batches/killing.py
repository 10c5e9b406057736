"""Kills a worker process at any of its boundaries, found by listening and not by asking the product.

A child forked from the test carries the batch. Hooks on its database engine and on its HTTP transport count every
boundary: before each statement, before each commit, before and after each HTTP call, and between the pieces of a
download. At the boundary that it was given the child sends itself SIGKILL. Then another child, the restarted worker,
carries the batch to its end, and the parent looks at what is there.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
from sqlalchemy import event, select

from grading.models import Assessment, BatchRequest, Submission
from grading.states import BatchState, BatchStep, QueueState, RequestState, SubmissionState
from tests.conftest import START
from tests.grading.batches.ground import Ground

CHILD_SECONDS = 60.0


class Boundaries:
    """Counts boundaries, and ends the process at one of them."""

    def __init__(self, ground: Ground, kill_at: int | None) -> None:
        self.kinds: list[str] = []
        self._kill_at = kill_at
        engine = ground.database.engine
        event.listen(engine, "before_cursor_execute", self._statement)
        event.listen(engine, "commit", lambda _: self.reach("commit"))
        original = httpx2.HTTPTransport.handle_request

        def handle(transport: httpx2.HTTPTransport, request: httpx2.Request) -> httpx2.Response:
            name = f"{request.method} {request.url.path.split('/')[2]}"
            self.reach(f"before {name}")
            response = original(transport, request)
            self.reach(f"after {name}")
            response.stream = _Watched(response.stream, lambda: self.reach(f"during {name}"))
            return response

        httpx2.HTTPTransport.handle_request = handle  # type: ignore[method-assign]

    def reach(self, kind: str) -> None:
        """One boundary."""
        if len(self.kinds) == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.kinds.append(kind)

    def _statement(self, _connection: object, _cursor: object, statement: str, *_: Any) -> None:
        self.reach(statement.split(None, 1)[0].lower())


class _Watched(httpx2.SyncByteStream):
    """A response's stream, with a boundary before each piece."""

    def __init__(self, stream: Any, reach: Callable[[], None]) -> None:
        self._stream = stream
        self._reach = reach

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            self._reach()
            yield piece

    def close(self) -> None:
        self._stream.close()


def boundaries(ground: Ground) -> list[str]:
    """Every boundary of a run that nobody kills, in order."""
    ground.reset()
    ground.database.dispose()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with _last_words():
            found = Boundaries(ground, None)
            ground.carry()
            os.write(writing, "\n".join(found.kinds).encode())
    os.close(writing)
    with os.fdopen(reading) as answers:
        kinds = answers.read().split("\n")
    assert os.waitpid(child, 0)[1] == 0
    check(ground)
    return kinds


def kill_at(ground: Ground, boundary: int) -> bool:
    """Kill the worker at a boundary, restart it, check; returns whether it came to the boundary at all."""
    return _killed_and_restarted(ground, boundary, None)


def kill_after(ground: Ground, seconds: float) -> bool:
    """Kill the worker after a time, restart it, check; returns whether it was still at work."""
    return _killed_and_restarted(ground, None, seconds)


def check(ground: Ground) -> None:
    """One final state for each item, one batch at the provider, the bill is ours, nothing doubled, nothing left."""
    ground.check_books()
    (batch,) = ground.batches()
    assert (batch.state, batch.step) == (BatchState.COMPLETED, BatchStep.DONE)
    assert batch.lease_token is None
    with ground.database.transaction() as session:
        assert Counter(session.execute(select(BatchRequest.state)).scalars()) == {RequestState.SUCCEEDED: ground.size}
        assert Counter(session.execute(select(Submission.state)).scalars()) == {
            SubmissionState.WITH_INSTRUCTOR: ground.size
        }
        assessed = list(session.execute(select(Assessment.submission_id)).scalars())
    assert len(assessed) == len(set(assessed)) == ground.size
    assert Counter(item.state for item in ground.items()) == {QueueState.COMPLETED: ground.size}
    assert len(ground.grader.account()["batches"]) == 1


def _killed_and_restarted(ground: Ground, boundary: int | None, seconds: float | None) -> bool:
    ground.reset()
    first = _child(ground, boundary)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(first, signal.SIGKILL)
    killed = os.WTERMSIG(_ended(first)) == signal.SIGKILL
    # The restarted worker comes when the lease of the dead one has run out, and looks at a clock of its own.
    ground.clock.now = START
    ground.clock.forward(hours=6)
    assert _ended(_child(ground, None)) == 0
    check(ground)
    return killed


def _child(ground: Ground, boundary: int | None) -> int:
    ground.database.dispose()
    ground.grader.http.close()
    child = os.fork()
    if child == 0:
        with _last_words():
            Boundaries(ground, boundary)
            ground.carry()
    return child


def _ended(child: int) -> int:
    deadline = time.monotonic() + CHILD_SECONDS
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise AssertionError("the worker did not come to an end")
        time.sleep(0.002)


class _last_words:  # noqa: N801 - reads as a statement: with _last_words():
    """The end of a child: what it raises is told on its standard error, and nothing of the test runs in it."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            import traceback

            traceback.print_exception(error)
        os._exit(0 if error is None else 3)
