"""The rows that result lines are about, with everything an answer is checked against."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from grading.batches.retrying import Tries
from grading.models import (
    AnonymizedText,
    Assessment,
    Assignment,
    BatchRequest,
    Context,
    PromptVersion,
    QueueItem,
    RubricVersion,
    Submission,
)
from grading.points import scale
from grading.results.validate import ValidatedAnswer, comparable
from grading.rubrics import Rubric
from grading.states import AssessmentStatus, RequestState
from privacy.sealing import Owner, Place, Vault


@dataclass(frozen=True, slots=True)
class Line:
    """A request that waits for its answer, and what it belongs to."""

    request: BatchRequest
    item_id: uuid.UUID
    attempts: int
    unexecuted: int
    last_code: str | None
    output_limit: int | None
    prompt_limit: int
    submission_id: uuid.UUID
    person_id: uuid.UUID
    tenant_id: uuid.UUID
    points_hundredths: int
    assignment_id: uuid.UUID

    def tries(self) -> Tries:
        """What was tried before."""
        used = self.output_limit or self.prompt_limit
        return Tries(self.attempts, self.unexecuted, self.last_code, self.output_limit, used)


@dataclass(frozen=True, slots=True)
class Question:
    """A request with everything that its answer is checked against."""

    line: Line
    rubric: Rubric
    sent_text: str
    task: str
    """What the instructor wrote for it: title and description."""


_COLUMNS: tuple[Any, ...] = (
    BatchRequest,
    QueueItem.id,
    QueueItem.attempts,
    QueueItem.unexecuted,
    QueueItem.failure_code,
    QueueItem.output_limit,
    PromptVersion.max_output_tokens,
    Submission.id,
    Submission.person_id,
    Context.tenant_id,
    Assignment.points_hundredths,
    Assignment.id,
)


def load_lines(session: Session, vault: Vault, batch_id: uuid.UUID, custom_ids: list[str]) -> dict[str, Question]:
    """Requests that wait, by the ids that an answer names them by. The texts they were sent with are opened."""
    rows = session.execute(
        select(*_COLUMNS, Assignment.title, Assignment.description)
        .add_columns(BatchRequest.rubric_version_id, AnonymizedText.id, AnonymizedText.sealed_text)
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .join(PromptVersion, PromptVersion.id == BatchRequest.prompt_version_id)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .join(AnonymizedText, AnonymizedText.submission_id == Submission.id)
        .where(
            BatchRequest.batch_id == batch_id,
            BatchRequest.custom_id.in_(custom_ids),
            BatchRequest.state == RequestState.PREPARED,
        )
        .options(defer(BatchRequest.sealed_body))
        .with_for_update(of=BatchRequest)
    ).all()
    texts = vault.open_many(session, [(Place("anonymized_text", "text", row[-2]), row[-1]) for row in rows])
    vault.prepare_keys(session, {Owner.person(row[9], row[8]) for row in rows})
    rubrics = _rubrics(session, {row[-3] for row in rows})
    return {
        row[0].custom_id: Question(Line(*row[:12]), rubrics[row[-3]], text.decode(), f"{row[12]}\n\n{row[13]}")
        for row, text in zip(rows, texts, strict=True)
    }


def load_unanswered(session: Session, batch_id: uuid.UUID, limit: int) -> list[Line]:
    """Some of the requests that still wait. Nothing is opened: there is no answer to check."""
    rows = session.execute(
        select(*_COLUMNS)
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .join(PromptVersion, PromptVersion.id == BatchRequest.prompt_version_id)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(BatchRequest.batch_id == batch_id, BatchRequest.state == RequestState.PREPARED)
        .limit(limit)
    ).all()
    return [Line(*row) for row in rows]


def assessment_of(
    session: Session, vault: Vault, provider: str, asked: Question, model: str, answer: ValidatedAnswer
) -> Assessment:
    """The row for an answer that fits."""
    line = asked.line
    made = Assessment(
        id=uuid.uuid4(),
        submission_id=line.submission_id,
        batch_request_id=line.request.id,
        prompt_version_id=line.request.prompt_version_id,
        rubric_version_id=line.request.rubric_version_id,
        provider=provider,
        model=model[:100],
        status=AssessmentStatus.COMPLETED,
        score_hundredths=scale(
            answer.content.rubric_hundredths, asked.rubric.maximum_hundredths, line.points_hundredths
        ),
        maximum_hundredths=line.points_hundredths,
        confidence=answer.content.confidence,
        flags=[flag.value for flag in answer.flags],
    )
    owner, place = Owner.person(line.tenant_id, line.person_id), Place("assessment", "content", made.id)
    said = comparable(answer.content)
    made.comments_mark = None if said is None else vault.mark(line.assignment_id, said)
    made.sealed_content = vault.seal_text(session, owner, place, answer.content.model_dump_json())
    return made


def _rubrics(session: Session, ids: set[uuid.UUID]) -> dict[uuid.UUID, Rubric]:
    rows = session.execute(select(RubricVersion.id, RubricVersion.content).where(RubricVersion.id.in_(ids)))
    return {identifier: Rubric.model_validate(content) for identifier, content in rows}
