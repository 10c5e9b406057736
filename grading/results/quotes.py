"""Where the passages that a model quotes stand in the text that was sent. Pure.

Quotes are compared as people would: case, kinds of quotation marks and dashes, and the width of gaps don't matter; an
ellipsis stands for words left out. Fifty thousand answers are checked one after the other, so the text is folded by
the string functions of the language and not character by character.
"""

import re
import unicodedata
from bisect import bisect_right
from functools import cached_property

_GAPS = re.compile(r" {2,}")
_ALIKE = {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "‑": "-"}
_MARKS = str.maketrans(_ALIKE)
# One character for one, so that places stay what they are.
_IN_PLACE = str.maketrans(_ALIKE | dict.fromkeys("\t\n\r\f\v\u00a0\u2009\u202f\u3000", " "))
_ELLIPSIS = re.compile(r"\s*(?:\[?…\]?|\[?\.\.\.\]?)\s*")

Span = tuple[int, int]


class SentText:
    """A text in which quotes are looked for."""

    def __init__(self, text: str) -> None:
        self._text = text

    def find(self, quote: str) -> tuple[bool, tuple[Span, ...]]:
        """Whether a quote stands in the text, and where: start and end (offsets in the text) of each of its parts.

        The places are left out where letters were written in another form (ligatures, full width): the quote is
        found, but nothing says at which letter exactly.
        """
        parts = [part for part in _ELLIPSIS.split(quote) if fold(part).strip("\"' ")]
        if not parts:
            return False, ()
        spans = self._spans(parts)
        return (True, spans) if spans else (self._stands(parts), ())

    def _spans(self, parts: list[str]) -> tuple[Span, ...]:
        spans, place = [], 0
        for part in parts:
            wanted = _collapse(_lower(part)).strip("\"' ")
            start = self._collapsed.find(wanted, place)
            if start < 0:
                return ()
            place = start + len(wanted)
            spans.append((self._original(start), self._original(place - 1) + 1))
        return tuple(spans)

    def _stands(self, parts: list[str]) -> bool:
        place = 0
        for part in parts:
            wanted = fold(part).strip("\"' ")
            place = self._folded.find(wanted, place)
            if place < 0:
                return False
            place += len(wanted)
        return True

    @cached_property
    def _folded(self) -> str:
        return fold(self._text)

    @cached_property
    def _in_place(self) -> str:
        return _lower(self._text)

    @cached_property
    def _collapsed(self) -> str:
        return _collapse(self._in_place)

    @cached_property
    def _gaps(self) -> tuple[list[int], list[int]]:
        """Places in the collapsed text after which something was left out, and how much up to there."""
        places, left_out, total = [], [], 0
        for gap in _GAPS.finditer(self._in_place):
            places.append(gap.start() - total)
            total += len(gap.group()) - 1
            left_out.append(total)
        return places, left_out

    def _original(self, place: int) -> int:
        places, left_out = self._gaps
        before = bisect_right(places, place - 1)
        return place + (left_out[before - 1] if before else 0)


def fold(text: str) -> str:
    """A text as quotes are compared: one space between words, plain quotation marks and dashes, no case."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_MARKS).split()).casefold()


def _collapse(text: str) -> str:
    """A text with single spaces where it has several."""
    return _GAPS.sub(" ", text) if "  " in text else text


def _lower(text: str) -> str:
    """A text in small letters with plain marks, each character where it was."""
    marked = text.translate(_IN_PLACE)
    lowered = marked.lower()
    # A letter of one language becomes two characters in small.
    return lowered if len(lowered) == len(marked) else "".join(map(_small, marked))


def _small(character: str) -> str:
    lowered = character.lower()
    return lowered if len(lowered) == 1 else character
