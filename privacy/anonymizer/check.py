"""The last check, failing closed: does a strong form of anybody on the roster still stand in what would leave?"""

from __future__ import annotations

import re

from privacy.anonymizer.folding import fold
from privacy.anonymizer.model import Finding, Kept, Leak
from privacy.anonymizer.roster import CompiledRoster

_BETWEEN = r"(?:[^\w.;:!?()\[\]\"“”]{1,8}|[._-]|\.[ ]?)"


def remaining_leaks(
    outgoing: str, roster: CompiledRoster, findings: tuple[Finding, ...], kept: list[Kept]
) -> tuple[Leak, ...]:
    """Full names, e-mail addresses, ids and log-ins of members that stand in the outgoing text unexplained."""
    folded = fold(outgoing)
    flat = f" {' '.join(folded.text.split())} "
    suspects = {(form, owner) for _, (form, owner) in _hits(flat, roster)}
    if not suspects:
        return ()
    placeholders, reasons = _outgoing_places(findings, kept)
    leaks = []
    for form, owner in sorted(suspects):
        pattern = re.compile(r"(?<![^\W_])" + " +".join(map(re.escape, form.split())) + r"(?![^\W_])")
        for match in pattern.finditer(folded.text):
            start, end = folded.start(match.start()), folded.end(match.end())
            if not _stands_as_form(outgoing[start:end], form):
                continue
            if any(start < last and end > first for first, last in (*placeholders, *reasons)):
                continue
            leaks.append(Leak(start, end, owner))
    return tuple(leaks)


def names_a_member(words: str, roster: CompiledRoster) -> bool:
    """Whether words hold a full name, e-mail address, id or log-in of a member."""
    return bool(_hits(f" {' '.join(fold(words).text.split())} ", roster))


def _hits(flat: str, roster: CompiledRoster) -> list[tuple[int, tuple[str, str]]]:
    found = []
    if not roster.has_strong_forms:
        return []
    for last, (length, owner) in roster.strong_forms.iter(flat):
        found.append((last, (flat[last - length : last], owner)))
    return found


def _stands_as_form(surface: str, form: str) -> bool:
    """Whether the words stand together as one form and not at the two sides of a full stop or a bracket."""
    gaps = re.findall(r"[\W_]+", surface)
    return len(gaps) != form.count(" ") or all(re.fullmatch(_BETWEEN, gap) and gap != ". " for gap in gaps)


def _outgoing_places(
    findings: tuple[Finding, ...], kept: list[Kept]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Placeholders, and what was kept for a reason, in offsets of the outgoing text."""
    placeholders: list[tuple[int, int]] = []
    shifts: list[tuple[int, int]] = []
    shift = 0
    for finding in findings:
        if finding.hidden:
            start = finding.start + shift
            placeholders.append((start, start + len(finding.replacement)))
            shift += len(finding.replacement) - (finding.end - finding.start)
            shifts.append((finding.end, shift))

    def moved(place: int) -> int:
        amount = 0
        for end, by in shifts:
            if end > place:
                break
            amount = by
        return place + amount

    return placeholders, [(moved(item.start), moved(item.end)) for item in kept]
