"""The forms that the last check looks for, built apart from the matcher: whole names, addresses, ids and log-ins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import ahocorasick

from privacy.anonymizer.folding import fold_form, spellings, squeeze
from privacy.anonymizer.model import RosterMember
from privacy.anonymizer.romanise import is_unspaced
from privacy.anonymizer.words import FUNCTION_WORDS, NAME_WORDS

_SHORTEST_LOGIN = 5
_SHORTEST_WORD = 8


class StrongForm(NamedTuple):
    """A folded form that means one member. `comma` tells that a comma may stand inside, as in "Family, Given"."""

    form: str
    owner: str
    comma: bool


class StrongForms:
    """The forms of all members. Those with spaces between words are looked up by their longest word."""

    def __init__(self, members: Iterable[RosterMember]) -> None:
        unspaced = ahocorasick.Automaton()
        by_word: dict[str, list[tuple[frozenset[str], StrongForm]]] = {}
        seen: set[str] = set()
        for member in members:
            for found in (*_names(member), *_identities(member)):
                if found.form in seen:
                    continue
                seen.add(found.form)
                if is_unspaced(found.form):
                    unspaced.add_word(found.form, found)
                else:
                    words = found.form.split()
                    by_word.setdefault(max(words, key=len), []).append((frozenset(words), found))
        self._by_word = by_word
        self._words = frozenset(by_word)
        self._unspaced = unspaced if len(unspaced) else None
        if self._unspaced is not None:
            self._unspaced.make_automaton()

    def standing(self, words: list[str], flat: str) -> set[StrongForm]:
        """The forms that stand in folded words; `flat` is the same with single spaces between and around them."""
        found: set[StrongForm] = set()
        present = set(words)
        for word in self._words & present:
            found.update(one for needed, one in self._by_word[word] if needed <= present and f" {one.form} " in flat)
        if self._unspaced is not None and not flat.isascii():
            found.update(one for _, one in self._unspaced.iter(flat))
        return found


def _names(member: RosterMember) -> Iterator[StrongForm]:
    given, family = member.given_name.strip(), member.family_name.strip()
    first = given.split()[0] if given else ""
    orders = [(member.name, False)]
    if given and family:
        orders += [(f"{given} {family}", False), (f"{first} {family}", False), (f"{family} {given}", True)]
        joined = squeeze(given + family)
        if len(joined) >= _SHORTEST_WORD:
            yield StrongForm(joined, member.user_id, comma=False)
    for name, comma in orders:
        for form in spellings(name):
            words = form.split()
            if is_unspaced(form) and len(squeeze(form)) > 1:
                yield StrongForm(squeeze(form), member.user_id, comma=False)
            if len(words) > 1 and max(map(len, words)) > 1 and not set(words) <= FUNCTION_WORDS:
                yield StrongForm(form, member.user_id, comma)


def _identities(member: RosterMember) -> Iterator[StrongForm]:
    for identity in (member.email, member.sourcedid, member.user_id, member.username):
        form = fold_form(identity)
        distinctive = any(c.isdigit() for c in form) or " " in form or len(form) >= _SHORTEST_WORD
        if len(form) >= _SHORTEST_LOGIN and distinctive and form not in NAME_WORDS:
            yield StrongForm(form, member.user_id, comma=True)
