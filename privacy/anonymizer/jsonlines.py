"""Anonymizing JSON lines: one document in, one answer out, in order, for the command line and for measuring.

A line in is `{id, text, filename, author, roster}` with `author` a user id and `roster` a list of members; a
line out is `{id, text, filename, restored, spans}`. An answer that the last check would hold back for a person
has a further field `held` with the places.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import Any, TextIO

from privacy.anonymizer.documents import BadLineError, Document, DocumentReader
from privacy.anonymizer.engine import anonymize
from privacy.anonymizer.restore import restore

_CHUNK = 16
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one line: its answer as JSON, or what is wrong with it."""

    number: int
    json: str = ""
    problem: str = ""
    held: bool = False


@dataclass(slots=True)
class Tally:
    """How many lines were answered, held for a person although answered, and unusable."""

    answered: int = 0
    held: int = 0
    bad: int = 0


def answer(document: Document) -> tuple[str, bool]:
    """The answer to one document as JSON, and whether the last check holds it for a person."""
    result = anonymize(document.text, author_id=document.author, roster=document.roster, file_name=document.file_name)
    fields: dict[str, Any] = {
        "id": document.identity,
        "text": result.text,
        "filename": result.file_name,
        "restored": restore(result.text, result.mapping),
        "spans": [
            {"start": f.start, "end": f.end, "type": f.type.value, "replacement": f.replacement}
            for f in result.findings
            if f.hidden
        ],
    }
    if result.leaks:
        fields["held"] = [{"start": leak.start, "end": leak.end} for leak in result.leaks]
    written = json.dumps(fields, ensure_ascii=False)
    if _SURROGATE.search(written):
        # Half of a surrogate pair has no UTF-8; it goes out as it came in, as an escape.
        written = json.dumps(fields)
    return written, bool(result.leaks)


def anonymize_line(number: int, line: bytes | str, reader: DocumentReader) -> Answer:
    """Answer one line, or say what is wrong with it."""
    try:
        written, held = answer(reader.read(line))
    except BadLineError as error:
        return Answer(number, problem=error.message)
    return Answer(number, written, held=held)


# One reader for each worker process, so that rosters stay compiled from chunk to chunk.
_readers: dict[tuple[str, ...], DocumentReader] = {}


def _anonymize_chunk(chunk: list[tuple[int, bytes | str]], countries: tuple[str, ...]) -> list[Answer]:
    reader = _readers.setdefault(countries, DocumentReader(countries))
    return [anonymize_line(number, line, reader) for number, line in chunk]


def _answers(lines: Iterator[tuple[int, bytes | str]], jobs: int, countries: tuple[str, ...]) -> Iterator[Answer]:
    if jobs <= 1:
        reader = DocumentReader(countries)
        for number, line in lines:
            yield anonymize_line(number, line, reader)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting: deque[Future[list[Answer]]] = deque()
        while chunk := list(islice(lines, _CHUNK)):
            waiting.append(pool.submit(_anonymize_chunk, chunk, countries))
            if len(waiting) > 2 * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def anonymize_stream(
    lines: Iterable[bytes | str],
    out: TextIO,
    report: Callable[[str], None],
    *,
    jobs: int = 1,
    countries: Sequence[str] = (),
) -> Tally:
    """Answer every line in order; `jobs` processes share the work, and only a few lines are in memory at a time.

    Empty lines are passed over. `report` is told of every line that is unusable or held, by its number from 1.
    """
    tally = Tally()
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    for one in _answers(numbered, jobs, tuple(countries)):
        if one.problem:
            tally.bad += 1
            report(f"Line {one.number} {one.problem}.")
            continue
        out.write(one.json + "\n")
        out.flush()
        tally.answered += 1
        if one.held:
            tally.held += 1
            report(f"Line {one.number} is to be held: a name, address or number of the roster still stands in it.")
    return tally
