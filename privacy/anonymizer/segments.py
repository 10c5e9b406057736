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
from privacy.anonymizer.widen import look_beside, stands_alone, widen
from privacy.anonymizer.words import (
    PARTICLES,
    is_tiny,
    is_word_like,
)


class PartHit(NamedTuple):
    """A form of one member's name in the text, with the part of the name it can be (bits of `forms`)."""

    start: int
    end: int
    part: int


_SPACE = re.compile(r"[ \t\u00a0\u202f\u2009]{1,3}|[ \t\u00a0]?[\r\n]{1,2}[ \t*#/>%\"-]{0,8}|[-'’ʼ`‐‑_.·]|")
_COMMA = re.compile(r",[ \t\u00a0\n]{0,2}")
_BETWEEN = re.compile(r"[\s\u00a0]+(?:[^\W\d_a-z](?:\.|[^\W\d_A-Z]+)?[\s\u00a0-]+){1,2}|\.?[ ]?[A-Z]\.[ ]?")


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
                if not stands_alone(reading.text, segment.start, segment.end):
                    beside = look_beside(reading.text, segment.start, segment.end)
                    segment = widen(reading.text, roster.people[number], segment, beside)
                yield segment, (number,)
        for (start, end), members in singles.items():
            yield from _single(reading, roster, start, end, members)


def _clusters(reading: Reading) -> Iterator[list[NameHit]]:
    """The hits in groups so far apart that no name reaches from one into another."""
    text, cluster, end = reading.text, list[NameHit](), -_REACH - 1
    for hit in reading.names:
        if hit.start - end > _REACH:
            if len(cluster) > 1 or (cluster and not (cluster[0].word and is_small(text[cluster[0].start]))):
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
    beside = None if stands_alone(text, start, end) else look_beside(text, start, end)
    word = fold_form(text[start:end])
    for part, members in numbers.items():
        if _plainly_a_word(text, start, part, word):
            continue
        level = Level.FULL if part & WHOLE and " " in word else Level.SINGLE
        segment = Segment(start, end, part, level, (word,))
        if beside is None or (level is Level.SINGLE and beside.is_empty):
            yield segment, tuple(members)
            continue
        unchanged = []
        for number in members:
            widened = widen(text, roster.people[number], segment, beside)
            if widened is segment:
                unchanged.append(number)
            else:
                yield widened, (number,)
        if unchanged:
            yield segment, tuple(unchanged)


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
    if len(gap) > _REACH:
        return False
    first, second = text[last.start : last.end], text[hit.start : hit.end]
    same = len(first) == len(second) and fold_form(first) == fold_form(second)
    if same and not (last.part & GIVEN and hit.part & FAMILY):
        return False
    if len(before) > 1 and any(fold_form(text[item.start : item.end]) == fold_form(second) for item in before[:-1]):
        # "Rossi, Anna Rossi": the name begins anew.
        return False
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
    return [
        _segment(text, run)
        for run in runs
        if len(run) > 1 or not _plainly_a_word(text, run[0].start, run[0].part, fold_form(text[slice(*run[0][:2])]))
    ]


def _plainly_a_word(text: str, start: int, part: int, word: str) -> bool:
    """Whether a part that stands alone in lower case is simply a word: "will", "the stone"."""
    return is_small(text[start]) and (part == SHORT or is_tiny(word) or is_word_like((word,)))


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
