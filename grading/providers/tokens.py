"""How many tokens a text has at most, without a tokenizer.

Measured against o200k: UTF-8 bytes / 3.5 stays above the true count for prose in Latin, Arabic, Indic and East Asian
scripts; text dense with LaTeX needs bytes / 2. The figure is an upper bound and is shown as one.
"""

import math

_DENSE = frozenset("\\{}$^_")
_DENSE_SHARE = 0.05
MESSAGE_OVERHEAD = 4
REPLY_OVERHEAD = 3


def most_tokens(text: str) -> int:
    """An upper bound of the tokens in a text."""
    dense = sum(text.count(character) for character in _DENSE) > len(text) * _DENSE_SHARE
    return math.ceil(len(text.encode()) / (2 if dense else 3.5))
