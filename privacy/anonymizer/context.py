"""Judging by context: is this capitalised word a classmate, or a cited author, a place, a law, a month?

The judgement sees the text and the words of one name only, never the rest of the roster.
"""

from __future__ import annotations

import re

from privacy.anonymizer.citations import Surroundings, is_cited, speaks_as_author
from privacy.anonymizer.clause_words import HUMAN_VERBS
from privacy.anonymizer.clauses import ACTS, MAY_ACT, acting_score, heads_compound, speaks_of_us
from privacy.anonymizer.cues import ANNOUNCING, OWNED_BY_PEOPLE, PERSON_AFTER, PERSON_BEFORE, STRONG_BEFORE
from privacy.anonymizer.dealings import belongs_to_somebody, has_share, is_told
from privacy.anonymizer.folding import fold_form, is_small
from privacy.anonymizer.forms import FAMILY, GIVEN, NICKNAME, PIECE, SHORT, WHOLE
from privacy.anonymizer.neighbours import (
    NEXT_WORD,
    beside_other_name,
    named_after,
    opens_sentence,
    previous_word,
)
from privacy.anonymizer.plain_words import PLAIN_WORDS
from privacy.anonymizer.positions import telling_position
from privacy.anonymizer.segment import Level, Segment
from privacy.anonymizer.verdict import HIDE, LIKELY, Reason, Verdict, keep
from privacy.anonymizer.words import (
    ARTICLES,
    COUNTRIES,
    MONTHS_AND_DAYS,
    NAMED_THINGS,
    PLACE_PREPOSITIONS,
    PLACES,
    TIME_WORDS,
    is_word_like,
    word_set,
)

_POSSESSIVE_MARKS = ("'", "’", "s")
_POSSESSIVE = re.compile(r"['’]s? +([\w-]+)|s['’] +([\w-]+)")
_OF_THINGS = re.compile(r" (?:of|for) (?:the )?[A-ZÀ-Þ]")


def judge(around: Surroundings, segment: Segment, *, is_author: bool) -> Verdict:
    """Decide on one stretch of text that may name a member."""
    text, start, end = around.text, segment.start, segment.end
    surface = text[start:end]
    if segment.level is Level.FULL:
        return _judge_full(around, segment, surface)
    previous, gap = previous_word(text, start)
    if segment.level is Level.INITIAL:
        if around.in_references(start, end) or is_cited(text, start, end):
            return keep(Reason.CITATION)
        return HIDE if previous in PERSON_BEFORE or not _is_word(segment, surface) else LIKELY
    if not segment.parts & ~SHORT and (not surface[:1].isupper() or surface.isupper()):
        return keep(Reason.LOWER_CASE)
    position = telling_position(around, segment, previous, is_author=is_author)
    if position is not None:
        return position
    if around.in_references(start, end):
        return keep(Reason.REFERENCE)
    if is_cited(text, start, end):
        return keep(Reason.CITATION)
    if not segment.parts & ~(FAMILY | PIECE) and previous not in STRONG_BEFORE and speaks_as_author(text, start, end):
        return keep(Reason.CITATION)
    if is_small(surface[:1]):
        return _judge_lower_case(text, segment, surface, previous)
    if previous not in STRONG_BEFORE and _is_acronym(text, segment):
        return keep(Reason.WORD)
    if segment.slip or "\n" in gap:
        previous = ""
    return _judge_capitalised(around, segment, previous, gap)


def _is_word(segment: Segment, surface: str) -> bool:
    """Whether a name is also an ordinary word as it is written here: "Vera" may be the plant, "Věra" is somebody."""
    return is_word_like(segment.words) and (surface.isascii() or segment.words[0] in MONTHS_AND_DAYS)


def _is_acronym(text: str, segment: Segment) -> bool:
    """Whether two or three capitals stand in a line of small letters: "AI" is nobody called Ai, "SAM" no Samantha."""
    start, end = segment.start, segment.end
    if end - start > _LONGEST_ACRONYM or not text[start:end].isupper() or not text[start:end].isascii():
        return False
    if end - start == _LONGEST_ACRONYM and segment.parts & _OWN_NAME and not is_word_like(segment.words):
        return False
    return any(character.islower() for character in text[max(0, start - 30) : end + 30])


_OWN_NAME = GIVEN | FAMILY | WHOLE
_LONGEST_ACRONYM = 3


def _judge_full(around: Surroundings, segment: Segment, surface: str) -> Verdict:
    """Both names stand together: a person, unless they are two ordinary words in lower case."""
    if surface.istitle():
        return LIKELY if segment.slip else HIDE
    initials = [word for word in re.findall(r"[^\W\d_]+", surface) if fold_form(word) in segment.words]
    lowered = [word for word in initials if is_small(word[:1])]
    if not lowered or not _is_word(segment, surface):
        return LIKELY if segment.slip else HIDE
    previous, _ = previous_word(around.text, segment.start)
    # "the art bell", "it will bell": two words that happen to be somebody's names.
    ordinary = previous in ARTICLES or segment.words[0] in _AUXILIARIES or segment.in_reverse
    if ordinary and "_" not in surface and previous not in PERSON_BEFORE and not _listed(around, segment):
        return keep(Reason.WORD)
    return LIKELY


