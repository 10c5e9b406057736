"""People who are not on the roster: relatives and colleagues who are introduced, and how authors name themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.anonymizer.candidate import Candidate, Reading
from privacy.anonymizer.cues import Cue
from privacy.anonymizer.folding import fold_form, is_small
from privacy.anonymizer.model import Certainty, FindingType
from privacy.anonymizer.words import (
    FUNCTION_WORDS,
    MONTHS_AND_DAYS,
    NAME_WORDS,
    PARTICLES,
    PLACES,
    THINGS_NAMED_AFTER_PEOPLE,
    word_set,
)

_CAP = r"(?:[A-ZÀ-ÖØ-ÞĀ-ž](?<![a-zà-öø-ÿ])[^\W\d_]*(?:['’-][^\W\d_]+)*|[^\W\d_A-Za-zÀ-ž]{2,})"
_PARTICLE = r"(?:van|von|der|den|de|la|del|da|di|dos|al|el|bin|ibn|ter|ten|du|le)"
_NAME = rf"(?:(?i:{_PARTICLE})[ ]){{0,2}}{_CAP}(?:[ \u00a0\n](?:{_PARTICLE}[ ]){{0,2}}(?:[A-Z]\.|{_CAP})){{0,3}}"
_TITLE = r"(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Herr|Frau|Sr|Sra|Mme|M)\.?[ \u00a0])?"
_AFTER_RELATION = re.compile(rf"(?:,[ \n]|[ ](?:is )?(?:named |called )?|:[ ])(?P<all>{_TITLE}(?P<name>{_NAME}))")
_AFTER_RELATION_LOWER = re.compile(r",[ ](?P<name>[^\W\d_]{3,}[ \u00a0\n][^\W\d_]{3,})(?=,[ ])")
_AFTER_INTRODUCTION = re.compile(rf"(?:,|:)?[ \u00a0](?P<name>{_NAME})")
_GREETING = re.compile(rf"I(?<!\w.)['’]m (?P<name>{_CAP})(?= from\b| \(|[.,!]| and I\b|\n)")
_LABELLED = re.compile(
    r"^[ \t*#/-]*(?:(?:student(?:'s)? |full |my |first |last )?name|submitted by|nombre|nom|nome"
    r"|alumn[oa]|alun[oa]|namn|navn)"
    rf"[ \t]*:[ \t]*(?P<name>{_NAME})[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST_LABEL = 40
_OWNER = re.compile(
    r"\b(?:my|our|his|her|their|your|mi|mis|mon|ma|notre|mein|meine|meinem|meiner|meinen|unser|unsere|minha|meu|mia|mio)"
    r"(?:[ ][\w'’-]+){0,2}[ -]$",
    re.IGNORECASE,
)
# Months that are given names, where no day or year follows.
_MONTH_NAMES = word_set("april may june august")
_NOT_NAMES = FUNCTION_WORDS | MONTHS_AND_DAYS | THINGS_NAMED_AFTER_PEOPLE


def introduced_people(reading: Reading) -> Iterator[Candidate]:
    """Private people named after a relation: "my sister Ana", "our neighbour, Tom Leonard,"."""
    text = reading.text
    found: dict[str, str] = {}
    for cue in reading.of(Cue.RELATION):
        if not _OWNER.search(text, max(0, cue.start - 40), cue.start):
            continue
        match = _AFTER_RELATION.match(text, cue.end) or _AFTER_RELATION_LOWER.match(text, cue.end)
        if match is None:
            continue
        words = [word for word in fold_form(match.group("name")).split(" ") if word not in PARTICLES]
        if not words:
            continue
        first, last_word = words[0], words[-1]
        if (first in _NOT_NAMES and first not in _MONTH_NAMES) or last_word in THINGS_NAMED_AFTER_PEOPLE:
            continue
        start = match.start("all") if "all" in match.groupdict() else match.start("name")
        key = found.setdefault(first, f"other:{first}")
        yield Candidate(start, match.end("name"), FindingType.PERSON, Certainty.LIKELY, key, 15)
    for first, key in found.items():
        if len(first) > 2 and first not in NAME_WORDS and first not in PLACES:
            yield from _mentioned_again(reading, first, key)


def _mentioned_again(reading: Reading, first: str, key: str) -> Iterator[Candidate]:
    needle, folded = f" {first} ", reading.folded
    place = folded.text.find(needle)
    while place >= 0:
        start, end = folded.start(place + 1), folded.end(place + 1 + len(first))
        if not is_small(reading.text[start]):
            yield Candidate(start, end, FindingType.PERSON, Certainty.LIKELY, key, 14)
        place = folded.text.find(needle, place + 1)


def _may_be_name(word: str) -> bool:
    """Whether the word after "I'm" is not a nationality, a belief or an ordinary word."""
    folded = fold_form(word)
    return folded not in NAME_WORDS and folded not in PLACES and not folded.endswith(("an", "ish", "ese", "ic", "ist"))


def _labelled(text: str) -> Iterator[re.Match[str]]:
    """Lines that are a label and a name: every colon near the start of a line is tried."""
    colon = text.find(":")
    while colon >= 0:
        first = text.rfind("\n", max(0, colon - _LONGEST_LABEL), colon) + 1
        match = _LABELLED.match(text, first) if first or colon <= _LONGEST_LABEL else None
        if match:
            yield match
        colon = text.find(":", max(colon + 1, match.end() if match else 0))


def self_introductions(reading: Reading, author: int | None) -> Iterator[Candidate]:
    """What authors call themselves where the roster knows another name: "Call me …", "Name: …"."""
    text = reading.text
    matches = [_AFTER_INTRODUCTION.match(text, cue.end) for cue in reading.of(Cue.INTRODUCTION)]
    if "'m " in text or "’m " in text:
        matches += [item for item in _GREETING.finditer(text) if _may_be_name(item.group("name"))]
    matches += _labelled(text)
    for match in matches:
        if match is None or fold_form(match.group("name")).split(" ")[0] in _NOT_NAMES:
            continue
        owners = () if author is None else (author,)
        yield Candidate(
            match.start("name"), match.end("name"), FindingType.PERSON, Certainty.LIKELY, "other:author", 16, owners
        )
