"""Plain text, Markdown and source code: the characters as they are."""

from __future__ import annotations

from grading.extraction.limits import Limits
from grading.extraction.readers.encoding import decode
from grading.extraction.result import Draft


def read(data: bytes, limits: Limits) -> Draft:
    """The whole file. Raises WrongType for binary data, TooComplex for more text than allowed."""
    draft = Draft(budget=limits.characters)
    draft.text = decode(data, draft)
    draft.spend(len(draft.text))
    return draft