def _listed(around: Surroundings, segment: Segment) -> bool:
    """Whether a stretch is an item of a list after a label: "Team: an le, drew story"."""
    first, last = around.line(segment.start, segment.end)
    before, after = around.text[first : segment.start], around.text[segment.end : last]
    return ": " in before and _ITEM_BEFORE.search(before) is not None and _ITEM_AFTER.match(after) is not None


_ITEM_BEFORE = re.compile(r"(?:[:,;/&(]|\band) ?$")
_ITEM_AFTER = re.compile(r"[ \t]*(?:[,;/&.)]|and\b|$)")
_AUXILIARIES = frozenset({"will", "may", "can", "do", "is", "so", "in", "an", "or", "if", "my", "he", "go"})


def _judge_lower_case(text: str, segment: Segment, surface: str, previous: str) -> Verdict:
    """A name without its capital: only after a cue, or inside an identifier, and never an ordinary word."""
    longest = max(len(word) for word in segment.words)
    plain = segment.words[0] in PLAIN_WORDS and previous not in STRONG_BEFORE
    if _is_word(segment, surface) or longest < 4 or plain:
        return keep(Reason.LOWER_CASE)
    glued = any(
        c in "_/\\@.-=" for c in (text[segment.start - 1 : segment.start], text[segment.end : segment.end + 1]) if c
    )
    if previous in STRONG_BEFORE or (previous in PERSON_BEFORE and longest > 4):
        return LIKELY
    if glued and longest > 4 and text[segment.end : segment.end + 2] not in (". ", ".\n"):
        return LIKELY
    return LIKELY if longest >= 6 else keep(Reason.LOWER_CASE)


_THANKED = re.compile(
    r"\b(?:[Tt]hanks|[Tt]hank you|[Tt]hx|[Gg]racias|[Mm]erci|[Dd]anke?|[Oo]brigad[oa]|[Cc]redits?|[Kk]udos|[Pp]rops"
    r"|[Mm]ention|[Ss]hout-? ?outs?|[Cc]ongrat\w*|[Gg]rateful|[Ii]ndebted|[Pp]raise|[Cc]ourtesy|[Aa]pologies)\b"
    r"[^.!?\n]*$"
)


def _judge_capitalised(around: Surroundings, segment: Segment, previous: str, gap: str) -> Verdict:
    text, start, end = around.text, segment.start, segment.end
    surface = text[start:end]
    owned = _POSSESSIVE.match(text, end) if text[end : end + 1] in _POSSESSIVE_MARKS else None
    owns = owned is not None and (owned.group(1) or owned.group(2)).casefold() in OWNED_BY_PEOPLE
    if owned is not None and not owns and segment.parts & (GIVEN | WHOLE):
        thought = (owned.group(1) or owned.group(2)) in _THOUGHTS and not segment.parts & FAMILY
        owns = thought or speaks_of_us(text, start, end)
    if not owns and named_after(text, start, end, previous):
        return keep(Reason.NAMED_AFTER)
    touching = gap in (" ", "\u00a0") or (gap == ", " and previous in _CALLS)
    # "a" and "an" before a name that is no word are Spanish, Portuguese, Italian or German for "to".
    if previous in ARTICLES and touching and (previous not in ("a", "an") or _is_word(segment, surface)):
        return keep(Reason.WORD)
    if (previous in NAMED_THINGS and touching) or (text[end : end + 1] == "," and _IN_COUNTRY.match(text, end)):
        return keep(Reason.PLACE)
    given = not segment.parts & ~(GIVEN | PIECE)
    if beside_other_name(text, start, end, previous, touching=touching, given=given):
        return keep(Reason.OTHER_PERSON)
    if not segment.parts & ~SHORT:
        thanked = _THANKED.search(text, max(0, start - 60), start)
        announced = _acts(text, end) or _AND_I.match(text, end) is not None
        announced = announced or (touching and (previous in ANNOUNCING or thanked is not None))
        acts = acting_score(text, end, segment.words[0]) >= ACTS
        word_like = _is_word(segment, surface) and previous not in ANNOUNCING and not acts
        announced = announced or acts
        return LIKELY if announced and not word_like else keep(Reason.WORD)
    if not _is_word(segment, surface) and not around.is_used_as_word(segment.words):
        compound = not owns and opens_sentence(text, start) and heads_compound(text, end)
        if not compound:
            return LIKELY
    return _judge_word(around, segment, previous, owns=owns, touching=touching)


# What somebody may be the author of who is called by the given name; laws and constants bear family names.
_THOUGHTS = word_set("theory hypothesis argument method methods model models plan plot project report reaction review")
# "Thanks, Ann": words that call somebody in spite of a comma.
_CALLS = word_set("thanks thank you hi hello hey yes no sorry agree morning gracias merci danke")


