"""Words with a capital that are nearly somebody's name: misspelt, inflected, or spelt in other letters.

Such words are few. What a word may be is worked out once for a roster, since the words of a course repeat.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from privacy.anonymizer.candidate import Candidate, Reading
from privacy.anonymizer.citations import Surroundings
from privacy.anonymizer.clauses import acting_score
from privacy.anonymizer.context import judge
from privacy.anonymizer.cues import ANNOUNCING, PERSON_BEFORE, STRONG_BEFORE
from privacy.anonymizer.folding import fold_form
from privacy.anonymizer.forms import GIVEN
from privacy.anonymizer.model import Certainty
from privacy.anonymizer.nearness import NOTHING, Nearness
from privacy.anonymizer.neighbours import opens_sentence
from privacy.anonymizer.plain_words import PLAIN_WORDS
from privacy.anonymizer.roster import CompiledRoster
from privacy.anonymizer.segment import Level, Segment
from privacy.anonymizer.words import FUNCTION_WORDS, is_word_like

_WORD = re.compile("[A-ZÀ-ÖØ-Þ\u0100-\u1fff\u2c00-\uffff][^\\W\\d_]*")
_SECOND = re.compile(r"[A-Z][a-z]{1,15}(?:-[A-Z][a-z]{1,15})?\b")
# Two names written as one, as in file names: `layla_mansour`, `LaylaMansour`.
_LETTERS_BEFORE = re.compile(r"[A-Z]?[a-z]{2,15}\Z")
_LETTERS = re.compile(r"[A-Z]?[a-z]{2,15}")
_AFTER_JOINT = (b"aa", b"Aa")
_AFTER_HUMP = (b"a", b"Aa")
_IN_ONE_LINE = (" ", "\u00a0")
_ANNOUNCING_SOMEBODY = ANNOUNCING | STRONG_BEFORE
_ACTS = 6
_BETWEEN = (*_IN_ONE_LINE, "\n")


def nearly_named(reading: Reading, roster: CompiledRoster, around: Surroundings) -> Iterator[Candidate]:
    """Members whose names are misspelt, or whom the roster writes in another script."""
    text, known, work_out = reading.text, roster.nearness.known, roster.nearness.of
    before, ended = NOTHING, -1
    for match in _WORD.finditer(text):
        written = match.group()
        near = known.get(written) or work_out(written)
        if near is NOTHING:
            before = near
            continue
        start, end = match.span()
        if near.swapped or near.close:
            yield from _misspelt(text, start, end, near, roster, around)
        if near.skeleton and text[end : end + 1] in _BETWEEN:
            second = _SECOND.match(text, end + 1)
            if second and second.group().lower() not in FUNCTION_WORDS:
                ending = roster.nearness.consonants(second.group())
                yield from _by_skeleton(roster, near.skeleton, ending, end - near.letters, second.end(), shortest=3)
        if near.skeleton in roster.given_skeletons and near.letters == near.length:
            yield from _given_alone(text, start, end, near, roster, around)
        if near.forms and before.forms and ended == start - 1 and text[ended] in _IN_ONE_LINE:
            yield from _pair(text, ended - before.length, end, before, near, roster)
        before, ended = near, end
    if roster.skeletons:
        yield from _joint(reading, roster)


def _misspelt(
    text: str, start: int, end: int, near: Nearness, roster: CompiledRoster, around: Surroundings
) -> Iterator[Candidate]:
    """A single misspelt name after a word that people follow."""
    if near.swapped and not opens_sentence(text, start):
        # Two letters changed places: that makes no other word, so nothing has to announce it.
        yield from _as_slip(start, end, near.word, near.swapped, roster, around)
    elif near.close:
        previous = fold_form(text[max(0, start - 30) : start]).rsplit(" ", 1)[-1]
        if previous in PERSON_BEFORE:
            yield from _as_slip(start, end, near.word, near.close, roster, around)


def _as_slip(
    start: int, end: int, word: str, names: Iterable[str], roster: CompiledRoster, around: Surroundings
) -> Iterator[Candidate]:
    """A word taken for a misspelt form of some names, where the context allows it."""
    for name in names:
        for number, part in roster.names[name].pairs:
            segment = Segment(start, end, part, Level.SINGLE, (word,), slip=True)
            if judge(around, segment, is_author=False).reason is None:
                person = roster.people[number]
                yield Candidate(start, end, person.label, Certainty.LIKELY, person.key, 25, (number,))


def _given_alone(
    text: str, start: int, end: int, near: Nearness, roster: CompiledRoster, around: Surroundings
) -> Iterator[Candidate]:
    """A given name in Latin letters, alone and where somebody is announced or acts: "Thanks to Selvi"."""
    if near.word in roster.names or is_word_like((near.word,)) or near.word in PLAIN_WORDS:
        return
    previous = fold_form(text[max(0, start - 30) : start]).rsplit(" ", 1)[-1]
    if previous not in _ANNOUNCING_SOMEBODY and acting_score(text, end, "") < _ACTS:
        return
    for number in roster.given_skeletons[near.skeleton]:
        segment = Segment(start, end, GIVEN, Level.SINGLE, (near.word,), slip=True)
        if judge(around, segment, is_author=False).reason is None:
            person = roster.people[number]
            yield Candidate(start, end, person.label, Certainty.LIKELY, person.key, 24, (number,))


def _pair(
    text: str, start: int, end: int, first: Nearness, second: Nearness, roster: CompiledRoster
) -> Iterator[Candidate]:
    """Both halves of one member's name side by side, each of them misspelt or inflected."""
    if text[start - 1 : start].isalnum() and start > 0:
        return
    for number, is_family in second.forms:
        if (number, not is_family) in first.forms:
            person = roster.people[number]
            yield Candidate(start, end, person.label, Certainty.LIKELY, person.key, 36, (number,))


def _joint(reading: Reading, roster: CompiledRoster) -> Iterator[Candidate]:
    """Both names in Latin letters, written as one, of a member whom the roster writes in another script."""
    text, kinds = reading.text, reading.shape.kinds
    seams = [place + 1 for place in reading.shape.places(b"a-") if kinds[place + 2 : place + 4] in _AFTER_JOINT]
    seams += [hump for hump in reading.shape.humps if kinds[hump + 1 : hump + 3].startswith(_AFTER_HUMP)]
    for seam in seams:
        before = _LETTERS_BEFORE.search(text, max(0, seam - 16), seam)
        after = _LETTERS.match(text, seam + (text[seam] in "._-"))
        if before and after:
            beginning = roster.nearness.skeleton_of(before.group())
            if beginning:
                ending = roster.nearness.consonants(after.group())
                yield from _by_skeleton(roster, beginning, ending, before.start(), after.end(), shortest=4)


def _by_skeleton(
    roster: CompiledRoster, beginning: str, ending: str, start: int, end: int, *, shortest: int
) -> Iterator[Candidate]:
    if len(beginning) + len(ending) < shortest:
        return
    for number in roster.skeletons.get((beginning, ending), ()):
        person = roster.people[number]
        yield Candidate(start, end, person.label, Certainty.LIKELY, person.key, 37, (number,))
