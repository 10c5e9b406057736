"""Legal holds: a course of which nothing is deleted for now, neither by time nor on request."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.errors import EntryRefused
from grading.models import Context, RetentionHold
from privacy.audit import Actor, record
from privacy.sealing import Owner, Place, Vault

LONGEST_REASON = 500


class HoldRefused(EntryRefused):
    """A hold can't be placed or lifted as it was asked for."""

    code = "hold_refused"
    status = 409


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold that stands or stood, with its reason opened for an administrator."""

    id: uuid.UUID
    reason: str
    placed_at: datetime
    lifted_at: datetime | None


def place(
    session: Session,
    vault: Vault,
    *,
    context: Context,
    reason: str,
    administrator_id: uuid.UUID,
    clock: Clock = utc_now,
) -> RetentionHold:
    """Keep everything of a course until the hold is lifted.

    Raises:
        HoldRefused: the reason is missing or too long, or a hold stands already.
    """
    words = reason.strip()
    if not words:
        raise HoldRefused("Say why: whoever comes after you has to know when it may be lifted.", field="reason")
    if len(words) > LONGEST_REASON:
        raise HoldRefused(f"Write at most {LONGEST_REASON} characters.", field="reason")
    made = RetentionHold(id=uuid.uuid4(), context_id=context.id, placed_by=administrator_id, placed_at=clock())
    owner = Owner.course(context.tenant_id, context.id)
    made.sealed_reason = vault.seal_text(session, owner, _place(made.id), words)
    session.add(made)
    try:
        session.flush()
    except IntegrityError as error:
        raise HoldRefused("A hold stands on this course already. Reload the page.", field="reason") from error
    _audit(session, "retention.hold_placed", context, administrator_id, made.id)
    return made


def lift(session: Session, *, context: Context, administrator_id: uuid.UUID, clock: Clock = utc_now) -> None:
    """Let time go on in a course: what was due meanwhile goes with the next sweep.

    Raises:
        HoldRefused: no hold stands.
    """
    row = session.execute(
        select(RetentionHold)
        .where(RetentionHold.context_id == context.id, RetentionHold.lifted_at.is_(None))
        .with_for_update()
    ).scalar_one_or_none()
    if row is None:
        raise HoldRefused("No hold stands on this course any more. Reload the page.", field="reason")
    row.lifted_at, row.lifted_by = clock(), administrator_id
    _audit(session, "retention.hold_lifted", context, administrator_id, row.id)


def held(
    session: Session, context_ids: Sequence[uuid.UUID] | None = None, *, tenant_id: uuid.UUID | None = None
) -> bool:
    """Whether a hold stands on any of these courses, or on any course of a tenant."""
    query = select(RetentionHold.id).where(RetentionHold.lifted_at.is_(None))
    if context_ids is not None:
        query = query.where(RetentionHold.context_id.in_(context_ids))
    if tenant_id is not None:
        query = query.join(Context, Context.id == RetentionHold.context_id).where(Context.tenant_id == tenant_id)
    return bool(session.execute(select(exists(query))).scalar_one())


def standing_hold(session: Session, vault: Vault, context_id: uuid.UUID) -> Hold | None:
    """The hold that stands on a course."""
    return next((one for one in holds_of(session, vault, context_id) if one.lifted_at is None), None)


def holds_of(session: Session, vault: Vault, context_id: uuid.UUID) -> list[Hold]:
    """All holds of a course, newest first."""
    rows = list(
        session.execute(
            select(RetentionHold)
            .where(RetentionHold.context_id == context_id)
            .order_by(RetentionHold.placed_at.desc(), RetentionHold.id)
        ).scalars()
    )
    words = vault.open_many(session, [(_place(row.id), row.sealed_reason) for row in rows])
    return [Hold(row.id, raw.decode(), row.placed_at, row.lifted_at) for row, raw in zip(rows, words, strict=True)]


def _place(hold_id: uuid.UUID) -> Place:
    return Place("retention_hold", "reason", hold_id)


def _audit(session: Session, event: str, context: Context, administrator_id: uuid.UUID, hold_id: uuid.UUID) -> None:
    record(
        session,
        event=event,
        actor=Actor.administrator(administrator_id),
        tenant_id=context.tenant_id,
        object_type="context",
        object_id=context.id,
        details={"hold": str(hold_id)},
    )
