"""What the matchers hand over: a place in the text, whose it is thought to be, and how sure they are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from privacy.anonymizer.cues import Cue
from privacy.anonymizer.folding import Folded, fold, trailing_marks
from privacy.anonymizer.forms import Kind
from privacy.anonymizer.model import Certainty, FindingType
from privacy.anonymizer.roster import CompiledRoster


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place to hide. `key` names the thing hidden; `owners` are the roster numbers a person's name may mean.

    Of overlapping candidates the one with the highest `rank` names the whole stretch.
    """

    start: int
    end: int
    type: FindingType
    certainty: Certainty
    key: str
    rank: int
    owners: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NameHit:
    """A form of a member's name in the text, with the part of the name it can be (bits of `roster`)."""

    start: int
    end: int
    part: int


@dataclass(frozen=True, slots=True)
class CueHit:
    """A cue word in the text."""

    start: int
    end: int
    cue: Cue


@dataclass(slots=True)
class Reading:
    """One text read once: the hits of the automaton sorted into what later steps ask for."""

    text: str
    folded: Folded
    names: dict[int, list[NameHit]] = field(default_factory=dict)
    strong: list[tuple[int, int, int, int]] = field(default_factory=list)
    cues: list[CueHit] = field(default_factory=list)
    alone: dict[tuple[int, int], bool] = field(default_factory=dict)

    def of(self, cue: Cue) -> list[CueHit]:
        """The cue hits of one kind."""
        return [hit for hit in self.cues if hit.cue is cue]


# A place where a word changes shape inside: camelCase or letters followed by digits.
_SEAM = re.compile(r"(?:(?<=[^\W\d_])\d|(?<=[a-zß-öø-ÿ])[A-ZÀ-ÖØ-Þ])")
_HUMP = re.compile(r"[A-ZÀ-ÖØ-Þ]?[a-zß-öø-ÿ]+|[A-ZÀ-ÖØ-Þ]+(?![a-z])")


def read(text: str, roster: CompiledRoster) -> Reading:
    """Run the automaton over a text and sort its hits."""
    folded = fold(text)
    reading = Reading(text, folded)
    shifted = folded.shifted
    for last, (length, unpadded, entries) in roster.automaton.iter(folded.text):
        end = last + unpadded
        start = end - length
        if shifted:
            start, end = folded.start(start), trailing_marks(text, folded.end(end))
        else:
            start, end = start - 1, end - 1
        for kind, payload in entries:
            if kind == Kind.NAME:
                for person, part in payload:
                    reading.names.setdefault(person, []).append(NameHit(start, end, part))
            elif kind == Kind.CUE:
                reading.cues.extend(CueHit(start, end, cue) for cue in payload)
            else:
                reading.strong.extend((start, end, kind, person) for person in payload)
    _read_inside_words(reading, roster)
    return reading


def _read_inside_words(reading: Reading, roster: CompiledRoster) -> None:
    """Names glued to other words: `reportNoorman`, `Noorman2`, as in identifiers and file names."""
    text, done = reading.text, 0
    for seam in _SEAM.finditer(text):
        if seam.start() < done:
            continue
        start, done = seam.start(), seam.end()
        while start > 0 and text[start - 1].isalnum():
            start -= 1
        while done < len(text) and text[done].isalnum():
            done += 1
        for hump in _HUMP.finditer(text, start, done):
            for person, part in roster.names.get(hump.group().lower(), ()):
                if hump.end() - hump.start() > 3:
                    reading.names.setdefault(person, []).append(NameHit(hump.start(), hump.end(), part))
