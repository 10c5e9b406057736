"""Signs that a text speaks to the grader instead of its reader. Pure.

Every defence that relies on the model alone has been talked round, so texts are looked at here too. A sign never costs
a student anything: it is shown to a person, with the passage. Rules ask for two things together, an order or an address
to a machine, and what it should do about marks or instructions; that students write *about* grading or machines is no
sign. The phrases cover the languages that consent texts come in.
"""

import re
from dataclasses import dataclass
from typing import Final

MOST_PASSAGES: Final = 5
_AROUND: Final = 60


@dataclass(frozen=True, slots=True)
class Sign:
    """A passage that speaks to the grader (offsets in the text), with a little of what stands around it."""

    start: int
    end: int
    passage: str


@dataclass(frozen=True, slots=True)
class _Rule:
    """A pattern, and words (in small letters) without one of which it can't match: most texts have none of them."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]


def _rule(words: str, pattern: str) -> _Rule:
    return _Rule(tuple(words.split()), re.compile(pattern, re.IGNORECASE | re.MULTILINE))


_GAP: Final = r"(?:\W+\w+){0,%d}?\W+"
_BEGINNING: Final = r"(?:^|[.!?:;\"“]\s*|\bplease\s+|\bmust\s+|\bshould\s+)"
_TOP: Final = (
    r"(?:full|maximum|max|highest|top|perfect|100)\W+(?:\w+\W+)?(?:marks?|points?|scores?|grades?|levels?|credit)\b"
)
_RULES: Final = (
    # Orders to drop what was said before.
    _rule(
        "ignore disregard forget override bypass",
        r"\b(?:ignore|disregard|forget|override|bypass)\b"
        + _GAP % 3
        + r"(?:previous|prior|above|earlier|preceding|system|your|these)\b"
        + _GAP % 3
        + r"(?:instructions?|prompts?|rules|rubric|criteria|guidelines|directions)\b",
    ),
    _rule(
        "ignore disregard override bypass",
        r"\b(?:ignore|disregard|override|bypass)\s+(?:all|any|the|this)(?:\s+(?:grading|marking|given))?"
        r"\s+(?:instructions?|prompts?|rubric)\b",
    ),
    _rule(
        "ignorier vergiss missacht",
        r"\b(?:ignorier\w*|vergiss|missachte\w*)\b"
        + _GAP % 5
        + r"(?:anweisung\w*|vorgaben|bewertungsraster|bewertungskriterien|prompt)\b",
    ),
    _rule(
        "ignor olvid descart",
        r"\b(?:ignor[ae]|olvida|descarta)\b" + _GAP % 4 + r"(?:instrucciones|r[úu]brica|indicaciones)\b",
    ),
    _rule(
        "ignore oublie",
        r"\b(?:ignore[rz]?|oublie[rz]?)\b" + _GAP % 4 + r"(?:instructions|consignes|grille|bar[èe]me)\b",
    ),
    # Orders about the mark.
    _rule(
        "give award assign grant rate score grade mark",
        _BEGINNING + r"(?:give|award|assign|grant|rate|score|grade|mark)\b" + _GAP % 5 + _TOP,
    ),
    _rule(
        "award assign give grant",
        r"\band\s+(?:give|award|assign|grant)\b" + _GAP % 5 + _TOP,
    ),
    _rule(
        "gib vergib bewerte",
        r"\b(?:gib|vergib|bewerte)\b"
        + _GAP % 6
        + r"(?:volle?n?|maximalen?|h[öo]chsten?|besten?)\W+(?:punktzahl|punkte|note|stufe)\b",
    ),
    _rule(
        "dale dame otorga asigna pon califica",
        r"\b(?:dale|dame|otorga|asigna|pon|califica)\b"
        + _GAP % 6
        + r"(?:m[áa]xima|m[áa]ximo|todos los|mejor)\W+(?:puntuaci[óo]n|puntaje|nota|puntos|calificaci[óo]n)\b",
    ),
    _rule(
        "donne attribue accorde",
        r"\b(?:donne[rz]?|attribue[rz]?|accorde[rz]?)\b"
        + _GAP % 6
        + r"(?:note maximale|note maximum|meilleure note|tous les points|score maximal)\b",
    ),
    # An address to the machine.
    _rule(
        "grader model llm assistant system",
        r"\b(?:you are|as)\s+(?:now\s+)?an?\s+(?:(?:helpful|ai|expert|fair|strict|lenient|generous|large)\W+)*"
        r"(?:grader|grading (?:model|assistant|system)|language model|llm|ai (?:model|assistant|grader))\b",
    ),
    _rule(
        "dear attention note message hey",
        _BEGINNING + r"(?:dear|attention|note to|message (?:to|for)|hey)\b(?:\s+(?:the|any|all|my))?\W+"
        r"(?:ai|llm|chatgpt|gpt|language model|grader|automated grader|grading (?:model|assistant|system|bot))\b",
    ),
    _rule("system", r"\bsystem (?:prompt|message|override|instruction)s?\b\W{0,3}[:=—]"),
    _rule(
        "output return respond reply print",
        _BEGINNING + r"(?:output|return|respond with|reply with|print)\b" + _GAP % 4 + r"(?:json|level_\d|prompt)\b",
    ),
    _rule("level_ criterion_", r"\b(?:level|criterion)_\d+\b"),
    _rule("injection_suspected", r"\binjection_suspected\b"),
    # What only a transcript of a model's own format holds.
    _rule(
        "im_start im_end endoftext |system |assistant |user",
        r"<\|(?:im_start|im_end|endoftext|system|assistant|user)\|>",
    ),
    _rule("inst] <<sys", r"\[/?INST\]|<</?SYS>>"),
    _rule("system: assistant:", r"^\s*(?:system|assistant):\s*(?:the|you|ignore|this|i|sure|understood|okay|ok)\b"),
    _rule("submission-", r"</?submission-[0-9a-z]+>"),
)


def signs_in(text: str) -> tuple[Sign, ...]:
    """The passages that look like instructions to a grader, in the order of the text; five at the most."""
    small = text.lower()
    spans = sorted(
        match.span()
        for rule in _RULES
        if any(word in small for word in rule.words)
        for match in rule.pattern.finditer(text)
    )
    apart: list[tuple[int, int]] = []
    for start, end in spans:
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return tuple(
        Sign(start, end, " ".join(text[max(0, start - _AROUND) : end + _AROUND].split()))
        for start, end in apart[:MOST_PASSAGES]
    )
