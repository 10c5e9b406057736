"""What stands before or after a name and has to do with people only: gifts and answers, authorship, shares of work."""

from __future__ import annotations

import re

from privacy.anonymizer.clause_words import CLASSROOM, HUMAN_VERBS
from privacy.anonymizer.neighbours import previous_word
from privacy.anonymizer.words import word_set

_OF_PEOPLE = re.compile(
    r"\b(?:[Bb]ecause|[Ii]nstead|[Aa]head|[Bb]ehalf|opinion|advice|notes|help|words|work|feedback|version|contribution"
    r"|suggestion|comments|idea|ideas|post|draft|photos?|picture) of $"
)
# To and from a person rather than a place: "showed it to Florence", "feedback from Austin".
_TOLD = re.compile(
    r"\b(?:show(?:s|ed|ing)?|gave|give|giving|lent|explain(?:ed|ing)?|talk(?:ed|ing)?|spoke|speak(?:ing)?|said"
    r"|wrote|writing|listen(?:ed|ing)?|handed|passed|introduced|reply|repl(?:ied|ying)|respon(?:se|d(?:ed|ing)?)"
    r"|answering|forwarded|presented|described|apologised|apologized|belongs|belonged|goes"
    r"|thank\w*|owe|owed|according|fair|unfair|unkind|rude|loyal|grateful|hugs?|kudos|props)\b[^.!?\n]{0,40} to $"
    r"|\b(?:feedback|review|reviews|comments?|e-?mail|message|text|note|notes|help|advice|support|suggestions?|question"
    r"|heard|borrowed|copied|taken|stolen|quoted|learned|learnt|reply|answer|input|ideas?|contributions?)\b"
    r"[^.!?\n]{0,16} from $"
    r"|\b(?:I|we)\b[^.!?\n]{0,12}\b(?:got|get|received|have|had|took)\b[^.!?\n]{0,30} from $",
    re.IGNORECASE,
)
_SHARE = r"\([^\W\d_A-Z][^()\n\d]{1,40}\)"
_SHARE_AFTER = re.compile(rf" {_SHARE}(?:[,;]|,? and|,? &) [^\W\d_a-z][^\s(]*(?: [^\W\d_a-z][^\s(]*)? {_SHARE}")
_SHARE_BEFORE = re.compile(rf"{_SHARE}(?:[,;]|,? and|,? &) $")
_SENTENCES = re.compile(r"[.!?]\s|\n")
# What people have done, unlike "finished by June".
_MADE_BY = (
    (HUMAN_VERBS - {"agreed", "solved"})
    | (CLASSROOM - {"midterm", "exam", "deadline"})
    | word_set("""
    is done drawn redrawn written rewritten made taken chosen led built given found designed edited reviewed coded typed
    idea ideas photo photos photographs picture pictures drawing text music design work code video
    read told kept held brought sent asked helped thanked proposed suggested recorded collected measured tested
    """)
)


def has_share(text: str, start: int, end: int) -> bool:
    """Whether a list says who did what: "Ann (text), Bob (figures)"."""
    if text[end : end + 2] != " (":
        return False
    return (
        _SHARE_AFTER.match(text, end) is not None or _SHARE_BEFORE.search(text, max(0, start - 60), start) is not None
    )


def is_told(text: str, start: int, previous: str) -> bool:
    """Whether what stands before a name has to do with somebody: "sent the draft to Paris", "drawn by April"."""
    if previous == "by":
        maker = previous_word(text, start - len("by "))[0]
        return maker in _MADE_BY
    if previous not in ("to", "from"):
        return False
    if _TOLD.search(text, max(0, start - 70), start):
        return True
    before = _SENTENCES.split(text[max(0, start - 70) : start])[-1].lower().split()
    return not CLASSROOM.isdisjoint(before)


def belongs_to_somebody(text: str, start: int) -> bool:
    """Whether something of a person's is before a name: "the advice of Austin"."""
    return _OF_PEOPLE.search(text, max(0, start - 24), start) is not None
