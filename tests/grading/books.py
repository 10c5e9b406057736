"""A gradebook in memory that keeps what it takes, as an LMS does."""

from dataclasses import dataclass, field
from uuid import UUID

from grading.gradebook_port import GradebookUnavailable, LmsResult, ReceiptOutcome, ScoreMessage, ScoreReceipt


@dataclass
class MemoryGradebook:
    """Keeps `Gradebook`, remembers what it was sent, and shows what it took or what somebody entered."""

    messages: list[ScoreMessage]
    receipt: ScoreReceipt
    shown: dict[str, LmsResult] = field(default_factory=dict)
    reads: int = 0
    failure: GradebookUnavailable | None = None
    columns: list[UUID] = field(default_factory=list)

    def post_score(self, message: ScoreMessage) -> ScoreReceipt:
        self.messages.append(message)
        if self.receipt.outcome is ReceiptOutcome.DELIVERED:
            score = message.score_hundredths
            value = None if score is None else score / 100
            self.shown[message.subject] = LmsResult(
                message.subject, value, message.maximum_hundredths / 100, bool(message.comment)
            )
        return self.receipt

    def read_results(self, deployment_id: UUID, assignment_id: UUID) -> list[LmsResult]:
        self.reads += 1
        if self.failure:
            raise self.failure
        return list(self.shown.values())

    def update_column(self, deployment_id: UUID, assignment_id: UUID) -> None:
        if self.failure:
            raise self.failure
        self.columns.append(assignment_id)

    def enter(self, subject: str, score: float | None, maximum: float = 20) -> None:
        """Somebody types a grade into the LMS."""
        self.shown[subject] = LmsResult(subject, score, maximum, False)


def taken() -> MemoryGradebook:
    """One that takes everything."""
    return MemoryGradebook([], ScoreReceipt(ReceiptOutcome.DELIVERED, 200, ""))
