"""Misspelt and inflected names where no other part of the name stands correctly beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rapidfuzz.distance import OSA

from privacy.anonymizer.candidate import Candidate, Reading
from privacy.anonymizer.citations import Surroundings
from privacy.anonymizer.context import judge
from privacy.anonymizer.cues import PERSON_BEFORE
from privacy.anonymizer.folding import fold_form
from privacy.anonymizer.model import Certainty
from privacy.anonymizer.neighbours import opens_sentence
from privacy.anonymizer.roster import STEM, CompiledRoster, deletions
from privacy.anonymizer.segment import Level, Segment
from privacy.anonymizer.widen import is_slip
from privacy.anonymizer.words import FUNCTION_WORDS, MONTHS_AND_DAYS, NAME_WORDS, PLACES

_CAPITALISED = re.compile(r"[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĘĚĞĪĮİĹĽŁŃŇŌŐŒŔŘŚŞŠŤŪŮŰŹŻŽ][^\W\d_]{5,}")
_PAIR = re.compile(
    r"[A-Z\u00c0-\uffff](?<![^\W_].)(?<=[^\W\d_a-z])([^\W\d_]{3,})[ \u00a0](?=([^\W\d_a-z][^\W\d_]{3,}))"
)
_OTHER_WORDS = FUNCTION_WORDS | NAME_WORDS | PLACES | MONTHS_AND_DAYS


def misspelt(reading: Reading, roster: CompiledRoster, around: Surroundings) -> Iterator[Candidate]:
    """A single misspelt name after a word that people follow."""
    text, near = reading.text, roster.near
    for match in _CAPITALISED.finditer(text):
        written = match.group()
        word = written.lower() if written.isascii() else fold_form(written)
        # A slip in one place leaves the beginning or the ending as it was.
        if word[:STEM] not in roster.beginnings and word[:1] + word[-STEM:] not in roster.endings:
            continue
        if word in _OTHER_WORDS:
            continue
        swapped = roster.swapped.get(word, ())
        if swapped and not opens_sentence(text, match.start()):
            # Two letters changed places: that makes no other word, so nothing has to announce it.
            yield from _as_slip(match, word, swapped, roster, around)
            continue
        before = fold_form(text[max(0, match.start() - 30) : match.start()]).rsplit(" ", 1)[-1]
        if before not in PERSON_BEFORE:
            continue
        names = {name for rest in near.keys() & deletions(word) for name in near[rest]}
        # The name itself is judged elsewhere; a classmate who bears the misspelt form must not un-hide it.
        close = [
            name
            for name in sorted(names - {word})
            if name[0] == word[0] and OSA.distance(word, name, score_cutoff=1) < 2
        ]
        yield from _as_slip(match, word, close, roster, around)


def _as_slip(
    match: re.Match[str], word: str, names: Iterable[str], roster: CompiledRoster, around: Surroundings
) -> Iterator[Candidate]:
    """A word taken for a misspelt form of some names, where the context allows it."""
    for name in names:
        for number, part in roster.names[name].pairs:
            segment = Segment(match.start(), match.end(), part, Level.SINGLE, (word,), slip=True)
            if judge(around, segment, is_author=False).reason is None:
                person = roster.people[number]
                yield Candidate(match.start(), match.end(), person.label, Certainty.LIKELY, person.key, 25, (number,))


def misspelt_pairs(reading: Reading, roster: CompiledRoster) -> Iterator[Candidate]:
    """Both halves of one member's name side by side, each of them misspelt or inflected."""
    stems = roster.stems
    for match in _PAIR.finditer(reading.text):
        start, middle = match.start(), match.end()
        first = fold_form(reading.text[start : middle - 1])
        beginnings = stems.get(first[:STEM])
        if beginnings is None:
            continue
        second = fold_form(match.group(2))
        for number, name, is_family in stems.get(second[:STEM], ()):
            if not _is_form(second, name):
                continue
            for other, beginning, was_family in beginnings:
                if other == number and was_family != is_family and _is_form(first, beginning):
                    person = roster.people[number]
                    yield Candidate(start, match.end(2), person.label, Certainty.LIKELY, person.key, 36, (number,))


def _is_form(word: str, name: str) -> bool:
    return word == name or is_slip(word, name)
