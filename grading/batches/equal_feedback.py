"""Notices that two students of an assignment were told the very same: one of them may have got the other's answer.

Comments are compared by keyed marks, so that nothing is opened. Both assessments get the flag, whichever came first.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from grading.models import Assessment, Submission
from grading.results.validate import Flag

EQUAL: Final = Flag.EQUAL_FEEDBACK.value
MOST_MARKED: Final = 20
"""Rows with one mark that later answers are compared with; more of them would find nothing more."""


def flag_equal(session: Session, stored: Sequence[Assessment]) -> None:
    """Flag assessments that say the same as one of another student. Repeating it changes nothing.

    Args:
        stored: assessments that are in the database by now. They are compared with each other and with all others, by
            one statement however many there are.
    """
    marks = {assessment.comments_mark for assessment in stored if assessment.comments_mark is not None}
    if not marks:
        return
    rows = session.execute(
        select(Assessment.id, Assessment.comments_mark, Assessment.flags, Submission.person_id)
        .join(Submission, Submission.id == Assessment.submission_id)
        .where(Assessment.comments_mark.in_(marks))
        # Two workers that flag the same rows take them in the same order, and so don't wait for each other for ever.
        .order_by(Assessment.id)
    ).all()
    people = defaultdict(set)
    for row in rows:
        people[row.comments_mark].add(row.person_id)
    new = {assessment.id: assessment for assessment in stored}
    earlier = Counter(row.comments_mark for row in rows if row.id not in new)
    flagged = []
    for row in rows:
        if len(people[row.comments_mark]) > 1 and EQUAL not in row.flags:
            flags = [*row.flags, EQUAL]
            if row.id in new:
                new[row.id].flags = flags
            else:
                flagged.append({"id": row.id, "flags": flags})
    if flagged:
        session.execute(update(Assessment), flagged)
    _bound(stored, earlier)


def _bound(stored: Sequence[Assessment], marked: Counter[int | None]) -> None:
    """Leave few rows with the same mark: were a whole course told the same, each chunk would read all before it."""
    for assessment in stored:
        mark = assessment.comments_mark
        if mark is not None and EQUAL in assessment.flags:
            marked[mark] += 1
            if marked[mark] > MOST_MARKED:
                assessment.comments_mark = None
