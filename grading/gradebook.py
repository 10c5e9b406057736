"""The gradebook outbox: what the LMS is to be told, written with the decision, sent by the worker (L3, R4).

Each message carries the whole state of one student, so a newer one makes an older unsent one obsolete. Its timestamp
is fixed when the row is written, at least a second after the last one: a repeat is the same message.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading.assignments import AssignmentView
from grading.backoff import pause_seconds
from grading.gradebook_port import Gradebook, ReceiptOutcome, ScoreMessage, ScoreReceipt
from grading.models import Assignment, GradePush, Person, ReviewDecision, Submission
from grading.states import PUSH_MOVES, DecisionKind, PushKind, PushState, move_many
from privacy.audit import Actor, record
from privacy.sealing import Owner, Place, Vault

LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 12
MOST_COMMENT_CHARACTERS = 8_000
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PushRow:
    """One message as the instructor's page shows it."""

    submission_id: uuid.UUID
    kind: PushKind
    state: PushState
    score_hundredths: int | None
    scored_at: datetime
    delivered_at: datetime | None
    failure_words: str | None


def announce_submission(
    session: Session, *, view: AssignmentView, submission: Submission, clock: Clock = utc_now
) -> None:
    """Tell the LMS that work was handed in, unless a result stands there already, which the message would erase."""
    released = session.execute(
        select(func.count()).where(
            GradePush.assignment_id == view.assignment.id,
            GradePush.person_id == submission.person_id,
            GradePush.kind == PushKind.RELEASED,
        )
    ).scalar_one()
    if released == 0:
        _write(session, view, submission, PushKind.SUBMITTED, None, None, None, clock)


def announce_result(
    session: Session,
    vault: Vault,
    *,
    view: AssignmentView,
    submission: Submission,
    decision: ReviewDecision,
    comment: str,
    clock: Clock = utc_now,
) -> None:
    """Tell the LMS about a decision: a released score with its comment, or that it was withdrawn."""
    if decision.kind is DecisionKind.WITHDRAWN:
        _write(session, view, submission, PushKind.WITHDRAWN, None, None, None, clock)
        return
    _write(session, view, submission, PushKind.RELEASED, decision.score_hundredths, comment, vault, clock)


def due(session: Session, now: datetime, limit: int = 100) -> list[uuid.UUID]:
    """Messages to send now: pending ones whose time has come, and ones a worker died over."""
    return list(
        session.execute(
            select(GradePush.id)
            .where(
                or_(
                    (GradePush.state == PushState.PENDING) & (GradePush.next_attempt_at <= now),
                    (GradePush.state == PushState.SENDING) & (GradePush.lease_until < now),
                )
            )
            .order_by(GradePush.next_attempt_at, GradePush.number)
            .limit(limit)
        ).scalars()
    )


def deliver(database: Database, vault: Vault, gradebook: Gradebook, push_id: uuid.UUID, clock: Clock = utc_now) -> bool:
    """Send one message; returns whether it was this caller's turn to do so.

    The intent (`sending`, with a lease) is committed before the LMS is called and the outcome after. A worker that dies
    in between leaves a lease that runs out; the repeat carries the same body and timestamp, so that an LMS which has
    taken it already answers that nothing is newer.
    """
    with database.transaction() as session:
        message = _claim(session, vault, push_id, clock)
    if message is None:
        return False
    receipt = gradebook.post_score(message)
    with database.transaction() as session:
        _settle(session, push_id, receipt, clock)
    return True


def retry(session: Session, *, tenant_id: uuid.UUID, push_ids: Sequence[uuid.UUID], clock: Clock = utc_now) -> int:
    """Send failed messages again; returns how many will be."""
    mine = list(
        session.execute(
            select(GradePush.id).where(GradePush.id.in_(push_ids), GradePush.tenant_id == tenant_id)
        ).scalars()
    )
    return move_many(session, GradePush.state, mine, PUSH_MOVES, PushState.PENDING, attempts=0, next_attempt_at=clock())


def latest_of_assignment(session: Session, assignment_id: uuid.UUID) -> dict[uuid.UUID, GradePush]:
    """The newest message per person."""
    newest = (
        select(GradePush.person_id, func.max(GradePush.number).label("number"))
        .where(GradePush.assignment_id == assignment_id)
        .group_by(GradePush.person_id)
        .subquery()
    )
    rows = session.execute(
        select(GradePush)
        .join(newest, (GradePush.person_id == newest.c.person_id) & (GradePush.number == newest.c.number))
        .where(GradePush.assignment_id == assignment_id)
    ).scalars()
    return {row.person_id: row for row in rows}


