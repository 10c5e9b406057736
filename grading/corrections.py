"""Corrections by hand of what leaves, for an assignment: more words to hide, wrong findings to leave standing (P2)."""

import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.assignments import AssignmentView
from grading.errors import GradingError, NotFound
from grading.models import TextCorrection
from grading.models.corrections import CorrectionKind
from grading.people import compiled_roster
from privacy.anonymizer import Corrections, names_a_member, same_words
from privacy.audit import Actor, record
from privacy.sealing import Owner, Place, Vault

LONGEST_WORDS: Final = 200
MOST_CORRECTIONS: Final = 200


class CorrectionRefused(GradingError):
    """These words can't be corrected."""

    code = "correction_refused"


@dataclass(frozen=True, slots=True)
class Correction:
    """One decision, opened for somebody entitled to read the work."""

    id: uuid.UUID
    kind: CorrectionKind
    words: str


def of_assignment(session: Session, vault: Vault, assignment_id: uuid.UUID) -> list[Correction]:
    """What was decided for an assignment, in order. Two statements, however many there are."""
    rows = list(
        session.execute(
            select(TextCorrection)
            .where(TextCorrection.assignment_id == assignment_id)
            .order_by(TextCorrection.created_at, TextCorrection.id)
        ).scalars()
    )
    opened = vault.open_many(session, [(_place(row.id), row.sealed_words) for row in rows])
    return [Correction(row.id, row.kind, words.decode()) for row, words in zip(rows, opened, strict=True)]


def for_anonymizer(found: list[Correction]) -> Corrections:
    """Corrections as the anonymizer takes them."""
    return Corrections(
        hide=tuple(one.words for one in found if one.kind is CorrectionKind.HIDE),
        show=tuple(one.words for one in found if one.kind is CorrectionKind.SHOW),
    )


def correct(
    session: Session, vault: Vault, *, view: AssignmentView, kind: CorrectionKind, words: str, actor_id: uuid.UUID
) -> None:
    """Hide words in all texts of an assignment, or leave them standing. The newest decision on the same words counts.

    Raises:
        CorrectionRefused: there is nothing to find in the words, they are too long, there are too many already, or
            words to be left standing are a full name, address or number of somebody in the course.
    """
    wanted, text = same_words(words), " ".join(words.split())
    if len(wanted.replace(" ", "")) < 2:
        raise CorrectionRefused("Select or type at least two letters or digits.")
    if len(text) > LONGEST_WORDS:
        raise CorrectionRefused(f"That is too long. Select at most {LONGEST_WORDS} characters at a time.")
    if kind is CorrectionKind.SHOW and names_a_member(text, compiled_roster(session, vault, view.context.id)):
        raise CorrectionRefused(
            "This is the full name, the address, the number or the log-in of somebody in the course. "
            "It is always replaced."
        )
    known = of_assignment(session, vault, view.assignment.id)
    same = [one for one in known if same_words(one.words) == wanted]
    if any(one.kind is kind for one in same):
        return
    if len(known) >= MOST_CORRECTIONS:
        raise CorrectionRefused(
            f"There are {MOST_CORRECTIONS} corrections for this assignment already. Undo some first."
        )
    for one in same:
        session.delete(session.get_one(TextCorrection, one.id))
    made = TextCorrection(id=uuid.uuid4(), assignment_id=view.assignment.id, kind=kind, created_by=actor_id)
    owner = Owner.course(view.context.tenant_id, view.context.id)
    made.sealed_words = vault.seal_text(session, owner, _place(made.id), text)
    session.add(made)
    session.flush()
    _note(session, view, actor_id, "assignment.text_corrected", kind)


def undo(session: Session, *, view: AssignmentView, correction_id: uuid.UUID, actor_id: uuid.UUID) -> None:
    """Forget a decision.

    Raises:
        NotFound: there is no such decision in this assignment.
    """
    row = session.get(TextCorrection, correction_id)
    if row is None or row.assignment_id != view.assignment.id:
        raise NotFound("This correction was undone already.")
    kind = row.kind
    session.delete(row)
    _note(session, view, actor_id, "assignment.correction_undone", kind)


def _place(correction_id: uuid.UUID) -> Place:
    return Place("text_correction", "words", correction_id)


def _note(session: Session, view: AssignmentView, actor_id: uuid.UUID, event: str, kind: CorrectionKind) -> None:
    record(
        session,
        event=event,
        actor=Actor.person(actor_id),
        tenant_id=view.context.tenant_id,
        object_type="assignment",
        object_id=view.assignment.id,
        details={"kind": kind.value},
    )
