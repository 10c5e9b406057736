"""Folding: the one spelling in which text and roster are compared.

Folding lowers case, drops diacritics and invisible characters and turns everything that is not a letter or a
digit into a space. It keeps one character for one character wherever it can, so that a place in the folded
text is a place in the original; when something had to be dropped an offset list leads back.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_SPECIAL = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "t", "æ": "a", "œ": "o", "ß": "s", "ı": "i", "ħ": "h",
    "ŧ": "t", "ŋ": "n", "ə": "a", "ς": "σ", "ґ": "г", "أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه",
}  # fmt: skip
_EXPANSIONS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ð": "dh"}
)
# Marks that carry no letter of their own in Latin, Greek, Cyrillic, Hebrew and Arabic writing.
_DROPPED_MARKS = ((0x0300, 0x036F), (0x0591, 0x05C7), (0x064B, 0x065F), (0x0670, 0x0670), (0x0640, 0x0640),
                  (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F))  # fmt: skip


def _fold_character(character: str) -> str:
    code = ord(character)
    if any(low <= code <= high for low, high in _DROPPED_MARKS):
        return ""
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    if category[0] == "M":
        return character
    if category[0] not in "LN":
        return " "
    lowered = character.lower()[:1]
    if "가" <= lowered <= "힣":
        return lowered
    base = unicodedata.normalize("NFKD", lowered)[:1].lower()[:1]
    return _SPECIAL.get(lowered) or _SPECIAL.get(base) or (base if base.isalnum() else lowered)


class _FoldTable(dict[int, str]):
    """A translation table that fills itself as characters are met."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        self[code] = folded
        return folded


_TABLE = _FoldTable({code: _fold_character(chr(code)) for code in range(0x250)})


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text with one space put at either end; `origin` maps folded places back to original ones."""

    text: str
    _offsets: list[int] | None
    others: list[tuple[int, int]]
    """The stretches of the original text in which characters beyond ASCII stand."""

    @property
    def shifted(self) -> bool:
        """Whether characters were dropped, so that places differ from the original ones."""
        return self._offsets is not None

    def start(self, place: int) -> int:
        """The original offset of the character at `place` of the folded text."""
        return place - 1 if self._offsets is None else self._offsets[place - 1]

    def end(self, place: int) -> int:
        """The original offset just after the folded character before `place`, dropped marks included."""
        if self._offsets is None:
            return place - 1
        return self._offsets[place - 2] + 1 if place > 1 else 0


# ASCII is folded many times faster when it is kept apart from the rest.
_ASCII = bytes(ord(_TABLE[code]) if code < 128 else code for code in range(256))
_OTHER = re.compile("[^\x00-\x7f]+(?:[ ,.-]{1,2}[^\x00-\x7f]+)*")


def _folded_ascii(text: str) -> str:
    return text.encode("ascii").translate(_ASCII).decode("ascii")


def fold(text: str) -> Folded:
    """Fold a text and keep the way back to its offsets."""
    if text.isascii():
        return Folded(f" {_folded_ascii(text)} ", None, [])
    # What is not ASCII becomes a question mark here, which tells where to look.
    marked = text.encode("ascii", "replace")
    plain = marked.translate(_ASCII).decode("ascii")
    pieces: list[str] = []
    others: list[tuple[int, int]] = []
    dropping: list[tuple[int, int, list[int]]] = []
    place = 0
    start = marked.find(b"?")
    while start >= 0:
        match = _OTHER.match(text, start)
        if match is None:
            start = marked.find(b"?", start + 1)
            continue
        end = match.end()
        others.append((start, end))
        pieces.append(plain[place:start])
        if end - start == 1:
            folded = _TABLE[ord(text[start])]
        elif _SYLLABLE.search(text, start, end):
            folded = _composed(match.group()).translate(_TABLE)
        else:
            folded = match.group().translate(_TABLE)
        pieces.append(folded)
        if len(folded) < end - start:
            dropping.append((start, end, _kept(text, start, end)))
        place = end
        start = marked.find(b"?", end)
    pieces.append(plain[place:])
    return Folded(f" {''.join(pieces)} ", _offsets(len(text), dropping) if dropping else None, others)


# A Korean syllable written as separate letters, as some systems store it.
_SYLLABLE = re.compile("[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?")
_INNER_LETTERS = re.compile("[\u1161-\u1175\u11a8-\u11c2]")


def _kept(text: str, start: int, end: int) -> list[int]:
    """The places in a stretch of the characters that folding keeps."""
    inner = {place for syllable in _SYLLABLE.finditer(text, start, end) for place in range(*syllable.span())[1:]}
    return [place for place in range(start, end) if place not in inner and _TABLE[ord(text[place])]]


def _offsets(length: int, dropping: list[tuple[int, int, list[int]]]) -> list[int]:
    """The places of the characters that folding keeps, from the stretches in which it drops any."""
    kept: list[int] = []
    place = 0
    for start, end, places in dropping:
        kept += range(place, start)
        kept += places
        place = end
    kept += range(place, length)
    return kept


def is_small(character: str) -> bool:
    """Whether a character is a small letter of a script that begins names with a capital; Georgian doesn't."""
    return character.islower() and not "ა" <= character <= "ჿ"


def trailing_marks(text: str, end: int) -> int:
    """Move `end` past characters that folding drops, so that a hidden name leaves no stray accent behind."""
    while end < len(text) and text[end] > "\x7f" and (not _TABLE[ord(text[end])] or _INNER_LETTERS.match(text, end)):
        end += 1
    return end


def fold_form(form: str) -> str:
    """Fold a name or an identifier: words separated by single spaces, no space at the ends."""
    if form.isascii():
        return form.lower() if form.isalpha() else " ".join(_folded_ascii(form).split())
    return " ".join(_composed(form).translate(_TABLE).split())


def squeeze(form: str) -> str:
    """Fold and remove every separator: the form in which names stand in file names and code."""
    if form.isascii():
        return form.lower() if form.isalpha() else _folded_ascii(form).replace(" ", "")
    return _composed(form).translate(_TABLE).replace(" ", "")


def _composed(form: str) -> str:
    return _SYLLABLE.sub(lambda match: unicodedata.normalize("NFC", match.group()), form)


_REDUCTIONS = re.compile("ae|oe|ue|aa")
_REDUCED = {"ae": "a", "oe": "o", "ue": "u", "aa": "a"}


def spellings(form: str) -> tuple[str, ...]:
    """The folded spellings under which a name is met: ö as o and as oe, and the other way round."""
    lowered = unicodedata.normalize("NFC", form).lower()
    plain = fold_form(lowered)
    expanded = fold_form(lowered.translate(_EXPANSIONS))
    reduced = _REDUCTIONS.sub(lambda match: _REDUCED[match.group()], plain) if len(plain) >= 6 else plain
    return tuple(dict.fromkeys((plain, expanded, reduced)))
