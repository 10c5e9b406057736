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


@dataclass(frozen=True, slots=True)
class ScoreMessage:
    """One AGS score (Assignment and Grade Services 2.0, 3.4). A repeat is equal in every field."""

    deployment_id: UUID
    assignment_id: UUID
    lineitem_url: str
    """Empty while the assignment's column is not known."""
    subject: str
    timestamp: datetime
    activity_progress: str
    grading_progress: str
    score_hundredths: int | None
    maximum_hundredths: int
    comment: str | None
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class ScoreReceipt:
    """The LMS's answer, in words that repeat nothing of the message."""

    outcome: ReceiptOutcome
    status: int | None
    words: str


class Gradebook(Protocol):
    """A gradebook that takes scores."""

    def post_score(self, message: ScoreMessage) -> ScoreReceipt:
        """Send one message. Never raises for an answer of the LMS: the receipt says what it was."""
