"""Finding the people of the roster in a text: names in every form, identity numbers, log-ins, initials."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rapidfuzz.distance import OSA

from privacy.anonymizer.candidate import Candidate, Reading
from privacy.anonymizer.citations import Surroundings
from privacy.anonymizer.context import Reason, Verdict, judge
from privacy.anonymizer.cues import PERSON_BEFORE
from privacy.anonymizer.folding import fold_form, squeeze
from privacy.anonymizer.forms import (
    FAMILY,
    GIVEN,
    NICKNAME,
    ROMANISED,
    WHOLE,
    Kind,
)
from privacy.anonymizer.model import Certainty, FindingType, Kept
from privacy.anonymizer.romanise import skeleton
from privacy.anonymizer.roster import CompiledRoster, deletions
from privacy.anonymizer.segment import Level, Segment
from privacy.anonymizer.segments import segments
from privacy.anonymizer.words import FUNCTION_WORDS, MONTHS_AND_DAYS, NAME_WORDS, PLACES, word_set

_TITLE_BEFORE = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Doctor|Sir|Madam|Herr|Frau|Sr|Sra|Srta|Mme|Mlle|Monsieur|Madame|Señor|Señora)"
    r"\.?[ \u00a0]){1,2}$"
)
_LISTED_REASONS = frozenset({Reason.PLACE, Reason.HEADING})
_PAIR = re.compile(r"([A-Z][a-z]{1,15})[ \u00a0\n](?=([A-Z][a-z]{1,15})\b)")
_CAPITALISED = re.compile(r"[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĘĚĞĪĮİĹĽŁŃŇŌŐŒŔŘŚŞŠŤŪŮŰŹŻŽ][^\W\d_]{5,}")
_TAUGHT = re.compile(r"['’]s? (?:class|course|lecture|lectures|seminar|feedback|advice|office|module|lesson|slides)\b")
_FILE_ENDING = re.compile(
    r"[\w-]*(?=\.(?:pdf|docx?|odt|rtf|txt|md|html?|ipynb|py|java|c|cpp|js|ts|r|zip|xlsx|pptx|csv|png|jpe?g)\b)",
    re.IGNORECASE,
)
_FILE_BEGINNING = re.compile(r"(?:[\w]+[-_])+$")
_INITIALS = re.compile(
    r"[A-Z\u00c0-\uffff]\.(?<![\w.]..)(?<=[^\W\d_a-z].)[ \u00a0]?(?:[^\W\d_a-z]\.[ \u00a0]?)?[^\W\d_]\.(?!\w)"
)
_OTHER_WORDS = FUNCTION_WORDS | NAME_WORDS | PLACES | MONTHS_AND_DAYS
_ABBREVIATIONS = word_set("us uk un eu dc la ps nb bc ad ce uae usa ussr nyc ip tv id hq phd eg ie")


def _rank(segment: Segment) -> int:
    if segment.level is Level.FULL:
        return 39 if segment.slip else 42
    if segment.level is Level.INITIAL:
        return 38
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
    verdicts: dict[tuple[Segment, bool], Verdict] = {}
    for segment, numbers in segments(reading, roster):
        # Members who share a name share the verdict; only the author's own is judged apart.
        for group, is_author in _author_apart(numbers, author):
            verdict = verdicts.get((segment, is_author))
            if verdict is None:
                verdict = verdicts[segment, is_author] = judge(around, segment, is_author=is_author)
            if verdict.reason is None:
                believed.append((segment, group))
                found += _candidates(reading.text, roster, segment, group, verdict)
                continue
            kept.append(Kept(segment.start, segment.end, verdict.reason.value))
            if verdict.reason is Reason.ACTING_WORD:
                doubtful.append((segment, group))
            if verdict.reason in _LISTED_REASONS:
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


def _author_apart(numbers: tuple[int, ...], author: int | None) -> list[tuple[tuple[int, ...], bool]]:
    if author is None or author not in numbers:
        return [(numbers, False)]
    others = tuple(number for number in numbers if number != author)
    return [((author,), True), (others, False)] if others else [((author,), True)]


def _by_label(roster: CompiledRoster, numbers: tuple[int, ...]) -> list[tuple[FindingType, tuple[int, ...]]]:
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
        start, end = _whole_file_name(text, _with_title(text, start), end)
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
            yield Candidate(start, end, FindingType.HANDLE, Certainty.LIKELY, key, 45)


def _name_before(text: str, start: int, number: int, roster: CompiledRoster) -> int | None:
    """Where a name glued to the front of an identity number starts, as in a file name."""
    first = start
    while first > 0 and text[first - 1].isalpha():
        first -= 1
    if first == start:
        return None
    owners = roster.names.get(squeeze(text[first:start]), ())
    return first if any(owner == number for owner, _ in owners) else None


def _is_login(text: str, start: int, end: int) -> bool:
    login = text[start:end]
    if any(character in "._-" or character.isdigit() for character in login.strip("._-")):
        return "\n" not in login and " " not in login
    beside = text[start - 1 : start] + text[end : end + 1]
    marked = any(mark in "_/\\@=:\"'~`" for mark in beside)
    return login.islower() and " " not in login and login not in NAME_WORDS and (marked or len(login) >= 7)


def initials(reading: Reading, roster: CompiledRoster, around: Surroundings, author: int | None) -> Iterator[Candidate]:
    """Initials alone, where a person stands: on a line of their own or in a list after a label."""
    text = reading.text
    for match in _INITIALS.finditer(text):
        letters = fold_form(match.group()).replace(" ", "")
        if letters in _ABBREVIATIONS:
            continue
        owners = roster.initials.get(letters[0] + letters[-1], ())
        if not owners or around.in_references(match.start(), match.end()):
            continue
        first, last = around.line(match.start(), match.end())
        before, after = text[first : match.start()].strip(" \t-–—*#/"), text[match.end() : last]
        if (not before and not after.strip()) or (":" in before and re.match(r"[ ,;]|$", after)):
            chosen = (author,) if author in owners and not before and author is not None else owners
            key = "|".join(sorted(roster.people[owner].key for owner in chosen))
            label = roster.people[chosen[0]].label
            yield Candidate(match.start(), match.end(), label, Certainty.LIKELY, key, 20, chosen)


def misspelt(reading: Reading, roster: CompiledRoster, around: Surroundings) -> Iterator[Candidate]:
    """A single misspelt name after a word that people follow."""
    text, near = reading.text, roster.near
    for match in _CAPITALISED.finditer(text):
        word = fold_form(match.group())
        if word in _OTHER_WORDS:
            continue
        before = fold_form(text[max(0, match.start() - 30) : match.start()]).rsplit(" ", 1)[-1]
        if before not in PERSON_BEFORE:
            continue
        names = {name for rest in near.keys() & deletions(word) for name in near[rest]}
        for name in sorted(names):
            if name[0] != word[0] or OSA.distance(word, name, score_cutoff=1) > 1:
                continue
            for number, part in roster.names[name]:
                segment = Segment(match.start(), match.end(), part, Level.SINGLE, (word,), slip=True)
                if judge(around, segment, is_author=False).reason is None:
                    person = roster.people[number]
                    yield Candidate(
                        match.start(), match.end(), person.label, Certainty.LIKELY, person.key, 25, (number,)
                    )


def transliterated(reading: Reading, roster: CompiledRoster) -> Iterator[Candidate]:
    """Both names in Latin letters of a member whom the roster writes in another script."""
    if not roster.skeletons:
        return
    for match in _PAIR.finditer(reading.text):
        if match.group(1).lower() in FUNCTION_WORDS:
            continue
        first = skeleton(match.group(1))
        if first not in roster.skeleton_beginnings:
            continue
        for number in roster.skeletons.get((first, skeleton(match.group(2))), ()):
            person = roster.people[number]
            yield Candidate(match.start(), match.end(2), person.label, Certainty.LIKELY, person.key, 37, (number,))
