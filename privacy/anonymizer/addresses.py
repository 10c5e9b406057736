"""Postal addresses, in the orders in which different countries write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from privacy.anonymizer.candidate import Candidate, Reading
from privacy.anonymizer.cues import STREET_BEGINNINGS, STREETS, Cue
from privacy.anonymizer.folding import fold_form
from privacy.anonymizer.model import Certainty, FindingType
from privacy.anonymizer.words import word_set

_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀĂĄĆĈČĎĐĒĘĚĞĢĪĮİĶĹĻĽŁŃŇŌŐŒŔŘŚŞŠŢŤŪŮŰŹŻŽ]"
_WORD = rf"{_CAPITAL}[\w'’.-]*"
# A full stop after a town ends the sentence, after "St" it does not.
_TOWN_WORD = rf"(?:St\.[ ])?{_CAPITAL}[\w'’-]*"
_TYPES = "|".join(sorted(STREETS.split(), key=len, reverse=True))
_ROOM = r"(?:,?[ ](?:[Aa]pt|[Uu]nit|[Ss]uite|[Ff]lat|[Rr]oom|[Ff]loor|Bldg|#)\.?[ ]?\w{1,5})?"
_POSTCODE = r"(?:\d{2,6}(?:[- ]\d{2,4})?[ ])?"
_TOWN = (
    rf"(?:,[ ]{_POSTCODE}{_TOWN_WORD}(?:[ ]{_TOWN_WORD}){{0,3}}){{0,3}}"
    r"(?:,?[ ]\d{1,6}(?:[ -]\d{3,4})?)?"
)
_NUMBER_FIRST = re.compile(
    rf"(?<![\w.,/-])\d{{1,5}}[A-Za-z]?,?[ ](?:(?:{_WORD}|\d{{1,3}}(?:st|nd|rd|th))[ ]){{1,5}}(?i:{_TYPES})\b"
    rf"(?:\.(?=,))?{_ROOM}{_TOWN}"
)
_BEGINNINGS = "|".join(word.capitalize() for word in STREET_BEGINNINGS.split())
_BEGINNING_FIRST = re.compile(
    rf"\b(?:{_BEGINNINGS}|ul\.|rue|rua|calle|avenida|via|ulica)"
    rf"\.?[ ](?:(?:{_WORD}|d[aeo]s?|del|de la|du|des|la|le)[ ,]+){{1,6}}(?:n[º°.] ?)?\d{{1,5}}\b{_TOWN}"
)
_STREET_ENDINGS = word_set("""
    strasse straße str. weg gasse platz allee gatan gata gaten veien vägen vej gade straat laan katu tie tänav
    """)
_SUFFIXES = tuple(f"{ending} " for ending in sorted(_STREET_ENDINGS))
_SUFFIXED = re.compile(
    rf"\b{_CAPITAL}[\w-]*(?:{'|'.join(map(re.escape, sorted(_STREET_ENDINGS)))})[ ]\d{{1,4}}[a-zA-Z]?\b{_TOWN}"
)
_LINE = re.compile(
    rf"^[ \t]*(?P<street>{_WORD}(?:[ ](?:{_WORD}|d[aeo]s?|del|la|van|von|der|út|utca|u\.|ulica)){{0,5}}"
    rf"[ ]\d{{1,4}}[a-zA-Z]?\.?)"
    rf",[ ]{_POSTCODE}(?P<town>{_WORD}(?:[ ](?:{_WORD}|nad|am|an|de|la|im|pod)){{0,3}})(?:[ ]\d{{1,6}})?[ \t]*$",
    re.MULTILINE,
)
_IN_LINE = re.compile(r"\d{1,4}[a-zA-Z]?\.?, ")
_AFTER_CUE = re.compile(
    rf"[ :]*(?P<body>(?:[\w'’°º#/-]+\.?,?[ \u00a0]){{0,8}}?\d{{1,5}}[A-Za-z]?(?:\.(?=,))?"
    rf"(?:,?[ ](?:{_CAPITAL}[\w'’-]*|\d[\w-]*|\#\w+)(?:\.(?=,))?){{0,9}})"
)
# "Please mail the certificate to Oak Hill 4, Dayton": a name, a number, a town.
_SENT_TO = re.compile(
    r"(?:[Mm]ail|[Ss]end|[Ss]ent|[Pp]ost|[Ss]hip|[Dd]eliver)(?:ed)? [^.\n]{1,40}? to "
    rf"(?P<body>{_WORD}(?:[ ]{_WORD}){{0,3}}[ ]\d{{1,4}}[a-zA-Z]?,[ ]{_POSTCODE}{_TOWN_WORD}(?:[ ]{_TOWN_WORD}){{0,3}}"
    r"(?:[ ]\d{1,6})?)"
)
_HOUSE = re.compile(rf"\d{{1,4}}[a-zA-Z]?,[ ]{_POSTCODE}{_CAPITAL}")
_SENT_REACH = 100
_NOT_STREETS = word_set("""
    homework week chapter section part lab figure table assignment question exercise page unit module lecture
    problem volume vol issue act scene book version step day year grade group team room level experiment sample
    appendix equation article verse psalm january february march april may june july august september october
    november december monday tuesday wednesday thursday friday saturday sunday test quiz exam essay paper project
    draft task session
    """)
_YEAR_BEFORE_PLACE = re.compile(r"(?:1[5-9]|20)\d\d$")


_DATED = re.compile(r"\b(?:[Ii]n|[Ss]ince|[Ff]rom|[Oo]f|[Bb]y|[Tt]he|[Uu]ntil|[Aa]fter|[Bb]efore) $")


_ONLY_DATED = re.compile(r"^\D*\b(?:in|since|by|of|around|until|after|before) (?:1[5-9]|20)\d\d\D*$")


def _starting(pattern: re.Pattern[str], text: str, places: Iterable[int]) -> Iterator[re.Match[str]]:
    """The matches of a pattern at some places, none inside another."""
    done = 0
    for place in places:
        match = pattern.match(text, place) if place >= done else None
        if match:
            done = match.end()
            yield match


def _word_start(text: str, number: int) -> int:
    """Where the word starts before a number and the space between."""
    start = number - 1
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] in "_-."):
        start -= 1
    return start


def _lines(reading: Reading) -> Iterator[re.Match[str]]:
    """Lines that are an address and nothing else."""
    text = reading.text
    houses = (number for number in reading.numbers if text[number - 1 : number] == " " and _IN_LINE.match(text, number))
    return _starting(_LINE, text, (text.rfind("\n", 0, number) + 1 for number in houses))


def addresses(reading: Reading) -> Iterator[Candidate]:
    """Addresses with a street type, on a line of their own, or after a cue such as "I live at"."""
    text = reading.text
    if not reading.numbers:
        return
    for match in _starting(_NUMBER_FIRST, text, reading.numbers):
        house, _, rest = match.group().partition(" ")
        dated = _YEAR_BEFORE_PLACE.match(house) and _DATED.search(text, max(0, match.start() - 12), match.start())
        if not (dated and "," not in rest):
            yield _address(text, match.start(), match.end(), Certainty.CERTAIN)
    beginnings = (cue.start for cue in reading.of(Cue.STREET))
    streets = (number for number in reading.numbers if text.endswith(_SUFFIXES, 0, number))
    for pattern, starts in ((_BEGINNING_FIRST, beginnings), (_SUFFIXED, (_word_start(text, at) for at in streets))):
        for match in _starting(pattern, text, starts):
            yield _address(text, match.start(), match.end(), Certainty.LIKELY)
    for match in _lines(reading):
        first = match.group("street").split()[0]
        if fold_form(first) not in _NOT_STREETS and not (first.isupper() and len(first) <= 5):
            yield _address(text, match.start("street"), len(match.group().rstrip()) + match.start(), Certainty.LIKELY)
    for number in reading.numbers:
        if text[number - 1 : number] == " " and _HOUSE.match(text, number):
            sent = _SENT_TO.search(text, max(0, number - _SENT_REACH), number + _SENT_REACH)
            if sent:
                yield _address(text, sent.start("body"), sent.end("body"), Certainty.LIKELY)
    for cue in reading.of(Cue.ADDRESS):
        after = _AFTER_CUE.match(text, cue.end)
        if after and re.search(_CAPITAL, after.group("body")) and not _ONLY_DATED.search(after.group("body")):
            yield _address(text, after.start("body"), after.end("body"), Certainty.LIKELY)


def _address(text: str, start: int, end: int, certainty: Certainty) -> Candidate:
    return Candidate(start, end, FindingType.ADDRESS, certainty, f"address:{fold_form(text[start:end])}", 70)
