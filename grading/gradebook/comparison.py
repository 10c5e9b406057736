"""What the LMS's gradebook shows beside what we sent: nothing that a person entered there is overwritten unasked."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading.gradebook.outbox import latest_of_assignment, write_again
from grading.gradebook_port import Gradebook, GradebookUnavailable, LmsResult
from grading.models import Assignment, Context, Deployment, GradePush, LmsGrade, Person
from grading.states import PUSH_MOVES, PushKind, PushState, move_many
from privacy.audit import Actor, record
from privacy.sealing import Vault

FRESH = timedelta(minutes=2)
OVERRIDE = "changed_in_lms"
log = get_logger(__name__)


class Standing(StrEnum):
    """How a student's line in the LMS compares with what we have for them."""

    NOTHING = "nothing"  # nothing to send
    WAITING = "waiting"  # on its way
    SENT = "sent"  # the LMS has what we sent, as far as we know
    CHANGED = "changed"  # somebody entered something else in the LMS
    FAILED = "failed"  # the LMS refused it


@dataclass(frozen=True, slots=True)
class StudentGrade:
    """One student's line."""

    person_id: uuid.UUID
    push: GradePush | None
    lms: LmsGrade | None
    standing: Standing


def read_lms(database: Database, gradebook: Gradebook, assignment_id: uuid.UUID, clock: Clock = utc_now) -> bool:
    """Read the LMS's gradebook for an assignment and keep what it shows; returns whether the LMS offers that.

    Raises:
        GradebookUnavailable: it offers it, but did not answer; what was known stays.
    """
    with database.transaction() as session:
        tenant_id = session.execute(
            select(Context.tenant_id).join(Assignment).where(Assignment.id == assignment_id)
        ).scalar_one()
    try:
        results = gradebook.read_results(tenant_id, assignment_id)
    except GradebookUnavailable as error:
        if error.offered:
            raise
        with database.transaction() as session:
            session.get_one(Assignment, assignment_id).results_offered = False
        return False
    with database.transaction() as session:
        _store(session, tenant_id, assignment_id, results, clock())
    return True


def is_fresh(assignment: Assignment, now: datetime) -> bool:
    """Whether the LMS's gradebook was read just now."""
    return assignment.results_read_at is not None and now - assignment.results_read_at < FRESH


def find_override(session: Session, push: GradePush) -> bool:
    """Whether the LMS shows something for the student that did not come from us."""
    shown = session.execute(
        select(LmsGrade).where(LmsGrade.assignment_id == push.assignment_id, LmsGrade.person_id == push.person_id)
    ).scalar_one_or_none()
    if shown is None or _same(push.score_hundredths, shown.score_hundredths):
        return False
    sent = session.execute(
        select(GradePush)
        .where(
            GradePush.assignment_id == push.assignment_id,
            GradePush.person_id == push.person_id,
            GradePush.state == PushState.DELIVERED,
        )
        .order_by(GradePush.number.desc())
        .limit(1)
    ).scalar_one_or_none()
    return differs(sent, shown)


def differs(sent: GradePush | None, shown: LmsGrade) -> bool:
    """Whether the LMS shows another score than the one that we delivered last, which it had taken by then."""
    ours = sent.score_hundredths if sent is not None else None
    if sent is not None and (sent.delivered_at is None or shown.read_at <= sent.delivered_at):
        return False
    return not _same(ours, shown.score_hundredths)


def compare(session: Session, assignment_id: uuid.UUID, people: Collection[uuid.UUID]) -> list[StudentGrade]:
    """The lines of these students, in a constant number of statements."""
    pushes = latest_of_assignment(session, assignment_id)
    shown = {
        row.person_id: row
        for row in session.execute(select(LmsGrade).where(LmsGrade.assignment_id == assignment_id)).scalars()
    }
    return [
        StudentGrade(person, pushes.get(person), shown.get(person), _standing(pushes.get(person), shown.get(person)))
        for person in people
    ]


