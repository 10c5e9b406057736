"""Putting a member's name together: neighbouring parts, initials and slips become one stretch of text.

Everything here looks at one member at a time. Hiding is the union over members, so a larger roster can only
hide more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import NamedTuple

from rapidfuzz.distance import OSA

from privacy.anonymizer.candidate import NameHit, Reading
from privacy.anonymizer.folding import fold_form, squeeze
from privacy.anonymizer.forms import (
    FAMILY,
    GIVEN,
    MIDDLE,
    NICKNAME,
    ROMANISED,
    SHORT,
    WHOLE,
    Person,
)
from privacy.anonymizer.roster import CompiledRoster
from privacy.anonymizer.words import (
    FUNCTION_WORDS,
    MONTHS_AND_DAYS,
    NAME_WORDS,
    PARTICLES,
    PLACES,
    is_word_like,
)


class Level(IntEnum):
    """How much of a name is there."""

    SINGLE = 1
    INITIAL = 2
    FULL = 3


class PartHit(NamedTuple):
    """A form of one member's name in the text, with the part of the name it can be (bits of `forms`)."""

    start: int
    end: int
    part: int


class Segment(NamedTuple):
    """A stretch of text that may name one member. `words` are the folded words that belong to the name."""

    start: int
    end: int
    parts: int
    level: Level
    words: tuple[str, ...]
    slip: bool = False
    in_reverse: bool = False


_SPACE = re.compile(r"[ \t\u00a0\u202f\u2009]{1,3}|[ \t\u00a0]?[\r\n]{1,2}[ \t*#/>%\"-]{0,8}|[-'’ʼ`‐‑_.·]|")
_COMMA = re.compile(r",[ \t\u00a0\n]{0,2}")
_BETWEEN = re.compile(r"[\s\u00a0]+(?:[^\W\d_a-z](?:\.|[^\W\d_A-Z]+)?[\s\u00a0-]+){1,2}|\.?[ ]?[A-Z]\.[ ]?")
_INITIALS_BEFORE = re.compile(r"(?<![\w.])((?:[^\W\d_]\.[ \u00a0-]?){1,3}|[^\W\d_][ \u00a0])$")
_INITIALS_AFTER = re.compile(r",?[ \u00a0]([^\W\d_]\.(?:-?[^\W\d_]\.){0,2})(?!\w)")
_BARE_INITIAL_AFTER = re.compile(r"[ \u00a0]([A-ZÀ-Þ])(?![\w.'’])")


_REACH = 24


def segments(reading: Reading, roster: CompiledRoster) -> Iterator[tuple[Segment, tuple[int, ...]]]:
    """The stretches of text that may name somebody, each with the members whom it may name."""
    for cluster in _clusters(reading):
        if len(cluster) == 1:
            yield from _single(reading, roster, cluster[0].start, cluster[0].end, cluster[0].owners)
            continue
        parts: dict[int, list[PartHit]] = {}
        for start, end, owners, _ in cluster:
            for number, part in owners:
                parts.setdefault(number, []).append(PartHit(start, end, part))
        singles: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for number, hits in parts.items():
            if len(hits) == 1:
                singles.setdefault((hits[0].start, hits[0].end), []).append((number, hits[0].part))
                continue
            for segment in _join(reading.text, _outermost(hits)):
                alone = _stands_alone(reading.text, segment.start, segment.end)
                yield (segment if alone else _widen(reading.text, roster.people[number], segment)), (number,)
        for (start, end), owners in singles.items():
            yield from _single(reading, roster, start, end, owners)


def _clusters(reading: Reading) -> Iterator[list[NameHit]]:
    """The hits in groups so far apart that no name reaches from one into another."""
    text, cluster, end = reading.text, list[NameHit](), -_REACH - 1
    for hit in reading.names:
        if hit.start - end > _REACH:
            if len(cluster) > 1 or (cluster and not (cluster[0].word and text[cluster[0].start].islower())):
                yield cluster
            cluster = []
        cluster.append(hit)
        end = max(end, hit.end)
    if cluster:
        yield cluster


