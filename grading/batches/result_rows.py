"""The rows that result lines are about, with everything an answer is checked against."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.batches.joins import with_task
from grading.batches.retrying import Tries
from grading.models import (
    AnonymizedText,
    Assignment,
    BatchRequest,
    Context,
    PromptVersion,
    QueueItem,
    RubricVersion,
    Submission,
)
from grading.rubrics import Rubric
from grading.states import RequestState
from privacy.sealing import Owner, Place, Vault


@dataclass(frozen=True, slots=True)
class Line:
    """A request that waits for its answer, and what it belongs to."""

    request_id: uuid.UUID
    prompt_version_id: uuid.UUID
    rubric_version_id: uuid.UUID
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

    @property
    def owner(self) -> Owner:
        """Whose data key seals what comes of it."""
        return Owner.person(self.tenant_id, self.person_id)

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


_LINE: Final[tuple[Any, ...]] = (
    BatchRequest.id,
    BatchRequest.prompt_version_id,
    BatchRequest.rubric_version_id,
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


class QuestionReader:
    """Reads requests that wait, a chunk of answers at a time. The texts they were sent with are opened."""

    def __init__(self, vault: Vault, batch_id: uuid.UUID) -> None:
        self._vault = vault
        self._batch_id = batch_id
        self._rubrics: Mapping[uuid.UUID, Rubric] = {}
        """Those of the last chunk: most answers of the next one are about the same assignments."""

    def read(self, session: Session, custom_ids: list[str]) -> dict[str, Question]:
        """Requests that still wait, by the ids that answers name them by, and locked. Four statements at most."""
        rows = session.execute(
            with_task(
                select(
                    *(BatchRequest.custom_id, Assignment.title, Assignment.description),
                    *(AnonymizedText.id, AnonymizedText.sealed_text),
                    *_LINE,
                )
            )
            .join(AnonymizedText, AnonymizedText.submission_id == Submission.id)
            .where(
                BatchRequest.batch_id == self._batch_id,
                BatchRequest.custom_id.in_(custom_ids),
                BatchRequest.state == RequestState.PREPARED,
            )
            .with_for_update(of=BatchRequest)
        ).all()
        texts = self._vault.open_many(session, [(Place("anonymized_text", "text", row[3]), row[4]) for row in rows])
        lines = [Line(*row[5:]) for row in rows]
        self._vault.prepare_keys(session, {line.owner for line in lines})
        self._rubrics = self._read_rubrics(session, {line.rubric_version_id for line in lines})
        return {
            custom_id: Question(line, self._rubrics[line.rubric_version_id], text.decode(), f"{title}\n\n{words}")
            for (custom_id, title, words, *_), line, text in zip(rows, lines, texts, strict=True)
        }

    def _read_rubrics(self, session: Session, ids: set[uuid.UUID]) -> dict[uuid.UUID, Rubric]:
        known = {identifier: self._rubrics[identifier] for identifier in ids & self._rubrics.keys()}
        missing = ids - known.keys()
        if missing:
            rows = session.execute(select(RubricVersion.id, RubricVersion.content).where(RubricVersion.id.in_(missing)))
            known |= {identifier: Rubric.model_validate(content) for identifier, content in rows}
        return known


def load_unanswered(session: Session, batch_id: uuid.UUID, limit: int) -> list[Line]:
    """Some of the requests that still wait. Nothing is opened: there is no answer to check."""
    query = with_task(select(*_LINE)).where(
        BatchRequest.batch_id == batch_id, BatchRequest.state == RequestState.PREPARED
    )
    return [Line(*row) for row in session.execute(query.limit(limit)).all()]
