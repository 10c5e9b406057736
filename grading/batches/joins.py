"""How the lines of a batch are joined with what they are about: the one place that says so."""

from typing import TypeVarTuple

from sqlalchemy import Select

from grading.models import Assignment, BatchRequest, Context, PromptVersion, QueueItem, Submission

Columns = TypeVarTuple("Columns")


def with_work(query: Select[*Columns]) -> Select[*Columns]:
    """A query about lines, with their queue item, submission and course."""
    return (
        query.select_from(BatchRequest)
        .join(QueueItem, QueueItem.id == BatchRequest.queue_item_id)
        .join(Submission, Submission.id == QueueItem.submission_id)
        .join(Context, Context.id == QueueItem.context_id)
    )


def with_task(query: Select[*Columns]) -> Select[*Columns]:
    """A query about lines, with all that and the assignment and prompt that they were made with."""
    return (
        with_work(query)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(PromptVersion, PromptVersion.id == BatchRequest.prompt_version_id)
    )
