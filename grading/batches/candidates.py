"""Which items may go into a batch, and what keeps the others: asked in SQL, a thousand at a time.

Whether work may leave at all (site limits, course settings, consent, a tenant in good standing), whether it still waits
and whether its time has come is part of the query: of what may not leave, not even the size is read.
"""

import json
import math
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, not_, or_, select
from sqlalchemy.orm import Session

from grading.assignments import prompt_parts
from grading.clearance import may_leave, obstacle
from grading.models import (
    Assignment,
    Context,
    Deployment,
    PromptVersion,
    QueueItem,
    Registration,
    RubricVersion,
    Submission,
)
from grading.models.tenancy import DeploymentState, RegistrationState
from grading.prompts import developer_message
from grading.providers.tokens import MESSAGE_OVERHEAD, REPLY_OVERHEAD, most_tokens
from grading.results.schema import response_schema
from grading.rubrics import Rubric
from grading.states import QueueState, SubmissionState

STATE: Final = "state"
LATER: Final = "later"
TENANT: Final = "tenant"
CHUNK: Final = 1_000
_ENVELOPE_BYTES: Final = 600
"""Of a line apart from messages and schema."""
_GROWTH: Final = 1.25
"""What escaping, and words in place of names, may add to a text."""
_TENANT_ACTIVE: Final = and_(
    Deployment.state == DeploymentState.APPROVED, Registration.state == RegistrationState.ACTIVE
)
Columns = TypeVarTuple("Columns")


@dataclass(frozen=True, slots=True)
class Instructions:
    """What all submissions of an assignment share: which versions, and how much that is in each request."""

    prompt_version_id: uuid.UUID
    rubric_version_id: uuid.UUID
    model: str
    max_output_tokens: int
    line_bytes: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that may go, with what decides about its batch. Sizes are upper bounds."""

    item_id: uuid.UUID
    submission_id: uuid.UUID
    context_id: uuid.UUID
    assignment_id: uuid.UUID
    estimated_microdollars: int
    text_bytes: int
    text_tokens: int
    most_text_tokens: int
    prompt_tokens: int
    most_answer_tokens: int
    instructions: Instructions

    @property
    def model(self) -> str:
        """The model that its assignment names."""
        return self.instructions.model

    @property
    def line_bytes(self) -> int:
        """Bytes of its request, at most."""
        return self.instructions.line_bytes + math.ceil(self.text_bytes * _GROWTH)

    @property
    def tokens(self) -> int:
        """Tokens of its prompt, at most."""
        return self.instructions.tokens + math.ceil(self.most_text_tokens * _GROWTH)


class Reader:
    """Reads candidates for one plan; what the items of an assignment share is worked out once."""

    def __init__(self, session: Session, provider: str, now: datetime) -> None:
        self._session = session
        self._provider = provider
        self._now = now
        self._instructions: dict[uuid.UUID, Instructions] = {}

    def read(self, item_ids: Sequence[uuid.UUID]) -> tuple[list[Candidate], dict[uuid.UUID, str]]:
        """Those of at most `CHUNK` items that may go, in the order given, and the code of what keeps each other."""
        session, provider = self._session, self._provider
        reason = case(
            (not_(self._waits()), STATE),
            (not_(_TENANT_ACTIVE), TENANT),
            (QueueItem.not_before > self._now, LATER),
            else_=obstacle(session, provider),
        )
        found = {row[0]: row[1] for row in session.execute(_joined(select(QueueItem.id, reason), item_ids))}
        kept = {item_id: found.get(item_id, STATE) for item_id in item_ids}
        free = [item_id for item_id, code in kept.items() if code is None]
        if not free:
            return [], {item_id: code for item_id, code in kept.items() if code}
        rows = session.execute(
            _joined(
                select(
                    *(QueueItem.id, Submission.id, QueueItem.context_id, Submission.assignment_id),
                    *(QueueItem.estimated_microdollars, func.length(Submission.sealed_text)),
                    *(QueueItem.text_tokens, QueueItem.most_text_tokens),
                    *(QueueItem.prompt_tokens, QueueItem.most_answer_tokens),
                ),
                free,
            ).where(
                self._waits(),
                _TENANT_ACTIVE,
                or_(QueueItem.not_before.is_(None), QueueItem.not_before <= self._now),
                may_leave(session, provider),
            )
        ).all()
        self._learn({row[3] for row in rows})
        candidates = {
            row[0]: Candidate(
                item_id=row[0],
                submission_id=row[1],
                context_id=row[2],
                assignment_id=row[3],
                estimated_microdollars=row[4],
                text_bytes=row[5],
                text_tokens=row[6],
                most_text_tokens=row[7],
                prompt_tokens=row[8],
                most_answer_tokens=row[9],
                instructions=self._instructions[row[3]],
            )
            for row in rows
        }
        in_order = [candidates[item_id] for item_id in item_ids if item_id in candidates]
        return in_order, {item_id: code or STATE for item_id, code in kept.items() if item_id not in candidates}

    def _waits(self) -> ColumnElement[bool]:
        return and_(QueueItem.state == QueueState.QUEUED, Submission.state == SubmissionState.WAITING)

    def _learn(self, assignment_ids: Iterable[uuid.UUID]) -> None:
        wanted = [one for one in assignment_ids if one not in self._instructions]
        if wanted:
            self._instructions.update(instructions_of(self._session, wanted))


def instructions_of(session: Session, assignment_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Instructions]:
    """The newest prompt and rubric of assignments, in one statement."""
    prompts = _newest(PromptVersion, assignment_ids)
    rubrics = _newest(RubricVersion, assignment_ids)
    rows = session.execute(
        select(Assignment, PromptVersion, RubricVersion)
        .join(prompts, prompts.c.assignment_id == Assignment.id)
        .join(
            PromptVersion, (PromptVersion.assignment_id == Assignment.id) & (PromptVersion.number == prompts.c.number)
        )
        .join(rubrics, rubrics.c.assignment_id == Assignment.id)
        .join(
            RubricVersion, (RubricVersion.assignment_id == Assignment.id) & (RubricVersion.number == rubrics.c.number)
        )
    )
    return {assignment.id: _instructions(assignment, prompt, rubric) for assignment, prompt, rubric in rows}


def chunks(ids: Sequence[uuid.UUID]) -> Iterator[Sequence[uuid.UUID]]:
    """Ids in parts that a statement can name."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


