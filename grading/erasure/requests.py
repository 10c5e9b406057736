"""Asking for an erasure: one open request for each thing, with the day by which it must be carried out."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import insert_ignoring_conflicts
from grading.erasure.proof import audit_erasure
from grading.models import ErasureRequest
from grading.models.erasures import ErasureScope, ErasureState
from privacy.audit import Actor

TERM: Final = timedelta(days=30)
LAST_DAY: Final = timedelta(days=1)
"""So long before its term ends, a request that nobody decided about is carried out without a decision."""
OPEN: Final = (ErasureState.ASKED, ErasureState.DECIDED)


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be erased."""

    tenant_id: uuid.UUID
    scope: ErasureScope
    id: uuid.UUID
    context_id: uuid.UUID | None = None
    """The course that it was asked for in, for who looks at the list."""


def request(
    session: Session, target: Target, *, actor: Actor, decided: bool = True, clock: Clock = utc_now
) -> ErasureRequest:
    """Note that something is to be erased; the same request twice is one.

    Args:
        decided: whether it is carried out at once; otherwise an administrator looks at it first.
    """
    now = clock()
    made = session.execute(
        insert_ignoring_conflicts(session, ErasureRequest)
        .values(
            id=uuid.uuid4(),
            tenant_id=target.tenant_id,
            scope=target.scope,
            target_id=target.id,
            context_id=target.context_id,
            state=ErasureState.DECIDED if decided else ErasureState.ASKED,
            requested_by_kind=actor.kind,
            requested_by=actor.id,
            created_at=now,
            due_at=now + TERM,
            next_attempt_at=now if decided else now + TERM - LAST_DAY,
            removed={},
        )
        .returning(ErasureRequest.id)
    ).first()
    row = _standing(session, target)
    if made is not None:
        audit_erasure(session, "erasure.requested", actor, row)
    elif decided and row.state is ErasureState.ASKED:
        # Somebody who may decide asks for what a student has asked for.
        row.state, row.next_attempt_at = ErasureState.DECIDED, now
        audit_erasure(session, "erasure.decided", actor, row)
    return row


def _standing(session: Session, target: Target) -> ErasureRequest:
    return session.execute(
        select(ErasureRequest)
        .where(
            ErasureRequest.tenant_id == target.tenant_id,
            ErasureRequest.scope == target.scope,
            ErasureRequest.target_id == target.id,
            ErasureRequest.state.in_(OPEN),
        )
        .with_for_update()
    ).scalar_one()


def due(session: Session, now: datetime, limit: int = 20) -> list[uuid.UUID]:
    """Requests to carry out now."""
    return list(
        session.execute(
            select(ErasureRequest.id)
            .where(ErasureRequest.state.in_(OPEN), ErasureRequest.next_attempt_at <= now)
            .order_by(ErasureRequest.due_at, ErasureRequest.id)
            .limit(limit)
        ).scalars()
    )
