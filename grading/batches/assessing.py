"""From an answer that fits to the row of an assessment."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from grading.batches.equal_feedback import Told
from grading.batches.result_rows import Question
from grading.points import scale
from grading.results.validate import ValidatedAnswer, comparable
from grading.states import AssessmentStatus, ReviewStatus
from privacy.sealing import Place, Vault


@dataclass(frozen=True, slots=True)
class Made:
    """An assessment that is about to be stored; whether others are told the same is found out at last."""

    id: uuid.UUID
    model: str
    told: Told
    values: dict[str, Any]

    def row(self) -> dict[str, Any]:
        """All of its columns."""
        return {
            "id": self.id,
            "model": self.model,
            "flags": self.told.flags,
            "comments_mark": self.told.mark,
            **self.values,
        }


def assess(
    session: Session,
    vault: Vault,
    asked: Question,
    answer: ValidatedAnswer,
    provider: str,
    model: str,
    now: datetime,
) -> Made:
    """Seal what an answer says, and put down what it is made from. Points are scaled to those of the assignment."""
    line, identifier, content = asked.line, uuid.uuid4(), answer.content
    said = comparable(content)
    place = Place("assessment", "content", identifier)
    return Made(
        id=identifier,
        model=model[:100],
        told=Told(
            person_id=line.person_id,
            mark=None if said is None else vault.mark(line.assignment_id, said),
            flags=[flag.value for flag in answer.flags],
        ),
        values={
            "submission_id": line.submission_id,
            "batch_request_id": line.request_id,
            "prompt_version_id": line.prompt_version_id,
            "rubric_version_id": line.rubric_version_id,
            "provider": provider,
            "status": AssessmentStatus.COMPLETED,
            "review_status": ReviewStatus.PENDING,
            "score_hundredths": scale(
                content.rubric_hundredths, asked.rubric.maximum_hundredths, line.points_hundredths
            ),
            "maximum_hundredths": line.points_hundredths,
            "confidence": content.confidence,
            "sealed_content": vault.seal_text(session, line.owner, place, content.model_dump_json()),
            "created_at": now,
        },
    )
