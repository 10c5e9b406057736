"""What an LMS has told us and nobody has worked off yet: an erasure takes it along, or it would bring back what went.

Where such notices stand, and what is in them, only the room that speaks with LMSs knows. It is told what goes in the
LMS's own words.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.erasure.reach import submissions_in
from grading.models import Arrival, Context, ErasureRequest, Person, Processor
from grading.models.erasures import ErasureScope


@dataclass(frozen=True, slots=True)
class Gone:
    """What an erasure takes from a deployment, as its LMS calls it."""

    tenant_id: uuid.UUID
    subject: str | None = None
    """A person."""
    lms_context_id: str | None = None
    """A course."""
    activities: frozenset[str] = frozenset()
    """The LMS's own assignments that send their work into that course."""
    submissions: frozenset[tuple[str, str]] = frozenset()
    """Work of an activity: the activity's id and the submission's."""

    def __bool__(self) -> bool:
        """Whether an LMS could name any of it."""
        return bool(self.subject or self.lms_context_id or self.submissions)


ForgetWaiting = Callable[[Session, Gone], int]
"""Forgets what waits about something that is gone, in the transaction that takes it; returns how much that was."""


def nothing_waits(_session: Session, _gone: Gone) -> int:
    """For where no LMS tells anything."""
    return 0


def gone_with(session: Session, row: ErasureRequest) -> Gone:
    """What a request takes, as its LMS calls it. With a deployment all its notices go as rows: nothing is named."""
    match row.scope:
        case ErasureScope.PERSON:
            subject = session.execute(select(Person.subject).where(Person.id == row.target_id)).scalar_one_or_none()
            return Gone(row.tenant_id, subject=subject)
        case ErasureScope.COURSE:
            course = select(Context.lms_context_id).where(Context.id == row.target_id)
            attached = select(Processor.activity_id).where(Processor.context_id == row.target_id)
            return Gone(
                row.tenant_id,
                lms_context_id=session.execute(course).scalar_one_or_none(),
                activities=frozenset(session.execute(attached).scalars()),
            )
        case ErasureScope.SUBMISSION:
            own = submissions_in(row.scope, row.tenant_id, row.target_id)
            named = session.execute(
                select(Processor.activity_id, Arrival.lms_submission_id)
                .join(Arrival, Arrival.processor_id == Processor.id)
                .where(Arrival.submission_id.in_(own))
            ).all()
            return Gone(row.tenant_id, submissions=frozenset((activity, work) for activity, work in named))
        case ErasureScope.DEPLOYMENT:
            return Gone(row.tenant_id)
