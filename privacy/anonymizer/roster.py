"""The compiled roster: every form under which a member of the course may stand in a text, in one automaton.

Compiling is done once per course; searching costs the same whatever the size of the roster. The same
automaton also finds the cue words, so that a text is read once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import ahocorasick

from privacy.anonymizer.cues import Cue, cue_forms
from privacy.anonymizer.filename import words_of
from privacy.anonymizer.folding import fold_form
from privacy.anonymizer.forms import (
    NICKNAME,
    ROMANISED,
    SHORT,
    Forms,
    Person,
    add_names,
    add_strong,
    describe,
    split_name,
)
from privacy.anonymizer.model import RosterMember
from privacy.anonymizer.nearness import STEM, Neighbourhood, deletions
from privacy.anonymizer.romanise import skeletons
from privacy.anonymizer.strong import StrongForms
from privacy.anonymizer.words import NAME_WORDS, PLACES, is_tiny, is_word_like


class Bearers(NamedTuple):
    """The members whom a form of a name may mean. `word` is the form as `fold_form` writes it.

    `pairs` are a member's number and the part of the name, `groups` the same by part, `numbers` the members alone.
    `plain` tells that the form is also an ordinary word or too short to be told from one; `weak` tells that in lower
    case it is nobody's name unless other parts of it are beside it.
    """

    word: str
    pairs: tuple[tuple[int, int], ...]
    groups: tuple[tuple[int, tuple[int, ...]], ...]
    numbers: frozenset[int]
    plain: bool
    weak: bool


def _bearers(form: str, parts: dict[int, int]) -> Bearers:
    groups: dict[int, list[int]] = {}
    for number, part in parts.items():
        groups.setdefault(part, []).append(number)
    word = form.strip()
    plain = is_word_like((word,)) or is_tiny(word)
    return Bearers(
        " ".join(word.split()),
        tuple(parts.items()),
        tuple((part, tuple(numbers)) for part, numbers in groups.items()),
        frozenset(parts),
        plain,
        plain or set(groups) == {SHORT},
    )


class Meaning(NamedTuple):
    """What a form can mean: a name of members, strong forms of members, cues.

    `strong` are pairs of a kind and a member's number.
    """

    bearers: Bearers | None
    strong: tuple[tuple[int, int], ...]
    cues: tuple[Cue, ...]


class CompiledRoster:
    """A roster ready for matching. Build it with `compile_roster`; it can be pickled and is immutable."""

    def __init__(self, members: Iterable[RosterMember], countries: Sequence[str] = ()) -> None:
        self.members = tuple(members)
        self.countries = tuple(country.upper() for country in countries)
        self.people = tuple(describe(member) for member in self.members)
        self.numbers = {person.key: number for number, person in reversed(list(enumerate(self.people)))}
        self.natural_names = {person.key: person.name for person in self.people}
        forms = Forms()
        for number, member in enumerate(self.members):
            add_names(forms, member, number)
            add_strong(forms, member, number)
        found = {form: _bearers(form, parts) for form, parts in forms.names.items()}
        self.names = {form.strip(): bearers for form, bearers in found.items()}
        self.initials = _initial_pairs(self.people)
        self.skeletons = _skeletons(self.members)
        near = _deletions(self.names)
        self.given_skeletons = _given_skeletons(self.members)
        self.nearness = Neighbourhood(near, _swaps(near), _stems(self.people), self.skeletons)
        self.strong_forms = StrongForms(self.members)
        self.automaton = _automaton(forms, found)
        self._file_words: dict[int, frozenset[str]] = {}

    def file_words(self, number: int) -> frozenset[str]:
        """What of a member may not stand in a file name."""
        known = self._file_words.get(number)
        if known is None:
            known = self._file_words[number] = words_of(self.members[number])
        return known

    def __reduce__(self) -> tuple[Any, ...]:
        return (CompiledRoster, (self.members, self.countries))


def compile_roster(members: Iterable[RosterMember], *, countries: Sequence[str] = ()) -> CompiledRoster:
    """Compile the roster of a course. `countries` are ISO codes whose national phone numbers are recognised."""
    return CompiledRoster(members, countries)


def _automaton(forms: Forms, names: dict[str, Bearers]) -> Any:
    strong: dict[str, list[tuple[int, int]]] = {}
    for (form, kind), owners in forms.people.items():
        strong.setdefault(form, []).extend((kind, owner) for owner in owners)
    cues = {f" {cue} ": kinds for cue, kinds in cue_forms().items()}
    automaton = ahocorasick.Automaton()
    for form in dict.fromkeys((*names, *strong, *cues)):
        trim = 1 if form[0] == " " else 0
        meaning = Meaning(names.get(form), tuple(strong.get(form, ())), cues.get(form, ()))
        automaton.add_word(form, (len(form) - 2 * trim, 1 - trim, meaning))
    automaton.make_automaton()
    return automaton


def _initial_pairs(people: tuple[Person, ...]) -> dict[str, tuple[int, ...]]:
    """First and last initial, as "bj", to the members they may mean."""
    pairs: dict[str, list[int]] = {}
    for number, person in enumerate(people):
        given, family = person.initials
        for first in given:
            for last in family:
                pairs.setdefault(first + last, []).append(number)
    return {pair: tuple(numbers) for pair, numbers in pairs.items()}


_SHORTEST_SKELETON = 3


def _skeletons(members: tuple[RosterMember, ...]) -> dict[tuple[str, str], tuple[int, ...]]:
    """Consonants of given and family name, in either order, of members whose names are in other scripts."""
    found: dict[tuple[str, str], list[int]] = {}
    for number, member in enumerate(members):
        given, family = split_name(member)
        if not given or not family or fold_form(member.name).isascii():
            continue
        if fold_form(given).isascii():
            continue
        for first in skeletons(given):
            for second in skeletons(family):
                if first and second and len(first) + len(second) >= _SHORTEST_SKELETON:
                    found.setdefault((first, second), []).append(number)
                    found.setdefault((second, first), []).append(number)
    return {pair: tuple(numbers) for pair, numbers in found.items()}


# Consonants enough to tell a given name from other words, where somebody is expected.
_SHORTEST_GIVEN = 3


def _given_skeletons(members: tuple[RosterMember, ...]) -> dict[str, tuple[int, ...]]:
    """Consonants of given names, and of names that stand alone, that are written in other scripts."""
    found: dict[str, list[int]] = {}
    for number, member in enumerate(members):
        given, _ = split_name(member)
        for name in (given or member.name).split()[:1]:
            if not fold_form(name).isascii():
                for consonants in skeletons(name):
                    if len(consonants) >= _SHORTEST_GIVEN:
                        found.setdefault(consonants, []).append(number)
    return {consonants: tuple(numbers) for consonants, numbers in found.items()}


def _swaps(near: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Names of six letters or more with two neighbouring letters changed round, to the names."""
    index: dict[str, list[str]] = {}
    for name in {name for found in near.values() for name in found if len(name) > 5}:
        for place in range(1, len(name) - 1):
            swapped = name[:place] + name[place + 1] + name[place] + name[place + 2 :]
            if swapped != name:
                index.setdefault(swapped, []).append(name)
    return {swapped: tuple(sorted(found)) for swapped, found in index.items()}


def _stems(people: tuple[Person, ...]) -> dict[str, tuple[tuple[int, str, bool], ...]]:
    """The beginnings of given and family names, to the members, the names and whether it is the family name."""
    index: dict[str, list[tuple[int, str, bool]]] = {}
    for number, person in enumerate(people):
        for names, is_family in ((person.given, False), (person.family, True)):
            for name in names:
                if len(name) > STEM:
                    index.setdefault(name[:STEM], []).append((number, name, is_family))
    return {stem: tuple(found) for stem, found in index.items()}


def _deletions(names: dict[str, Bearers]) -> dict[str, tuple[str, ...]]:
    """An index for one-letter slips: what is left after one deletion, to the names it may come from."""
    index: dict[str, list[str]] = {}
    for name, bearers in names.items():
        usable = any(not part & (NICKNAME | ROMANISED | SHORT) for part, _ in bearers.groups)
        if len(name) < 5 or " " in name or not usable or name in NAME_WORDS or name in PLACES:
            continue
        for rest in deletions(name):
            index.setdefault(rest, []).append(name)
    return {rest: tuple(found) for rest, found in index.items()}
