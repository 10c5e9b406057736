"""Notices that wait while what they are about is erased: working them off later must not bring it back."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.erasure import Gone
from lti_tool.lti import claims as names
from lti_tool.lti import verify
from lti_tool.lti.facts import text_of
from lti_tool.lti.models import Notice, NoticeState, notice_place
from privacy.sealing import Owner, Vault


def forget_waiting(session: Session, vault: Vault, gone: Gone) -> int:
    """Empty the waiting notices about what is gone; returns how many.

    Their rows stay and count as worked off: an LMS may send a notice again, and finds it known. They are locked, as
    whoever works one off does first: it is either done already, and its traces are there to be erased, or never done.
    """
    if not gone:
        return 0
    waiting = session.execute(
        select(Notice)
        .where(Notice.tenant_id == gone.tenant_id, Notice.state == NoticeState.WAITING)
        .order_by(Notice.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalars()
    emptied = 0
    for notice in waiting:
        claims = vault.open_json(session, notice_place(notice.id), notice.sealed_content or b"")
        if _is_about(claims, gone):
            notice.state, notice.sealed_content = NoticeState.DONE, None
            emptied += 1
        elif gone.lms_context_id in _origins(claims):
            claims[names.ORIGIN_CONTEXTS] = [one for one in _origins(claims) if one != gone.lms_context_id]
            owner = Owner.course(notice.tenant_id, notice.tenant_id)
            notice.sealed_content = vault.seal_json(session, owner, notice_place(notice.id), claims)
    session.flush()
    return emptied


def _is_about(claims: dict[str, Any], gone: Gone) -> bool:
    subject = str(verify.person_concerned(claims) or "")[:255]
    activity = _id_of(claims, names.ACTIVITY)
    return (
        bool(subject and subject == gone.subject)
        or bool(gone.lms_context_id and _id_of(claims, names.CONTEXT) == gone.lms_context_id)
        or activity in gone.activities
        or (activity, _id_of(claims, names.SUBMISSION)) in gone.submissions
    )


def _origins(claims: dict[str, Any]) -> list[Any]:
    origins = claims.get(names.ORIGIN_CONTEXTS)
    return origins if isinstance(origins, list) else []


def _id_of(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    return text_of(value, "id")[:255] if isinstance(value, dict) else ""
