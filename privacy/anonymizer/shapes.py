"""The shape of a text: what kind of character stands where, so that places are found without reading every word."""

from __future__ import annotations

import re
from collections.abc import Iterator

_JOINTS = "_-."
_DIGITS = re.compile(b"0+")
_SEAM = re.compile(r"[0-9A-ZÀ-ÖØ-Þ](?:(?<=[^\W\d_]\d)|(?<=[a-zß-öø-ÿ][A-ZÀ-ÖØ-Þ]))")


def _kind(character: str) -> str:
    if character.isalpha():
        return "a" if character.islower() else "A"
    if character.isdigit():
        return "0"
    return "-" if character in _JOINTS else " "


_KINDS = bytes(ord(_kind(chr(code))) if code < 128 else ord(" ") for code in range(256))


class Shape:
    """The kinds of the characters of a text: a or A for a letter of ASCII, 0 for a digit, - for a joint, or a blank.

    `others` are the stretches in which characters beyond ASCII stand.
    """

    __slots__ = ("humps", "kinds", "numbers", "others", "text")

    def __init__(self, text: str, others: list[tuple[int, int]]) -> None:
        self.text, self.others = text, others
        self.kinds = text.encode("ascii", "replace").translate(_KINDS)
        self.numbers = [match.start() for match in _DIGITS.finditer(self.kinds)]
        """Where the digits start that stand together."""
        self.humps = [place + 1 for place in self.places(b"aA")]
        """Where a capital follows a small letter, both of ASCII."""

    def places(self, wanted: bytes) -> Iterator[int]:
        """Where a sequence of kinds starts."""
        kinds = self.kinds
        place = kinds.find(wanted)
        while place >= 0:
            yield place
            place = kinds.find(wanted, place + 1)

    def seams(self) -> list[int]:
        """Where a word changes its shape inside, camelCase or a letter and then a digit, in order."""
        text = self.text
        found = [place for place in self.numbers if text[place - 1 : place].isalpha()]
        found += self.humps
        for start, end in self.others:
            if end - start == 1 and not text[start].isalpha():
                continue
            found += [match.start() for match in _SEAM.finditer(text, start, end + 1)]
        return sorted(found)
