"""Signs that a text speaks to the grader instead of its reader. Pure.

Every defence that relies on the model alone has been talked round, so texts are looked at here too. A sign never costs
a student anything: it is shown to a person, with the passage. Rules ask for two things together, an order or an address
to a machine, and what it should do about marks or instructions; that students write *about* grading or machines is no
sign. The phrases cover the languages that consent texts come in.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

import ahocorasick

MOST_PASSAGES: Final = 5
_AROUND: Final = 60


@dataclass(frozen=True, slots=True)
class Sign:
    """A passage that speaks to the grader (offsets in the text), with a little of what stands around it."""

    start: int
    end: int
    passage: str


Need = frozenset[str] | re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Rule:
    """A pattern, and what it can't match without: of each of its needs something stands in the text, in small letters.

    All words of all rules are looked for at once, in the time of a single pattern, and most texts lack one of the needs
    of every rule.
    """

    pattern: re.Pattern[str]
    words: frozenset[str]
    needs: tuple[Need, ...]
    """What it needs besides one of the words."""


def _rule(pattern: str, words: str, *needs: str | re.Pattern[str]) -> _Rule:
    """A rule; needs are lists of words with commas between them, or patterns."""
    listed = (_listed(need) if isinstance(need, str) else need for need in needs)
    return _Rule(re.compile(pattern, re.IGNORECASE | re.MULTILINE), _listed(words), tuple(listed))


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split(", "))


_GAP: Final = r"(?:\W+\w+){0,%d}?\W+"
_BEGINNING: Final = r"(?:^|[.!?:;\"“]\s*|\bplease\s+|\bmust\s+|\bshould\s+)"
_TOP: Final = (
    r"(?:full|maximum|max|highest|top|perfect|100)\W+(?:\w+\W+)?(?:marks?|points?|scores?|grades?|levels?|credit)\b"
)
_TOP_NEEDS: Final = ("full, max, highest, top, perfect, 100", "mark, point, score, grade, level, credit")
_RULES: Final = (
    # Orders to drop what was said before.
    _rule(
        r"\b(?:ignore|disregard|forget|override|bypass)\b"
        + _GAP % 3
        + r"(?:previous|prior|above|earlier|preceding|system|your|these)\b"
        + _GAP % 3
        + r"(?:instructions?|prompts?|rules|rubric|criteria|guidelines|directions)\b",
        "ignore, disregard, forget, override, bypass",
        "instruction, prompt, rules, rubric, criteria, guidelines, directions",
    ),
    _rule(
        r"\b(?:ignore|disregard|override|bypass)\s+(?:all|any|the|this)(?:\s+(?:grading|marking|given))?"
        r"\s+(?:instructions?|prompts?|rubric)\b",
        "ignore, disregard, override, bypass",
        "instruction, prompt, rubric",
    ),
    _rule(
        r"\b(?:ignorier\w*|vergiss|missachte\w*)\b"
        + _GAP % 5
        + r"(?:anweisung\w*|vorgaben|bewertungsraster|bewertungskriterien|prompt)\b",
        "ignorier, vergiss, missachte",
        "anweisung, vorgaben, bewertungsraster, bewertungskriterien, prompt",
    ),
    _rule(
        r"\b(?:ignor[ae]|olvida|descarta)\b" + _GAP % 4 + r"(?:instrucciones|r[úu]brica|indicaciones)\b",
        "ignor, olvida, descarta",
        "instrucciones, brica, indicaciones",
    ),
    _rule(
        r"\b(?:ignore[rz]?|oublie[rz]?)\b" + _GAP % 4 + r"(?:instructions|consignes|grille|bar[èe]me)\b",
        "ignore, oublie",
        "instructions, consignes, grille, barème, bareme",
    ),
    # Orders about the mark.
    _rule(
        _BEGINNING + r"(?:give|award|assign|grant|rate|score|grade|mark)\b" + _GAP % 5 + _TOP,
        "give, award, assign, grant, rate, score, grade, mark",
        *_TOP_NEEDS,
    ),
    _rule(
        r"\band\s+(?:give|award|assign|grant)\b" + _GAP % 5 + _TOP,
        "award, assign, give, grant",
        *_TOP_NEEDS,
    ),
    _rule(
        r"\b(?:gib|vergib|bewerte)\b"
        + _GAP % 6
        + r"(?:volle?n?|maximalen?|h[öo]chsten?|besten?)\W+(?:punktzahl|punkte|note|stufe)\b",
        "gib, bewerte",
        "voll, maximale, chste, beste",
        "punktzahl, punkte, note, stufe",
    ),
    _rule(
        r"\b(?:dale|dame|otorga|asigna|pon|califica)\b"
        + _GAP % 6
        + r"(?:m[áa]xima|m[áa]ximo|todos los|mejor)\W+(?:puntuaci[óo]n|puntaje|nota|puntos|calificaci[óo]n)\b",
        "dale, dame, otorga, asigna, pon, califica",
        "xima, ximo, todos los, mejor",
        "puntuaci, puntaje, nota, puntos, calificaci",
    ),
    _rule(
        r"\b(?:donne[rz]?|attribue[rz]?|accorde[rz]?)\b"
        + _GAP % 6
        + r"(?:note maximale|note maximum|meilleure note|tous les points|score maximal)\b",
        "donne, attribue, accorde",
        "note maxim, meilleure note, tous les points, score maximal",
    ),
    # An address to the machine.
    _rule(
        r"\b(?:you are|as)\s+(?:now\s+)?an?\s+(?:(?:helpful|ai|expert|fair|strict|lenient|generous|large)\W+)*"
        r"(?:grader|grading (?:model|assistant|system)|language model|llm|ai (?:model|assistant|grader))\b",
        "grader, grading model, grading assistant, grading system, language model, llm, ai model, ai assistant",
    ),
    _rule(
        _BEGINNING + r"(?:dear|attention|note to|message (?:to|for)|hey)\b(?:\s+(?:the|any|all|my))?\W+"
        r"(?:ai|llm|chatgpt|gpt|language model|grader|automated grader|grading (?:model|assistant|system|bot))\b",
        "dear, attention, note to, message to, message for, hey",
        re.compile(r"ai\b|llm|gpt|language model|grader|grading "),
    ),
    _rule(
        r"\bsystem (?:prompt|message|override|instruction)s?\b\W{0,3}[:=—]",
        "system prompt, system message, system override, system instruction",
    ),
    _rule(
        _BEGINNING + r"(?:output|return|respond with|reply with|print)\b" + _GAP % 4 + r"(?:json|level_\d|prompt)\b",
        "output, return, respond with, reply with, print",
        "json, level_, prompt",
    ),
    _rule(r"\b(?:level|criterion)_\d+\b", "level_, criterion_"),
    _rule(r"\binjection_suspected\b", "injection_suspected"),
    # What only a transcript of a model's own format holds.
    _rule(
        r"<\|(?:im_start|im_end|endoftext|system|assistant|user)\|>",
        "<|",
    ),
    _rule(r"\[/?INST\]|<</?SYS>>", "inst], sys>>"),
    _rule(r"^\s*(?:system|assistant):\s*(?:the|you|ignore|this|i|sure|understood|okay|ok)\b", "system:, assistant:"),
    _rule(r"</?submission-[0-9a-z]+>", "submission-"),
)


def _automaton() -> Any:
    made = ahocorasick.Automaton()
    for rule in _RULES:
        for need in (rule.words, *rule.needs):
            for word in need if isinstance(need, frozenset) else ():
                made.add_word(word, word)
    made.make_automaton()
    return made


_WORDS: Final = _automaton()


def signs_in(text: str) -> tuple[Sign, ...]:
    """The passages that look like instructions to a grader, in the order of the text; five at the most."""
    small = _small(text)
    words = {word for _, word in _WORDS.iter(small)}
    spans = sorted(
        match.span()
        for rule in _RULES
        if not rule.words.isdisjoint(words) and all(_is_met(need, words, small) for need in rule.needs)
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


def _is_met(need: Need, words: set[str], small: str) -> bool:
    return not need.isdisjoint(words) if isinstance(need, frozenset) else need.search(small) is not None


def _small(text: str) -> str:
    """A text in small letters, with the plain letter for those that a pattern without case takes for one."""
    return text.replace("İ", "i").lower().replace("ı", "i").replace("ſ", "s")
