"""The parent's side: decide what a file is, have a child read it, and never wait or hold more than allowed."""

from __future__ import annotations

import logging
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from grading.extraction import wire
from grading.extraction.errors import (
    Corrupt,
    ExtractionError,
    NoText,
    ReaderUnavailable,
    TooComplex,
    TooLarge,
)
from grading.extraction.formats import recognise
from grading.extraction.limits import DEFAULT_LIMITS, MIB, Limits
from grading.extraction.result import Extracted, Kind

log = logging.getLogger(__name__)

CHILD = (sys.executable, "-P", "-s", "-m", "grading.extraction.child")
_CHUNK = 64 * 1024
# Half of the threads that a web process has: files that take their whole time leave the others to answer pages.
AT_ONCE = 4
WAIT_SECONDS = 5.0
_slots = threading.BoundedSemaphore(AT_ONCE)
_READERS: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: ("plain",),
    Kind.MARKDOWN: ("plain",),
    Kind.CODE: ("plain",),
    Kind.DOCX: ("docx",),
    Kind.ODT: ("odt",),
    # The second reader is slower and plainer, but shares no code with the first: it reads what the first finds
    # damaged, and names the reason when the first ran out of memory.
    Kind.PDF: ("pdf", "pdf_plain"),
    Kind.RTF: ("rtf",),
    Kind.HTML: ("html",),
    Kind.NOTEBOOK: ("notebook",),
}


def extract(data: bytes, file_name: str, *, limits: Limits = DEFAULT_LIMITS) -> Extracted:
    """The text of a file, read in a bounded child process.

    `file_name` is used for its extension only. Takes up to `limits.wall_seconds` seconds and raises an
    ExtractionError whose message tells the student what happened and what to do: TooLarge, UnsupportedType,
    WrongType, Encrypted, NoText, Corrupt, TooComplex, or ReaderUnavailable when the fault is ours, or when as many
    files as may be are being read already.
    """
    started = time.monotonic()
    kind: Kind | None = None
    try:
        _check_size(data, limits)
        found = recognise(data, file_name)
        kind = found.kind
        with _slot():
            extracted = _read(data, kind, found.media_type, limits, time.monotonic() + limits.wall_seconds)
    except ExtractionError as error:
        log.info("extraction.refused kind=%s code=%s bytes=%d", kind or "unknown", error.code, len(data))
        raise
    seconds = time.monotonic() - started
    log.info("extraction.done kind=%s bytes=%d seconds=%.3f", kind, len(data), seconds)
    return extracted


@contextmanager
def _slot() -> Iterator[None]:
    """One of the places for files that are being read; raises ReaderUnavailable when none becomes free."""
    if not _slots.acquire(timeout=WAIT_SECONDS):
        raise ReaderUnavailable(
            "Many files are being read at this moment. Please try again in a minute, or paste your text instead."
        )
    try:
        yield
    finally:
        _slots.release()


def _check_size(data: bytes, limits: Limits) -> None:
    if len(data) > limits.size_bytes:
        raise TooLarge(
            f"This file is larger than the {limits.size_bytes // MIB} MB that can be handed in. "
            "Save it without pictures or as a smaller file, or paste your text instead."
        )
    if not data:
        raise NoText("This file is empty. Check that it was saved, or paste your text instead.")


def _read(data: bytes, kind: Kind, media_type: str, limits: Limits, deadline: float) -> Extracted:
    """Try the readers for this kind in turn; a later one is asked only where the file seemed damaged."""
    *preferred, last = _READERS[kind]
    for reader in preferred:
        with suppress(Corrupt):
            return run_child(data, wire.Order(reader, kind, media_type, limits), deadline)
    return run_child(data, wire.Order(last, kind, media_type, limits), deadline)


def run_child(data: bytes, order: wire.Order, deadline: float, command: Sequence[str] = CHILD) -> Extracted:
    """Start a child for one order and return its answer.

    `deadline` is on the monotonic clock. Raises the child's own ExtractionError; TooComplex when it ran out of time
    or was killed for what it used; Corrupt when it crashed; ReaderUnavailable when it never got as far as the file.
    """
    try:
        process = subprocess.Popen(  # noqa: S603  a fixed command; nothing of the file is in it
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=child_environment(),
            start_new_session=True,
        )
    except OSError as failure:
        raise _unavailable() from failure
    with process:
        try:
            answer = _converse(process, order.encode() + data, wire.answer_bytes(order.limits), deadline)
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired as late:
            raise TooComplex(
                "Reading this file took too long, so it was stopped. "
                "Save a simpler copy (without pictures), or paste your text instead."
            ) from late
        finally:
            _kill(process)
    return _judge(answer, process.returncode)


def child_environment() -> dict[str, str]:
    """All that a child may know of our environment: where this package and the system's libraries are."""
    environment = {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "LANG": "C.UTF-8"}
    if "LD_LIBRARY_PATH" in os.environ:
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    return environment


def _converse(process: subprocess.Popen[bytes], message: bytes, most: int, deadline: float) -> bytes:
    """Write the message and read the answer at the same time, within the deadline and `most` bytes.

    Raises subprocess.TimeoutExpired at the deadline and TooComplex when the answer does not end.
    """
    to_child, from_child = _pipe(process.stdin), _pipe(process.stdout)
    answer, unsent = bytearray(), memoryview(message)
    with selectors.DefaultSelector() as selector:
        selector.register(to_child, selectors.EVENT_WRITE)
        selector.register(from_child, selectors.EVENT_READ)
        while selector.get_map():
            events = selector.select(max(0.0, deadline - time.monotonic()))
            if time.monotonic() >= deadline:
                raise subprocess.TimeoutExpired(process.args, 0)
            for key, _ in events:
                if key.fileobj is to_child:
                    unsent = _send(to_child, unsent)
                    if not unsent:
                        selector.unregister(to_child)
                        to_child.close()
                elif chunk := os.read(from_child.fileno(), _CHUNK):
                    answer += chunk
                else:
                    selector.unregister(from_child)
                    if not to_child.closed:
                        selector.unregister(to_child)
            if len(answer) > most:
                raise TooComplex(
                    "This file holds more text than one submission may have. "
                    "Hand in only the part that is asked for, or paste your text instead."
                )
    return bytes(answer)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise _unavailable()
    os.set_blocking(stream.fileno(), False)
    return stream


def _send(stream: IO[bytes], unsent: memoryview) -> memoryview:
    """What is left to send; nothing when the child no longer listens (its exit tells the rest)."""
    try:
        return unsent[os.write(stream.fileno(), unsent[:_CHUNK]) :]
    except BlockingIOError:
        return unsent
    except BrokenPipeError:
        return unsent[len(unsent) :]


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it may have started, and close its pipes."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(BrokenPipeError):
                stream.close()
    process.wait()


def _judge(answer: bytes, exit_code: int) -> Extracted:
    """Turn what the child said, and how it ended, into a result or an error."""
    if not answer.startswith(wire.READY):
        raise _unavailable()
    if exit_code in (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGALRM):
        raise TooComplex(
            "This file is too complicated to read: it needs more time or memory than one file may have. "
            "Save a simpler copy (without pictures), or paste your text instead."
        )
    return wire.decode_answer(answer[len(wire.READY) :])


def _unavailable() -> ReaderUnavailable:
    return ReaderUnavailable(
        "The file reader could not be started just now. Please try again in a minute, or paste your text instead."
    )
