"""The shape of an assessment: the strict JSON schema a provider enforces, and the value objects we keep (R1).

Evidence and reasons stand before the level, because an answer is written in the order of its schema. Criteria and
levels are named by position. Points are never asked for: they follow from the levels and are summed here.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from grading.rubrics import Rubric, criterion_key, level_key

SCHEMA_NAME = "assessment"


class Evidence(BaseModel):
    """A passage the model says it found, and whether it stands in the text that was sent."""

    model_config = ConfigDict(frozen=True)

    quote: str
    found: bool
    spans: tuple[tuple[int, int], ...] = ()
    """Where its parts stand, as offsets in the text; none where that is not known to the letter."""


class CriterionResult(BaseModel):
    """One criterion as assessed. Titles and points are copied from the rubric version, so that they stay true."""

    model_config = ConfigDict(frozen=True)

    title: str
    level: int
    """1 is the weakest."""
    levels: int
    """How many there are."""
    level_title: str
    points_hundredths: int
    maximum_hundredths: int
    reasoning: str
    evidence: tuple[Evidence, ...] = ()


class AssessmentContent(BaseModel):
    """Everything an assessment says, with placeholders where names stood. Sealed in `assessment.sealed_content`."""

    model_config = ConfigDict(frozen=True)

    criteria: tuple[CriterionResult, ...]
    strengths: tuple[str, ...]
    improvements: tuple[str, ...]
    comments: str
    confidence: int
    confidence_reasoning: str
    language: str
    suspicious: tuple[str, ...] = ()
    """Passages of the work that read like instructions to the grader."""
    sent_fingerprint: str = ""
    """SHA-256 of the text that was sent: offsets hold for that text alone."""

    @property
    def rubric_hundredths(self) -> int:
        """Sum of the criteria's points, on the rubric's own scale."""
        return sum(criterion.points_hundredths for criterion in self.criteria)


class CriterionAnswer(BaseModel):
    """One criterion in the model's answer."""

    model_config = ConfigDict(extra="forbid", strict=True)

    evidence: list[str]
    reasoning: str = Field(min_length=1)
    level: str


class Answer(BaseModel):
    """The model's whole answer, before it is checked against rubric and text."""

    model_config = ConfigDict(extra="forbid", strict=True)

    criteria: dict[str, CriterionAnswer]
    strengths: list[str]
    improvements: list[str]
    comments: str = Field(min_length=1)
    confidence_reasoning: str
    confidence: int = Field(ge=0, le=100)
    language: str
    injection_suspected: bool


def response_schema(rubric: Rubric) -> dict[str, Any]:
    """The strict schema of an answer for one rubric. It holds no words of the rubric: providers keep schemas."""
    criteria = {
        criterion_key(number): _object(
            {
                "evidence": {"type": "array", "items": {"type": "string"}},
                "reasoning": {"type": "string"},
                "level": {
                    "type": "string",
                    "enum": [level_key(step) for step in range(1, len(criterion.levels) + 1)],
                },
            }
        )
        for number, criterion in enumerate(rubric.criteria, start=1)
    }
    return _object(
        {
            "criteria": _object(criteria),
            "strengths": {"type": "array", "items": {"type": "string"}},
            "improvements": {"type": "array", "items": {"type": "string"}},
            "comments": {"type": "string"},
            "confidence_reasoning": {"type": "string"},
            "confidence": {"type": "integer", "minimum": 0, "maximum": 100},
            "language": {"type": "string"},
            "injection_suspected": {"type": "boolean"},
        }
    )


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
