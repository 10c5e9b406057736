"""Citations and reference lists: places where a classmate's family name is an author's."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from privacy.anonymizer.conversation import turns
from privacy.anonymizer.words import SCHOLARLY_HEADINGS

_YEAR = r"(?:1[4-9]|20)\d\d[a-z]?"
_CITED_NAME = r"(?:[a-z]{1,4}[ '’]){0,3}[^\W\d_a-z][\w'’-]*(?:[ ](?:[a-z]{1,4}[ ]){0,2}[^\W\d_a-z][\w'’-]*){0,2}"
_CITED_AFTER = re.compile(
    rf"(?:['’]s?)?(?:(?:,? (?:and|&|und|et|y|e)|,) [^\W\d_][\w'’-]*(?: [^\W\d_][\w'’-]*)?){{0,3}}(?:,? et al\.?)?"
    rf"(?:(?:,? \(| \[){_YEAR}| \[\d{{1,3}}(?:[,–-] ?\d{{1,3}})*\])"
)
_CITED_INSIDE = re.compile(
    rf"(?:(?:,? (?:and|&|und|et|y|e)|,) [^\W\d_][\w'’-]*(?: [^\W\d_][\w'’-]*)?){{0,3}}(?:,? et al\.?)?,? "
    rf"(?:{_YEAR}|p?p?\.? ?\d{{1,4}})(?:[,:;–-][^()\n]{{0,40}})?[;)\]]"
)
_CITED_STUDY = re.compile(rf"['’]s? (?:[\w-]+ ){{0,2}}\(?{_YEAR}\b")
_SEE = re.compile(r"\b(?:[Ss]ee|[Cc]f\.?|[Ss]ee also|vgl\.|e\.g\.,?) $")
_BEFORE_SOURCE = frozenset(" ,'’;)]:")
_LEADS_TO_SOURCE = frozenset("a&uey([")
_SEEN = ("ee ", "f ", "f. ", "also ", "gl. ", ".g. ", ".g., ")
_CITED_ON = re.compile(r",|['’]s? |(?: and| &) [A-ZÀ-Þ]")
_ET_AL = re.compile(r"(?:,? (?:and|&) [^\W\d_]+)?,? et al\b")
_REFERENCE_LINE = re.compile(
    rf"[ \t]*(?:\[\d+\]|\d{{1,3}}\.|[•*-])?[ \t]*"
    rf"(?:{_CITED_NAME}, ?(?:[^\W\d_a-z]\.[ -]?){{1,3}}"
    rf"|(?:[^\W\d_a-z]\.[ -]?){{1,3}}{_CITED_NAME},(?=[^\n]*[“\"']|(?:[^\n]*?[^\W\d_]{{3,}}){{2}}))"
    rf"[^\n]{{0,200}}?\b{_YEAR}"
)
_NUMBERED_REFERENCE = re.compile(rf"[ \t]*\[\d+\][^\n]*\b{_YEAR}")
_LONGEST_HEADING = 160
_SENTENCE_OVER = re.compile(r"[a-z]{3}[.!?] ")
_HEADING = re.compile(rf"^[ \t#*]*(?:{'|'.join(SCHOLARLY_HEADINGS)})[ \t:*]*$", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True)
class Surroundings:
    """A text with what is worked out about its lines only once."""

    text: str
    headings: list[int]
    """Where words stand that may be the heading of a reference list."""
    _line: tuple[int, int] = (0, -1)
    _references: dict[int, bool] = field(default_factory=dict)
    _nouns: dict[str, bool] = field(default_factory=dict)
    _blocks: list[tuple[int, int]] | None = None
    _turns: frozenset[int] | None = None

    def line(self, start: int, end: int) -> tuple[int, int]:
        """The offsets of the line or lines around a stretch."""
        known = self._line
        if known[0] <= start and end <= known[1]:
            return known
        first = self.text.rfind("\n", 0, start) + 1
        last = self.text.find("\n", end)
        found = (first, len(self.text) if last < 0 else last)
        if self.text.find("\n", start, end) < 0:
            self._line = found
        return found

    def in_references(self, start: int, end: int) -> bool:
        """Whether a stretch stands in an entry of a reference list."""
        first, last = self.line(start, end)
        known = self._references.get(first)
        if known is None:
            line = self.text[first:last]
            known = bool(_REFERENCE_LINE.match(line) or _NUMBERED_REFERENCE.match(line)) or self._in_block(first)
            self._references[first] = known
        return known

    def _in_block(self, place: int) -> bool:
        if self._blocks is None:
            self._blocks = _reference_blocks(self.text, self.headings)
        return any(start <= place < end for start, end in self._blocks)

    def is_speaker(self, start: int, end: int) -> bool:
        """Whether a stretch begins a line as the speaker of a conversation: "Ann: did you start?"."""
        if self.text[end : end + 1] != ":":
            return False
        first, _ = self.line(start, end)
        if self.text[first:start].strip(" \t*>"):
            return False
        if self._turns is None:
            self._turns = turns(self.text)
        return first in self._turns

    def is_used_as_word(self, words: tuple[str, ...]) -> bool:
        """Whether this very text uses a name as a noun: "the crane" makes "Crane operators" no person."""
        if len(words) != 1:
            return False
        known = self._nouns.get(words[0])
        if known is None:
            written = f" {words[0]}"
            known = written in self.text and any(f" {article}{written}" in self.text for article in ("the", "a", "an"))
            self._nouns[words[0]] = known
        return known

    def is_heading(self, start: int, end: int) -> bool:
        """Whether the line is a title: no full stop, and no long word in lower case."""
        first, last = self.line(start, end)
        if last - first > _LONGEST_HEADING:
            return False
        words = self.text[first:last].strip("#*=- \t").split()
        if not 2 <= len(words) <= 14 or self.text[first:last].rstrip()[-1:] in ".,;!?":
            return False
        if words[0][0].islower() or _SENTENCE_OVER.search(self.text, first, last):
            return False
        long_words = [word for word in words if len(word) > 4 and word[0].isalpha()]
        return all(not word[0].islower() for word in long_words)


_LABELLED = re.compile(r"\s*(?:[-–—*]\s*)?[^\W\d_]+(?: [^\W\d_]+)?:[ \t]")
_DATED = re.compile(rf"\b{_YEAR}\b|n\.d\.|https?://")


_MARKS_OF_REFERENCE = re.compile(
    r"(?<![^\W_])[^\W\d_]\.|[“\"«*_&\[(]|https?:|\bvol\b|\bpp?\.|\s*(?:\d{1,3}\.? )?[^,\n]{2,40}, [^\W\d_a-z]"
)


_LONG_WORD = re.compile(r"[^\W\d_]{3}[^\W\d_]*")


def _is_reference(paragraph: str) -> bool:
    """Whether a paragraph under a heading of references is one: it has a date and the looks of one."""
    titled = len(_LONG_WORD.findall(paragraph)) > 2
    return titled and bool(_DATED.search(paragraph) and _MARKS_OF_REFERENCE.search(paragraph))


_PARAGRAPH = re.compile(r"\n+[^\n]+")


def _reference_blocks(text: str, headings: list[int]) -> list[tuple[int, int]]:
    blocks = []
    for first in sorted({text.rfind("\n", 0, place) + 1 for place in headings}):
        heading = _HEADING.match(text, first)
        if heading is None:
            continue
        end = heading.end()
        while paragraph := _PARAGRAPH.match(text, end):
            if _LABELLED.match(paragraph.group()) or not _is_reference(paragraph.group()):
                break
            end = paragraph.end()
        blocks.append((heading.end(), end))
    return blocks


def is_cited(text: str, start: int, end: int) -> bool:
    """Whether a name stands as a cited author: with a year, a page, "et al." or after "see"."""
    seen = text.endswith(_SEEN, 0, start) and _SEE.search(text, max(0, start - 10), start)
    if seen and _CITED_ON.match(text, end):
        return True
    following = text[end : end + 2]
    if following[:1] not in _BEFORE_SOURCE:
        return False
    # After a blank only "and", "et al.", a bracket and their like lead to a source.
    leads_on = following[:1] != " " or following[1:] in _LEADS_TO_SOURCE
    if leads_on and (_CITED_AFTER.match(text, end) or _CITED_STUDY.match(text, end) or _ET_AL.match(text, end)):
        return True
    opening = max(text.rfind("(", max(0, start - 120), start), text.rfind("[", max(0, start - 120), start))
    if opening < 0 or any(mark in text[opening:start] for mark in ")]\n"):
        return False
    return _CITED_INSIDE.match(text, end) is not None


_IN_YEAR = re.compile(rf"\b(?:[Ii]n|[Bb]y|as|[Aa]round|[Ss]ince) {_YEAR}, $")
_AS_CITED = re.compile(r"\b(?:cited|quoted) (?:in|by|after) $")
_DATED_AFTER = re.compile(
    rf"(?:, in (?:an?|his|her|their|the) (?:[\w-]+ )?{_YEAR}\b"
    rf"| and (?:colleagues|others|co-workers|coworkers) \({_YEAR}| \(as cited in)"
)
_REACH_OF_SOURCE = 170
_SOURCE_AFTER = re.compile(
    rf"(?=[^.!?\n]{{0,160}}?(?:[\"”’'] \((?:pp?\. ?)?\d{{1,4}}|\({_YEAR}(?:, pp?\.? ?\d+)?\)[.,;]))"
)


def speaks_as_author(text: str, start: int, end: int) -> bool:
    """Whether the sentence around a family name gives it a source: "Rossi holds that “…” (45)", "In 1981, Rossi …"."""
    # A source is in brackets.
    if text.find("(", end, end + _REACH_OF_SOURCE) >= 0 and _SOURCE_AFTER.match(text, end):
        return True
    if text[end : end + 1] in ("", " ", ",") and _DATED_AFTER.match(text, end):
        return True
    before = text[max(0, start - 12) : start]
    return bool(_IN_YEAR.search(before) or _AS_CITED.search(before))
