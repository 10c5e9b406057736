"""Finding the people of the roster in a text: names in every form, identity numbers, log-ins, initials."""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.anonymizer.candidate import Candidate, Reading
from privacy.anonymizer.citations import Surroundings
from privacy.anonymizer.context import judge
from privacy.anonymizer.folding import fold_form, squeeze
from privacy.anonymizer.forms import (
    FAMILY,
    GIVEN,
    NICKNAME,
    PIECE,
    ROMANISED,
    WHOLE,
    Kind,
)
from privacy.anonymizer.model import Certainty, FindingType, Kept
from privacy.anonymizer.positions import labels_people
from privacy.anonymizer.resolve import SHORT_FORM
from privacy.anonymizer.roster import CompiledRoster
from privacy.anonymizer.segment import Level, Segment
from privacy.anonymizer.segments import segments
from privacy.anonymizer.verdict import Reason, Verdict
from privacy.anonymizer.words import NAME_WORDS, TITLES, word_set

_TITLE_BEFORE = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Doctor|Sir|Madam|Herr|Frau|Sr|Sra|Srta|Mme|Mlle|Monsieur|Madame|Señor|Señora)"
    r"\.?[ \u00a0]){1,2}$"
)
_TITLE_WORDS = TITLES | {"señor", "señora"}
_WRITTEN = {reason: reason.value for reason in Reason}
_LISTED_REASONS = frozenset({Reason.PLACE, Reason.HEADING})
_TAUGHT = re.compile(r"['’]s? (?:class|course|lecture|lectures|seminar|feedback|advice|office|module|lesson|slides)\b")
_FILE_ENDING = re.compile(
    r"[\w-]*(?=\.(?:pdf|docx?|odt|rtf|txt|md|html?|ipynb|py|java|c|cpp|js|ts|r|zip|xlsx|pptx|csv|png|jpe?g)\b)",
    re.IGNORECASE,
)
_FILE_MARKS = ("_", "-", ".")
_FILE_BEGINNING = re.compile(r"(?:[\w]+[-_])+$")
_INITIALS = re.compile(
    r"[A-Z\u00c0-\uffff]\.(?<![\w.]..)(?<=[^\W\d_a-z].)[ \u00a0]?(?:[^\W\d_a-z]\.[ \u00a0]?)?[^\W\d_]\.(?!\w)"
)
_ABBREVIATIONS = word_set("us uk un eu dc la ps nb bc ad ce uae usa ussr nyc ip tv id hq phd eg ie")


def _rank(segment: Segment) -> int:
    if segment.level is Level.FULL:
        return 39 if segment.slip else 42
    if segment.level is Level.INITIAL:
        return 38
    if segment.parts & GIVEN and segment.parts & PIECE and not segment.parts & (WHOLE | FAMILY):
        return SHORT_FORM
    for part, rank in ((WHOLE, 34), (GIVEN, 33), (FAMILY, 32), (NICKNAME, 28), (ROMANISED, 27)):
        if segment.parts & part:
            return rank
    return 26


def named_people(
    reading: Reading, roster: CompiledRoster, around: Surroundings, author: int | None
) -> tuple[list[Candidate], list[Kept]]:
    """Members' names in the text: those to hide or to show to a person, and those left standing with the reason."""
    found: list[Candidate] = []
    kept: list[Kept] = []
    believed: list[tuple[Segment, tuple[int, ...]]] = []
    doubtful: list[tuple[Segment, tuple[int, ...]]] = []
    for segment, numbers in segments(reading, roster):
        # Members who share a name share the verdict; only the author's own is judged apart.
        for group, is_author in _author_apart(numbers, author):
            verdict = judge(around, segment, is_author=is_author)
            reason = verdict.reason
            if reason is None:
                believed.append((segment, group))
                found += _candidates(reading.text, roster, segment, group, verdict)
                continue
            kept.append(Kept(segment.start, segment.end, _WRITTEN[reason]))
            if reason is Reason.ACTING_WORD:
                doubtful.append((segment, group))
            if reason in _LISTED_REASONS:
                found += _candidates(reading.text, roster, segment, group, verdict)
    if doubtful:
        words = {(number, word) for segment, group in believed for number in group for word in segment.words}
        for segment, group in doubtful:
            # "Hope said …" opens a sentence: a person if the text speaks of Hope as a person elsewhere.
            told = tuple(n for n in group if any((n, word) in words for word in segment.words))
            for label, members in _by_label(roster, told):
                key = roster.people[members[0]].key
                place = (segment.start, segment.end)
                found.append(Candidate(*place, label, Certainty.LIKELY, key, _rank(segment), members))
    return found, kept


def _author_apart(numbers: tuple[int, ...], author: int | None) -> tuple[tuple[tuple[int, ...], bool], ...]:
    if author is None or author not in numbers:
        return ((numbers, False),)
    others = tuple(number for number in numbers if number != author)
    return (((author,), True), (others, False)) if others else (((author,), True),)


def _by_label(roster: CompiledRoster, numbers: tuple[int, ...]) -> list[tuple[FindingType, tuple[int, ...]]]:
    if len(numbers) == 1:
        return [(roster.people[numbers[0]].label, numbers)]
    labels: dict[FindingType, list[int]] = {}
    for number in numbers:
        labels.setdefault(roster.people[number].label, []).append(number)
    return [(label, tuple(members)) for label, members in labels.items()]


