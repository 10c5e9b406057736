"""What stands beside a capitalised word: a noun named after it, another person's name, the start of a sentence."""

from __future__ import annotations

import re
from itertools import islice

from privacy.anonymizer.cues import PERSON_BEFORE, STRONG_BEFORE
from privacy.anonymizer.folding import fold_form
from privacy.anonymizer.nicknames import NICKNAMES
from privacy.anonymizer.words import (
    ARTICLES,
    FUNCTION_WORDS,
    MONTHS_AND_DAYS,
    NAME_WORDS,
    OFFICES,
    THINGS_NAMED_AFTER_PEOPLE,
    TIME_WORDS,
    TITLES,
    word_set,
)

_VERSUS = re.compile(r" (?:v\.|vs\.?|versus) ")
_VERSUS_BEFORE = (" v. ", "vs. ")
_HYPHENATED = re.compile(r"[-–][A-ZÀ-Þ]")
_HYPHENS = ("-", "–")
_LEADS_TO_NOUN = ("", *" '’\u00a0")
_NOUN = re.compile(r"[\w-]+")
NEXT_WORD = re.compile(r"[ \u00a0]([^\W\d_][\w’'-]*)(\.?)")
_POSSESSED = re.compile(
    r"\b(?:[Mm]y|[Oo]ur|[Hh]is|[Hh]er|[Tt]heir|[Yy]our|[Mm]ein\w{0,2}"
    r"|[Uu]nser\w{0,2}|[Ii]hr\w{0,2}|[Ss]ein\w{0,2}|[Mm]on|[Mm]a|[Mm]i|[Mm]eu|[Mm]inha)"
    r" [^\W\d_]+ $"
)
_ROYAL = word_set("""
    elizabeth james charles george henry william richard john louis philip philippe napoleon wilhelm friedrich
    frederick peter catherine nicholas alexander francis ferdinand leopold edward mary isabella felipe carlos pedro
    joao ivan paul
    """)
_BYNAME = re.compile(r" (?:the|der|le|el|la|of) [A-ZÀ-Þ]")
_REGNAL = re.compile(
    r" (?:II|III|IV|V|VI|VII|VIII|IX|X|I(?= (?:with|and|of|was|is|in|had|reigned|to|by)\b|[.,;:)]|['’]s))\b"
)
_LEADS_TO_BYNAME = frozenset(f" {letter}" for letter in "IVXtdleo")
_FIGURE = re.compile(
    r", (?:the |an? )?(?:[\w-]+ )?(?:empress|emperor|queen|king|pope|saint|goddess|god|duke|duchess|prince|princess"
    r"|poet|composer|painter|sculptor|philosopher|novelist|playwright|heroine|hero|protagonist|narrator|apostle|prophet"
    r"|nymph|muse|titan|pharaoh|sultan|caliph|tsar|tsarina|kaiser|abbess|abbot|martyr)\b"
)
_ABBREVIATED = word_set("prof mrs messrs asst assoc instr inst nos viz esp approx dept")
# Calls that open a sentence and are no part of a name: "Sorry Ana".
_CALLS = word_set("""
    sorry congrats congratulations welcome bravo okay yeah yep nope well oh ah wow hmm amazing awesome cool excellent
    brilliant wonderful true exactly kudos props shoutout look listen alright honestly sure right thx ty hurray hooray
    poor lovely sweet clever brave lucky unlucky blame credit praise seeing watching meet meeting visiting see saw
    compared based given perhaps whereas compare contrast contact email call text message phone remember imagine
    suppose consider speaker narrator editor secretary president treasurer captain chair host guest interviewer
    interviewee pair partner photo photograph photos image images video picture drawing sketch illustration music
    lyrics idea credit source translation transcription transcript typing layout design cover notes minutes
    meanwhile afterwards afterward nevertheless nonetheless moreover furthermore otherwise nowadays besides tonight
    feedback comment response review re fw fwd cc attn dear dearest hiya heya greetings
    """)
_ORDINALS = frozenset({"first", "second", "third", "last", "great"})


