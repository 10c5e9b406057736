"""The values that go into and come out of the anonymizer: roster, findings, kept places, the map back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from privacy.errors import PrivacyError


class AnonymizerError(PrivacyError):
    """Something the anonymizer was given cannot be used."""

    code = "anonymizer.unusable_input"


class BrokenMapError(AnonymizerError):
    """A stored pseudonym map cannot be read back."""

    code = "anonymizer.broken_map"


class FindingType(StrEnum):
    """What kind of personal detail a finding is; the value is the word in its placeholder."""

    STUDENT = "Student"
    TEACHER = "Teacher"
    PERSON = "Person"
    EMAIL = "e-mail"
    PHONE = "phone"
    IDENTIFIER = "id"
    ADDRESS = "address"
    DATE_OF_BIRTH = "date of birth"
    LINK = "link"
    HANDLE = "handle"
    DETAIL = "detail"  # hidden because a person said so


PEOPLE = frozenset({FindingType.STUDENT, FindingType.TEACHER, FindingType.PERSON})


class Certainty(StrEnum):
    """How sure a finding is. Uncertain findings are listed for a person and left in the text."""

    CERTAIN = "certain"
    LIKELY = "likely"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class RosterMember:
    """One person of the course, with what the LMS tells about them. `role` is student, teacher or other."""

    user_id: str
    role: str
    name: str
    given_name: str = ""
    family_name: str = ""
    middle_name: str = ""
    email: str = ""
    username: str = ""
    sourcedid: str = ""


class Finding(NamedTuple):
    """A place in the original text that identifies a person, and what stands there instead."""

    start: int
    end: int
    type: FindingType
    certainty: Certainty
    replacement: str
    person_key: str | None = None

    @property
    def hidden(self) -> bool:
        """Whether the place is replaced in the outgoing text."""
        return self.certainty is not Certainty.UNCERTAIN


class Kept(NamedTuple):
    """A place that looks like a person of the roster and was left standing, with the reason."""

    start: int
    end: int
    reason: str


class Leak(NamedTuple):
    """A strong roster form that still stands in the outgoing text (offsets into that text)."""

    start: int
    end: int
    person_key: str


class Replacement(NamedTuple):
    """One replaced place: where its placeholder starts in the outgoing text, and what stood there."""

    start: int
    placeholder: str
    surface: str


@dataclass(frozen=True, slots=True)
class PseudonymMap:
    """The way back from placeholders to people. Personal data: seal it wherever it is stored.

    `names` maps a placeholder to what a reader should see instead of it; `replacements` and `fingerprint`
    (SHA-256 of the outgoing text) make restoring that very text exact.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    replacements: tuple[Replacement, ...] = ()
    fingerprint: str = ""
    file_name: str | None = None

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the outgoing text stands in the original; a placeholder cut in two counts whole."""
        return self._original(start, after=False), self._original(end, after=True)

    def _original(self, place: int, *, after: bool) -> int:
        longer = 0
        for item in self.replacements:
            if place <= item.start:
                break
            if place < item.start + len(item.placeholder):
                return item.start + longer + (len(item.surface) if after else 0)
            longer += len(item.surface) - len(item.placeholder)
        return place + longer

    def to_json(self) -> str:
        """The map as JSON text."""
        document = {
            "version": 1,
            "names": dict(self.names),
            "people": dict(self.people),
            "replacements": [[item.start, item.placeholder, item.surface] for item in self.replacements],
            "fingerprint": self.fingerprint,
            "file_name": self.file_name,
        }
        return json.dumps(document, ensure_ascii=False)

    @classmethod
    def from_json(cls, stored: str) -> PseudonymMap:
        """Read a map back. Raises BrokenMapError when the text is not one of ours."""
        try:
            document: dict[str, Any] = json.loads(stored)
            if document["version"] != 1:
                raise BrokenMapError("The pseudonym map has an unknown version; upgrade before opening it.")
            return cls(
                names=dict(document["names"]),
                people=dict(document["people"]),
                replacements=tuple(Replacement(int(a), str(b), str(c)) for a, b, c in document["replacements"]),
                fingerprint=str(document["fingerprint"]),
                file_name=document["file_name"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BrokenMapError("The pseudonym map is damaged and cannot be read.") from error


@dataclass(frozen=True, slots=True)
class Anonymized:
    """A text as it may leave, with all that a person needs to check it and the map back."""

    text: str
    file_name: str | None
    findings: tuple[Finding, ...]
    mapping: PseudonymMap
    leaks: tuple[Leak, ...]
    kept: tuple[Kept, ...] = ()
