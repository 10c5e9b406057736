"""Everything that belongs to one course, by id: what the audit log says about it is said about these."""

import uuid

from sqlalchemy import Select, select, union_all

from grading.models import Assessment, Assignment, Context, GradePush, QueueItem, Submission


def ids_in_course(context_id: uuid.UUID) -> Select[uuid.UUID]:
    """A query for the ids of a course, its assignments, the work in them and what came of it."""
    assignments = select(Assignment.id).where(Assignment.context_id == context_id)
    submissions = select(Submission.id).where(Submission.assignment_id.in_(assignments))
    everything = union_all(
        select(Context.id).where(Context.id == context_id),
        assignments,
        submissions,
        select(Assessment.id).where(Assessment.submission_id.in_(submissions)),
        select(QueueItem.id).where(QueueItem.context_id == context_id),
        select(GradePush.id).where(GradePush.assignment_id.in_(assignments)),
    ).subquery()
    return select(everything.c.id)
