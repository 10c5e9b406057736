"""Notices that two students of an assignment were told the very same: one of them may have got the other's answer.

Comments are compared by keyed marks, so that nothing is opened. Both assessments get the flag, whichever came first.
"""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from grading.models import Assessment, Submission
from grading.results.validate import Flag


def flag_equal(session: Session, stored: Iterable[Assessment]) -> None:
    """Flag assessments that say the same as one of another student. Repeating it changes nothing.

    Args:
        stored: assessments that are in the database by now. They are compared with each other and with all others.
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
    flagged = [
        {"id": row.id, "flags": [*row.flags, Flag.EQUAL_FEEDBACK.value]}
        for row in rows
        if len(people[row.comments_mark]) > 1 and Flag.EQUAL_FEEDBACK.value not in row.flags
    ]
    if flagged:
        session.execute(update(Assessment), flagged)
