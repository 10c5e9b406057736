"""The gradebook: an outbox of messages to the LMS, and what the LMS's own gradebook shows (L3, R4)."""

from grading.gradebook.comparison import Standing, StudentGrade, compare, read_lms, resend
from grading.gradebook.delivery import deliver, due, due_columns, update_column
from grading.gradebook.outbox import announce_result, announce_submission, latest_of_assignment

__all__ = [
    "Standing",
    "StudentGrade",
    "announce_result",
    "announce_submission",
    "compare",
    "deliver",
    "due",
    "due_columns",
    "latest_of_assignment",
    "read_lms",
    "resend",
    "update_column",
]
