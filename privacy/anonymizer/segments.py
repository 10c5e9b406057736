"""Putting a member's name together: neighbouring parts, initials and slips become one stretch of text.

Everything here looks at one member at a time. Hiding is the union over members, so a larger roster can only
hide more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rapidfuzz.distance import OSA

from privacy.anonymizer.candidate import NameHit, Reading
from privacy.anonymizer.folding import fold_form, is_small
from privacy.anonymizer.forms import (
    FAMILY,
    GIVEN,
    MIDDLE,
    NICKNAME,
    ROMANISED,
    SHORT,
    WHOLE,
)
from privacy.anonymizer.roster import CompiledRoster
from privacy.anonymizer.segment import Level, Segment
from privacy.anonymizer.widen import look_beside, stands_alone, widen, with_misspelt_rest
from privacy.anonymizer.words import (
    PARTICLES,
    is_tiny,
    is_word_like,
)


class PartHit(NamedTuple):
    """A form of one member's name in the text: the folded words, and the part of the name they can be."""

    start: int
    end: int
    part: int
    word: str
    plain: bool


_SPACE = re.compile(r"[ \t\u00a0\u202f\u2009]{1,3}|[ \t\u00a0]?[\r\n]{1,2}[ \t*#/>%\"-]{0,8}|[-'’ʼ`‐‑_.·]|")
_COMMA = re.compile(r",[ \t\u00a0\n]{0,2}")
_BETWEEN = re.compile(r"[\s\u00a0]+(?:[^\W\d_a-z](?:\.|[^\W\d_A-Z]+)?[\s\u00a0-]+){1,2}|\.?[ ]?[A-Z]\.[ ]?")


_REACH = 24


def segments(reading: Reading, roster: CompiledRoster) -> Iterator[tuple[Segment, tuple[int, ...]]]:
    """The stretches of text that may name somebody, each with the members whom it may name."""
    for cluster in _clusters(reading):
        joined = _named_twice(cluster)
        if joined:
            yield from _of_several_parts(reading, roster, cluster, joined)
        for hit in cluster:
            if hit.bearers.plain and is_small(reading.text[hit.start]):
                continue
            groups = hit.bearers.groups
            if not hit.bearers.numbers.isdisjoint(joined):
                groups = tuple((part, tuple(n for n in members if n not in joined)) for part, members in groups)
            yield from _single(reading, roster, hit, groups)


def _clusters(reading: Reading) -> Iterator[list[NameHit]]:
    """The hits in groups so far apart that no name reaches from one into another."""
    text, cluster, end = reading.text, list[NameHit](), -_REACH - 1
    for hit in reading.names:
        if hit.start - end > _REACH:
            if len(cluster) > 1 or (cluster and not _is_weak(text, cluster[0])):
                yield cluster
            cluster = []
        cluster.append(hit)
        if hit.end > end:
            end = hit.end
    if cluster:
        yield cluster


def _is_weak(text: str, hit: NameHit) -> bool:
    """Whether a form that stands far from every other is nobody's name."""
    return hit.bearers.weak and not hit.in_word and is_small(text[hit.start])


def _named_twice(cluster: list[NameHit]) -> frozenset[int]:
    """The members of whom more than one part stands in a cluster."""
    if len(cluster) == 1:
        return _NOBODY
    seen = cluster[0].bearers.numbers
    twice = _NOBODY
    for hit in cluster[1:]:
        numbers = hit.bearers.numbers
        if not seen.isdisjoint(numbers):
            twice |= seen & numbers
        seen |= numbers
    return twice


_NOBODY: frozenset[int] = frozenset()


def _of_several_parts(
    reading: Reading, roster: CompiledRoster, cluster: list[NameHit], joined: frozenset[int]
) -> Iterator[tuple[Segment, tuple[int, ...]]]:
    """What members are called of whom several parts stand close together."""
    parts: dict[int, list[PartHit]] = {}
    for start, end, bearers, _ in cluster:
        if not bearers.numbers.isdisjoint(joined):
            for number, part in bearers.pairs:
                if number in joined:
                    parts.setdefault(number, []).append(PartHit(start, end, part, bearers.word, bearers.plain))
    text = reading.text
    for number, hits in parts.items():
        for segment in _join(text, _outermost(text, hits)):
            if segment.level is Level.FULL:
                segment = with_misspelt_rest(text, roster.people[number], segment)
            elif not stands_alone(text, segment.start, segment.end):
                beside = look_beside(text, segment.start, segment.end)
                segment = widen(roster.people[number], segment, beside) if beside else segment
            yield segment, (number,)


