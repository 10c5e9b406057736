"""What the domain needs from a gradebook outside: the Protocol that the LMS services implement, and its values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class ReceiptOutcome(StrEnum):
    """What became of a message."""

    DELIVERED = "delivered"
    ALREADY_THERE = "already_there"  # the LMS has this message or a newer one
    REJECTED = "rejected"  # it would be rejected again
    RETRY = "retry"  # it may work later
    HELD = "held"  # the LMS shows something that a person entered there: a person decides


@dataclass(frozen=True, slots=True)
class ScoreMessage:
    """One AGS score (Assignment and Grade Services 2.0, 3.4). A repeat is equal in every field."""

    deployment_id: UUID
    assignment_id: UUID
    subject: str
    timestamp: datetime
    activity_progress: str
    grading_progress: str
    score_hundredths: int | None
    maximum_hundredths: int
    comment: str | None
    submitted_at: datetime | None
    overwrite: bool = False
    """A person wants this to replace what somebody entered in the LMS."""


@dataclass(frozen=True, slots=True)
class ScoreReceipt:
    """The LMS's answer, in words that repeat nothing of the message."""

    outcome: ReceiptOutcome
    status: int | None
    words: str
    retry_after: float | None = None
    """Seconds that the LMS wants us to wait, if it said so."""


@dataclass(frozen=True, slots=True)
class LmsResult:
    """What an LMS's gradebook shows for one student (AGS 2.0, 3.3); None where it shows nothing."""

    subject: str
    score: float | None
    maximum: float
    has_comment: bool


class GradebookUnavailable(Exception):
    """The gradebook could not be read. `offered` says whether the LMS lets us read it at all."""

    def __init__(self, words: str, *, offered: bool) -> None:
        super().__init__(words)
        self.words = words
        self.offered = offered


class Gradebook(Protocol):
    """A gradebook that takes scores."""

    def post_score(self, message: ScoreMessage) -> ScoreReceipt:
        """Send one message. Never raises for an answer of the LMS: the receipt says what it was."""

    def read_results(self, deployment_id: UUID, assignment_id: UUID) -> list[LmsResult]:
        """What the assignment's column holds; empty when there is no column yet.

        Raises:
            GradebookUnavailable: it can't be read now, or not at all.
        """

    def update_column(self, deployment_id: UUID, assignment_id: UUID) -> None:
        """Give the assignment's column the assignment's present title and points, if there is a column.

        Raises:
            GradebookUnavailable: it can't be changed now, or not at all.
        """
