"""The last hand on every text: one normal form, nothing invisible, words counted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from grading.extraction.errors import NoText
from grading.extraction.result import Draft, Extracted, Kind

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufff9-\ufffb\ufffe\uffff\u00ad]")
_BIDI = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_TAGS = re.compile("[\U000e0000-\U000e007f]+")
# Joiners are part of the spelling between letters of other scripts (Persian, Indic) and inside emoji; elsewhere
# they only hide things.
_ZERO_WIDTH = re.compile(
    "[\u200b\u2060-\u2064\ufeff\u180e\U000e0100-\U000e01ef]"
    "|[\u200c\u200d](?![^\x00-\u036f])|(?<![^\x00-\u036f])[\u200c\u200d]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_UNSPACED_SCRIPTS = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_WORDLIKE = re.compile(r"\w")
_PLACEHOLDER_NAMES = frozenset(
    {
        "", "admin", "administrator", "anonymous", "author", "default", "microsoft office user", "none", "owner",
        "python-docx", "student", "unknown", "unknown author", "user", "utilisateur windows", "windows user",
    }
)  # fmt: skip


def finish(draft: Draft, kind: Kind, media_type: str) -> Extracted:
    """A reader's draft in its final form. Raises NoText when no word is left."""
    text = _clean_main_text(draft)
    if not _WORDLIKE.search(text):
        raise NoText("No text was found in this file. Check that it is the right one, or paste your text instead.")
    hidden = _distinct(clean(part) for part in draft.hidden)
    if hidden:
        draft.remark(
            "hidden_text",
            "The file holds text that a reader can't see (hidden, white or tiny). It was left out.",
        )
    return Extracted(
        text=text,
        media_type=media_type,
        kind=kind,
        page_count=draft.page_count,
        word_count=count_words(text),
        warnings=tuple(draft.warnings),
        document_names=_distinct(_real_names(draft.names)),
        hidden_text=hidden,
        comments=_distinct(clean(part) for part in draft.comments),
    )


def _clean_main_text(draft: Draft) -> str:
    """Clean the text, and report what could have been used to hide something in it."""
    for message in _TAGS.findall(draft.text):
        # Tag characters mirror ASCII invisibly: whatever they spell was meant for a machine only.
        draft.hidden.append("".join(chr(ord(character) - 0xE0000) for character in message))
    invisible = len(_ZERO_WIDTH.findall(draft.text)) + len(_BIDI.findall(draft.text))
    if invisible:
        draft.remark(
            "invisible_characters",
            f"{invisible} invisible characters (zero-width or text-direction marks) were removed.",
        )
    return clean(draft.text)


def clean(text: str) -> str:
    """NFC, `\\n` line ends, no control, zero-width, direction or tag characters, no blank ends."""
    if _SURROGATES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _LINE_ENDS.sub("\n", text)
    for unwanted in (_CONTROLS, _TAGS, _BIDI, _ZERO_WIDTH):
        text = unwanted.sub("", text)
    lines = unicodedata.normalize("NFC", text).rstrip().split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    return "\n".join(lines[first:])


def count_words(text: str) -> int:
    """Words between spaces; in scripts written without spaces every character counts, as word processors do."""
    spaced, unspaced = _UNSPACED_SCRIPTS.subn(" ", text)
    return unspaced + sum(1 for word in spaced.split() if _WORDLIKE.search(word))


def _real_names(names: list[str]) -> list[str]:
    """Names that may belong to a person: the defaults that programs fill in would only hide ordinary words."""
    cleaned = (" ".join(clean(name).split()) for name in names)
    return [name for name in cleaned if name.casefold() not in _PLACEHOLDER_NAMES and len(name) <= 200]


def _distinct(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in parts if part))
