"""An administrator's decision about a request: now, or not at all and why; and a person's change of mind."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.erasure.proof import audit_erasure
from grading.erasure.requests import OPEN
from grading.errors import EntryRefused, NotFound
from grading.models import ErasureRequest
from grading.models.erasures import ErasureScope, ErasureState
from privacy.audit import Actor
from privacy.sealing import Owner, Place, Vault

LONGEST_REASON = 1000


class DecisionRefused(EntryRefused):
    """A request can't be decided about like this."""

    code = "erasure_decision_refused"
    status = 409


def decide(session: Session, request_id: uuid.UUID, *, administrator_id: uuid.UUID, clock: Clock = utc_now) -> None:
    """Have a request carried out now.

    Raises:
        DecisionRefused: it is settled already.
    """
    row = _open(session, request_id)
    row.state, row.decided_by, row.next_attempt_at = ErasureState.DECIDED, administrator_id, clock()
    audit_erasure(session, "erasure.decided", Actor.administrator(administrator_id), row)


def reject(
    session: Session,
    vault: Vault,
    request_id: uuid.UUID,
    *,
    reason: str,
    administrator_id: uuid.UUID,
    clock: Clock = utc_now,
) -> None:
    """Turn down what a person has asked for; they read the reason.

    Raises:
        DecisionRefused: the reason is missing or too long, or the request is being carried out or settled already.
    """
    words = reason.strip()
    if not words:
        raise DecisionRefused("Say why: the person who asked reads it.", field="reason")
    if len(words) > LONGEST_REASON:
        raise DecisionRefused(f"Write at most {LONGEST_REASON} characters.", field="reason")
    row = _undecided(session, request_id)
    owner = Owner.person(row.tenant_id, row.target_id)
    row.sealed_reason = vault.seal_text(session, owner, reason_place(row.id), words)
    row.state, row.done_at, row.decided_by = ErasureState.REJECTED, clock(), administrator_id
    audit_erasure(session, "erasure.rejected", Actor.administrator(administrator_id), row)


def take_back(session: Session, tenant_id: uuid.UUID, person_id: uuid.UUID, clock: Clock = utc_now) -> None:
    """A person no longer wants to be erased.

    Raises:
        DecisionRefused: it is being carried out or settled already.
    """
    found = session.execute(
        select(ErasureRequest.id).where(
            ErasureRequest.tenant_id == tenant_id,
            ErasureRequest.scope == ErasureScope.PERSON,
            ErasureRequest.target_id == person_id,
            ErasureRequest.state.in_(OPEN),
        )
    ).scalar_one_or_none()
    row = _undecided(session, found or uuid.UUID(int=0))
    row.state, row.done_at = ErasureState.REJECTED, clock()
    audit_erasure(session, "erasure.taken_back", Actor.person(person_id), row)


def reason_place(request_id: uuid.UUID) -> Place:
    """Where the reason of a rejection is sealed."""
    return Place("erasure_request", "reason", request_id)


def _undecided(session: Session, request_id: uuid.UUID) -> ErasureRequest:
    row = _open(session, request_id)
    if row.state is not ErasureState.ASKED:
        raise DecisionRefused("This is being carried out already, so it can't be stopped any more.", field="reason")
    return row


def _open(session: Session, request_id: uuid.UUID) -> ErasureRequest:
    row = session.execute(
        select(ErasureRequest).where(ErasureRequest.id == request_id).with_for_update()
    ).scalar_one_or_none()
    if row is None:
        raise NotFound("There is no such request.")
    if row.state not in OPEN:
        raise DecisionRefused("This is settled already. Reload the page to see how.", field="reason")
    return row
