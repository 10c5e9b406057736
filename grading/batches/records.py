"""What the audit log is told about a batch."""

from sqlalchemy.orm import Session

from grading.models import Batch
from privacy.audit import Actor, record


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