def _acts(text: str, end: int) -> bool:
    following = NEXT_WORD.match(text, end)
    return following is not None and fold_form(following.group(1)) in PERSON_AFTER - _DONE_BY_THINGS


def _after_colon(text: str, start: int) -> bool:
    """Whether a colon inside a line stands before: what follows it has a capital only if it is a name."""
    before = text[max(0, start - 4) : start]
    return before.endswith(": ") and before[:1].isalpha()


_COPULAS = frozenset({"is", "was", "has", "had"})
_AND_I = re.compile(r"(?:, [^\W\d_a-z][^\s,.;:!?]*){0,4},? (?:and|&) (?:I\b(?!\.)|me\b)")
_PRONOUN = re.compile(r",? (?:who|whom|whose|she|he)\b")
_IN_COUNTRY = re.compile(rf", (?:{'|'.join(sorted(COUNTRIES)).replace('_', ' ')})\b")
_AND_OTHER = re.compile(r" and ([^\W\d_]+)")
_TRAVEL = word_set(
    "left leave leaves leaving reached visited fled toured occupied captured conquered crossed entered via"
)
_BOUND = re.compile(
    r"\b(?:(?:trade|war|borders?|treaty|relations|peace|alliance|ties|deals?|agreement) with"
    r"|(?:left|leaves?|leaving|bound|headed|departed|train|flight|ticket) for) $",
    re.IGNORECASE,
)
_SPEAKS = re.compile(r":[ \u00a0](?:I|I['’]m|I['’]d|We|Yes|No|Thanks|Thank|You|My|Hi|Hello)\b")


_PERSON_AFTER_MONTH = PERSON_AFTER | HUMAN_VERBS | {"left", "arrived", "joined", "called", "moved"}
# Verbs that things do as well: "Stone was used", "Art has no rules".
_DONE_BY_THINGS = word_set("""
    is was has had made would could will came took gave who might should also got kept
    """)


def _judge_word(around: Surroundings, segment: Segment, previous: str, *, owns: bool, touching: bool) -> Verdict:
    """A name that is also a word, a place or a month: it must stand where a person stands."""
    text, start, end = around.text, segment.start, segment.end
    following = NEXT_WORD.match(text, end)
    next_word = fold_form(following.group(1)) if following else ""
    word = segment.words[0]
    thanked = previous in ("to", "and") and _THANKED.search(text, max(0, start - 60), start)
    strong = touching and (previous in STRONG_BEFORE or bool(thanked))
    if owns or strong or _PRONOUN.match(text, end) or around.is_speaker(start, end):
        return LIKELY
    if (
        word in PLACES
        and touching
        and (previous in PLACE_PREPOSITIONS | _TRAVEL or _BOUND.search(text, max(0, start - 24), start))
        and not belongs_to_somebody(text, start)
        and not is_told(text, start, previous)
    ):
        return keep(Reason.PLACE)
    if _AND_I.match(text, end) or _SPEAKS.match(text, end) or has_share(text, start, end):
        return LIKELY
    if text[end : end + 2].strip().isdigit():
        return keep(Reason.WORD)
    dated = word in MONTHS_AND_DAYS and previous in TIME_WORDS and next_word not in _PERSON_AFTER_MONTH
    dated = dated and not is_told(text, start, previous)
    if dated and previous == "between":
        # "between June and August", but "between June and Emeka".
        other = _AND_OTHER.match(text, end)
        dated = other is None or fold_form(other.group(1)) in MONTHS_AND_DAYS
    elif dated and previous in ("and", "to", "through"):
        dated = previous_word(text, start - len(previous) - 1)[0] in MONTHS_AND_DAYS
    if dated or (word in MONTHS_AND_DAYS and text[end : end + 3].strip(" ,")[:1].isdigit()):
        return keep(Reason.MONTH)
    if around.is_heading(start, end) and not (touching and previous == "by"):
        return keep(Reason.HEADING)
    if _OF_THINGS.match(text, end):
        return keep(Reason.WORD)
    opens = opens_sentence(text, start) and not _after_colon(text, start)
    if opens:
        return _judge_opening(around, segment, next_word)
    return LIKELY


def _judge_opening(around: Surroundings, segment: Segment, next_word: str) -> Verdict:
    """A name that is also a word and opens a sentence: what follows tells whether somebody acts."""
    acts = next_word in PERSON_AFTER
    if not segment.parts & (GIVEN | NICKNAME | WHOLE):
        doubtful = acts and next_word not in _COPULAS
        return keep(Reason.ACTING_WORD if doubtful else Reason.WORD)
    score = acting_score(around.text, segment.end, segment.words[0])
    if score >= ACTS:
        return LIKELY
    return keep(Reason.ACTING_WORD if score >= MAY_ACT else Reason.WORD)
