"""What the LMS is to be told, written as rows with the decision that it carries (L3, R4).

Each message carries the whole state of one student, so a newer one makes an older unsent one obsolete. Its timestamp
is fixed when the row is written, at least a second after the last one: a repeat is the same message.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.assignments import AssignmentView
from grading.models import Enrolment, GradePush, ReviewDecision, Submission
from grading.states import DecisionKind, PushKind, PushState
from privacy.sealing import Owner, Place, Vault

MOST_COMMENT_CHARACTERS = 8_000


@dataclass(frozen=True, slots=True)
class _Message:
    """What a row is about to say."""

    tenant_id: uuid.UUID
    assignment_id: uuid.UUID
    person_id: uuid.UUID
    submission_id: uuid.UUID
    kind: PushKind
    maximum_hundredths: int
    score_hundredths: int | None = None
    comment: str | None = None
    overwrite: bool = False


def announce_submission(
    session: Session, vault: Vault, *, view: AssignmentView, submission: Submission, clock: Clock = utc_now
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
        _announce(session, vault, view, submission, PushKind.SUBMITTED, None, None, clock)


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
        _announce(session, vault, view, submission, PushKind.WITHDRAWN, None, None, clock)
    else:
        _announce(session, vault, view, submission, PushKind.RELEASED, decision.score_hundredths, comment, clock)


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


def write_again(
    session: Session, vault: Vault, push: GradePush, *, overwrite: bool, clock: Clock = utc_now
) -> GradePush:
    """The same message anew, with a newer timestamp: what the LMS has is to be replaced."""
    comment = None
    if push.sealed_comment is not None:
        comment = vault.open_text(session, comment_place(push.id), push.sealed_comment)
    message = _Message(
        tenant_id=push.tenant_id,
        assignment_id=push.assignment_id,
        person_id=push.person_id,
        submission_id=push.submission_id,
        kind=push.kind,
        maximum_hundredths=push.maximum_hundredths,
        score_hundredths=push.score_hundredths,
        comment=comment,
        overwrite=overwrite,
    )
    return _append(session, vault, message, clock)


def comment_place(push_id: uuid.UUID) -> Place:
    """Where the comment of a message is sealed."""
    return Place("grade_push", "comment", push_id)


def _announce(
    session: Session,
    vault: Vault,
    view: AssignmentView,
    submission: Submission,
    kind: PushKind,
    score_hundredths: int | None,
    comment: str | None,
    clock: Clock,
) -> None:
    test_user = session.execute(
        select(Enrolment.test_user).where(
            Enrolment.context_id == view.context.id, Enrolment.person_id == submission.person_id
        )
    ).scalar_one_or_none()
    if test_user:
        # An LMS's "student view" is nobody: its gradebook has no row for it.
        return
    message = _Message(
        tenant_id=view.context.tenant_id,
        assignment_id=view.assignment.id,
        person_id=submission.person_id,
        submission_id=submission.id,
        kind=kind,
        maximum_hundredths=view.assignment.points_hundredths,
        score_hundredths=score_hundredths,
        comment=comment,
    )
    _append(session, vault, message, clock)


def _append(session: Session, vault: Vault, message: _Message, clock: Clock) -> GradePush:
    last = session.execute(
        select(GradePush.number, GradePush.scored_at)
        .where(GradePush.assignment_id == message.assignment_id, GradePush.person_id == message.person_id)
        .order_by(GradePush.number.desc())
        .limit(1)
    ).one_or_none()
    now = clock()
    moment = max(now, last.scored_at + timedelta(seconds=1)) if last else now
    session.execute(
        update(GradePush)
        .where(
            GradePush.assignment_id == message.assignment_id,
            GradePush.person_id == message.person_id,
            GradePush.state.in_((PushState.PENDING, PushState.FAILED)),
        )
        .values(state=PushState.OBSOLETE)
    )
    push = GradePush(
        id=uuid.uuid4(),
        tenant_id=message.tenant_id,
        assignment_id=message.assignment_id,
        person_id=message.person_id,
        submission_id=message.submission_id,
        number=last.number + 1 if last else 1,
        kind=message.kind,
        state=PushState.PENDING,
        score_hundredths=message.score_hundredths,
        maximum_hundredths=message.maximum_hundredths,
        overwrite=message.overwrite,
        scored_at=moment,
        # A timestamp may lie ahead by the seconds that keep the order; LMSs refuse messages from the future.
        next_attempt_at=moment,
    )
    if message.comment:
        owner = Owner.person(message.tenant_id, message.person_id)
        comment = message.comment[:MOST_COMMENT_CHARACTERS]
        push.sealed_comment = vault.seal_text(session, owner, comment_place(push.id), comment)
    session.add(push)
    return push
