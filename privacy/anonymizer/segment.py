"""What a stretch of text says of a member's name."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Level(IntEnum):
    """How much of a name is there."""

    SINGLE = 1
    INITIAL = 2
    FULL = 3


class Segment(NamedTuple):
    """A stretch of text that may name one member. `words` are the folded words that belong to the name."""

    start: int
    end: int
    parts: int
    level: Level
    words: tuple[str, ...]
    slip: bool = False
    in_reverse: bool = False
