"""How near a word is to the names of a roster: worked out once, and remembered for the next text of the course."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from rapidfuzz.distance import OSA

from privacy.anonymizer.folding import fold_form
from privacy.anonymizer.romanise import first_consonant, skeleton
from privacy.anonymizer.widen import is_slip
from privacy.anonymizer.words import FUNCTION_WORDS, MONTHS_AND_DAYS, NAME_WORDS, PLACES

STEM = 3
"""How many letters a misspelt or inflected name has in common with the name at its beginning."""

_OTHER_WORDS = FUNCTION_WORDS | NAME_WORDS | PLACES | MONTHS_AND_DAYS
_CAPITAL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆČĎĐĒĘĚĞĪĮİĹĽŁŃŇŌŐŒŔŘŚŞŠŤŪŮŰŹŻŽ")
_SHORTEST_SLIP = 6
_SHORTEST_HALF = 4
# What is remembered of one course is bounded.
_REMEMBERED = 20_000
_SIMPLE = re.compile(r"[A-Z][a-z]{1,15}\Z")


class Nearness(NamedTuple):
    """What a word may be a slip for.

    `swapped` and `close` are names with two letters changed round, and one letter away; `forms` are the numbers of
    members one half of whose name it may be, misspelt or inflected, with whether that is the family name; `skeleton`
    are the consonants of the `letters` at its end, where some name of another script begins with them.
    """

    word: str
    length: int
    swapped: tuple[str, ...]
    close: tuple[str, ...]
    forms: tuple[tuple[int, bool], ...]
    skeleton: str
    letters: int


NOTHING = Nearness("", 0, (), (), (), "", 0)


class Neighbourhood:
    """The names of a roster, asked for what is near to a word as it is written.

    `near` are the names by what is left of them after one deletion, `swapped` by two letters changed round, `stems`
    by their beginning; `beginnings` are the skeletons with which a name in another script begins.
    """

    def __init__(
        self,
        near: Mapping[str, tuple[str, ...]],
        swapped: Mapping[str, tuple[str, ...]],
        stems: Mapping[str, tuple[tuple[int, str, bool], ...]],
        pairs: Mapping[tuple[str, str], tuple[int, ...]],
    ) -> None:
        self._near, self._swapped, self._stems = near, swapped, stems
        usable = {name for found in near.values() for name in found}
        self._heads = frozenset(name[:STEM] for name in usable)
        self._tails = frozenset(name[:1] + name[-STEM:] for name in usable)
        self._skeletons = frozenset(first for first, _ in pairs)
        self._consonants = frozenset(("", *(first[0] for first in self._skeletons)))
        self.known: dict[str, Nearness] = {}
        """What was asked for lately."""
        self._sounds: dict[str, str] = {}

    def of(self, written: str) -> Nearness:
        """What a word with a capital may be a slip for."""
        if len(self.known) >= _REMEMBERED:
            self.known.clear()
        near = self.known[written] = self._work_out(written)
        return near

    def skeleton_of(self, written: str) -> str:
        """The consonants of a word, if a name in another script begins with them."""
        if first_consonant(written) not in self._consonants:
            return ""
        consonants = self.consonants(written)
        return consonants if consonants in self._skeletons else ""

    def consonants(self, written: str) -> str:
        """The consonants of a word, remembered."""
        known = self._sounds.get(written)
        if known is None:
            if len(self._sounds) >= _REMEMBERED:
                self._sounds.clear()
            known = self._sounds[written] = skeleton(written)
        return known

    def _work_out(self, written: str) -> Nearness:
        word = fold_form(written)
        swapped, close = self._slips(word) if len(written) >= _SHORTEST_SLIP and written[0] in _CAPITAL else ((), ())
        forms = self._forms(word) if len(written) >= _SHORTEST_HALF else ()
        consonants, letters = "", 0
        simple = _SIMPLE.search(written) if self._skeletons else None
        if simple and simple.group().lower() not in FUNCTION_WORDS:
            consonants, letters = self.skeleton_of(simple.group()), len(simple.group())
        if not (swapped or close or forms or consonants):
            return NOTHING
        return Nearness(word, len(written), swapped, close, forms, consonants, letters)

    def _slips(self, word: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        # A slip in one place leaves the beginning or the ending as it was.
        if (word[:STEM] not in self._heads and word[:1] + word[-STEM:] not in self._tails) or word in _OTHER_WORDS:
            return (), ()
        names = {name for rest in self._near.keys() & deletions(word) for name in self._near[rest]}
        # The name itself is judged elsewhere; a classmate who bears the misspelt form must not un-hide it.
        near = (name for name in sorted(names - {word}) if name[0] == word[0])
        return self._swapped.get(word, ()), tuple(n for n in near if OSA.distance(word, n, score_cutoff=1) < 2)

    def _forms(self, word: str) -> tuple[tuple[int, bool], ...]:
        found = (
            (number, is_family)
            for number, name, is_family in self._stems.get(word[:STEM], ())
            if word == name or is_slip(word, name)
        )
        return tuple(dict.fromkeys(found))


def deletions(word: str) -> set[str]:
    """The word itself and everything that remains of it when one character is dropped."""
    return {word} | {word[:place] + word[place + 1 :] for place in range(len(word))}
