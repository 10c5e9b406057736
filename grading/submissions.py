"""Handing in: draft, confirmation, attempts; where a student's work stands (S1, S2, S3, S4).

A draft holds what was typed or read from a file, sealed. Handing in turns the draft into a submission in one
transaction; only when that is committed is anything confirmed.
"""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading import estimates, gradebook, queue
from grading.assignments import AssignmentView
from grading.clearance import obstacle_of
from grading.errors import GradingError, NotFound
from grading.models import Assignment, Draft, IndividualDate, QueueItem, Submission
from grading.models.submissions import SubmissionSource
from grading.states import QUEUE_MOVES, SUBMISSION_MOVES, QueueState, SubmissionState, move_many
from privacy.audit import Actor, record
from privacy.sealing import Owner, Place, Vault

MOST_CHARACTERS = 200_000


class TextDeleted(GradingError):
    """The text is not there any more: its time in the course is over."""

    code = "text_deleted"
    status = 410


class SubmissionRefused(GradingError):
    """The work can't be handed in as it is. Nothing that was typed is lost: the draft stays."""

    code = "submission_refused"


@dataclass(frozen=True, slots=True)
class Work:
    """What a student typed, or what was read from their file."""

    text: str
    source: SubmissionSource = SubmissionSource.TEXT
    media_type: str = "text/plain"
    file: bytes | None = None
    file_name: str | None = None
    document_names: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What a student may do now with an assignment."""

    attempts_used: int
    may_hand_in: bool
    why_not: str
    """Words for the student when they may not; empty otherwise."""
    late_now: bool
    due_at: datetime | None = None
    closes_at: datetime | None = None
    own_dates: bool = False
    """Whether the LMS gave this person dates of their own."""


def save_draft(
    session: Session,
    vault: Vault,
    *,
    tenant_id: uuid.UUID,
    assignment_id: uuid.UUID,
    person_id: uuid.UUID,
    work: Work,
    clock: Clock = utc_now,
) -> Draft:
    """Keep what a student has so far, sealed, in place of what was kept before.

    Raises:
        SubmissionRefused: it is longer than anything that can be handed in.
    """
    if len(work.text) > MOST_CHARACTERS:
        raise SubmissionRefused(
            f"The text is too long: {len(work.text):,} characters, and at most {MOST_CHARACTERS:,} can be handed in."
        )
    draft = find_draft(session, assignment_id, person_id)
    if draft is None:
        draft = Draft(id=uuid.uuid4(), assignment_id=assignment_id, person_id=person_id)
    owner = Owner.person(tenant_id, person_id)
    _seal_work(session, vault, owner, "draft", draft, work)
    draft.warnings = list(work.warnings)
    draft.saved_at = clock()
    session.add(draft)
    try:
        session.flush()
    except IntegrityError as error:
        raise SubmissionRefused("Your draft was saved in another window. Reload the page to see it.") from error
    return draft


def find_draft(session: Session, assignment_id: uuid.UUID, person_id: uuid.UUID) -> Draft | None:
    """The draft of a person, if there is one."""
    return session.execute(
        select(Draft).where(Draft.assignment_id == assignment_id, Draft.person_id == person_id)
    ).scalar_one_or_none()


def open_draft(session: Session, vault: Vault, draft: Draft) -> Work:
    """What a draft holds."""
    return _open_work(session, vault, "draft", draft, tuple(draft.warnings))


def discard_draft(session: Session, assignment_id: uuid.UUID, person_id: uuid.UUID) -> None:
    """Forget a draft."""
    draft = find_draft(session, assignment_id, person_id)
    if draft is not None:
        session.delete(draft)


def standing(session: Session, assignment: Assignment, person_id: uuid.UUID, now: datetime) -> Standing:
    """Whether a person may hand in now, and why not."""
    # Not their count: attempts that were erased stay used, and their numbers are not given out again.
    last = select(func.coalesce(func.max(Submission.attempt), 0)).where(
        Submission.assignment_id == assignment.id, Submission.person_id == person_id
    )
    used, own_due, own_close = session.execute(
        select(last.scalar_subquery(), IndividualDate.due_at, IndividualDate.closes_at)
        .select_from(Assignment)
        .outerjoin(
            IndividualDate,
            and_(IndividualDate.assignment_id == Assignment.id, IndividualDate.person_id == person_id),
        )
        .where(Assignment.id == assignment.id)
    ).one()
    due_at, closes_at = own_due or assignment.due_at, own_close or assignment.closes_at
    why_not = ""
    if assignment.opens_at and now < assignment.opens_at:
        why_not = f"This assignment opens on {assignment.opens_at:%d %B %Y at %H:%M} UTC."
    elif closes_at and now >= closes_at:
        why_not = f"This assignment closed on {closes_at:%d %B %Y at %H:%M} UTC."
    elif assignment.attempts_allowed and used >= assignment.attempts_allowed:
        why_not = "You have used all your attempts."
    return Standing(
        attempts_used=used,
        may_hand_in=not why_not,
        why_not=why_not,
        late_now=bool(due_at and now > due_at),
        due_at=due_at,
        closes_at=closes_at,
        own_dates=(due_at, closes_at) != (assignment.due_at, assignment.closes_at),
    )


def hand_in(
    session: Session,
    vault: Vault,
    *,
    view: AssignmentView,
    person_id: uuid.UUID,
    provider: str,
    clock: Clock = utc_now,
) -> Submission:
    """Turn a person's draft into their next attempt, and queue it if it may be assessed by the model.

    Raises:
        SubmissionRefused: there is nothing to hand in, the assignment is not open, no attempt is left, or the same
            work is being handed in twice at once.
    """
    now, assignment = clock(), view.assignment
    draft = find_draft(session, assignment.id, person_id)
    work = open_draft(session, vault, draft) if draft else None
    if draft is None or work is None or not work.text.strip():
        raise SubmissionRefused("There is nothing to hand in yet. Type or paste your text, or choose a file.")
    allowed = standing(session, assignment, person_id, now)
    if not allowed.may_hand_in:
        raise SubmissionRefused(f"{allowed.why_not} Your draft is kept.")
    submission = accept(session, vault, view=view, person_id=person_id, work=work, provider=provider, clock=clock)
    session.delete(draft)
    return submission


def accept(
    session: Session,
    vault: Vault,
    *,
    view: AssignmentView,
    person_id: uuid.UUID,
    work: Work,
    provider: str,
    clock: Clock = utc_now,
) -> Submission:
    """Make work somebody's next attempt, and queue it if it may be assessed by the model.

    Whether it may come in now is the caller's business: an LMS that took the work has decided that already.

    Raises:
        SubmissionRefused: the same work is being handed in twice at once.
    """
    now, assignment, context = clock(), view.assignment, view.context
    used = standing(session, assignment, person_id, now)
    by_hand = obstacle_of(session, provider, context.id, person_id)
    _replace_earlier(session, assignment.id, person_id, now)
    submission = Submission(
        id=uuid.uuid4(),
        assignment_id=assignment.id,
        person_id=person_id,
        attempt=used.attempts_used + 1,
        state=SubmissionState.WITH_INSTRUCTOR if by_hand else SubmissionState.WAITING,
        by_hand_reason=by_hand,
        characters=len(work.text),
        words=len(work.text.split()),
        late=used.late_now,
        submitted_at=now,
        kept_from=now,
    )
    _seal_work(session, vault, Owner.person(context.tenant_id, person_id), "submission", submission, work)
    session.add(submission)
    try:
        session.flush()
    except IntegrityError as error:
        raise SubmissionRefused("This was handed in already, perhaps from another window. Reload the page.") from error
    if not by_hand:
        item = queue.enqueue(session, submission=submission, context=context, estimated_microdollars=0, clock=clock)
        estimates.note(session, item, view, work.text, now)
    gradebook.announce_submission(session, vault, view=view, submission=submission, clock=clock)
    record(
        session,
        event="submission.handed_in",
        actor=Actor.person(person_id),
        tenant_id=context.tenant_id,
        object_type="submission",
        object_id=submission.id,
        details={"attempt": submission.attempt, "late": submission.late, "by_hand": by_hand},
    )
    return submission


def attempts_of(session: Session, assignment_id: uuid.UUID, person_id: uuid.UUID) -> list[Submission]:
    """All attempts of a person, newest first."""
    return list(
        session.execute(
            select(Submission)
            .where(Submission.assignment_id == assignment_id, Submission.person_id == person_id)
            .order_by(Submission.attempt.desc())
        ).scalars()
    )


def find(
    session: Session, *, assignment_id: uuid.UUID, submission_id: uuid.UUID, person_id: uuid.UUID | None = None
) -> Submission:
    """A submission of an assignment; with `person_id`, only that person's own.

    Raises:
        NotFound: there is none, or not for the one who asked.
    """
    query = select(Submission).where(Submission.id == submission_id, Submission.assignment_id == assignment_id)
    if person_id is not None:
        query = query.where(Submission.person_id == person_id)
    submission = session.execute(query).scalar_one_or_none()
    if submission is None:
        raise NotFound("This submission does not exist in this assignment.")
    return submission


def open_submission(
    session: Session,
    vault: Vault,
    submission: Submission,
    *,
    tenant_id: uuid.UUID,
    reader: Actor,
    as_file: bool = False,
) -> Work:
    """What was handed in, in the clear, for someone with the right to see it. The opening is in the audit log.

    Raises:
        TextDeleted: it was deleted, as the course's setting says.
    """
    if submission.text_deleted_at is not None:
        raise TextDeleted(
            f"The text of this work was deleted on {submission.text_deleted_at:%d %B %Y}, as the course's setting "
            "says. Its score and the record of what was decided are kept."
        )
    note_look(session, submission, tenant_id=tenant_id, reader=reader, as_file=as_file)
    return _open_work(session, vault, "submission", submission, ())


def note_look(
    session: Session, submission: Submission, *, tenant_id: uuid.UUID, reader: Actor, as_file: bool = False
) -> None:
    """Note that somebody looks at work beside its student's name, or at what is kept of it."""
    record(
        session,
        event="submission.file_opened" if as_file else "submission.opened",
        actor=reader,
        tenant_id=tenant_id,
        object_type="submission",
        object_id=submission.id,
    )


