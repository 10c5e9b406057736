"""Notices that two students of an assignment were told the very same: one of them may have got the other's answer.

Comments are compared by keyed marks, so that nothing is opened. Both assessments get the flag, whichever came first.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from grading.models import Assessment, Submission
from grading.results.validate import Flag

EQUAL: Final = Flag.EQUAL_FEEDBACK.value
MOST_MARKED: Final = 20
"""Rows with one mark that later answers are compared with; more of them would find nothing more."""
_LOCK: Final = select(func.pg_advisory_xact_lock(func.unnest(bindparam("marks", type_=ARRAY(BigInteger())))))


@dataclass(slots=True)
class Told:
    """What an assessment that is about to be stored tells its student, as far as it is compared."""

    person_id: UUID
    mark: int | None
    """Stands for the comments; None where too little is said, and where enough others have the same one."""
    flags: list[str]


def flag_equal(session: Session, told: Sequence[Told]) -> None:
    """Flag what says the same as what another student is told, among these and all that are stored.

    The caller stores them in the same transaction. Two that store the same words at the same moment come one after the
    other here, and the second one finds what the first has stored. A constant number of statements, however many.
    """
    marks = {one.mark for one in told if one.mark is not None}
    if not marks:
        return
    _one_after_the_other(session, marks)
    stored = session.execute(
        select(Assessment.id, Assessment.comments_mark, Assessment.flags, Submission.person_id)
        .join(Submission, Submission.id == Assessment.submission_id)
        .where(Assessment.comments_mark.in_(marks))
        .order_by(Assessment.id)
    ).all()
    people = defaultdict(set)
    for mark, person_id in [(row.comments_mark, row.person_id) for row in stored]:
        people[mark].add(person_id)
    for one in told:
        people[one.mark].add(one.person_id)
    equal = {mark for mark, known in people.items() if mark is not None and len(known) > 1}
    late = [row for row in stored if row.comments_mark in equal and EQUAL not in row.flags]
    if late:
        session.execute(update(Assessment), [{"id": row.id, "flags": [*row.flags, EQUAL]} for row in late])
    for one in told:
        if one.mark in equal and EQUAL not in one.flags:
            one.flags.append(EQUAL)
    _bound(told, equal, Counter(row.comments_mark for row in stored))


def _one_after_the_other(session: Session, marks: Collection[int]) -> None:
    """Wait for everybody who is storing one of these marks. They are taken in order, so that nobody waits in a circle.

    SQLite has one writer at a time.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_LOCK, {"marks": sorted(marks)}).all()


def _bound(told: Sequence[Told], equal: Collection[int | None], marked: Counter[int | None]) -> None:
    """Leave few rows with the same mark: were a whole course told the same, each chunk would read all before it."""
    for one in told:
        if one.mark in equal:
            marked[one.mark] += 1
            if marked[one.mark] > MOST_MARKED:
                one.mark = None
