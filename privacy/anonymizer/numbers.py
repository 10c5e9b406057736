"""Phone numbers, identity numbers and dates of birth."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

import phonenumbers

from privacy.anonymizer.candidate import Candidate, CueHit, Reading
from privacy.anonymizer.cues import Cue
from privacy.anonymizer.folding import squeeze
from privacy.anonymizer.model import Certainty, FindingType

_NUMBER = re.compile(r"(?<![\w.])\+?\(?\d(?:[\d \u00a0().\-/]|‑){5,22}\d(?!\w)")
_NORTH_AMERICAN = re.compile(r"(?:\+?1[ .-]?)?(?:\([2-9]\d{2}\)[ ]?|[2-9]\d{2}[.-])[2-9]\d{2}[.-]\d{4}")
# A zero, an area code and the rest in groups, as in much of Europe, Asia and Africa.
_WITH_TRUNK = re.compile(r"\(?0\d{1,4}\)?(?:[ /-]\d{5,8}|(?:[ .-]\d{2,4}){2,4})")
_DATE_LIKE = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}")
_AFTER_NAME = re.compile(
    r"(?:[ \u00a0]?[(\[]|,[ ]|[ ]?[|–—-][ ]|[ \t]*\n[ \t]*(?:[#/*%;-]{1,3}[ \t]*)?)"
    r"((?:[^\W\d_]{1,3}[- ]?)?\d[\d/-]{4,14}\d)(?=[)\]]|[ \t]*(?:\n|\||\Z))"
)
_YEARS = re.compile(r"(?:1[4-9]|20)\d\d[-/](?:1[4-9]|20)\d\d")
_SOCIAL_SECURITY = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
_IDENTIFIER = re.compile(r"(?:[^\W\d_]{1,4}[-/ ]?)?\d[\w/.-]{2,22}\w|[^\W_]{2,}[-/][\w/-]*\d\w*")
_NEW_SENTENCE = re.compile(r"(?<!\bno)(?<!\bnr)(?<!\bNo)(?<!\bNr)[.!?][ \u00a0]+\Z")
_UP_TO_IDENTIFIER = re.compile(
    r"(?:[ \t]*\([^)\d\n]{0,20}\))?[^\w\n]{0,4}(?:(?:is|was|number|no|nr|card|es|est|lautet|ist|é)\b[^\w\n]{0,4}){0,2}"
)
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic|janv|f[ée]v|avr|mai|juin|juil|ao[uû]t|d[ée]c"
    r"|m[aä]r|mai|okt|dez|mar[cç]|maio|set|out|genn|magg|giu|lug|ott)[^\W\d_]*\.?"
)
_DATE = re.compile(
    rf"\d{{4}}[-./]\d{{1,2}}[-./]\d{{1,2}}|\d{{1,2}}[-./ ]\d{{1,2}}[-./ ]\d{{2,4}}|\d{{4}}年\d{{1,2}}月\d{{1,2}}日"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|º|ª)?\.?\s+(?:of\s+|de\s+)?{_MONTH},?\s+(?:de\s+|del\s+)?\d{{4}}"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|\d{{1,2}}[- ]{_MONTH}[- ]\d{{2,4}}",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\d{4}")
_OWN = re.compile(r"(?:\b(?:I|i|my|My|we|our|me|mi|Mi|mein|meine|Ich|ich|je|Je|meu)\b[^.\n]{0,30})$")
_CUE_REACH = 40


class _Cues:
    """The cues of one kind, to ask which one stands shortly before a place on the same line."""

    def __init__(self, reading: Reading, cue: Cue) -> None:
        self.text = reading.text
        self.hits = sorted(reading.of(cue), key=lambda hit: hit.end)
        self.ends = [hit.end for hit in self.hits]

    def before(self, place: int) -> CueHit | None:
        at = bisect_right(self.ends, place) - 1
        if at < 0 or place - self.ends[at] > _CUE_REACH:
            return None
        between = self.text[self.ends[at] : place]
        return None if "\n" in between or any(c.isdigit() for c in between) else self.hits[at]


def _valid_phone(number: str, countries: tuple[str, ...]) -> bool:
    for country in countries:
        try:
            parsed = phonenumbers.parse(number, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return True
    return False


def _long_numbers(reading: Reading) -> Iterator[re.Match[str]]:
    """Digits in groups, with the plus and the brackets that may stand before them."""
    text, done = reading.text, 0
    for number in reading.numbers:
        if number < done:
            continue
        first = number
        while first > done and number - first < 2 and text[first - 1] in "+(":
            first -= 1
        found = next((match for start in range(first, number + 1) if (match := _NUMBER.match(text, start))), None)
        if found and found.group().count("(") > found.group().count(")"):
            # "by phone (0171-5550788)": the bracket is none of the number's.
            found = _NUMBER.match(text, found.start() + 1)
        if found:
            done = found.end()
            yield found


_LINE_OF_WORDS = re.compile(r"(?=[^\n]*[^\W\d_]{2})[^\n]{2,70}(?<![.!?:])\Z")


def _alone_below(text: str, match: re.Match[str]) -> bool:
    """Whether a number has a line to itself under a short line of words, as in a letter's head or below a signature."""
    first = text.rfind("\n", 0, match.start()) + 1
    if text[first : match.start()].strip(" \t>|") or first == 0:
        return False
    if text[match.end() : match.end() + 3].lstrip(" \t")[:1] not in ("", "\n", "\r"):
        return False
    above = text[text.rfind("\n", 0, first - 1) + 1 : first - 1]
    if match.group()[0] in "0(":
        return above.strip() != ""
    grouped = any(mark in match.group() for mark in " -.")
    return grouped and _LINE_OF_WORDS.match(above.rstrip()) is not None


