"""Reading one JSON line as a document with its roster; a roster that many lines repeat is read and compiled once."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from privacy.anonymizer.model import AnonymizerError, RosterMember
from privacy.anonymizer.roster import CompiledRoster, compile_roster

_KEPT_ROSTERS = 16
_FIELDS = ("user_id", "name", "given_name", "family_name", "middle_name", "email", "username", "sourcedid")
_TEACHING = ("instructor", "teacher", "teachingassistant", "mentor", "faculty", "staff", "administrator")
_LEARNING = ("learner", "student")
_ENDING = re.compile(r"[ \t\r\n]*\}[ \t\r\n]*\Z")
_MARKS = {mark: re.compile(rf"[ \t\r\n]*\{mark}[ \t\r\n]*") for mark in ("{", ":", ",")}
_DECODER = json.JSONDecoder()


class BadLineError(AnonymizerError):
    """A line is not a document that can be anonymized."""

    code = "anonymizer.bad_line"


@dataclass(frozen=True, slots=True)
class Document:
    """What one line asks for. `identity` is given back as it came."""

    identity: Any
    text: str
    file_name: str | None
    author: str | None
    roster: CompiledRoster


def role_of(role: str) -> str:
    """Student, teacher or other, from the words an LMS uses."""
    plain = role.rsplit("#", 1)[-1].rsplit("/", 1)[-1].casefold()
    if any(word in plain for word in _TEACHING):
        return "teacher"
    return "student" if any(word in plain for word in _LEARNING) else "other"


def member_from(entry: dict[str, Any]) -> RosterMember:
    """A roster member from one entry of a line's roster."""
    values = {name: str(entry.get(name) or "") for name in _FIELDS}
    return RosterMember(role=role_of(str(entry.get("role") or "")), **values)


class DocumentReader:
    """Reads lines and keeps the rosters met lately, by the very characters in which they were written.

    `countries` are ISO codes whose national phone numbers are recognised.
    """

    def __init__(self, countries: Sequence[str] = ()) -> None:
        self._countries = tuple(countries)
        self._rosters: OrderedDict[str, CompiledRoster] = OrderedDict()

    def read(self, line: bytes | str) -> Document:
        """The document of one line. Raises BadLineError, which says what is wrong with the line."""
        try:
            fields = self._fields(line if isinstance(line, str) else line.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise BadLineError("is not UTF-8") from error
        except (ValueError, RecursionError) as error:
            raise BadLineError("is not a JSON object") from error
        missing = [name for name in ("id", "text", "roster") if name not in fields]
        if missing:
            raise BadLineError(f"has no {' and no '.join(missing)}")
        text, author, file_name = fields["text"], fields.get("author"), fields.get("filename")
        if not isinstance(text, str):
            raise BadLineError("has a text that is not a string")
        if not isinstance(file_name, str | None):
            raise BadLineError("has a filename that is not a string")
        return Document(fields["id"], text, file_name, None if author is None else str(author), fields["roster"])

    def _fields(self, line: str) -> dict[str, Any]:
        """The fields of a JSON object, read one by one so that a known roster can be stepped over."""
        fields: dict[str, Any] = {}
        place = _step(line, 0, "{")
        if _ENDING.match(line, place):
            return fields
        while True:
            name, place = _DECODER.raw_decode(line, place)
            if not isinstance(name, str):
                raise ValueError("a field without a name")  # noqa: TRY004 - what the JSON decoder raises itself
            place = _step(line, place, ":")
            if name == "roster":
                fields[name], place = self._roster(line, place)
            else:
                fields[name], place = _DECODER.raw_decode(line, place)
            if _ENDING.match(line, place):
                return fields
            place = _step(line, place, ",")

    def _roster(self, line: str, place: int) -> tuple[CompiledRoster, int]:
        for written, compiled in reversed(self._rosters.items()):
            if line.startswith(written, place):
                self._rosters.move_to_end(written)
                return compiled, place + len(written)
        entries, end = _DECODER.raw_decode(line, place)
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise BadLineError("has a roster that is not a list of members")
        compiled = compile_roster([member_from(entry) for entry in entries], countries=self._countries)
        self._rosters[line[place:end]] = compiled
        if len(self._rosters) > _KEPT_ROSTERS:
            self._rosters.popitem(last=False)
        return compiled, end


def _step(line: str, place: int, mark: str) -> int:
    """The place after a punctuation mark and the white space around it."""
    found = _MARKS[mark].match(line, place)
    if found is None:
        raise ValueError(f"{mark} expected")
    return found.end()