def open_for_pipeline(session: Session, vault: Vault, submission: Submission) -> Work:
    """What was handed in, for the anonymizer that runs right after: the only reader besides people.

    The file stays sealed: what was read from it is the text.
    """
    return _open_work(session, vault, "submission", submission, (), ("text", "file_name", "document_names"))


def _replace_earlier(session: Session, assignment_id: uuid.UUID, person_id: uuid.UUID, now: datetime) -> None:
    """The newest attempt counts: earlier ones leave the queue unless they are being processed right now."""
    earlier = list(
        session.execute(
            select(Submission.id).where(
                Submission.assignment_id == assignment_id,
                Submission.person_id == person_id,
                Submission.state != SubmissionState.REPLACED,
            )
        ).scalars()
    )
    if not earlier:
        return
    # Locked before their state is asked: a batch that gives one back at this moment comes before or after.
    every = session.execute(select(QueueItem.id).where(QueueItem.submission_id.in_(earlier))).scalars().all()
    queue.lock_items(session, every)
    items = list(
        session.execute(
            select(QueueItem.id).where(QueueItem.id.in_(every), QueueItem.state == QueueState.QUEUED)
        ).scalars()
    )
    move_many(session, QueueItem.state, items, QUEUE_MOVES, QueueState.SKIPPED, failure_code="replaced")
    move_many(session, Submission.state, earlier, SUBMISSION_MOVES, SubmissionState.REPLACED, kept_from=now)