def _write(
    session: Session,
    view: AssignmentView,
    submission: Submission,
    kind: PushKind,
    score_hundredths: int | None,
    comment: str | None,
    vault: Vault | None,
    clock: Clock,
) -> None:
    last = session.execute(
        select(GradePush.number, GradePush.scored_at)
        .where(GradePush.assignment_id == view.assignment.id, GradePush.person_id == submission.person_id)
        .order_by(GradePush.number.desc())
        .limit(1)
    ).one_or_none()
    now = clock()
    earliest = last.scored_at + timedelta(seconds=1) if last else now
    session.execute(
        update(GradePush)
        .where(
            GradePush.assignment_id == view.assignment.id,
            GradePush.person_id == submission.person_id,
            GradePush.state.in_((PushState.PENDING, PushState.FAILED)),
        )
        .values(state=PushState.OBSOLETE)
    )
    push = GradePush(
        id=uuid.uuid4(),
        tenant_id=view.context.tenant_id,
        assignment_id=view.assignment.id,
        person_id=submission.person_id,
        submission_id=submission.id,
        number=last.number + 1 if last else 1,
        kind=kind,
        state=PushState.PENDING,
        score_hundredths=score_hundredths,
        maximum_hundredths=view.assignment.points_hundredths,
        scored_at=max(now, earliest),
        # A timestamp may lie ahead by the seconds that keep the order; LMSs refuse messages from the future.
        next_attempt_at=max(now, earliest),
    )
    if comment and vault:
        push.sealed_comment = vault.seal_text(
            session,
            Owner.person(view.context.tenant_id, submission.person_id),
            Place("grade_push", "comment", push.id),
            comment[:MOST_COMMENT_CHARACTERS],
        )
    session.add(push)


def _claim(session: Session, vault: Vault, push_id: uuid.UUID, clock: Clock) -> ScoreMessage | None:
    now = clock()
    claimed = session.execute(
        update(GradePush)
        .where(
            GradePush.id == push_id,
            or_(
                (GradePush.state == PushState.PENDING) & (GradePush.next_attempt_at <= now),
                (GradePush.state == PushState.SENDING) & (GradePush.lease_until < now),
            ),
        )
        .values(state=PushState.SENDING, lease_until=now + LEASE, attempts=GradePush.attempts + 1)
        .returning(GradePush.id)
    ).scalar_one_or_none()
    if claimed is None:
        return None
    push, assignment, subject, submitted_at = session.execute(
        select(GradePush, Assignment, Person.subject, Submission.submitted_at)
        .join(Assignment, Assignment.id == GradePush.assignment_id)
        .join(Person, Person.id == GradePush.person_id)
        .join(Submission, Submission.id == GradePush.submission_id)
        .where(GradePush.id == push_id)
    ).one()
    comment = None
    if push.sealed_comment is not None:
        comment = vault.open_text(session, Place("grade_push", "comment", push.id), push.sealed_comment)
    record(
        session,
        event="gradebook.sending",
        actor=Actor.system(),
        tenant_id=push.tenant_id,
        object_type="grade_push",
        object_id=push.id,
        details={"kind": push.kind.value, "attempt": push.attempts},
    )
    released = push.kind is PushKind.RELEASED
    return ScoreMessage(
        deployment_id=push.tenant_id,
        assignment_id=assignment.id,
        lineitem_url=assignment.lineitem_url or "",
        subject=subject,
        timestamp=push.scored_at,
        activity_progress="Completed" if released else "Submitted",
        grading_progress="FullyGraded" if released else "PendingManual",
        score_hundredths=push.score_hundredths,
        maximum_hundredths=push.maximum_hundredths,
        comment=comment,
        submitted_at=submitted_at,
    )


def _settle(session: Session, push_id: uuid.UUID, receipt: ScoreReceipt, clock: Clock) -> None:
    push = session.execute(select(GradePush).where(GradePush.id == push_id).with_for_update()).scalar_one()
    if push.state is not PushState.SENDING:
        return
    now = clock()
    push.lease_until = None
    push.response_status = receipt.status
    push.failure_words = receipt.words or None
    if receipt.outcome in (ReceiptOutcome.DELIVERED, ReceiptOutcome.ALREADY_THERE):
        push.state, push.delivered_at, push.failure_code = PushState.DELIVERED, now, None
    elif receipt.outcome is ReceiptOutcome.RETRY and push.attempts < MOST_ATTEMPTS:
        push.state = PushState.PENDING
        push.next_attempt_at = now + timedelta(seconds=pause_seconds(push.attempts))
        push.failure_code = "will_retry"
    else:
        push.state, push.failure_code = PushState.FAILED, "refused"
    log.info(
        "gradebook.answered",
        extra=fields(push=push.id, outcome=receipt.outcome.value, status=receipt.status, attempt=push.attempts),
    )
    record(
        session,
        event=f"gradebook.{push.state.value}",
        actor=Actor.system(),
        tenant_id=push.tenant_id,
        object_type="grade_push",
        object_id=push.id,
        details={"status": receipt.status},
    )
