"""Rich text (RTF): striprtf turns it into text; what it can't tell apart is at least reported."""

from __future__ import annotations

import re
from collections.abc import Callable

from striprtf.striprtf import rtf_to_text

from grading.extraction.errors import Corrupt
from grading.extraction.limits import Limits
from grading.extraction.result import Draft

_TO_TEXT: Callable[..., str] = rtf_to_text
_NAMES = re.compile(r"\{\\(?:\*\\)?(?:author|operator|manager|atnauthor) ([^{}]{1,400})\}")
_REVISION_AUTHORS = re.compile(r"\{\\\*\\revtbl((?: ?\{[^{}]*\})+)")
_HIDDEN = re.compile(r"\\v(?:1)?(?![a-zA-Z0-9])")
_BLANK_LINES = re.compile(r"\n{3,}")


def read(data: bytes, limits: Limits) -> Draft:
    """The body's text; headers, footers and notes are not part of what striprtf reads. Raises Corrupt."""
    draft = Draft(budget=limits.characters)
    # RTF is ASCII with escapes; Latin-1 keeps every stray byte as one character.
    source = data.decode("latin-1")
    try:
        text = _plain(source)
    except (ValueError, IndexError, LookupError) as broken:
        raise Corrupt(
            "This rich text file is damaged. Open it, save it again as .docx and upload that, "
            "or paste your text instead."
        ) from broken
    draft.spend(len(text))
    draft.text = _BLANK_LINES.sub("\n\n", text)
    draft.names.extend(_plain_name(name) for name in _NAMES.findall(source))
    for table in _REVISION_AUTHORS.findall(source):
        draft.names.extend(_plain_name(name) for name in re.findall(r"\{([^{};]+);?\}", table))
    if _HIDDEN.search(source):
        draft.remark(
            "hidden_text_possible",
            "The file uses hidden text, which can't be told apart in this format: check what was read.",
        )
    return draft


def _plain(source: str) -> str:
    return _TO_TEXT(source, errors="replace")


def _plain_name(name: str) -> str:
    return _plain("{\\rtf1\\ansi " + name + "}")
