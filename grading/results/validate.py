"""Checks an answer against schema, rubric and text. An answer that doesn't fit fails with a reason; nothing is clamped.

Pure: text in, value objects out. The words for each code live in `grading.results.words`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from pydantic import ValidationError

from grading.errors import GradingError
from grading.results.injection import signs_in
from grading.results.language import has_letters, language_of
from grading.results.quotes import SentText, fold
from grading.results.schema import Answer, AssessmentContent, CriterionAnswer, CriterionResult, Evidence
from grading.rubrics import Criterion, Rubric, criterion_key, level_key
from privacy.anonymizer import FindingType, fingerprint

SHORT_COMMENT_WORDS = 8
LONG_COMMENT_WORDS = 800
FEWEST_REASONING_LETTERS = 12
LOW_CONFIDENCE = 50
_PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(re.escape(kind.value) for kind in FindingType)}) \d+\]", re.IGNORECASE)
_FOREIGN = re.compile(r"https?://[^\s)\]>\"']+|www\.[^\s)\]>\"']+|<(?:script|img|iframe|a|form|style)\b", re.IGNORECASE)
_FOREIGN_STARTS = ("://", "www.", "<")
"""Without one of these in it a text holds nothing foreign."""
_language_of_task = lru_cache(maxsize=256)(language_of)


class Flag(StrEnum):
    """Something a person should look at before trusting an assessment."""

    EVIDENCE_NOT_FOUND = "evidence_not_found"
    NO_EVIDENCE = "no_evidence"
    INJECTION_SUSPECTED = "injection_suspected"
    SHORT_FEEDBACK = "short_feedback"
    LOW_CONFIDENCE = "low_confidence"
    LONG_FEEDBACK = "long_feedback"
    EQUAL_FEEDBACK = "equal_feedback"
    LANGUAGE_MISMATCH = "language_mismatch"
    UNKNOWN_PLACEHOLDER = "unknown_placeholder"
    FOREIGN_CONTENT = "foreign_content"


class AnswerInvalid(GradingError):
    """An answer that can't become an assessment. `code` says why; the message names no word of the student's."""

    code = "answer_invalid"


@dataclass(frozen=True, slots=True)
class ValidatedAnswer:
    """An answer that fits, and what was noticed about it."""

    content: AssessmentContent
    flags: tuple[Flag, ...]


def validate_answer(raw: str, rubric: Rubric, sent_text: str, task: str = "") -> ValidatedAnswer:
    """Check the text of an answer.

    Args:
        raw: the model's message, JSON by our schema.
        rubric: the rubric version the request was made with.
        sent_text: the anonymized submission as it was sent, in which quotes must stand.
        task: what the instructor wrote for the task: feedback may be in its language as well as in the work's.

    Raises:
        AnswerInvalid: `schema` (not our JSON, or a value out of range), `criteria` (a criterion is missing or
            unknown), `level` (a level the rubric doesn't have).
    """
    try:
        answer = Answer.model_validate_json(raw)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the whole answer"
        raise AnswerInvalid(f"The answer does not fit the agreed form (at {where}).", code="schema") from error
    expected = [criterion_key(number) for number in range(1, len(rubric.criteria) + 1)]
    if sorted(answer.criteria) != sorted(expected):
        raise AnswerInvalid("The answer leaves out a criterion or names an unknown one.", code="criteria")
    sent = SentText(sent_text)
    criteria = tuple(
        _criterion(answer.criteria[key], criterion, sent)
        for key, criterion in zip(expected, rubric.criteria, strict=True)
    )
    content = AssessmentContent(
        criteria=criteria,
        strengths=tuple(answer.strengths),
        improvements=tuple(answer.improvements),
        comments=answer.comments,
        confidence=answer.confidence,
        confidence_reasoning=answer.confidence_reasoning,
        language=answer.language,
        suspicious=tuple(sign.passage for sign in signs_in(sent_text)),
        sent_fingerprint=fingerprint(sent_text),
    )
    return ValidatedAnswer(content, tuple(_flags(content, answer.injection_suspected, sent_text, task)))


def comparable(content: AssessmentContent) -> str | None:
    """The comments as they are compared with those on other students' work; None where too little is said."""
    return fold(content.comments) if len(content.comments.split()) >= SHORT_COMMENT_WORDS else None


def _criterion(answer: CriterionAnswer, criterion: Criterion, sent: SentText) -> CriterionResult:
    keys = [level_key(step) for step in range(1, len(criterion.levels) + 1)]
    if answer.level not in keys:
        raise AnswerInvalid("The answer chooses a level that the rubric does not have.", code="level")
    step = keys.index(answer.level)
    level = criterion.levels[step]
    return CriterionResult(
        title=criterion.title,
        level=step + 1,
        levels=len(keys),
        level_title=level.title,
        points_hundredths=level.points_hundredths,
        maximum_hundredths=criterion.maximum_hundredths,
        reasoning=answer.reasoning,
        evidence=tuple(_evidence(quote, sent) for quote in answer.evidence if quote.strip()),
    )


def _evidence(quote: str, sent: SentText) -> Evidence:
    found, spans = sent.find(quote)
    return Evidence(quote=quote, found=found, spans=spans)


def _flags(content: AssessmentContent, injection_suspected: bool, sent_text: str, task: str) -> Iterator[Flag]:
    evidence = [item for criterion in content.criteria for item in criterion.evidence]
    words = len(content.comments.split())
    said = list(_sentences(content))
    noticed = {
        Flag.EVIDENCE_NOT_FOUND: any(not item.found for item in evidence),
        Flag.NO_EVIDENCE: any(criterion.level > 1 and not criterion.evidence for criterion in content.criteria),
        Flag.INJECTION_SUSPECTED: injection_suspected or bool(content.suspicious),
        Flag.SHORT_FEEDBACK: words < SHORT_COMMENT_WORDS or _hardly_reasoned(content),
        Flag.LONG_FEEDBACK: words > LONG_COMMENT_WORDS,
        Flag.EQUAL_FEEDBACK: _says_the_same(content),
        Flag.LOW_CONFIDENCE: content.confidence < LOW_CONFIDENCE,
        Flag.LANGUAGE_MISMATCH: _in_another_language(content, sent_text, task),
        Flag.UNKNOWN_PLACEHOLDER: not _placeholders(said) <= _placeholders([sent_text]),
        Flag.FOREIGN_CONTENT: any(one not in sent_text.casefold() for one in _foreign(said)),
    }
    return (flag for flag, present in noticed.items() if present)


def _sentences(content: AssessmentContent) -> Iterator[str]:
    """Everything an assessment says in words of its own."""
    yield content.comments
    yield from content.strengths
    yield from content.improvements
    for criterion in content.criteria:
        yield criterion.reasoning


def _foreign(said: Iterable[str]) -> Iterator[str]:
    """Links and markup, without case."""
    for one in said:
        small = one.casefold()
        if any(start in small for start in _FOREIGN_STARTS):
            yield from (match.group().casefold() for match in _FOREIGN.finditer(one))


def _hardly_reasoned(content: AssessmentContent) -> bool:
    return not all(has_letters(one.reasoning, FEWEST_REASONING_LETTERS) for one in content.criteria)


def _says_the_same(content: AssessmentContent) -> bool:
    """Whether two criteria are reasoned with the same words."""
    reasons = [fold(criterion.reasoning) for criterion in content.criteria]
    return len(set(reasons)) < len(reasons)


def _in_another_language(content: AssessmentContent, sent_text: str, task: str) -> bool:
    feedback = language_of(" ".join((content.comments, *content.strengths, *content.improvements)))
    # The work is the longest of the three texts, and is not looked at where its language would change nothing.
    if feedback is None or feedback == _language_of_task(task):
        return False
    return language_of(sent_text) not in (None, feedback)


def _placeholders(texts: list[str]) -> set[str]:
    return {match.group().casefold() for text in texts for match in _PLACEHOLDER.finditer(text)}
