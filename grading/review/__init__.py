"""Review: a person reads an assessment beside the work and decides (R2, R3, R4)."""

from grading.review.deciding import DecisionRefused, approve, override, reject, withdraw
from grading.review.feedback import Feedback, plain_comment
from grading.review.reading import (
    OpenedAssessment,
    ReviewRow,
    decisions_of,
    newest_assessment,
    open_assessment,
    open_reasons,
    released_feedback,
    rows_of_assignment,
)

__all__ = [
    "DecisionRefused",
    "Feedback",
    "OpenedAssessment",
    "ReviewRow",
    "approve",
    "decisions_of",
    "newest_assessment",
    "open_assessment",
    "open_reasons",
    "override",
    "plain_comment",
    "reject",
    "released_feedback",
    "rows_of_assignment",
    "withdraw",
]
