"""What the requests of an assignment have in common: instructions, task, rubric, form of the answer."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import JsonObject
from grading.assignments import prompt_parts
from grading.models import Assignment, PromptVersion, RubricVersion
from grading.prompts import developer_message, submission_message
from grading.providers.base import Request
from grading.providers.catalogue import takes_temperature
from grading.results.schema import SCHEMA_NAME, response_schema
from grading.rubrics import Rubric

Versions = tuple[uuid.UUID, uuid.UUID]
"""Of prompt and rubric."""


@dataclass(frozen=True, slots=True)
class Shared:
    """The shared part, worked out once."""

    developer: str
    model: str
    max_output_tokens: int
    temperature: float | None
    schema: JsonObject

    def request(self, text: str, output_limit: int | None) -> Request:
        """A request about one text; `output_limit` in place of the prompt's own when an answer was cut off before."""
        return Request(
            messages=(("developer", self.developer), ("user", submission_message(text))),
            model=self.model,
            max_output_tokens=output_limit or self.max_output_tokens,
            temperature=self.temperature,
            schema_name=SCHEMA_NAME,
            schema=self.schema,
        )


def shared_parts(session: Session, wanted: Collection[Versions]) -> dict[Versions, Shared]:
    """The shared part for each pair of versions, as assignments say today. Two statements, however many pairs."""
    prompts = {
        prompt.id: (prompt, assignment)
        for prompt, assignment in session.execute(
            select(PromptVersion, Assignment)
            .join(Assignment, Assignment.id == PromptVersion.assignment_id)
            .where(PromptVersion.id.in_({prompt_id for prompt_id, _ in wanted}))
        )
    }
    rows = session.execute(
        select(RubricVersion.id, RubricVersion.content).where(RubricVersion.id.in_({rubric for _, rubric in wanted}))
    )
    rubrics = {rubric_id: Rubric.model_validate(content) for rubric_id, content in rows}
    return {(prompt, rubric): _shared(*prompts[prompt], rubrics[rubric]) for prompt, rubric in wanted}


def _shared(prompt: PromptVersion, assignment: Assignment, rubric: Rubric) -> Shared:
    return Shared(
        developer=developer_message(prompt_parts(assignment, prompt, rubric)),
        model=prompt.model,
        max_output_tokens=prompt.max_output_tokens,
        temperature=prompt.temperature_hundredths / 100 if takes_temperature(prompt.model) else None,
        schema=response_schema(rubric),
    )
