"""The forms of a member's name: whole and in parts, short, romanised, joined, and the log-ins made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from privacy.anonymizer.folding import fold, fold_form, spellings, squeeze
from privacy.anonymizer.model import FindingType, RosterMember
from privacy.anonymizer.nicknames import nicknames_of, short_forms
from privacy.anonymizer.romanise import is_unspaced, romanisations
from privacy.anonymizer.words import NAME_WORDS, PARTICLES

# Which part of a name a form can be; several bits may be set.
GIVEN, FAMILY, MIDDLE, NICKNAME, WHOLE, PIECE, ROMANISED, SHORT = 1, 2, 4, 8, 16, 32, 64, 128
JOINED_LENGTH = 8
LOGIN_LENGTH = 5

_LABELS = {"student": FindingType.STUDENT, "teacher": FindingType.TEACHER}


class Kind:
    """What a hit of the automaton is."""

    NAME, JOINED, IDENTIFIER, LOGIN, CUE = range(5)


class Half(NamedTuple):
    """The folded spellings of one half of a name, and the letters with which a misspelt one may begin."""

    names: tuple[str, ...]
    heads: frozenset[str]


@dataclass(frozen=True, slots=True)
class Person:
    """A roster member as the matcher needs it; all tokens are folded."""

    key: str
    label: FindingType
    name: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    others: tuple[str, ...]
    initials: tuple[frozenset[str], frozenset[str]]
    halves: tuple[Half, Half]
    """The given and the family name, as the other half of one another."""


def _half(tokens: tuple[str, ...]) -> Half:
    names = (*tokens, "".join(tokens[:4])) if len(tokens) > 1 else tokens
    return Half(names, frozenset("".join(name[:2] for name in names)))


def _tokens(name: str) -> list[str]:
    found: list[str] = []
    for spelling in spellings(name):
        words = spelling.split()
        found += [word for word in words if word not in found]
        joined = "".join(words)
        if len(words) > 1 and joined not in found and ("'" in name or "’" in name or "-" in name):
            found.append(joined)
    return found


def split_name(member: RosterMember) -> tuple[str, str]:
    """Given and family name; both empty for a single name that cannot be split."""
    given, family = member.given_name.strip(), member.family_name.strip()
    if given or family:
        return given, family
    words = member.name.replace(",", " ").split()
    if len(words) < 2:
        return "", ""
    if "," in member.name:
        family, _, given = member.name.partition(",")
        return given.strip(), family.strip()
    return " ".join(words[:-1]), words[-1]


def _initials(name: str) -> frozenset[str]:
    return frozenset(word[0] for spelling in spellings(name) for word in spelling.split())


def describe(member: RosterMember) -> Person:
    """The person behind a roster entry, with folded name tokens."""
    given, family = split_name(member)
    given_tokens, family_tokens = tuple(_tokens(given)), tuple(_tokens(family))
    others = [word for word in _tokens(f"{member.middle_name} {member.name}") if len(word) > 1]
    return Person(
        key=member.user_id,
        label=_LABELS.get(member.role.lower(), FindingType.PERSON),
        name=member.name or f"{given} {family}".strip() or member.user_id,
        given=given_tokens,
        family=family_tokens,
        others=tuple(word for word in others if word not in given_tokens and word not in family_tokens),
        initials=(_initials(given or member.name), _initials(family)),
        halves=(_half(given_tokens), _half(family_tokens)),
    )


class Forms:
    """Collects forms while a roster is compiled: names with their parts, and strong forms with their kind."""

    def __init__(self) -> None:
        self.names: dict[str, dict[int, int]] = {}
        self.people: dict[tuple[str, int], list[int]] = {}

    def name(self, form: str, person: int, part: int) -> None:
        """Note that `form` can be this part of the name of person number `person`."""
        if not form or (len(form) < 2 and form.isascii()):
            return
        key = form if is_unspaced(form) else f" {form} "
        parts = self.names.setdefault(key, {})
        parts[person] = parts.get(person, 0) | part

    def strong(self, form: str, person: int, kind: int, *, padded: bool) -> None:
        """Note a form that means this person alone; `padded` asks for word boundaries."""
        key = f" {form} " if padded else form
        owners = self.people.setdefault((key, kind), [])
        if person not in owners:
            owners.append(person)


def _add_part(forms: Forms, name: str, person: int, part: int) -> None:
    # "van 't Hoff": every mark folds to a space of its own.
    written = fold(name).text.strip()
    if "  " in written:
        forms.name(written, person, part)
    for spelling in spellings(name):
        words = spelling.split()
        if not words:
            continue
        forms.name(spelling, person, part)
        if len(words) > 1:
            forms.name("".join(words), person, part)
            # "St. Clair": the full stop folds to a second space.
            stopped = "".join(word + ("  " if len(word) < 3 else " ") for word in words).strip()
            forms.name(stopped, person, part)
        for word in words:
            if len(words) > 1 and word not in PARTICLES and (len(word) > 2 or not word.isascii()):
                forms.name(word, person, part | PIECE)


def add_names(forms: Forms, member: RosterMember, person: int) -> None:
    """All parts of the name, nicknames and romanised spellings."""
    given, family = split_name(member)
    if given and family:
        _add_part(forms, given, person, GIVEN)
        _add_part(forms, family, person, FAMILY)
    else:
        _add_part(forms, given or family or member.name, person, WHOLE)
    whole = fold_form(member.name)
    if " " in whole and any(len(word) == 1 and word != "s" for word in (fold_form(given), fold_form(family))):
        # "Karthik R": the letter is the whole second name. An s would be taken for a possessive.
        forms.name(whole, person, WHOLE)
    if len(member.middle_name.strip(" .")) > 2:
        _add_part(forms, member.middle_name, person, MIDDLE)
    for word in fold_form(member.name).split():
        known = person in forms.names.get(f" {word} ", {})
        if len(word) > 2 and word not in PARTICLES and not known and not is_unspaced(word):
            forms.name(word, person, MIDDLE)
    for first in fold_form(given or member.name).split()[:1]:
        for nickname in nicknames_of(first):
            forms.name(nickname, person, NICKNAME)
        for short in short_forms(first):
            forms.name(short, person, SHORT)
    if is_unspaced(fold_form(member.name)):
        for written in (member.name, family + given, given + family):
            if len(squeeze(written)) > 1:
                forms.name(squeeze(written), person, WHOLE)
    _add_romanised(forms, member, person, given, family)


def _add_romanised(forms: Forms, member: RosterMember, person: int, given: str, family: str) -> None:
    folded = fold_form(member.name)
    if folded.isascii():
        return
    for part, name in ((GIVEN, given), (FAMILY, family)):
        for form in romanisations(name):
            if len(form) > 1:
                forms.name(form, person, part | ROMANISED)
    local = fold_form(member.email.partition("@")[0]).split() + fold_form(member.username).split()
    for word in local:
        letters = word.rstrip("0123456789")
        if len(letters) > 2 and letters.isalpha() and letters not in PARTICLES:
            known = forms.names.get(f" {letters} ", {})
            if person not in known:
                forms.name(letters, person, ROMANISED)


def add_strong(forms: Forms, member: RosterMember, person: int) -> None:
    """Joined names, identity numbers and log-ins."""
    given, family = split_name(member)
    if given and family:
        firsts = {squeeze(given), squeeze(given.split()[0])}
        for first in firsts:
            for second in {squeeze(family), squeeze(family.split()[-1])}:
                for joined in (first + second, second + first):
                    short = len(joined) < JOINED_LENGTH
                    forms.strong(joined, person, Kind.JOINED, padded=short)
        if " " in fold_form(family):
            forms.strong(squeeze(given) + fold_form(family), person, Kind.JOINED, padded=False)
        initial, last = squeeze(given)[:1], squeeze(family)
        for login in (initial + last, last + initial):
            if len(login) >= LOGIN_LENGTH and login not in NAME_WORDS:
                forms.strong(login, person, Kind.LOGIN, padded=True)
    for identifier in (member.sourcedid, member.user_id):
        folded = fold_form(identifier)
        if len(folded) >= LOGIN_LENGTH and any(character.isdigit() for character in folded):
            forms.strong(folded, person, Kind.IDENTIFIER, padded=len(folded) < 8)
            tight = squeeze(identifier)
            if len(tight) >= 6:
                forms.strong(tight, person, Kind.IDENTIFIER, padded=False)
    for login in (member.username, member.email.partition("@")[0]):
        folded = fold_form(login)
        told_apart = len(folded) >= JOINED_LENGTH or any(character.isdigit() for character in folded)
        if len(folded) > 2 and (" " not in folded or told_apart):
            forms.strong(folded, person, Kind.LOGIN, padded=True)