def _single(
    reading: Reading, roster: CompiledRoster, start: int, end: int, owners: Iterable[tuple[int, int]]
) -> Iterator[tuple[Segment, tuple[int, ...]]]:
    """One form by itself: members of whom it is the same part share the stretch, unless it can be widened."""
    text = reading.text
    numbers: dict[int, list[int]] = {}
    for number, part in owners:
        numbers.setdefault(part, []).append(number)
    alone = _stands_alone(text, start, end)
    word = fold_form(text[start:end])
    for part, members in numbers.items():
        if _plainly_a_word(text, start, part, word):
            continue
        level = Level.FULL if part & WHOLE and " " in word else Level.SINGLE
        segment = Segment(start, end, part, level, (word,))
        if alone:
            yield segment, tuple(members)
        else:
            for number in members:
                yield _widen(text, roster.people[number], segment), (number,)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether nothing beside a stretch can belong to the same name: no capital, no initial."""
    if text[start].islower():
        return False
    after = text[end : end + 3].lstrip(" ,\u00a0")[:1]
    if after and not (after.islower() or after in ".;:!?)'’\n\""):
        return False
    if start < 2 or text[start - 1] not in " \u00a0.-":
        return True
    if text[start - 1] == "." or text[start - 2] == ".":
        return False
    first = word_before(text, start)
    return first == start or text[first].islower()


def _outermost(hits: list[PartHit]) -> list[PartHit]:
    kept: list[PartHit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if kept and hit.start >= kept[-1].start and hit.end <= kept[-1].end:
            if (hit.start, hit.end) == (kept[-1].start, kept[-1].end):
                kept[-1] = kept[-1]._replace(part=kept[-1].part | hit.part)
            continue
        if kept and hit.start < kept[-1].end:
            kept[-1] = PartHit(kept[-1].start, hit.end, kept[-1].part | hit.part)
            continue
        kept.append(hit)
    return kept


_GIVEN_LIKE = GIVEN | NICKNAME | MIDDLE


def _is_full(parts: list[int]) -> bool:
    given = [place for place, part in enumerate(parts) if part & (_GIVEN_LIKE | ROMANISED | WHOLE)]
    family = [place for place, part in enumerate(parts) if part & (FAMILY | ROMANISED | MIDDLE | WHOLE)]
    return len(parts) > 1 and any(a != b for a in given for b in family)


def _complements(before: list[PartHit], hit: PartHit) -> bool:
    """Whether a hit brings another part of the name, so that it may continue on the next line."""
    return _is_full([*(item.part for item in before), hit.part])


def _joins(text: str, before: list[PartHit], hit: PartHit) -> bool:
    last = before[-1]
    gap = text[last.end : hit.start]
    same = fold_form(text[last.start : last.end]) == fold_form(text[hit.start : hit.end])
    if len(gap) > 24 or (same and not (last.part & GIVEN and hit.part & FAMILY)):
        return False
    if "\n" in gap and not (_complements(before, hit) and last.part & ~FAMILY):
        return False
    if _SPACE.fullmatch(gap):
        # "Bell. Bill said": a full stop glued to both sides only joins parts of a log-in name.
        return True
    if _COMMA.fullmatch(gap):
        # "Bell, Bill": with a comma the family name comes first.
        return bool(last.part & (FAMILY | ROMANISED) and hit.part & (GIVEN | NICKNAME | ROMANISED)) and len(before) < 4
    if not (last.part & _GIVEN_LIKE and hit.part & (FAMILY | ROMANISED)):
        return False
    return bool(_BETWEEN.fullmatch(gap)) or _only_particles(gap)


def _only_particles(gap: str) -> bool:
    """Whether only particles, if misspelt ones, stand between the two halves: "Erik van dder Wardt"."""
    words = fold_form(gap).split()
    if not 0 < len(words) < 4 or any(mark in gap for mark in ".,;:!?()\n"):
        return False
    return all(
        word in PARTICLES or (len(word) > 2 and any(OSA.distance(word, known) < 2 for known in _LONG_PARTICLES))
        for word in words
    )


_LONG_PARTICLES = ("van", "der", "von", "den", "del", "dos", "das", "bin")


def _join(text: str, hits: list[PartHit]) -> list[Segment]:
    runs: list[list[PartHit]] = []
    for hit in hits:
        if runs and _joins(text, runs[-1], hit):
            runs[-1].append(hit)
        else:
            runs.append([hit])
    return [
        _segment(text, run)
        for run in runs
        if len(run) > 1 or not _plainly_a_word(text, run[0].start, run[0].part, fold_form(text[slice(*run[0][:2])]))
    ]


def _plainly_a_word(text: str, start: int, part: int, word: str) -> bool:
    """Whether a part that stands alone in lower case is simply a word: "will", "the stone"."""
    return text[start].islower() and (part == SHORT or is_word_like((word,)))


def _segment(text: str, run: list[PartHit]) -> Segment:
    parts = [hit.part for hit in run]
    merged = 0
    for part in parts:
        merged |= part
    words = tuple(fold_form(text[hit.start : hit.end]) for hit in run)
    distinct = len(set(words)) == len(words) or len(words) == 2
    whole = len(run) == 1 and parts[0] & WHOLE and " " in words[0]
    full = whole or (distinct and _is_full(parts))
    reverse = full and bool(parts[0] & FAMILY and not parts[0] & _GIVEN_LIKE)
    level = Level.FULL if full else Level.SINGLE
    return Segment(run[0].start, run[-1].end, merged, level, words, in_reverse=reverse)


def _widen(text: str, person: Person, segment: Segment) -> Segment:
    """Take in initials beside the name, and a misspelt or inflected other half of it."""
    if segment.level is Level.FULL:
        return _misspelt_rest(text, person, segment)
    slipped = _misspelt_neighbour(text, person, segment)
    if slipped is not None:
        return slipped
    return _initial_beside(text, person, segment)


def _initial_beside(text: str, person: Person, segment: Segment) -> Segment:
    given_initials, family_initials = person.initials
    family = segment.parts & FAMILY and not segment.parts & GIVEN
    expected = given_initials if family else family_initials
    if text[segment.start : segment.end].islower():
        return segment
    before = _INITIALS_BEFORE.search(text, max(0, segment.start - 12), segment.start)
    if family and before and before.group(1).strip()[0].isupper():
        first = fold_form(before.group(1))[:1]
        dotted = "." in before.group(1) or before.group(1)[0] not in "IA"
        if first in expected and dotted:
            return segment._replace(start=before.start(1), level=Level.INITIAL)
    after = _INITIALS_AFTER.match(text, segment.end)
    if after and fold_form(after.group(1))[:1] in expected:
        comma = text[segment.end : segment.end + 1] == ","
        if bool(family) or not comma:
            return segment._replace(end=segment.end + len(after.group().rstrip()), level=Level.INITIAL)
    bare = _BARE_INITIAL_AFTER.match(text, segment.end)
    if bare and bare.group(1) != "I" and fold_form(bare.group(1)) in expected and not family:
        return segment._replace(end=bare.end(1), level=Level.INITIAL)
    return segment


def is_slip(word: str, name: str) -> bool:
    """Whether a folded word is a misspelling or an inflected form of a folded name."""
    longest = max(len(word), len(name))
    if longest < 4 or min(len(word), len(name)) < 3 or word == name:
        return False
    if OSA.distance(word, name, score_cutoff=2) <= (1 if longest < 9 else 2) and word[0] in name[:2]:
        return True
    stem = name if len(name) < 6 else name[:-1]
    return len(name) >= 4 and word.startswith(stem) and 0 < len(word) - len(stem) <= 4 and longest > 5


def word_before(text: str, place: int) -> int:
    """Where the word starts that ends one space before `place`; `place` itself when there is none."""
    if place < 2 or text[place - 1] not in " \u00a0":
        return place
    start = place - 1
    while start > 0 and (text[start - 1].isalpha() or text[start - 1] in "'’-"):
        start -= 1
    return start if start < place - 1 else place


def word_after(text: str, place: int) -> int:
    """Where the word ends that starts one space after `place`; `place` itself when there is none."""
    if place >= len(text) or text[place] not in " \u00a0":
        return place
    end = place + 1
    while end < len(text) and (text[end].isalpha() or (text[end] in "'’-" and text[end : end + 2] not in _POSSESSIVES)):
        end += 1
    return end if end > place + 1 else place


_POSSESSIVES = frozenset({"'s", "’s"})


def _misspelt_rest(text: str, person: Person, segment: Segment) -> Segment:
    """A further, misspelt word of a long name: "José Ñúñez Peeña"."""
    end = word_after(text, segment.end)
    if end == segment.end or not text[segment.end + 1].isupper():
        return segment
    word = squeeze(text[segment.end + 1 : end])
    rest = [name for name in (*person.family, *person.given) if name not in segment.words]
    return segment._replace(end=end) if any(is_slip(word, name) for name in rest) else segment


def _misspelt_neighbour(text: str, person: Person, segment: Segment) -> Segment | None:
    family = segment.parts & FAMILY and not segment.parts & GIVEN
    others = person.given if family else person.family
    if segment.parts & WHOLE or not others:
        return None
    names = (*others, "".join(others[:4])) if len(others) > 1 else others
    lowered = text[segment.start].islower()
    start, end = word_before(text, segment.start), word_after(text, segment.end)
    if start < segment.start and (lowered or text[start].isupper()):
        word = squeeze(text[start : segment.start])
        if _may_be_slip(word) and any(is_slip(word, name) or word == name for name in names):
            return segment._replace(start=start, level=Level.FULL, words=(*segment.words, word), slip=True)
    if end > segment.end and (lowered or text[segment.end + 1].isupper()):
        word = squeeze(text[segment.end : end])
        if _may_be_slip(word) and any(is_slip(word, name) or word == name for name in names):
            return segment._replace(end=end, level=Level.FULL, words=(*segment.words, word), slip=True)
    return None


def _may_be_slip(word: str) -> bool:
    """Whether a word may be a misspelt name: it is long enough and not simply another word."""
    if len(word) < 3 or word in FUNCTION_WORDS or word in MONTHS_AND_DAYS:
        return False
    return len(word) > 6 or not (word in PLACES or word in NAME_WORDS)
