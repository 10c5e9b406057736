"""What stands beside a name and belongs to it: initials, and a misspelt or inflected other half."""

from __future__ import annotations

import re
from typing import NamedTuple

from rapidfuzz.distance import OSA

from privacy.anonymizer.folding import fold_form, is_small, squeeze
from privacy.anonymizer.forms import FAMILY, GIVEN, WHOLE, Person
from privacy.anonymizer.segment import Level, Segment
from privacy.anonymizer.words import FUNCTION_WORDS, MONTHS_AND_DAYS, NAME_WORDS, PARTICLES, PLACES

_INITIALS_BEFORE = re.compile(r"(?<![\w.])((?:[^\W\d_]\.[ \u00a0-]?){1,3}|[^\W\d_][ \u00a0])$")
_INITIALS_AFTER = re.compile(r",?[ \u00a0]([^\W\d_]\.(?:-?[^\W\d_]\.){0,2})(?!\w)")
_BARE_INITIAL_AFTER = re.compile(r"[ \u00a0]([^\W\d_a-zß-öø-ÿ])(?!\w|\.|['’](?!s\b))")


_LONG_PARTICLES = sorted(word for word in PARTICLES if len(word) > 1)
_PARTICLE = rf"(?:(?i:{'|'.join(_LONG_PARTICLES)})|Ó|O|Ní|Nic|Uí)"
_PARTICLE_AFTER = re.compile(rf"(?:[ \u00a0]{_PARTICLE}){{1,3}}(?=[ \u00a0-](?:[^\W\d_a-z]|[^\W\d_][A-Z]))")
_WORD_AFTER = re.compile(r"[ \u00a0]([^\W\d_]+)")
_PARTICLE_WORDS = frozenset((*_LONG_PARTICLES, "ó", "o", "ní", "nic", "uí"))
_PARTICLE_LETTERS = frozenset("".join(word[0] + word[0].upper() for word in (*_LONG_PARTICLES, "ó", "ní", "uí")))


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether nothing beside a stretch can belong to the same name: no capital, no initial."""
    if is_small(text[start]):
        return False
    after = text[end : end + 3].lstrip(" ,\u00a0")[:1]
    if after in _PARTICLE_LETTERS and _particles_after(text, end):
        return False
    if after and not (after.islower() or after in ".;:!?)'’\n\""):
        return False
    if start < 2 or text[start - 1] not in " \u00a0.-":
        return True
    if text[start - 1] == "." or text[start - 2] == ".":
        return False
    first = word_before(text, start)
    return first == start or is_small(text[first])


def _particles_after(text: str, end: int) -> re.Match[str] | None:
    """The particles that lead on from a word to another word with a capital: "Lars van der" before "Berg"."""
    following = _WORD_AFTER.match(text, end)
    if following is None or following.group(1).lower() not in _PARTICLE_WORDS:
        return None
    return _PARTICLE_AFTER.match(text, end)


class Beside(NamedTuple):
    """What stands beside a stretch and may belong to the same name: a word on either side, initials."""

    before: str
    first: int
    after: str
    last: int
    initial_before: str
    initial_start: int
    initial_after: str
    initial_end: int
    comma: bool
    bare: str


def look_beside(text: str, start: int, end: int) -> Beside | None:
    """Look at both sides of a stretch, once for all members whom it may name. None when nothing is there.

    A word is "" when it can be no slip.
    """
    lowered = is_small(text[start])
    first = word_before(text, start)
    particle = _particles_after(text, end) if text[end + 1 : end + 2] in _PARTICLE_LETTERS else None
    place = particle.end() if particle else end
    last = word_after(text, place)
    before = after = ""
    if first < start and (lowered or text[first].isupper()):
        before = _may_be_slip(squeeze(text[first : start - 1]))
    if last > place and (lowered or particle or text[place + 1].isupper()):
        after = _may_be_slip(squeeze(text[place + 1 : last]))
    initial_before = initial_after = bare = ""
    initial_start, initial_end, comma = start, end, text[end : end + 1] == ","
    if not text[start:end].islower():
        if text[start - 1 : start] == "." or text[start - 2 : start - 1] == "." or start - first == _LETTER_AND_SPACE:
            found = _INITIALS_BEFORE.search(text, max(0, start - 12), start)
            if found and found.group(1)[0].isupper() and ("." in found.group(1) or found.group(1)[0] not in "IA"):
                initial_before, initial_start = fold_form(found.group(1))[:1], found.start(1)
        if text[end : end + 1] in _INITIAL_GAPS:
            found = _INITIALS_AFTER.match(text, end) if "." in text[end + 2 : end + 4] else None
            if found:
                initial_after, initial_end = fold_form(found.group(1))[:1], end + len(found.group().rstrip())
            found = _BARE_INITIAL_AFTER.match(text, end) if text[end + 1 : end + 2].isupper() else None
            if found and found.group(1) != "I":
                bare = fold_form(found.group(1))
    if not (before or after or initial_before or initial_after or bare):
        return None
    return Beside(before, first, after, last, initial_before, initial_start, initial_after, initial_end, comma, bare)


def widen(person: Person, segment: Segment, beside: Beside) -> Segment:
    """Take in initials beside one half of a name, or the misspelt or inflected other half."""
    if beside.before or beside.after:
        slipped = _misspelt_neighbour(person, segment, beside)
        if slipped is not None:
            return slipped
    return _initial_beside(person, segment, beside)


_LETTER_AND_SPACE = 2
_INITIAL_GAPS = (",", " ", "\u00a0")


def _initial_beside(person: Person, segment: Segment, beside: Beside) -> Segment:
    given_initials, family_initials = person.initials
    family = segment.parts & FAMILY and not segment.parts & GIVEN
    expected = given_initials if family else family_initials
    if family and beside.initial_before in expected:
        return segment._replace(start=beside.initial_start, level=Level.INITIAL)
    if beside.initial_after in expected and (family or not beside.comma):
        return segment._replace(end=beside.initial_end, level=Level.INITIAL)
    if not family and beside.bare in expected:
        return segment._replace(end=segment.end + 2, level=Level.INITIAL)
    return segment


def is_slip(word: str, name: str) -> bool:
    """Whether a folded word is a misspelling or an inflected form of a folded name."""
    if word[0] not in name[:2]:
        return False
    longest = max(len(word), len(name))
    if longest < 4 or min(len(word), len(name)) < 3 or word == name:
        return False
    if OSA.distance(word, name, score_cutoff=2) <= (1 if longest < 9 else 2):
        return True
    stem = name if len(name) < 6 else name[:-1]
    return len(name) >= 4 and word.startswith(stem) and 0 < len(word) - len(stem) <= 4 and longest > 5


# As far as a word is looked for at once.
_WORD = 25


def word_before(text: str, place: int) -> int:
    """Where the word starts that ends one space before `place`; `place` itself when there is none."""
    if place < 2 or text[place - 1] not in " \u00a0":
        return place
    start = place - 1
    word = text[max(0, place - _WORD) : start].rpartition(" ")[2]
    if word.isalpha() and len(word) < _WORD - 1:
        return start - len(word)
    while start > 0 and (text[start - 1].isalpha() or text[start - 1] in "'’-"):
        start -= 1
    return start if start < place - 1 else place


def word_after(text: str, place: int) -> int:
    """Where the word ends that starts one space after `place`; `place` itself when there is none."""
    if place >= len(text) or text[place] not in " \u00a0-":
        return place
    end = place + 1
    word = text[end : place + _WORD].partition(" ")[0]
    if word.isalpha() and len(word) < _WORD - 1:
        return end + len(word)
    while end < len(text) and (text[end].isalpha() or (text[end] in "'’-" and text[end : end + 2] not in _POSSESSIVES)):
        end += 1
    return end if end > place + 1 else place


_POSSESSIVES = frozenset({"'s", "’s"})


def with_misspelt_rest(text: str, person: Person, segment: Segment) -> Segment:
    """Take in a further, misspelt word of a long name: "José Ñúñez Peeña"."""
    if not text[segment.end + 1 : segment.end + 2].isupper():
        return segment
    end = word_after(text, segment.end)
    if end == segment.end:
        return segment
    word = squeeze(text[segment.end + 1 : end])
    rest = [name for name in (*person.family, *person.given) if name not in segment.words]
    return segment._replace(end=end) if any(is_slip(word, name) for name in rest) else segment


def _misspelt_neighbour(person: Person, segment: Segment, beside: Beside) -> Segment | None:
    given, family = person.halves
    names, heads = given if segment.parts & FAMILY and not segment.parts & GIVEN else family
    if segment.parts & WHOLE:
        return None
    for word, start, end in (
        (beside.before, beside.first, segment.end),
        (beside.after, segment.start, beside.last),
    ):
        if word[:1] in heads and any(is_slip(word, name) or word == name for name in names):
            return segment._replace(start=start, end=end, level=Level.FULL, words=(*segment.words, word), slip=True)
    return None


def _may_be_slip(word: str) -> str:
    """A word if it may be a misspelt name: it is long enough and not simply another word; otherwise nothing."""
    if len(word) < 3 or word in FUNCTION_WORDS or word in MONTHS_AND_DAYS:
        return ""
    return word if len(word) > 6 or not (word in PLACES or word in NAME_WORDS) else ""
