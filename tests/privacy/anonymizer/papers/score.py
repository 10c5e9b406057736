"""Counting what leaked and what was damaged in papers of which everything is known."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from privacy.anonymizer import Anonymized
from tests.privacy.anonymizer.papers.build import Paper, Planted

_WORD = re.compile(r"[^\W_]+")
_NAMES = frozenset({"student", "teacher", "other"})
_TITLES = re.compile(r"(?:Dr|Professor|Ms|Prof)\b")


@dataclass(slots=True)
class Score:
    """Leaks and damage by tier, group, form and kind: pairs of how many went wrong and how many there were."""

    wrong: Counter[str] = field(default_factory=Counter)
    all: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def count(self, names: list[str], *, wrong: bool) -> None:
        """Count one thing under several names."""
        for name in names:
            self.all[name] += 1
            self.wrong[name] += wrong

    def rate(self, name: str) -> float:
        """The share that went wrong."""
        return self.wrong[name] / self.all[name] if self.all[name] else 0.0


def _hidden(result: Anonymized, length: int) -> bytearray:
    mask = bytearray(length)
    for finding in result.findings:
        if finding.hidden:
            mask[finding.start : finding.end] = b"\1" * (finding.end - finding.start)
    return mask


def _leaks(text: str, item: Planted, mask: bytearray) -> bool:
    kept = total = 0
    for word in _WORD.finditer(text, item.start, item.end):
        if _TITLES.fullmatch(word.group()) or (item.form == "file" and word.group() in ("data", "csv")):
            continue
        total += len(word.group())
        if not any(mask[word.start() : word.end()]):
            kept += len(word.group())
            if item.kind in _NAMES and word.group().isalpha() and len(word.group()) > 1:
                return True
    return total > 0 and kept / total > 0.34


def add(score: Score, paper: Paper, result: Anonymized) -> None:
    """Count one anonymized paper."""
    text, mask = paper.text, _hidden(result, len(paper.text))
    known = bytearray(len(text))
    leaked = False
    replaced: dict[str, set[str]] = {}
    for item in paper.planted:
        known[item.start : item.end] = b"\1" * (item.end - item.start)
        leak = _leaks(text, item, mask)
        leaked |= leak and item.tier == 1
        names = [f"tier {item.tier}", f"form {item.form}", f"kind {item.kind}"]
        score.count(names + ([f"group {item.group}"] if item.group != "-" and item.tier < 3 else []), wrong=leak)
        if leak:
            around = text[max(0, item.start - 50) : item.end + 30].replace("\n", "⏎")
            score.examples.append(f"leak {item.tier} {item.form} {text[item.start : item.end]!r}: {around}")
        if item.kind in _NAMES and item.who != "x":
            found = {f.replacement for f in result.findings if f.hidden and f.start < item.end and f.end > item.start}
            replaced.setdefault(item.who, set()).update(found)
    score.count(["papers"], wrong=leaked)
    for who, names in replaced.items():
        score.count(["one pseudonym"], wrong=len(names) != 1)
        if len(names) != 1:
            score.examples.append(f"pseudonyms {names} {next(m.name for m in paper.roster if m.user_id == who)}")
    for trap in paper.traps:
        known[trap.start : trap.end] = b"\1" * (trap.end - trap.start)
        damaged = any(mask[trap.start : trap.end])
        score.count(["traps", f"trap {trap.kind}"] + (["traps that collide"] if trap.collide else []), wrong=damaged)
        if damaged:
            around = text[max(0, trap.start - 50) : trap.end + 30].replace("\n", "⏎")
            score.examples.append(f"damage {trap.kind} {text[trap.start : trap.end]!r}: {around}")
    for word in _WORD.finditer(text):
        if not any(known[word.start() : word.end()]):
            damaged = any(mask[word.start() : word.end()])
            score.count(["other words"], wrong=damaged)
            if damaged:
                around = text[max(0, word.start() - 40) : word.end() + 40].replace("\n", "⏎")
                score.examples.append(f"word {word.group()!r}: {around}")
    score.count(["held"], wrong=bool(result.leaks))
    author = next(member for member in paper.roster if member.user_id == paper.author)
    parts = {
        part.lower() for part in _WORD.findall(f"{author.name} {author.username} {author.sourcedid}") if len(part) > 2
    }
    left = any(part in (result.file_name or "").lower() for part in parts)
    score.count(["file names"], wrong=left)
