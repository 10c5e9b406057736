"""What the audit log is told about an erasure: counts and opaque ids."""

from sqlalchemy.orm import Session

from grading.models import ErasureRequest
from grading.models.erasures import ErasureScope
from privacy.audit import Actor, record

_OBJECTS = {ErasureScope.COURSE: "context"}


def audit_erasure(session: Session, event: str, actor: Actor, row: ErasureRequest, rows: int = 0) -> None:
    """Note what happened with a request, and how many rows it was about."""
    record(
        session,
        event=event,
        actor=actor,
        tenant_id=row.tenant_id,
        object_type=_OBJECTS.get(row.scope, row.scope.value),
        object_id=row.target_id,
        details={"request": str(row.id), "rows": rows},
    )
