"""Anonymizing JSON lines: one document in, one answer out, in order, for the command line and for measuring.

A line in is `{id, text, filename, author, roster}` with `author` a user id and `roster` a list of members; a
line out is `{id, text, filename, restored, spans}`.
"""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import Any, TextIO

from privacy.anonymizer.engine import anonymize
from privacy.anonymizer.model import AnonymizerError, RosterMember
from privacy.anonymizer.restore import restore
from privacy.anonymizer.roster import CompiledRoster, compile_roster

_CHUNK = 16
_KEPT_ROSTERS = 16
_FIELDS = ("user_id", "name", "given_name", "family_name", "middle_name", "email", "username", "sourcedid")
_TEACHING = ("instructor", "teacher", "teachingassistant", "mentor", "faculty", "staff", "administrator")
_LEARNING = ("learner", "student")


class BadLineError(AnonymizerError):
    """A line is not a document that can be anonymized."""

    code = "anonymizer.bad_line"


def role_of(role: str) -> str:
    """Student, teacher or other, from the words an LMS uses."""
    plain = role.rsplit("#", 1)[-1].rsplit("/", 1)[-1].casefold()
    if any(word in plain for word in _TEACHING):
        return "teacher"
    return "student" if any(word in plain for word in _LEARNING) else "other"


def member_from(document: dict[str, Any]) -> RosterMember:
    """A roster member from one entry of a line's roster."""
    values = {name: str(document.get(name) or "") for name in _FIELDS}
    return RosterMember(role=role_of(str(document.get("role") or "")), **values)


class Rosters:
    """The rosters met lately, each compiled once."""

    def __init__(self) -> None:
        self._compiled: OrderedDict[str, CompiledRoster] = OrderedDict()

    def get(self, entries: list[dict[str, Any]]) -> CompiledRoster:
        """The compiled roster for these entries."""
        key = json.dumps(entries, sort_keys=True)
        if key not in self._compiled:
            self._compiled[key] = compile_roster(member_from(entry) for entry in entries)
            if len(self._compiled) > _KEPT_ROSTERS:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(key)
        return self._compiled[key]


def anonymize_line(line: str, rosters: Rosters) -> str:
    """The answer to one line, as JSON. Raises BadLineError when it is not a document."""
    try:
        document = json.loads(line)
        text, author = document["text"], document.get("author")
        compiled = rosters.get(document["roster"])
        identity = document["id"]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadLineError("A line is not a JSON object with id, text and roster.") from error
    result = anonymize(text, author_id=author, roster=compiled, file_name=document.get("filename"))
    spans = [
        {"start": f.start, "end": f.end, "type": f.type.value, "replacement": f.replacement}
        for f in result.findings
        if f.hidden
    ]
    answer = {
        "id": identity,
        "text": result.text,
        "filename": result.file_name,
        "restored": restore(result.text, result.mapping),
        "spans": spans,
    }
    return json.dumps(answer, ensure_ascii=False)


_worker_rosters = Rosters()


def _anonymize_chunk(lines: list[str]) -> list[str]:
    return [anonymize_line(line, _worker_rosters) for line in lines]


def _chunks(lines: Iterable[str]) -> Iterator[list[str]]:
    remaining = (line for line in lines if line.strip())
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk


def anonymize_stream(lines: Iterable[str], out: TextIO, jobs: int = 1) -> int:
    """Answer every line in order and return how many there were; `jobs` processes share the work."""
    count = 0
    if jobs <= 1:
        rosters = Rosters()
        for line in lines:
            if line.strip():
                out.write(anonymize_line(line, rosters) + "\n")
                count += 1
        return count
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting: deque[Future[list[str]]] = deque()
        for chunk in _chunks(lines):
            waiting.append(pool.submit(_anonymize_chunk, chunk))
            if len(waiting) > 2 * jobs:
                count += _drain(waiting.popleft(), out)
        while waiting:
            count += _drain(waiting.popleft(), out)
    return count


def _drain(future: Future[list[str]], out: TextIO) -> int:
    answers = future.result()
    out.writelines(answer + "\n" for answer in answers)
    return len(answers)
