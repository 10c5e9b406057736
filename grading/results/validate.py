"""Checks an answer against schema, rubric and text. An answer that doesn't fit fails with a reason; nothing is clamped.

Pure: text in, value objects out. The words for each code live in `grading.results.words`.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from pydantic import ValidationError

from grading.errors import GradingError
from grading.results.schema import Answer, AssessmentContent, CriterionAnswer, CriterionResult, Evidence
from grading.rubrics import Criterion, Rubric, criterion_key, level_key

SHORT_COMMENT_WORDS = 8
_SPACE = re.compile(r"\s+")
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "\u00a0": " "})
_ELLIPSIS = re.compile(r"\s*(?:\[?…\]?|\[?\.\.\.\]?)\s*")


class Flag(StrEnum):
    """Something a person should look at before trusting an assessment."""

    EVIDENCE_NOT_FOUND = "evidence_not_found"
    NO_EVIDENCE = "no_evidence"
    INJECTION_SUSPECTED = "injection_suspected"
    SHORT_FEEDBACK = "short_feedback"
    LOW_CONFIDENCE = "low_confidence"


class AnswerInvalid(GradingError):
    """An answer that can't become an assessment. `code` says why; the message names no word of the student's."""

    code = "answer_invalid"


@dataclass(frozen=True, slots=True)
class ValidatedAnswer:
    """An answer that fits, and what was noticed about it."""

    content: AssessmentContent
    flags: tuple[Flag, ...]


def validate_answer(raw: str, rubric: Rubric, sent_text: str) -> ValidatedAnswer:
    """Check the text of an answer.

    Args:
        raw: the model's message, JSON by our schema.
        rubric: the rubric version the request was made with.
        sent_text: the anonymized submission as it was sent, in which quotes must stand.

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
    haystack = normalize(sent_text)
    criteria = tuple(
        _criterion(answer.criteria[key], criterion, haystack)
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
    )
    return ValidatedAnswer(content, _flags(content, answer.injection_suspected))


def _criterion(answer: CriterionAnswer, criterion: Criterion, haystack: str) -> CriterionResult:
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
        evidence=tuple(
            Evidence(quote=quote, found=quote_stands_in(quote, haystack)) for quote in answer.evidence if quote.strip()
        ),
    )


def _flags(content: AssessmentContent, injection_suspected: bool) -> tuple[Flag, ...]:
    flags = []
    evidence = [item for criterion in content.criteria for item in criterion.evidence]
    if any(not item.found for item in evidence):
        flags.append(Flag.EVIDENCE_NOT_FOUND)
    if any(criterion.level > 1 and not criterion.evidence for criterion in content.criteria):
        flags.append(Flag.NO_EVIDENCE)
    if injection_suspected:
        flags.append(Flag.INJECTION_SUSPECTED)
    if len(content.comments.split()) < SHORT_COMMENT_WORDS:
        flags.append(Flag.SHORT_FEEDBACK)
    if content.confidence < 50:
        flags.append(Flag.LOW_CONFIDENCE)
    return tuple(flags)


def normalize(text: str) -> str:
    """Text as quotes are compared: one space between words, plain quotation marks and dashes, no case."""
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", text).translate(_QUOTES)).strip().casefold()


def quote_stands_in(quote: str, normalized_text: str) -> bool:
    """Whether a quote stands in a text word for word; the parts around an ellipsis must stand there in order."""
    position = 0
    parts = [part for part in (normalize(part) for part in _ELLIPSIS.split(quote)) if part]
    if not parts:
        return False
    for part in parts:
        position = normalized_text.find(part.strip("\"' "), position)
        if position < 0:
            return False
        position += len(part)
    return True
