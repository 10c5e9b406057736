"""Sending the outbox: each message once, in order per student, and never over something entered in the LMS (R4)."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading.backoff import pause_seconds
from grading.gradebook.comparison import OVERRIDE, find_override, is_fresh, read_lms
from grading.gradebook.outbox import comment_place
from grading.gradebook_port import Gradebook, GradebookUnavailable, ReceiptOutcome, ScoreMessage, ScoreReceipt
from grading.models import Assignment, Context, GradePush, LmsGrade, Person, Submission
from grading.states import PushKind, PushState
from privacy.audit import Actor, record
from privacy.sealing import Vault

LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 12
HELD_WORDS = "Your LMS shows another grade for this student than Blindmark sent. Choose which one counts."
log = get_logger(__name__)


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
    receipt = _before(database, gradebook, push_id, message, clock)
    if receipt is None:
        receipt = _after(database, gradebook, push_id, gradebook.post_score(message), clock)
    with database.transaction() as session:
        _settle(session, push_id, receipt, clock)
    return True


def due_columns(session: Session, limit: int = 20) -> list[uuid.UUID]:
    """Assignments whose column in the LMS has an old title or other points."""
    return list(
        session.execute(
            select(Assignment.id)
            .where(Assignment.column_outdated.is_(True), Assignment.lineitem_url.is_not(None))
            .limit(limit)
        ).scalars()
    )


def update_column(database: Database, gradebook: Gradebook, assignment_id: uuid.UUID) -> None:
    """Bring an assignment's column up to date. What an LMS does not allow is not tried again until the next change."""
    with database.transaction() as session:
        tenant_id = session.execute(
            select(Context.tenant_id).join(Assignment).where(Assignment.id == assignment_id)
        ).scalar_one()
    try:
        gradebook.update_column(tenant_id, assignment_id)
    except GradebookUnavailable as error:
        log.warning("gradebook.column_not_updated", extra=fields(assignment=assignment_id, offered=error.offered))
        if error.offered:
            return
    with database.transaction() as session:
        session.get_one(Assignment, assignment_id).column_outdated = False


def _before(
    database: Database, gradebook: Gradebook, push_id: uuid.UUID, message: ScoreMessage, clock: Clock
) -> ScoreReceipt | None:
    """Look at what the LMS has; a receipt when the message must not go out as things stand."""
    if message.overwrite:
        return None
    with database.transaction() as session:
        assignment = session.get_one(Assignment, message.assignment_id)
        look = assignment.results_offered and not is_fresh(assignment, clock()) and bool(assignment.lineitem_url)
    if look:
        try:
            read_lms(database, gradebook, message.assignment_id, clock)
        except GradebookUnavailable as error:
            return ScoreReceipt(ReceiptOutcome.RETRY, None, error.words)
    with database.transaction() as session:
        overridden = find_override(session, session.get_one(GradePush, push_id))
    return ScoreReceipt(ReceiptOutcome.HELD, None, HELD_WORDS) if overridden else None


def _after(
    database: Database, gradebook: Gradebook, push_id: uuid.UUID, receipt: ScoreReceipt, clock: Clock
) -> ScoreReceipt:
    """Where an answer leaves it open whether the message stands in the LMS, the LMS's gradebook decides."""
    if receipt.outcome not in (ReceiptOutcome.ALREADY_THERE, ReceiptOutcome.REJECTED) or receipt.status == 404:
        return receipt
    with database.transaction() as session:
        push = session.get_one(GradePush, push_id)
        offered = session.get_one(Assignment, push.assignment_id).results_offered
    repeated = push.attempts > 1 or receipt.outcome is ReceiptOutcome.ALREADY_THERE
    if push.kind is not PushKind.RELEASED or not repeated or not offered:
        return receipt
    try:
        read_lms(database, gradebook, push.assignment_id, clock)
    except GradebookUnavailable as error:
        return ScoreReceipt(ReceiptOutcome.RETRY, receipt.status, error.words)
    with database.transaction() as session:
        shown = session.execute(
            select(LmsGrade.score_hundredths).where(
                LmsGrade.assignment_id == push.assignment_id, LmsGrade.person_id == push.person_id
            )
        ).scalar_one_or_none()
    if shown is not None and push.score_hundredths is not None and abs(shown - push.score_hundredths) <= 1:
        return ScoreReceipt(ReceiptOutcome.DELIVERED, receipt.status, "")
    if receipt.outcome is ReceiptOutcome.ALREADY_THERE:
        return ScoreReceipt(ReceiptOutcome.HELD, receipt.status, HELD_WORDS)
    return receipt


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
        comment = vault.open_text(session, comment_place(push.id), push.sealed_comment)
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
        subject=subject,
        timestamp=push.scored_at,
        activity_progress="Completed" if released else "Submitted",
        grading_progress="FullyGraded" if released else "PendingManual",
        score_hundredths=push.score_hundredths,
        maximum_hundredths=push.maximum_hundredths,
        comment=comment,
        submitted_at=submitted_at,
        overwrite=push.overwrite,
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
        wait = max(pause_seconds(push.attempts), receipt.retry_after or 0.0)
        push.next_attempt_at = now + timedelta(seconds=wait)
        push.failure_code = "will_retry"
    elif receipt.outcome is ReceiptOutcome.HELD:
        # A grade that somebody entered before the work was looked at: there is nothing to tell.
        told = push.kind is PushKind.SUBMITTED
        push.state = PushState.OBSOLETE if told else PushState.FAILED
        push.failure_code = OVERRIDE
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
