"""What the matchers hand over: a place in the text, whose it is thought to be, and how sure they are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

from privacy.anonymizer.cues import Cue
from privacy.anonymizer.folding import Folded, fold, trailing_marks
from privacy.anonymizer.model import Certainty, FindingType
from privacy.anonymizer.roster import Bearers, CompiledRoster
from privacy.anonymizer.shapes import Shape


class Candidate(NamedTuple):
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


class NameHit(NamedTuple):
    """A form of a name in the text, with the members whom it may name."""

    start: int
    end: int
    bearers: Bearers
    in_word: bool = False
    """Whether it is glued to other words."""


class CueHit(NamedTuple):
    """A cue word in the text."""

    start: int
    end: int
    cue: Cue


@dataclass(slots=True)
class Reading:
    """One text read once: the hits of the automaton sorted into what later steps ask for."""

    text: str
    folded: Folded
    shape: Shape
    names: list[NameHit] = field(default_factory=list)
    strong: list[tuple[int, int, int, int]] = field(default_factory=list)
    cues: dict[Cue, list[CueHit]] = field(default_factory=dict)

    @property
    def numbers(self) -> list[int]:
        """Where the digits start that stand together."""
        return self.shape.numbers

    def of(self, cue: Cue) -> list[CueHit]:
        """The cue hits of one kind."""
        return self.cues.get(cue, [])


_HUMP = re.compile(r"[A-ZÀ-ÖØ-Þ]?[a-zß-öø-ÿ]+|[A-ZÀ-ÖØ-Þ]+(?![a-z])")


def inside(start: int, end: int, stretches: list[tuple[int, int]]) -> bool:
    """Whether a place lies in one of some stretches."""
    return any(first <= start and end <= last for first, last in stretches)


def read(text: str, roster: CompiledRoster) -> Reading:
    """Run the automaton over a text and sort its hits."""
    folded = fold(text)
    reading = Reading(text, folded, Shape(text, folded.others))
    shifted, names, cues = folded.shifted, reading.names, reading.cues
    for last, (length, unpadded, meaning) in roster.automaton.iter(folded.text):
        end = last + unpadded
        start = end - length
        if shifted:
            start, end = folded.start(start), trailing_marks(text, folded.end(end))
        else:
            start, end = start - 1, end - 1
        bearers, strong, announced = meaning
        if bearers is not None:
            names.append(NameHit(start, end, bearers))
        for cue in announced:
            cues.setdefault(cue, []).append(CueHit(start, end, cue))
        for kind, person in strong:
            reading.strong.append((start, end, kind, person))
    _read_inside_words(reading, roster)
    names.sort(key=itemgetter(0))
    return reading


def _read_inside_words(reading: Reading, roster: CompiledRoster) -> None:
    """Names glued to other words: `reportNoorman`, `Noorman2`, as in identifiers and file names."""
    text, done = reading.text, 0
    for seam in reading.shape.seams():
        if seam < done:
            continue
        start, done = seam, seam + 1
        while start > 0 and text[start - 1].isalnum():
            start -= 1
        while done < len(text) and text[done].isalnum():
            done += 1
        for hump in _HUMP.finditer(text, start, done):
            if hump.end() - hump.start() > 3:
                bearers = roster.names.get(hump.group().lower())
                if bearers is not None:
                    reading.names.append(NameHit(hump.start(), hump.end(), bearers, in_word=True))
