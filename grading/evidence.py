"""Where quoted passages stand in a text, so that a page can mark them. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_WORD = re.compile(r"\w+", re.UNICODE)
_BLANK_LINE = re.compile(r"\n[ \t]*\n\s*")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of the text in reading order; `quotes` are the numbers (from 1) of the quotes that cover it."""

    text: str
    quotes: tuple[int, ...] = ()
    first_of: int | None = None
    """The quote that begins to be shown here, for a page to point at."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """What was quoted, and where it stands, if that is known to the letter; otherwise its words are looked for."""

    words: str
    spans: tuple[tuple[int, int], ...] = ()


def highlight(text: str, quotes: Sequence[Quoted]) -> tuple[Passage, ...]:
    """Cut a text into passages at the borders of the quotes found in it. Joined, they are the text again."""
    words: list[tuple[str, int, int]] = []
    spans = []
    for number, quote in enumerate(quotes, start=1):
        if quote.spans:
            spans += [(start, end, number) for start, end in quote.spans]
            continue
        words = words or [(match.group().casefold(), match.start(), match.end()) for match in _WORD.finditer(text)]
        span = _find(words, [match.group().casefold() for match in _WORD.finditer(quote.words)])
        if span:
            spans.append((*span, number))
    borders = sorted({0, len(text), *(edge for start, end, _ in spans for edge in (start, end))})
    passages, shown = [], set()
    for start, end in pairwise(borders):
        covering = tuple(number for first, last, number in spans if first <= start and end <= last)
        fresh = next((number for number in covering if number not in shown), None)
        shown |= set(covering[:1]) if fresh is None else {fresh}
        passages.append(Passage(text[start:end], covering, fresh))
    return tuple(passages)


def in_paragraphs(passages: Sequence[Passage]) -> list[list[Passage]]:
    """The passages of each paragraph; blank lines between paragraphs are left out."""
    paragraphs: list[list[Passage]] = [[]]
    for passage in passages:
        for number, piece in enumerate(_BLANK_LINE.split(passage.text)):
            if number:
                paragraphs.append([])
            if piece:
                first = passage.first_of if number == 0 else None
                paragraphs[-1].append(Passage(piece, passage.quotes, first))
    return [paragraph for paragraph in paragraphs if paragraph]


def _find(words: list[tuple[str, int, int]], wanted: list[str]) -> tuple[int, int] | None:
    """The first place where these words follow each other, whatever stands between them."""
    if not wanted:
        return None
    for index in range(len(words) - len(wanted) + 1):
        if all(words[index + offset][0] == word for offset, word in enumerate(wanted)):
            return words[index][1], words[index + len(wanted) - 1][2]
    return None