def _single(
    reading: Reading, roster: CompiledRoster, hit: NameHit, groups: Iterable[tuple[int, tuple[int, ...]]]
) -> Iterator[tuple[Segment, tuple[int, ...]]]:
    """One form by itself: members of whom it is the same part share the stretch, unless it can be widened."""
    text, start, end, word = reading.text, hit.start, hit.end, hit.bearers.word
    beside = None if stands_alone(text, start, end) else look_beside(text, start, end)
    for part, members in groups:
        if not members or (part == SHORT and is_small(text[start])):
            continue
        level = Level.FULL if part & WHOLE and " " in word else Level.SINGLE
        segment = Segment(start, end, part, level, (word,))
        if beside is None and level is Level.SINGLE:
            yield segment, members
            continue
        unchanged = []
        for number in members:
            person = roster.people[number]
            widened = segment
            if level is Level.FULL:
                widened = with_misspelt_rest(text, person, segment)
            elif beside is not None:
                widened = widen(person, segment, beside)
            if widened is segment:
                unchanged.append(number)
            else:
                yield widened, (number,)
        if unchanged:
            yield segment, tuple(unchanged)


def _outermost(text: str, hits: list[PartHit]) -> list[PartHit]:
    if len(hits) == _A_PAIR and hits[0].end <= hits[1].start:
        return hits
    kept: list[PartHit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if kept and hit.start >= kept[-1].start and hit.end <= kept[-1].end:
            if (hit.start, hit.end) == (kept[-1].start, kept[-1].end):
                kept[-1] = kept[-1]._replace(part=kept[-1].part | hit.part)
            continue
        if kept and hit.start < kept[-1].end:
            kept[-1] = _overlapping(text, kept[-1], hit)
            continue
        kept.append(hit)
    return kept


def _overlapping(text: str, first: PartHit, second: PartHit) -> PartHit:
    word = fold_form(text[first.start : second.end])
    plain = is_tiny(word) or is_word_like((word,))
    return PartHit(first.start, second.end, first.part | second.part, word, plain)


_A_PAIR = 2
_GIVEN_LIKE = GIVEN | NICKNAME | MIDDLE


_FIRST = _GIVEN_LIKE | ROMANISED | WHOLE
_SECOND = FAMILY | ROMANISED | MIDDLE | WHOLE


def _is_full(parts: list[int]) -> bool:
    if len(parts) == _A_PAIR:
        first, second = parts
        return bool((first & _FIRST and second & _SECOND) or (second & _FIRST and first & _SECOND))
    given = [place for place, part in enumerate(parts) if part & _FIRST]
    family = [place for place, part in enumerate(parts) if part & _SECOND]
    return len(parts) > 1 and any(a != b for a in given for b in family)


def _complements(before: list[PartHit], hit: PartHit) -> bool:
    """Whether a hit brings another part of the name, so that it may continue on the next line."""
    return _is_full([*(item.part for item in before), hit.part])


def _joins(text: str, before: list[PartHit], hit: PartHit) -> bool:
    last = before[-1]
    gap = text[last.end : hit.start]
    if len(gap) > _REACH:
        return False
    same = last.word == hit.word and last.end - last.start == hit.end - hit.start
    if same and not (last.part & GIVEN and hit.part & FAMILY):
        return False
    if len(before) > 1 and any(item.word == hit.word for item in before[:-1]):
        # "Rossi, Anna Rossi": the name begins anew.
        return False
    if _plainly_a_word(text, hit) != _plainly_a_word(text, last) and not _complements(before, hit):
        # "Bill will bring it": a short form of the same name that is simply a word here.
        return False
    if gap == " ":
        return True
    if "\n" in gap and not (_complements(before, hit) and last.part & ~FAMILY):
        return False
    if _SPACE.fullmatch(gap):
        # "Bell. Bill said": a full stop glued to both sides only joins parts of a log-in name.
        return True
    if _COMMA.fullmatch(gap):
        # "Bell, Bill": with a comma the family name comes first.
        reversible = last.part & (FAMILY | ROMANISED) and hit.part & (GIVEN | NICKNAME | ROMANISED)
        given_before = any(item.part & _GIVEN_LIKE and not item.part & FAMILY for item in before)
        return bool(reversible) and len(before) < 4 and not given_before
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
    return [_segment(run) for run in runs if len(run) > 1 or not _plainly_a_word(text, run[0])]


def _plainly_a_word(text: str, hit: PartHit) -> bool:
    """Whether a part that stands alone in lower case is simply a word: "will", "the stone"."""
    return (hit.plain or hit.part == SHORT) and is_small(text[hit.start])


def _segment(run: list[PartHit]) -> Segment:
    parts = [hit.part for hit in run]
    merged = 0
    for part in parts:
        merged |= part
    words = tuple(hit.word for hit in run)
    distinct = len(set(words)) == len(words) or len(words) == 2
    whole = len(run) == 1 and parts[0] & WHOLE and " " in words[0]
    full = whole or (distinct and _is_full(parts))
    reverse = full and bool(parts[0] & FAMILY and not parts[0] & _GIVEN_LIKE)
    level = Level.FULL if full else Level.SINGLE
    return Segment(run[0].start, run[-1].end, merged, level, words, in_reverse=reverse)
