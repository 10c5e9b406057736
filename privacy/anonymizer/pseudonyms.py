"""Placeholders: neutral, numbered by first appearance, never equal to something the text already contains."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from privacy.anonymizer.model import PEOPLE, Finding, FindingType, PseudonymMap, Replacement
from privacy.anonymizer.resolve import Stretch


def fingerprint(text: str) -> str:
    """SHA-256 of a text, by which its own map recognises it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(slots=True)
class _Names:
    """Hands out placeholders for one text."""

    taken: str
    given: dict[tuple[FindingType, str], str]
    counters: dict[FindingType, int]

    def of(self, kind: FindingType, key: str) -> str:
        known = self.given.get((kind, key))
        if known is not None:
            return known
        number = self.counters.get(kind, 0) + 1
        while f"[{kind.value} {number}]".casefold() in self.taken:
            number += 1
        self.counters[kind] = number
        placeholder = f"[{kind.value} {number}]"
        self.given[kind, key] = placeholder
        return placeholder


@dataclass(frozen=True, slots=True)
class Written:
    """The outgoing text with its findings and the map back."""

    text: str
    findings: tuple[Finding, ...]
    mapping: PseudonymMap


def write(text: str, stretches: list[Stretch], natural_names: Mapping[str, str], file_name: str | None) -> Written:
    """Replace what is to be hidden. `natural_names` gives the reader's name for a person's key."""
    names = _Names(text.casefold() if "[" in text else "", {}, {})
    findings, replacements, pieces = [], [], []
    readable: dict[str, str] = {}
    people: dict[str, str] = {}
    place = length = 0
    for item in stretches:
        placeholder = names.of(item.type, item.key)
        person = item.key if item.type in PEOPLE else None
        finding = Finding(item.start, item.end, item.type, item.certainty, placeholder, person)
        findings.append(finding)
        if not finding.hidden:
            continue
        surface = text[item.start : item.end]
        pieces.append(text[place : item.start])
        length += item.start - place
        replacements.append(Replacement(length, placeholder, surface))
        pieces.append(placeholder)
        length += len(placeholder)
        place = item.end
        readable.setdefault(placeholder, natural_names.get(item.key, surface) if person else surface)
        if person:
            people[placeholder] = person
    pieces.append(text[place:])
    outgoing = "".join(pieces)
    mapping = PseudonymMap(readable, people, tuple(replacements), fingerprint(outgoing), file_name)
    return Written(outgoing, tuple(findings), mapping)