Check = Callable[[Session, Sequence[Candidate]], Mapping[uuid.UUID, str]]
"""A further check of what would go: the code of what keeps an item, by its id. Its words stand in `LEFT_BEHIND`."""


def _instructions(assignment: Assignment, prompt: PromptVersion, rubric_version: RubricVersion) -> Instructions:
    rubric = Rubric.model_validate(rubric_version.content)
    shared = developer_message(prompt_parts(assignment, prompt, rubric))
    schema = json.dumps(response_schema(rubric))
    return Instructions(
        prompt_version_id=prompt.id,
        rubric_version_id=rubric_version.id,
        model=prompt.model,
        max_output_tokens=prompt.max_output_tokens,
        line_bytes=len(json.dumps(shared, ensure_ascii=False).encode()) + len(schema) + _ENVELOPE_BYTES,
        tokens=most_tokens(shared) + most_tokens(schema) + 2 * MESSAGE_OVERHEAD + REPLY_OVERHEAD,
    )


def _newest(model: type[PromptVersion] | type[RubricVersion], assignment_ids: Sequence[uuid.UUID]) -> Any:
    return (
        select(model.assignment_id, func.max(model.number).label("number"))
        .where(model.assignment_id.in_(assignment_ids))
        .group_by(model.assignment_id)
        .subquery()
    )


def _joined(query: Select[*Columns], item_ids: Sequence[uuid.UUID]) -> Select[*Columns]:
    """A query about items, with their submission, course and tenant."""
    return (
        query.select_from(QueueItem)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Context, Context.id == QueueItem.context_id)
        .join(Deployment, Deployment.id == QueueItem.tenant_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(QueueItem.id.in_(item_ids))
    )
