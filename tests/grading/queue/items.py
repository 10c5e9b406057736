"""Many items of the queue at once, for tests of order, paging and changes: no work is sealed or opened for them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from config.database import Database
from grading.models import Administrator, Context, Person, PrivacyLimits, QueueItem, Submission
from grading.models.limits import LegalBasis
from grading.models.submissions import SubmissionSource
from grading.states import Priority, QueueState, SubmissionState
from privacy.columns import VERSION
from privacy.sealing import Vault
from tests import factories
from tests.conftest import StillClock

FAKE = VERSION + bytes(80)


@dataclass
class Desk:
    """A course, and an administrator who looks at its queue."""

    database: Database
    clock: StillClock
    course: factories.Course
    assignment_id: uuid.UUID
    admin_id: uuid.UUID
    planted: int = field(default=0)

    def plant(self, count: int, **values: Any) -> list[uuid.UUID]:
        """So many items alike."""
        return self.plant_each([values] * count)

    def plant_each(self, values: Sequence[dict[str, Any]]) -> list[uuid.UUID]:
        """An item of work of its own for each set of values; what is not said is queued now with normal priority."""
        people = [
            {"id": uuid.uuid4(), "registration_id": self.course.registration.id, "subject": f"p{self.planted + n}"}
            for n in range(len(values))
        ]
        self.planted += len(values)
        submissions, items = [], []
        for person, own in zip(people, values, strict=True):
            state = own.get("state", QueueState.QUEUED)
            waits = state in (QueueState.QUEUED, QueueState.SELECTED)
            moment = own.get("queued_at", self.clock())
            submissions.append(
                {
                    "id": uuid.uuid4(),
                    "assignment_id": self.assignment_id,
                    "person_id": person["id"],
                    "attempt": 1,
                    "state": SubmissionState.WAITING if waits else SubmissionState.WITH_INSTRUCTOR,
                    "source": SubmissionSource.TEXT,
                    "sealed_text": FAKE,
                    "characters": 10,
                    "words": 2,
                    "submitted_at": moment,
                }
            )
            items.append(
                {
                    "id": uuid.uuid4(),
                    "tenant_id": self.course.deployment.id,
                    "context_id": self.course.context.id,
                    "submission_id": submissions[-1]["id"],
                    "state": state,
                    "priority": own.get("priority", Priority.NORMAL),
                    "queued_at": moment,
                    "not_before": own.get("not_before"),
                    "estimated_microdollars": own.get("estimated_microdollars", 100),
                    "model": own.get("model", "gpt-6-luna"),
                    "text_tokens": own.get("text_tokens", 10),
                    "most_text_tokens": own.get("most_text_tokens", 20),
                    "prompt_tokens": 500,
                    "most_prompt_tokens": 700,
                    "most_answer_tokens": 1500,
                }
            )
        if items:
            with self.database.transaction() as session:
                session.execute(insert(Person), people)
                session.execute(insert(Submission), submissions)
                session.execute(insert(QueueItem), items)
        return [item["id"] for item in items]

    def values(self, column: Any) -> dict[uuid.UUID, Any]:
        """A column of all items."""
        with self.database.transaction() as session:
            return {row[0]: row[1] for row in session.execute(select(QueueItem.id, column))}

    def other_admin(self) -> uuid.UUID:
        """A second administrator."""
        with self.database.transaction() as session:
            made = Administrator(id=uuid.uuid4(), username="second", password_hash="x")
            session.add(made)
            return made.id


def desk_of(database: Database, vault: Vault, clock: StillClock) -> Desk:
    """A course with one assignment."""
    with database.transaction() as session:
        course = factories.course(session, vault)
        shown = factories.assignment(session, course, clock)
        admin = factories.administrator(session)
    return Desk(database, clock, course, shown.assignment.id, admin.id)


def ask_nobody(desk: Desk) -> None:
    """From now on no student has to agree: work may leave unless something else keeps it."""
    with desk.database.transaction() as session:
        session.get_one(Context, desk.course.context.id).batch_processing_consent = False
        session.add(
            PrivacyLimits(
                allow_llm_assessment=True,
                approved_providers=["openai"],
                ask_each_student=False,
                longest_retention_days=365,
                default_retention_days=30,
                legal_basis=LegalBasis.NOTICE,
                changed_at=desk.clock(),
            )
        )


def at(clock: StillClock, **span: float) -> datetime:
    """A moment before the clock's."""
    return clock() - timedelta(**span)
