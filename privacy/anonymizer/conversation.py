"""Conversations in a text: lines that begin with who speaks."""

from __future__ import annotations

import re

_TURN = re.compile(r"^[ \t*>]*[^\W\d_a-z][^\s:]*(?: [^\W\d_a-z][^\s:]*){0,2}:[ \t]+(?P<said>[^\n]+)$", re.MULTILINE)
_TALK = re.compile(
    r"\?|!|\b(?:I|me|my|we|us|our|you|your|yes|yeah|no|ok|okay|lol|haha|thanks|hi|hey|hello|pls|please)\b",
    re.IGNORECASE,
)


def turns(text: str) -> frozenset[int]:
    """Where lines begin that stand together as the turns of a conversation: at least half of them talk to somebody."""
    runs: list[list[re.Match[str]]] = []
    for turn in _TURN.finditer(text):
        if runs and not text[runs[-1][-1].end() : turn.start()].strip():
            runs[-1].append(turn)
        else:
            runs.append([turn])
    talks = (run for run in runs if len(run) > 1 and 2 * sum(map(_talks, run)) >= len(run))
    return frozenset(turn.start() for run in talks for turn in run)


def _talks(turn: re.Match[str]) -> bool:
    return _TALK.search(turn.group("said")) is not None
