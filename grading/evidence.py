"""Where quoted passages stand in a text, so that a page can mark them. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_WORD = re.compile(r"\w+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of the text in reading order; `quotes` are the numbers (from 1) of the quotes that cover it."""

    text: str
    quotes: tuple[int, ...] = ()


def highlight(text: str, quotes: Sequence[str]) -> tuple[Passage, ...]:
    """Cut a text into passages at the borders of the quotes found in it. Joined, they are the text again."""
    words = [(match.group().casefold(), match.start(), match.end()) for match in _WORD.finditer(text)]
    spans = []
    for number, quote in enumerate(quotes, start=1):
        span = _find(words, [match.group().casefold() for match in _WORD.finditer(quote)])
        if span:
            spans.append((*span, number))
    borders = sorted({0, len(text), *(edge for start, end, _ in spans for edge in (start, end))})
    return tuple(
        Passage(text[start:end], tuple(number for first, last, number in spans if first <= start and end <= last))
        for start, end in pairwise(borders)
    )


def _find(words: list[tuple[str, int, int]], wanted: list[str]) -> tuple[int, int] | None:
    """The first place where these words follow each other, whatever stands between them."""
    if not wanted:
        return None
    for index in range(len(words) - len(wanted) + 1):
        if all(words[index + offset][0] == word for offset, word in enumerate(wanted)):
            return words[index][1], words[index + len(wanted) - 1][2]
    return None
