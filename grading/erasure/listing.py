"""Requests as administrators and the people who asked see them."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from grading.erasure.deciding import reason_place
from grading.erasure.requests import OPEN
from grading.models import Context, Deployment, ErasureRequest, Registration
from grading.models.erasures import ErasureScope
from grading.retention.rules import is_held
from privacy.sealing import Vault

PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list. No name: whose data it is does not matter to who carries it out."""

    request: ErasureRequest
    course: str
    lms: str
    held: bool
    """Whether a legal hold stands on the course it was asked for in."""


def open_requests(session: Session) -> list[Row]:
    """All requests that are not settled, the most urgent first; in one statement."""
    query = _with_names().where(ErasureRequest.state.in_(OPEN)).order_by(ErasureRequest.due_at, ErasureRequest.id)
    return _rows(session, query)


def settled(session: Session, size: int = PAGE) -> list[Row]:
    """The newest requests that were carried out, rejected or taken back; in one statement."""
    query = (
        _with_names()
        .where(ErasureRequest.state.not_in(OPEN))
        .order_by(ErasureRequest.done_at.desc(), ErasureRequest.id)
        .limit(size)
    )
    return _rows(session, query)


def standing(session: Session, tenant_id: uuid.UUID, person_id: uuid.UUID) -> ErasureRequest | None:
    """The newest request about a person."""
    return session.execute(
        select(ErasureRequest)
        .where(
            ErasureRequest.tenant_id == tenant_id,
            ErasureRequest.scope == ErasureScope.PERSON,
            ErasureRequest.target_id == person_id,
        )
        .order_by(ErasureRequest.created_at.desc())
        .limit(1)
    ).scalar_one_or_none()


def reason_of(session: Session, vault: Vault, row: ErasureRequest) -> str:
    """Why a request was rejected; empty when it was not, or nothing is left of the reason."""
    if row.sealed_reason is None:
        return ""
    return vault.open_text(session, reason_place(row.id), row.sealed_reason)


def pending_before(session: Session, moment: datetime) -> int:
    """How many requests are open whose term ends before a moment: none should be."""
    return session.execute(
        select(func.count()).where(ErasureRequest.state.in_(OPEN), ErasureRequest.due_at < moment)
    ).scalar_one()


def _with_names() -> Select[ErasureRequest, str, str, str, bool]:
    return (
        select(ErasureRequest, Context.title, Context.label, Registration.name, is_held())
        .outerjoin(Context, Context.id == ErasureRequest.context_id)
        .outerjoin(Deployment, Deployment.id == ErasureRequest.tenant_id)
        .outerjoin(Registration, Registration.id == Deployment.registration_id)
    )


def _rows(session: Session, query: Select[ErasureRequest, str, str, str, bool]) -> list[Row]:
    return [
        Row(row, label or title or "", lms or "", bool(held))
        for row, title, label, lms, held in session.execute(query).all()
    ]
