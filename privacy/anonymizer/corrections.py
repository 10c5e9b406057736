"""What a person decided about a class's texts by hand: words to hide as well, and findings to leave standing.

Words are compared as they are folded: case, diacritics and the spaces between them don't matter. Full names, e-mail
addresses, ids and log-ins of members stay hidden, whatever somebody wants left standing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from privacy.anonymizer.candidate import Candidate
from privacy.anonymizer.check import names_a_member
from privacy.anonymizer.folding import fold, trailing_marks
from privacy.anonymizer.model import Certainty, FindingType
from privacy.anonymizer.resolve import Stretch
from privacy.anonymizer.roster import CompiledRoster

RANK = 1
"""Below every matcher: where one of them knows who is meant, its placeholder is the better one."""


@dataclass(frozen=True, slots=True)
class Corrections:
    """Words as somebody selected or typed them."""

    hide: tuple[str, ...] = ()
    show: tuple[str, ...] = ()


NO_CORRECTIONS = Corrections()


def same_words(text: str) -> str:
    """The spelling in which words are compared; empty when there is no letter or digit in them."""
    return " ".join(fold(text).text.split())


def hidden_by_hand(text: str, corrections: Corrections) -> list[Candidate]:
    """Every place of a text where words stand that somebody wants hidden."""
    if not corrections.hide:
        return []
    folded = fold(text)
    words = [(match.group(), match.start(), match.end()) for match in re.finditer(r"\S+", folded.text)]
    found = []
    for wanted in {same_words(one) for one in corrections.hide} - {""}:
        parts = wanted.split()
        for first in range(len(words) - len(parts) + 1):
            run = words[first : first + len(parts)]
            if [word for word, _, _ in run] == parts:
                start, end = folded.start(run[0][1]), trailing_marks(text, folded.end(run[-1][2]))
                found.append(Candidate(start, end, FindingType.DETAIL, Certainty.CERTAIN, f"by hand:{wanted}", RANK))
    return found


def without_shown(
    text: str, stretches: Iterable[Stretch], corrections: Corrections, roster: CompiledRoster
) -> list[Stretch]:
    """The stretches but for those whose words somebody wants left standing."""
    if not corrections.show:
        return list(stretches)
    hidden = {same_words(one) for one in corrections.hide}
    shown = {same_words(one) for one in corrections.show if not names_a_member(one, roster)} - hidden - {""}
    return [item for item in stretches if same_words(text[item.start : item.end]) not in shown]