def phones(reading: Reading, countries: tuple[str, ...]) -> Iterator[Candidate]:
    """Phone numbers: international ones, those after a cue, and those valid in the countries of the course."""
    cues, text = _Cues(reading, Cue.PHONE), reading.text
    for match in _long_numbers(reading):
        number = match.group()
        digits = sum(character.isdigit() for character in number)
        if not 7 <= digits <= 15 or (_DATE_LIKE.fullmatch(number) and digits <= 8):
            continue
        if number.count("(") != number.count(")"):
            continue
        certain = (
            number[0] == "+"
            or _alone_below(text, match)
            or _NORTH_AMERICAN.fullmatch(number)
            or (digits >= 9 and _WITH_TRUNK.fullmatch(number))
            or cues.before(match.start())
        )
        if certain or (digits >= 9 and " " in number.strip() and _valid_phone(number, countries)):
            key = f"phone:{''.join(c for c in number if c.isdigit())}"
            certainty = Certainty.CERTAIN if certain else Certainty.LIKELY
            yield Candidate(match.start(), match.end(), FindingType.PHONE, certainty, key, 60)


def identifiers(reading: Reading) -> Iterator[Candidate]:
    """Numbers that a label calls an identity number, and social security numbers."""
    text = reading.text
    for cue in reading.of(Cue.IDENTIFIER):
        gap = _UP_TO_IDENTIFIER.match(text, cue.end)
        place = gap.end() if gap else cue.end
        if gap and _NEW_SENTENCE.search(text, max(0, cue.end - 3), place):
            continue
        while match := _IDENTIFIER.match(text, place):
            written = match.group()
            if sum(c.isdigit() for c in written) < 4 or len(squeeze(written)) < 5:
                break
            key = f"id:{squeeze(written)}"
            yield Candidate(match.start(), match.end(), FindingType.IDENTIFIER, Certainty.LIKELY, key, 55)
            listed = re.compile(r"(?:, ?| and | & |; ?)").match(text, match.end())
            if not listed:
                break
            place = listed.end()
    for number in reading.numbers:
        secured = _SOCIAL_SECURITY.match(text, number)
        if secured:
            key = f"id:{squeeze(secured.group())}"
            yield Candidate(secured.start(), secured.end(), FindingType.IDENTIFIER, Certainty.CERTAIN, key, 61)


_LEADS_TO_BIRTH = re.compile(r" ?|[,;] (?:my |is my |was my )?| (?:is|was|as) (?:my |the )?(?:[a-z]+ )?")


def _date_before(text: str, place: int) -> re.Match[str] | None:
    """A date that ends right before a place: "am 3. Mai 2001 geboren"."""
    for match in _DATE.finditer(text, max(0, place - 50), place):
        if _LEADS_TO_BIRTH.fullmatch(text, match.end(), place):
            return match
    return None


def identifiers_after_names(text: str, people: list[Candidate]) -> Iterator[Candidate]:
    """A number right after a person's name: "Ana Lima (X5404993)", "Ana Lima, 748-454-974", or on the next line."""
    for person in people:
        match = _AFTER_NAME.match(text, person.end)
        if match is None or _DATE_LIKE.fullmatch(match.group(1)) or _YEARS.fullmatch(match.group(1)):
            continue
        bracketed = match.group()[match.start(1) - match.start() - 1] in "(["
        if sum(c.isdigit() for c in match.group(1)) >= (5 if bracketed else 6):
            key = f"id:{squeeze(match.group(1))}"
            yield Candidate(match.start(1), match.end(1), FindingType.IDENTIFIER, Certainty.LIKELY, key, 54)


def births(reading: Reading) -> Iterator[Candidate]:
    """Dates of birth: a date shortly after a word of birth, of somebody who may be alive."""
    text = reading.text
    for cue in reading.of(Cue.BIRTH):
        end_of_reach = cue.end + 2 * _CUE_REACH
        match = _date_before(text, cue.start) or _DATE.search(text, cue.end, end_of_reach)
        if match is None or "\n" in text[cue.end : match.start()] or ". " in text[cue.end : match.start()]:
            continue
        years = [int(year) for year in _YEAR.findall(match.group())]
        own = _OWN.search(text, max(0, cue.start - 40), cue.start) or text[cue.end : cue.end + 2].strip()[:1] == ":"
        earliest = 1920 if own else 1970
        if years and not any(earliest <= year <= 2035 for year in years):
            continue
        certainty = Certainty.CERTAIN if own else Certainty.LIKELY
        key = f"date:{squeeze(match.group())}"
        yield Candidate(match.start(), match.end(), FindingType.DATE_OF_BIRTH, certainty, key, 65)
