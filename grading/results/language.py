"""Which language a text is written in, where that can be said with confidence. Pure, and offline."""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from typing import Any, Final

FEWEST_LETTERS: Final = 60
"""Shorter texts are not judged: names and technical terms would decide."""
_MOST_BYTES: Final = 4_000


def language_of(text: str) -> str | None:
    """The language as its primary subtag (`de`, `zh`), or None where the text is too short or could be several.

    None too on the few machines for which the detector is not made (decision 1): there this check is left out.
    """
    detector = _detector()
    if detector is None or not has_letters(text, FEWEST_LETTERS):
        return None
    found = detector.FindLanguage(text=text[:_MOST_BYTES])
    return str(found.language).partition("-")[0] if found.is_reliable else None


def has_letters(text: str, count: int) -> bool:
    """Whether a text has at least so many letters."""
    return next(islice(filter(str.isalpha, text), count - 1, None), None) is not None


@cache
def _detector() -> Any:
    if find_spec("gcld3") is None:
        return None
    return import_module("gcld3").NNetLanguageIdentifier(min_num_bytes=0, max_num_bytes=_MOST_BYTES)
