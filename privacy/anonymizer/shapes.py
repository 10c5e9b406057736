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


def shape(text: str) -> bytes:
    """A byte for every character: a or A for a letter of ASCII, 0 for a digit, - for a joint, a blank for the rest."""
    return text.encode("ascii", "replace").translate(_KINDS)


def digits(shaped: bytes) -> list[int]:
    """Where the digits start that stand together."""
    return [match.start() for match in _DIGITS.finditer(shaped)]


def places(shaped: bytes, wanted: bytes) -> Iterator[int]:
    """Where a sequence of kinds starts."""
    place = shaped.find(wanted)
    while place >= 0:
        yield place
        place = shaped.find(wanted, place + 1)


def seams(text: str, shaped: bytes, others: list[tuple[int, int]]) -> list[int]:
    """Where a word changes its shape inside, camelCase or a letter and then a digit, in order.

    `others` are the stretches in which characters beyond ASCII stand.
    """
    found = [place + 1 for seam in (b"aA", b"a0", b"A0") for place in places(shaped, seam)]
    for start, end in others:
        found += [match.start() for match in _SEAM.finditer(text, start, end + 1)]
    return sorted(found)
