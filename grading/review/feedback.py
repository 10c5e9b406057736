"""What a student reads with a result: values, names put back, and the plain text for gradebooks. Pure."""

from pydantic import BaseModel, ConfigDict

from grading.points import format_points
from grading.results.schema import AssessmentContent, CriterionResult, Evidence
from privacy.anonymizer import PseudonymMap, restore

DISCLOSURE = "Prepared with AI assistance. Your instructor read it and decided."
BY_HAND_DISCLOSURE = "Graded by your instructor."


class CriterionFeedback(BaseModel):
    """One criterion as the student reads it."""

    model_config = ConfigDict(frozen=True)

    title: str
    level_title: str
    points_hundredths: int
    maximum_hundredths: int
    reasoning: str
    evidence: tuple[str, ...] = ()


class Feedback(BaseModel):
    """What a student reads with their result, names restored. Sealed in `review_decision.sealed_feedback`."""

    model_config = ConfigDict(frozen=True)

    comments: str
    strengths: tuple[str, ...] = ()
    improvements: tuple[str, ...] = ()
    criteria: tuple[CriterionFeedback, ...] = ()
    disclosure: str = DISCLOSURE


def plain_comment(feedback: Feedback) -> str:
    """Feedback as the plain text that a gradebook shows."""
    parts = [feedback.comments]
    if feedback.strengths:
        parts.append("Strengths:\n" + "\n".join(f"- {item}" for item in feedback.strengths))
    if feedback.improvements:
        parts.append("Next steps:\n" + "\n".join(f"- {item}" for item in feedback.improvements))
    if feedback.criteria:
        parts.append(
            "\n".join(
                f"{criterion.title}: {criterion.level_title} "
                f"({format_points(criterion.points_hundredths)} / {format_points(criterion.maximum_hundredths)})"
                for criterion in feedback.criteria
            )
        )
    parts.append(feedback.disclosure)
    return "\n\n".join(parts)


def restored(content: AssessmentContent, names: PseudonymMap) -> AssessmentContent:
    def back(text: str) -> str:
        return restore(text, names)

    # Names that were taken out anew since then stand elsewhere.
    same_text = content.sent_fingerprint == names.fingerprint

    def evidence(item: Evidence) -> Evidence:
        spans = tuple(names.original_span(start, end) for start, end in item.spans) if same_text else ()
        return item.model_copy(update={"quote": back(item.quote), "spans": spans})

    return content.model_copy(
        update={
            "comments": back(content.comments),
            "confidence_reasoning": back(content.confidence_reasoning),
            "suspicious": tuple(map(back, content.suspicious)),
            "strengths": tuple(back(item) for item in content.strengths),
            "improvements": tuple(back(item) for item in content.improvements),
            "criteria": tuple(
                criterion.model_copy(
                    update={
                        "reasoning": back(criterion.reasoning),
                        "evidence": tuple(map(evidence, criterion.evidence)),
                    }
                )
                for criterion in content.criteria
            ),
        }
    )


def feedback_from(content: AssessmentContent) -> Feedback:
    return Feedback(
        comments=content.comments,
        strengths=content.strengths,
        improvements=content.improvements,
        criteria=tuple(_criterion_feedback(criterion) for criterion in content.criteria),
    )


def _criterion_feedback(criterion: CriterionResult) -> CriterionFeedback:
    return CriterionFeedback(
        title=criterion.title,
        level_title=criterion.level_title,
        points_hundredths=criterion.points_hundredths,
        maximum_hundredths=criterion.maximum_hundredths,
        reasoning=criterion.reasoning,
        evidence=tuple(item.quote for item in criterion.evidence if item.found),
    )
