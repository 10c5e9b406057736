"""From overlapping candidates to findings: one stretch, one owner.

Stretches that overlap are united and never dropped, so whatever any matcher wanted hidden stays hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from privacy.anonymizer.candidate import Candidate
from privacy.anonymizer.model import PEOPLE, Certainty, FindingType
from privacy.anonymizer.roster import CompiledRoster

# Where authors give their own name: at the start of a line, after "I'm".
_SIGNED_BEFORE = re.compile(
    r"(?:(?:^|\n)[ \t>*#/—–-]*"
    r"|\b(?:[Ii] am|[Ii]['’]m|[Nn]ame is|[Ll]lamo|[Aa]ppelle|[Hh]ei(?:ss|ß)e|[Cc]hamo|[Nn]ame:|[Bb]y:?) )$"
)
# The highest rank of what may be short for another name: a nickname, one half of "Mary Kate".
SHORT_FORM = 29
_ORDER = {Certainty.CERTAIN: 2, Certainty.LIKELY: 1, Certainty.UNCERTAIN: 0}


class Stretch(NamedTuple):
    """A united stretch with the thing it names.

    `owners` are the members it may mean in the best reading, `others` those it may mean in another one when the
    best is no more than a short form.
    """

    start: int
    end: int
    type: FindingType
    certainty: Certainty
    key: str
    owners: tuple[int, ...] = ()
    others: tuple[int, ...] = ()


def unite(candidates: Iterable[Candidate]) -> list[Stretch]:
    """Unite overlapping candidates; the highest rank names the stretch."""
    united: list[Stretch] = []
    group: list[Candidate] = []
    end = -1
    for candidate in sorted(candidates, key=_place):
        if group and candidate.start >= end:
            united.append(_one(group, end))
            group = []
            end = -1
        group.append(candidate)
        end = max(end, candidate.end)
    if group:
        united.append(_one(group, end))
    return united


def _place(item: Candidate) -> tuple[int, int]:
    return item.start, -item.end


def _one(group: Sequence[Candidate], end: int) -> Stretch:
    if len(group) == 1:
        alone = group[0]
        known = tuple(sorted(set(alone.owners))) if alone.type in PEOPLE else ()
        return Stretch(alone.start, end, alone.type, alone.certainty, alone.key, known)
    best = max(group, key=lambda item: (item.rank, item.end - item.start))
    certainty = max((item.certainty for item in group), key=_ORDER.__getitem__)
    # Of "Ana Maria" by one member and "Maria" by another the longer name is meant.
    length = best.end - best.start
    same_rank = [i for i in group if i.rank == best.rank and i.end - i.start == length and i.type in PEOPLE]
    owners: list[int] = []
    if best.type in PEOPLE:
        for item in same_rank:
            owners += [owner for owner in item.owners if owner not in owners]
    others: tuple[int, ...] = ()
    if owners and best.rank <= SHORT_FORM:
        others = tuple(sorted({owner for item in group for owner in item.owners} - set(owners)))
    return Stretch(group[0].start, end, best.type, certainty, best.key, tuple(sorted(owners)), others)


def settle_owners(text: str, stretches: list[Stretch], roster: CompiledRoster, author: int | None) -> list[Stretch]:
    """Give every person's stretch one owner: the one member it can mean, or the one the text speaks of."""
    anchors = [(item.start, item.owners[0]) for item in stretches if len(item.owners) == 1 and not item.others]
    settled = []
    for item in stretches:
        if item.type not in PEOPLE or not item.owners:
            settled.append(item)
            continue
        signed = _SIGNED_BEFORE.search(text, max(0, item.start - 40), item.start) is not None
        owner = _owner(_spoken_of(item, anchors, author), anchors, author, signed=signed)
        if owner is None:
            people = [roster.people[number] for number in item.owners]
            labels = {person.label for person in people}
            label = labels.pop() if len(labels) == 1 else FindingType.PERSON
            key = "|".join(sorted(person.key for person in people))
        else:
            label, key = roster.people[owner].label, roster.people[owner].key
        settled.append(Stretch(item.start, item.end, label, item.certainty, key, item.owners))
    return settled


def _spoken_of(item: Stretch, anchors: list[tuple[int, int]], author: int | None) -> Stretch:
    """The stretch with its other reading where the text speaks of that person and of nobody of the best reading."""
    if not item.others:
        return item
    people = {owner for _, owner in anchors} | ({author} if author is not None else set())
    there = people.intersection(item.others)
    if len(there) != 1 or people.intersection(item.owners):
        return item
    return item._replace(owners=tuple(there), others=())


def _owner(item: Stretch, anchors: list[tuple[int, int]], author: int | None, *, signed: bool) -> int | None:
    """Whom a name means that several bear: whom the text named last, or else somebody whom it names later.

    Authors hardly call themselves by name but where they sign.
    """
    if len(item.owners) == 1:
        return item.owners[0]
    if signed and author in item.owners:
        return author
    named = [(start, owner) for start, owner in anchors if owner in item.owners]
    before = [owner for start, owner in named if start < item.start]
    if before:
        return before[-1]
    others = [owner for _, owner in named if owner != author]
    if others:
        return others[0]
    return author if author in item.owners else None
