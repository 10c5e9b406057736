"""The child process: read one file, answer, end. Started by `parent` as `python -m grading.extraction.child`.

Only the module that the file's format needs is imported, before the doors close; the file's bytes are taken in
after that.
"""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import BinaryIO

from grading.extraction import lockdown, text, wire
from grading.extraction.errors import Corrupt, ExtractionError, TooComplex
from grading.extraction.limits import Limits
from grading.extraction.result import Draft

Reader = Callable[[bytes, Limits], Draft]

_READERS = frozenset({"plain", "docx", "odt", "pdf", "pdf_plain", "rtf", "html", "notebook"})
_NATIVE = frozenset({"docx", "odt", "pdf"})
_CODECS_OF_ARCHIVES = ("cp437", "utf-16-le")


def main() -> None:
    """Take an order and a file from standard input and write the answer to standard output."""
    answer = _claim_output()
    order = wire.Order.decode(sys.stdin.buffer.readline())
    read = _reader(order.reader)
    lockdown.close(order.limits, may_import=order.reader not in _NATIVE)
    answer.write(wire.READY)
    answer.flush()
    answer.write(_answer(read, order, sys.stdin.buffer))
    answer.flush()


def _claim_output() -> BinaryIO:
    """Keep the way to the parent for ourselves: what a library prints goes nowhere."""
    kept = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(kept, "wb")


def _reader(name: str) -> Reader:
    """Import one reader and the decoders it will need once no file can be opened any more."""
    if name not in _READERS:
        raise ValueError("unknown reader")
    for codec in _CODECS_OF_ARCHIVES:
        codecs.lookup(codec)
    read: Reader = import_module(f"grading.extraction.readers.{name}").read
    return read


def _answer(read: Reader, order: wire.Order, source: BinaryIO) -> bytes:
    """The bytes to send back, whatever happens while reading."""
    try:
        draft = read(source.read(), order.limits)
        return wire.encode_result(text.finish(draft, order.kind, order.media_type))
    except ExtractionError as refusal:
        return wire.encode_error(refusal)
    except (MemoryError, RecursionError):
        return wire.encode_error(
            TooComplex(
                "This file is too complicated to read: it needs more memory than one file may have. "
                "Save a simpler copy (without pictures), or paste your text instead."
            )
        )
    except Exception:  # noqa: BLE001  the last line: any reader's surprise over a hostile file is an answer too
        return wire.encode_error(
            Corrupt(
                "This file could not be read: it is damaged or not written as its format demands. "
                "Open it, save it again and upload the copy, or paste your text instead."
            )
        )


if __name__ == "__main__":
    main()
