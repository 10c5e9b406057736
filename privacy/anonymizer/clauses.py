"""What a sentence says of the word that opens it, where everything has a capital: somebody acting, or a thing?

"Rose keeps bees" and "Rose bushes lined the path" differ in what follows. A score is added up from the kind of verb,
from whether the word could stand there without an article, and from whether the sentence speaks of people at all.
"""

from __future__ import annotations

import re

from privacy.anonymizer.clause_words import (
    ADVERBS,
    AGENT_VERBS,
    AUXILIARIES,
    BARE_MIND,
    BARE_NOUNS,
    BARE_VERBS,
    CLASSROOM,
    FIRST_PERSON,
    HUMAN_VERBS,
    NATURE,
    NO_PAST,
    NOT_BETWEEN,
    OBJECT_BEGINNINGS,
    PAST_FORMS,
    PERSON_STATES,
    PLURAL_VERBS,
    PLURALS_TOO,
    PREPOSITIONS,
    PRONOUNS,
    SAYING_THAT,
    SCHOLARLY,
    SINGLE_THINGS,
    SUBJECT_MATTER,
    THIRD_PERSON,
    TIME_PASSES,
)
from privacy.anonymizer.folding import fold_form
from privacy.anonymizer.words import FUNCTION_WORDS, MONTHS_AND_DAYS, is_word_like

ACTS = 5
"""From this score on a person acts."""
MAY_ACT = 2
"""From this score on a person acts if the text speaks of that person elsewhere."""