def previous_word(text: str, start: int) -> tuple[str, str]:
    """The folded word before a place, and what stands between."""
    if text[start - 1 : start] == " ":
        tail = text[max(0, start - 24) : start - 1].rpartition(" ")[2]
        if tail.isascii() and tail.isalpha() and len(tail) < 23:
            return tail.lower(), " "
    end = start
    while end > 0 and start - end < 8 and not (text[end - 1].isalnum() or text[end - 1] in "_."):
        end -= 1
    first = end
    while first > 0 and end - first < 24 and (text[first - 1].isalnum() or text[first - 1] in "_.'’"):
        first -= 1
    word = fold_form(text[first:end]).rsplit(" ", 1)[-1]
    if text[end - 1 : end] == "." and len(word) > 2 and word not in TITLES and word not in _ABBREVIATED:
        # The full stop ends a sentence and belongs to the gap.
        return word, text[end - 1 : start]
    return word, text[end:start]


def named_after(text: str, start: int, end: int, previous: str) -> bool:
    """Newton's second law, the Smith chart, Reed–Solomon codes, Brown v. Board."""
    following = text[end : end + 2]
    if (following == " v" and _VERSUS.match(text, end)) or text.endswith(_VERSUS_BEFORE, max(0, start - 4), start):
        return True
    if (following[:1] in _HYPHENS and _HYPHENATED.match(text, end)) or (
        text[start - 1 : start] in _HYPHENS and text[start - 2 : start - 1].isalpha()
    ):
        return True
    if following[:1] not in _LEADS_TO_NOUN:
        return False
    stretch = text[end : end + 48].split(".")[0].split(",")[0].removeprefix("'s").removeprefix("’s")
    for place, match in enumerate(islice(_NOUN.finditer(stretch), 3)):
        word = match.group().casefold()
        if word in THINGS_NAMED_AFTER_PEOPLE:
            return place == 0 or previous in ARTICLES or following[:1] in "'’"
        if word in FUNCTION_WORDS and word not in _ORDINALS:
            return False
    return False


def beside_other_name(text: str, start: int, end: int, previous: str, *, touching: bool, given: bool) -> bool:
    """Whether the word is half of somebody else's name: Virginia Woolf, King William, Elizabeth I.

    `given` tells that it is only a given name: "Meanwhile Ana" is nobody else, where "Virginia Woolf" is.
    """
    if text[end : end + 1] == ",":
        if _FIGURE.match(text, end):
            return True
    elif text[end : end + 2] in _LEADS_TO_BYNAME and (_REGNAL.match(text, end) or _BYNAME.match(text, end)):
        return True
    if (
        text.startswith(" I ", end)
        and fold_form(text[start:end]) in _ROYAL
        and previous not in STRONG_BEFORE | {"with"}
    ):
        return True
    following = NEXT_WORD.match(text, end) if text[end + 1 : end + 2].isupper() else None
    if following:
        word = fold_form(following.group(1)).split(" ")[0]
        if word not in FUNCTION_WORDS and word not in MONTHS_AND_DAYS and following.group(1) != "I":
            return True
    if not touching or not previous:
        return False
    if not _with_other_word(text, start, previous, given=given):
        return False
    return _POSSESSED.search(text, max(0, start - 50), start) is None


def _with_other_word(text: str, start: int, previous: str, *, given: bool) -> bool:
    """Whether the word before a name, which it touches, is half of the same name."""
    written = text[max(0, start - 40) : start].rstrip().split()[-1]
    if not written[:1].isupper() or written[-1:] in ".:;,!?)" or previous in TITLES:
        # An initial comes before a family name: "vitamin C. Ana said" is no "C. Ana".
        return not given and written[:1].isupper() and written[-1:] == "." and len(written) == 2
    if previous in OFFICES:
        return True
    opening = opens_sentence(text, start - len(previous) - 1)
    if opening and (previous in _CALLS or (given and previous not in NICKNAMES)):
        return False
    if previous in FUNCTION_WORDS or previous in PERSON_BEFORE or previous.endswith(("ly", "ing")):
        return False
    if previous in MONTHS_AND_DAYS:
        dated = previous_word(text, start - len(previous) - 1)[0] in TIME_WORDS
        return not (dated or previous.endswith("day") or previous not in NAME_WORDS)
    return True


def opens_sentence(text: str, start: int) -> bool:
    """Whether a place is the start of a sentence, where any word has a capital."""
    before = text[max(0, start - 6) : start].rstrip(" \t\u00a0\"'“‘(*#>–—-")
    return not before or before[-1] in ".!?:\n…)]"