def resend(
    session: Session,
    vault: Vault,
    *,
    tenant_id: uuid.UUID,
    assignment_id: uuid.UUID,
    person_ids: Sequence[uuid.UUID],
    overwrite: Collection[uuid.UUID],
    actor: Actor,
    clock: Clock = utc_now,
) -> int:
    """Send the lines of these students again where there is something to send; returns how many.

    Args:
        overwrite: students whose entry in the LMS is to be replaced: somebody ticked each of them.
    """
    sent = 0
    for line in compare(session, assignment_id, person_ids):
        if line.push is None or line.push.tenant_id != tenant_id:
            continue
        if line.standing is Standing.CHANGED and line.person_id in overwrite:
            write_again(session, vault, line.push, overwrite=True, clock=clock)
            _audit(session, "gradebook.overwriting", actor, tenant_id, line.push.id)
            sent += 1
        elif line.standing is Standing.FAILED:
            moved = move_many(
                session,
                GradePush.state,
                [line.push.id],
                PUSH_MOVES,
                PushState.PENDING,
                attempts=0,
                next_attempt_at=clock(),
            )
            if moved:
                _audit(session, "gradebook.resending", actor, tenant_id, line.push.id)
            sent += moved
    return sent


def _audit(session: Session, event: str, actor: Actor, tenant_id: uuid.UUID, push_id: uuid.UUID) -> None:
    record(session, event=event, actor=actor, tenant_id=tenant_id, object_type="grade_push", object_id=push_id)


def _standing(push: GradePush | None, shown: LmsGrade | None) -> Standing:
    if push is None:
        return Standing.NOTHING
    if push.state in (PushState.PENDING, PushState.SENDING):
        return Standing.WAITING
    if push.state is PushState.FAILED:
        return Standing.CHANGED if push.failure_code == OVERRIDE else Standing.FAILED
    if shown is not None and push.state is PushState.DELIVERED and differs(push, shown):
        return Standing.CHANGED
    if push.kind is PushKind.SUBMITTED and push.state is PushState.OBSOLETE:
        return Standing.NOTHING
    return Standing.SENT


def _same(one: int | None, other: int | None) -> bool:
    if one is None or other is None:
        return one == other
    # LMSs keep fewer decimals of a rescaled score than we do.
    return abs(one - other) <= 1


def _store(
    session: Session, tenant_id: uuid.UUID, assignment_id: uuid.UUID, results: list[LmsResult], now: datetime
) -> None:
    assignment = session.get_one(Assignment, assignment_id)
    registration_id = session.execute(select(Deployment.registration_id).where(Deployment.id == tenant_id)).scalar_one()
    by_subject = {result.subject: result for result in results}
    sent_to = select(GradePush.person_id).where(GradePush.assignment_id == assignment_id)
    people = {
        row.id: row.subject
        for row in session.execute(
            select(Person.id, Person.subject).where(
                Person.registration_id == registration_id,
                Person.id.in_(sent_to) | Person.subject.in_(by_subject),
            )
        )
    }
    known = {
        row.person_id: row
        for row in session.execute(select(LmsGrade).where(LmsGrade.assignment_id == assignment_id)).scalars()
    }
    for person_id, subject in people.items():
        result = by_subject.get(subject)
        row = known.get(person_id)
        if row is None:
            row = LmsGrade(id=uuid.uuid4(), assignment_id=assignment_id, person_id=person_id)
            session.add(row)
        row.score_hundredths = _scaled(result, assignment.points_hundredths) if result else None
        row.has_comment = bool(result and result.has_comment)
        row.read_at = now
    assignment.results_read_at, assignment.results_offered = now, True
    log.info("gradebook.read", extra=fields(assignment=assignment_id, results=len(results)))


def _scaled(result: LmsResult, points_hundredths: int) -> int | None:
    if result.score is None or result.maximum <= 0:
        return None
    return round(result.score / result.maximum * points_hundredths)