_REACH = 160
_END = re.compile(r"[.!?](?=[\s\"”’)]|$)|\n[ \t]*\n|[\n;]")
_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|[,(&/?:–—-]|\d+")
_ASIDE = re.compile(r", (?:[^,.;:!?\n]{1,60}),(?= )| \([^()\n]{1,60}\)")
_OWN = re.compile(
    r",? \(?(?:my|our|who|whom|whose|she|he)\b|,? (?:and|plus|or|with) (?:me|my|our|his|her|another|two|the others?)\b"
)
_ADDRESSED = re.compile(
    r", (?:you|thank|thanks|please|could you|can you|would you|I|we|your|sorry|great|good|nice)\b|\? (?:She|He|They)\b"
)
_PRESENT = re.compile(r" here(?:[.,!)]| again\b)")
_JOINED = re.compile(
    r"(?: (?:and|&|or|plus|und|et|y|e) | ?/ ?|, )([^\W\d_a-z][^\W\d_]*(?:['’-][^\W\d_]+)*)"
    r"(?: [^\W\d_a-z][^\W\d_]*(?:['’-][^\W\d_]+)*)*"
)
_BEING = frozenset({"is", "was", "isn't", "wasn't", "may"})
_HUMAN, _AGENT, _ACTIVE, _FINITE, _COPULA = 6, 5, 3, 2, 1


def acting_score(text: str, end: int, word: str) -> int:
    """How much the clause after a word that opens a sentence tells of a person. 0 when the word heads no clause."""
    if _OWN.match(text, end) or _ADDRESSED.match(text, end) or _PRESENT.match(text, end):
        return _HUMAN
    place = end
    joined = 0
    aside = _ASIDE.match(text, place)
    if aside:
        place = aside.end()
    else:
        other = _JOINED.match(text, place)
        while other and other.group(1) != "I":
            joined = max(joined, _joined_with(other.group(1), word))
            place = other.end()
            other = _JOINED.match(text, place)
    tokens = _tokens(text, place)
    verb = _verb(tokens)
    if place > end and not joined and not aside and verb < _AGENT:
        return 0
    solo = word not in BARE_NOUNS or (word in SINGLE_THINGS and verb != _COPULA)
    if not verb:
        # "Rose from the other group lent me …"
        told = _sentence(tokens) if tokens and tokens[0] in ("from", "in", "on", "at") else 0
        return told + 1 if told > (0 if solo else ACTS) else joined
    if verb == _AGENT and word in MONTHS_AND_DAYS and tokens[0] in TIME_PASSES:
        verb = _FINITE
    if verb < _HUMAN and solo:
        verb += 4
    elif verb in (_ACTIVE, _AGENT):
        # Where nothing tells what the sentence is about it may well be somebody.
        told = not SUBJECT_MATTER.isdisjoint(tokens) or (verb == _ACTIVE and word in NATURE)
        verb = _FINITE if told else _AGENT
    score = joined + verb + _sentence(tokens)
    # "Lincoln signed it in 1863": history, unless the sentence speaks of the class.
    return score - 4 if not solo and _is_history(tokens) else score


def heads_compound(text: str, end: int) -> bool:
    """Whether a word that opens a sentence only describes the noun after it: "Gene expression was measured"."""
    tokens = _tokens(text, end)
    if len(tokens) < 2 or text[end : end + 1] != " ":
        return False
    noun, verb = tokens[0], tokens[1]
    if noun in FUNCTION_WORDS or noun in ADVERBS or noun in AUXILIARIES or noun in PREPOSITIONS:
        return False
    if noun in PAST_FORMS or noun in HUMAN_VERBS or noun.endswith(("ly", "ed", "self")) or not noun.isalpha():
        return False
    return verb in PLURAL_VERBS and (noun not in THIRD_PERSON or verb in ("were", "are", "was", "is"))


def speaks_of_us(text: str, start: int, end: int) -> bool:
    """Whether the sentence around a place speaks of its author: "These are Ana's numbers, not mine"."""
    before = re.split(r"[.!?]\s|\n", text[max(0, start - _REACH // 2) : start])[-1]
    words = {token.replace("’", "'").lower() for token in _TOKEN.findall(before)} | set(_tokens(text, end))
    return bool(words & FIRST_PERSON or words & CLASSROOM)


def _joined_with(other: str, word: str) -> int:
    """What it tells that another capitalised word is joined to the first: "Rose and Marek", but "June and July"."""
    folded = fold_form(other)
    if folded in MONTHS_AND_DAYS or folded in FUNCTION_WORDS:
        return 0
    if is_word_like((folded,)) and word in BARE_NOUNS and folded in BARE_NOUNS:
        return 0
    return 3 if word in BARE_NOUNS else ACTS


def _tokens(text: str, place: int) -> list[str]:
    end = _END.search(text, place, place + _REACH)
    stretch = text[place : end.start() if end else place + _REACH]
    return [token.replace("’", "'").lower() for token in _TOKEN.findall(stretch)]


def _verb(tokens: list[str]) -> int:
    """How the first verb scores after adverbs are passed over, or 0."""
    first = 0
    while first < len(tokens) - 1 and first < 3 and (tokens[first] in ADVERBS or _is_adverb(tokens[first])):
        first += 1
    if first >= len(tokens):
        return 0
    word, after = tokens[first], tokens[first + 1] if first + 1 < len(tokens) else ""
    if after == "that" and word in SAYING_THAT:
        return _HUMAN
    if word in AUXILIARIES:
        return _after_auxiliary(word, tokens[first + 1 :])
    if word.endswith("s") and not word.endswith("ss"):
        # "Jay calls were recorded": a plural and not a verb.
        past = after in PAST_FORMS or (after.endswith("ed") and after not in NO_PAST)
        if after in ("were", "are", "have", "was", "is") or (past and word not in THIRD_PERSON):
            return 0
        takes_object = not after or after in OBJECT_BEGINNINGS or _goes_on(after)
        if word in PLURALS_TOO and not takes_object:
            return 0
        if word in HUMAN_VERBS:
            return _HUMAN
        if word in AGENT_VERBS and takes_object:
            return _AGENT
        return _ACTIVE if word in THIRD_PERSON or after in OBJECT_BEGINNINGS else 0
    if word in HUMAN_VERBS:
        return _HUMAN
    if word in AGENT_VERBS and (word in PAST_FORMS or not after or after in OBJECT_BEGINNINGS or _goes_on(after)):
        return _AGENT
    if word in PAST_FORMS or (word.endswith("ed") and len(word) > 3 and word not in NO_PAST):
        # "Rose colored glasses": what follows is described and no object.
        return _ACTIVE if not after or after in OBJECT_BEGINNINGS or _goes_on(after) else 1
    return 0


def _is_history(tokens: list[str]) -> bool:
    dated = any(len(token) == 4 and token.isdigit() and "1000" < token < "2030" for token in tokens)
    return dated and CLASSROOM.isdisjoint(tokens) and FIRST_PERSON.isdisjoint(tokens)


def _after_auxiliary(auxiliary: str, tokens: list[str]) -> int:
    """How "will bring", "is going to present" or "was ill" score."""
    rest = [token for token in tokens[:5] if token not in NOT_BETWEEN and not _passes(token)]
    word, after, third = [*rest, "", "", ""][:3]
    if auxiliary in _BEING:
        if word in PERSON_STATES or (word == "going" and after == "to" and third in BARE_VERBS):
            return _HUMAN
        return _COPULA
    if word == "to" and auxiliary in ("has", "had"):
        if "been" in tokens[:2]:
            return _HUMAN
        word = after
    if word in BARE_MIND:
        return _HUMAN
    done = "have" in tokens[:2] and (word in HUMAN_VERBS or word in AGENT_VERBS or word.endswith("ed"))
    # Essays write "did not" of ideas.
    informal = auxiliary.endswith("n't")
    return _AGENT if done or informal or word in BARE_VERBS else _FINITE


def _passes(word: str) -> bool:
    return word in ADVERBS or _is_adverb(word)


def _is_adverb(word: str) -> bool:
    return word.endswith("ly") and len(word) > 4 and word not in ("family", "supply", "reply", "assembly")


def _goes_on(word: str) -> bool:
    return word in PREPOSITIONS or word in ADVERBS or _is_adverb(word) or word in FUNCTION_WORDS or not word.isalpha()


def _sentence(tokens: list[str]) -> int:
    """What the rest of the sentence tells: whether it speaks of the author, of somebody, of the class."""
    words = set(tokens)
    score = 0
    if words & FIRST_PERSON:
        score += 4
    if "who" in words:
        score += 4
    if words & PRONOUNS:
        score += 3
    if words & CLASSROOM:
        score += 4
    elif words & SCHOLARLY:
        score += 2
    return score
