"""Other ways to read a text, for the last check: escapes decoded, letters drawn together, look-alikes made Latin."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+|&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,31});|\\u[0-9A-Fa-f]{4}")
_SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?:([ .\-_*·])[^\W\d_](?:\1[^\W\d_]){4,})(?![^\W_])")


# Cyrillic and Greek letters that look like Latin ones, where they stand in one word with Latin letters.
_MIXED = re.compile("[A-Za-z][\u0370-\u04ff]|[\u0370-\u04ff][A-Za-z]")
_OTHER_ALPHABET = re.compile("[\u0370-\u04ff]")
_LOOK_ALIKES = str.maketrans(
    "АВЕКМНОРСТУХІЈЅаеорсухіјѕкмтнвΑΒΕΖΗΙΚΜΝΟΡΤΥΧαοινυρκ",
    "ABEKMHOPCTYXIJSaeopcyxijskmthbABEZHIKMNOPTYXaoivupk",
)


class View(NamedTuple):
    """A reading of a text. `places` are the offsets of its characters and of its end in the text itself."""

    text: str
    places: range | list[int]


def views(text: str, *, spaced_out: bool) -> Iterator[View]:
    """Other readings of a text, where they differ from it; `spaced_out` tells that some letters stand apart."""
    if "%" in text or "&" in text or "\\u" in text:
        yield from _rewritten(text, _ESCAPED, _decoded)
    if not text.isascii() and _OTHER_ALPHABET.search(text) and _MIXED.search(text):
        yield View(text.translate(_LOOK_ALIKES), range(len(text) + 1))
    if spaced_out:
        yield from _rewritten(text, _SPACED, _drawn_together)


def _decoded(match: re.Match[str]) -> str:
    escaped = match.group()
    if escaped[0] == "%":
        return unquote(escaped, errors="replace")
    return html.unescape(escaped) if escaped[0] == "&" else chr(int(escaped[2:], 16))


def _drawn_together(match: re.Match[str]) -> str:
    return match.group()[::2]


def _rewritten(text: str, pattern: re.Pattern[str], change: Callable[[re.Match[str]], str]) -> Iterator[View]:
    pieces: list[str] = []
    places: list[int] = []
    end = 0
    for match in pattern.finditer(text):
        changed = change(match)
        pieces += [text[end : match.start()], changed]
        places += range(end, match.start())
        places += [match.start()] * len(changed)
        end = match.end()
    if end:
        pieces.append(text[end:])
        places += range(end, len(text) + 1)
        yield View("".join(pieces), places)
