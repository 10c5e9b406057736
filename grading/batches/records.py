"""What the audit log is told about a batch."""

from sqlalchemy.orm import Session

from grading.models import Batch
from privacy.audit import Actor, Detail, record


def audit_batch(session: Session, event: str, actor: Actor, batch: Batch) -> None:
    """Note what an actor did with a batch, and how much it is about."""
    record(
        session,
        event=event,
        actor=actor,
        tenant_id=None,
        object_type="batch",
        object_id=batch.id,
        details={"items": batch.items, "model": batch.model, "estimated_microdollars": batch.estimated_microdollars},
    )


def note_about(session: Session, event: str, batch: Batch, **details: Detail) -> None:
    """Note what Blindmark itself does with a batch, and at which provider."""
    record(
        session,
        event=event,
        actor=Actor.system(),
        tenant_id=None,
        object_type="batch",
        object_id=batch.id,
        details={"provider": batch.provider, "model": batch.model, **details},
    )
