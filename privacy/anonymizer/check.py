"""The last check, failing closed: does a strong form of anybody on the roster still stand in what would leave?

It reads the outgoing text anew, also with escapes decoded and spaced-out letters drawn together. Only a placeholder,
or a reason to keep that covers the whole place, explains a form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from privacy.anonymizer.folding import Folded, fold
from privacy.anonymizer.model import Finding, Kept, Leak
from privacy.anonymizer.romanise import is_unspaced
from privacy.anonymizer.roster import CompiledRoster
from privacy.anonymizer.strong import StrongForm
from privacy.anonymizer.views import View, views

_APART = re.compile(r" (?:[^\W\d_] ){5}")
_BETWEEN = r"(?:[^\w.;:!?()\[\]\"“”]{1,8}|[._-]|\.[ ]?)"


def remaining_leaks(
    outgoing: str, roster: CompiledRoster, findings: tuple[Finding, ...], kept: list[Kept]
) -> tuple[Leak, ...]:
    """Full names, e-mail addresses, ids and log-ins of members that stand in the outgoing text unexplained."""
    folded = fold(outgoing)
    words = folded.text.split()
    flat = _flat(words)
    leaks = set(_standing(View(outgoing, range(len(outgoing) + 1)), folded, roster.strong_forms.standing(words, flat)))
    for view in views(outgoing, spaced_out=_APART.search(flat) is not None):
        folded = fold(view.text)
        words = folded.text.split()
        leaks.update(_standing(view, folded, roster.strong_forms.standing(words, _flat(words))))
    if not leaks:
        return ()
    placeholders, reasons = _outgoing_places(findings, kept)
    return tuple(
        sorted(
            (
                leak
                for leak in leaks
                if not any(leak.start < last and leak.end > first for first, last in placeholders)
                and not any(first <= leak.start and leak.end <= last for first, last in reasons)
            ),
            key=lambda leak: (leak.start, leak.end, leak.person_key),
        )
    )


def _flat(words: list[str]) -> str:
    return f" {' '.join(words)} "


def _standing(view: View, folded: Folded, forms: Iterable[StrongForm]) -> Iterator[Leak]:
    """The places of forms in one reading of the text."""
    for found in sorted(forms):
        for first, last in _places(found.form, folded.text):
            start, end = folded.start(first), folded.end(last)
            if _stands_as_form(view.text[start:end], found):
                yield Leak(view.places[start], max(view.places[end], view.places[end - 1] + 1), found.owner)


def names_a_member(words: str, roster: CompiledRoster) -> bool:
    """Whether words hold a full name, e-mail address, id or log-in of a member."""
    folded = fold(words).text.split()
    return bool(roster.strong_forms.standing(folded, _flat(folded)))


def _places(form: str, text: str) -> Iterator[tuple[int, int]]:
    """Where the words of a form stand in folded text, with nothing but blanks between them and no letter beside."""
    whole = is_unspaced(form)
    first, *rest = [form] if whole else form.split()
    start = text.find(first)
    while start >= 0:
        end = _end_of(rest, text, start + len(first))
        if end < 0 or (not whole and (text[start - 1].isalnum() or text[end : end + 1].isalnum())):
            start = text.find(first, start + 1)
            continue
        yield start, end
        start = text.find(first, end)


def _end_of(rest: list[str], text: str, end: int) -> int:
    """Where the further words of a form end if they follow at a place, otherwise -1."""
    for word in rest:
        place = end
        while text.startswith(" ", place):
            place += 1
        if place == end or not text.startswith(word, place):
            return -1
        end = place + len(word)
    return end


def _stands_as_form(surface: str, found: StrongForm) -> bool:
    """Whether the words stand together as one form and not at the two sides of a full stop, a bracket or in a list."""
    gaps = re.findall(r"[\W_]+", surface)
    if len(gaps) != found.form.count(" "):
        return True
    if not found.comma and any("," in gap for gap in gaps):
        return False
    return all(re.fullmatch(_BETWEEN, gap) and gap != ". " for gap in gaps)


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
