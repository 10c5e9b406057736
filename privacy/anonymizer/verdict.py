"""What is decided about a stretch of text that may name somebody: hide it, or keep it for a reason."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from privacy.anonymizer.model import Certainty


class Reason(StrEnum):
    """Why a place that looks like a name was left standing."""

    CITATION = "citation"
    REFERENCE = "reference list"
    NAMED_AFTER = "something named after a person"
    OTHER_PERSON = "another person's name"
    PLACE = "a place"
    MONTH = "a month or day"
    WORD = "an ordinary word"
    ACTING_WORD = "an ordinary word at the start of a sentence"
    HEADING = "a word in a heading"
    LOWER_CASE = "a word in lower case"
    PUBLIC_LINK = "a public link"


class Verdict(NamedTuple):
    """Hide with this certainty, or keep for this reason."""

    certainty: Certainty
    reason: Reason | None = None


HIDE = Verdict(Certainty.CERTAIN)
LIKELY = Verdict(Certainty.LIKELY)
_KEEP = {reason: Verdict(Certainty.UNCERTAIN, reason) for reason in Reason}


def keep(reason: Reason) -> Verdict:
    """The verdict that a place is left standing for this reason."""
    return _KEEP[reason]
