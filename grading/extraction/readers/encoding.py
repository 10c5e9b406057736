"""Bytes to characters: byte order marks, then UTF-8, then a declared or guessed encoding."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from grading.extraction.errors import WrongType
from grading.extraction.result import Draft

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch, CharsetMatches

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BINARY = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SAMPLE_BYTES = 64 * 1024
_GUESS_BYTES = 512 * 1024
# What people's files are written in, commonest first: that order decides between equally likely guesses.
_COMMON = (
    "cp1252", "cp1250", "iso8859_2", "cp1251", "koi8_r", "gb18030", "cp932", "euc_jp", "cp949", "big5", "cp1253",
    "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874", "iso8859_5", "iso8859_7", "koi8_u", "mac_roman",
)  # fmt: skip


def decode(data: bytes, draft: Draft, *, declared: str | None = None) -> str:
    """The text of the bytes; a guess is noted in the draft.

    Raises WrongType when they are not text in any encoding, which is also what a NUL in the middle means.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _checked(data[len(mark) :].decode(encoding, "replace"))
    without_mark = _utf16_without_mark(data)
    if without_mark:
        return _checked(data.decode(without_mark, "replace"))
    try:
        return _checked(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _checked(_decode_otherwise(data, draft, declared))


def _utf16_without_mark(data: bytes) -> str | None:
    """UTF-16 of mostly Latin text has its zeros in every second byte only."""
    sample = data[:_SAMPLE_BYTES]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if half and odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if half and even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _decode_otherwise(data: bytes, draft: Draft, declared: str | None) -> str:
    """The declared encoding if it fits, else the likeliest."""
    if declared is not None:
        try:
            return data.decode(declared)
        except (LookupError, ValueError):
            draft.remark("encoding_declared_wrong", "The file names an encoding that it is not written in.")
    if b"\x00" in data[:_SAMPLE_BYTES]:
        raise _not_text()
    # Imported only here: nearly every file is UTF-8 and never needs it.
    from charset_normalizer import from_bytes

    sample = data[:_GUESS_BYTES]
    guesses = from_bytes(sample, cp_isolation=list(_COMMON)) or from_bytes(sample)
    best = guesses.best()
    if best is None:
        raise _not_text()
    encoding = _commonest_of_the_best(best, guesses)
    draft.remark(
        "encoding_guessed",
        "The file does not say how its letters are written, so that was guessed. "
        "Check that accented letters look right; if not, save the file as UTF-8 and upload it again.",
    )
    return data.decode(encoding, "replace")


def _commonest_of_the_best(best: CharsetMatch, guesses: CharsetMatches) -> str:
    """Of the encodings in which the text makes exactly as much sense as in the best, the commonest."""
    equals = {guess.encoding for guess in guesses if (guess.chaos, guess.coherence) == (best.chaos, best.coherence)}
    equals.update(best.could_be_from_charset)
    return next((name for name in _COMMON if name in equals), best.encoding)


def _checked(text: str) -> str:
    """Refuse what decodes but is no text: NULs, or more than a stray control character."""
    controls = len(_BINARY.findall(text))
    if "\x00" in text or controls > 8 + len(text) // 200:
        raise _not_text()
    return text


def _not_text() -> WrongType:
    return WrongType(
        "This file is named as text but holds binary data. "
        "Upload the document you meant to hand in, or paste your text instead."
    )