def _candidates(
    text: str, roster: CompiledRoster, segment: Segment, numbers: tuple[int, ...], verdict: Verdict
) -> Iterator[Candidate]:
    """What a judged stretch asks for: with its title, and with the rest of a file name around it."""
    start, end, rank = segment.start, segment.end, _rank(segment)
    titled = False
    if verdict.reason is None:
        if text[start - 1 : start] in (" ", "\u00a0"):
            start = _with_title(text, start)
        if text[end : end + 1] in _FILE_MARKS or text[end : end + 1].isalnum():
            start, end = _whole_file_name(text, start, end)
        titled = start < segment.start
    for label, members in _by_label(roster, numbers):
        taught = label is FindingType.TEACHER and (titled or _TAUGHT.match(text, segment.end))
        key = roster.people[members[0]].key
        yield Candidate(start, end, label, verdict.certainty, key, rank + 2 if taught else rank, members)


def _whole_file_name(text: str, start: int, end: int) -> tuple[int, int]:
    """A name in a file name takes the rest of the file name along, up to the ending."""
    ending = _FILE_ENDING.match(text, end)
    if ending is None:
        return start, end
    beginning = _FILE_BEGINNING.search(text, max(0, start - 60), start)
    return (beginning.start() if beginning else start), ending.end()


def _with_title(text: str, start: int) -> int:
    before = text[max(0, start - 14) : start].split()
    if not before or before[-1].rstrip(".").lstrip("({[\"'“").lower() not in _TITLE_WORDS:
        return start
    match = _TITLE_BEFORE.search(text, max(0, start - 24), start)
    return match.start() if match else start


def strong_forms(reading: Reading, roster: CompiledRoster) -> Iterator[Candidate]:
    """Joined names, identity numbers and log-ins of members."""
    text = reading.text
    for start, end, kind, number in reading.strong:
        person = roster.people[number]
        if kind == Kind.JOINED:
            start, end = _whole_file_name(text, start, end)
            yield Candidate(start, end, person.label, Certainty.CERTAIN, person.key, 41, (number,))
        elif kind == Kind.IDENTIFIER:
            glued = _name_before(text, start, number, roster)
            if glued is not None:
                glued, end = _whole_file_name(text, glued, end)
                yield Candidate(glued, end, person.label, Certainty.CERTAIN, person.key, 62, (number,))
            else:
                key = f"id:{squeeze(text[start:end])}"
                yield Candidate(start, end, FindingType.IDENTIFIER, Certainty.CERTAIN, key, 60)
        elif _is_login(text, start, end):
            key = f"handle:{text[start:end].casefold()}"
            yield Candidate(start, end, FindingType.HANDLE, Certainty.LIKELY, key, 40)


def _name_before(text: str, start: int, number: int, roster: CompiledRoster) -> int | None:
    """Where a name glued to the front of an identity number starts, as in a file name."""
    first = start
    while first > 0 and text[first - 1].isalpha():
        first -= 1
    if first == start:
        return None
    bearers = roster.names.get(squeeze(text[first:start]))
    return first if bearers is not None and number in bearers.numbers else None


def _is_login(text: str, start: int, end: int) -> bool:
    login = text[start:end]
    if any(character in "._-" or character.isdigit() for character in login.strip("._-")):
        return "\n" not in login and " " not in login
    beside = text[start - 1 : start] + text[end : end + 1]
    marked = any(mark in "_/\\@=:\"'~`" for mark in beside)
    return login.islower() and " " not in login and login not in NAME_WORDS and (marked or len(login) >= 7)


def _with_full_stops(reading: Reading) -> Iterator[re.Match[str]]:
    """Two or three letters with a full stop after each: "J. K."."""
    text, done = reading.text, 0
    starts = list(reading.shape.places(b"A-"))
    starts += [end - 1 for _, end in reading.folded.others if text[end : end + 1] == "."]
    for start in sorted(starts):
        match = _INITIALS.match(text, start) if start >= done else None
        if match:
            done = match.end()
            yield match


def initials(reading: Reading, roster: CompiledRoster, around: Surroundings, author: int | None) -> Iterator[Candidate]:
    """Initials alone, where a person stands: on a line of their own or in a list after a label."""
    text = reading.text
    for match in _with_full_stops(reading):
        letters = fold_form(match.group()).replace(" ", "")
        first, last = around.line(match.start(), match.end())
        before, after = text[first : match.start()].strip(" \t-–—*#/"), text[match.end() : last]
        if letters in _ABBREVIATIONS and not labels_people(before.partition(":")[0]):
            continue
        owners = roster.initials.get(letters[0] + letters[-1], ())
        if not owners or around.in_references(match.start(), match.end()):
            continue
        if (not before and not after.strip()) or (":" in before and re.match(r"[ ,;]|$", after)):
            chosen = (author,) if author in owners and not before and author is not None else owners
            key = "|".join(sorted(roster.people[owner].key for owner in chosen))
            label = roster.people[chosen[0]].label
            yield Candidate(match.start(), match.end(), label, Certainty.LIKELY, key, 20, chosen)