def _seal_work(session: Session, vault: Vault, owner: Owner, table: str, row: Draft | Submission, work: Work) -> None:
    def place(column: str) -> Place:
        return Place(table, column, row.id)

    row.source = work.source
    row.media_type = work.media_type
    row.sealed_text = vault.seal_text(session, owner, place("text"), work.text)
    row.sealed_file = vault.seal(session, owner, place("file"), work.file) if work.file is not None else None
    row.sealed_file_name = (
        vault.seal_text(session, owner, place("file_name"), work.file_name) if work.file_name else None
    )
    row.sealed_document_names = (
        vault.seal_json(session, owner, place("document_names"), list(work.document_names))
        if work.document_names
        else None
    )


def _open_work(
    session: Session,
    vault: Vault,
    table: str,
    row: Draft | Submission,
    warnings: tuple[str, ...],
    columns: tuple[str, ...] = ("text", "file", "file_name", "document_names"),
) -> Work:
    sealed = {column: getattr(row, f"sealed_{column}") for column in columns}
    present = {column: blob for column, blob in sealed.items() if blob is not None}
    opened = dict(
        zip(
            present,
            vault.open_many(session, [(Place(table, column, row.id), blob) for column, blob in present.items()]),
            strict=True,
        )
    )
    return Work(
        text=opened["text"].decode(),
        source=row.source,
        media_type=row.media_type,
        file=opened.get("file"),
        file_name=opened["file_name"].decode() if "file_name" in opened else None,
        document_names=tuple(json.loads(opened["document_names"])) if "document_names" in opened else (),
        warnings=warnings,
    )


def text_place(submission_id: uuid.UUID) -> Place:
    """Where the text of a submission is sealed."""
    return Place("submission", "text", submission_id)
