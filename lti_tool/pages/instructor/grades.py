"""Send grades: what the LMS has, what we have, what differs, and what a person wants done about it (L3, R4)."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import gradebook, review
from grading.assignments import AssignmentView
from grading.errors import NotFound
from grading.gradebook import Standing, StudentGrade
from grading.gradebook_port import GradebookUnavailable
from grading.people import names_of
from grading.tasks import DELIVER_PUSH
from lti_tool.pages.visited import visited_assignment
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, needs
from privacy.audit import Actor, record


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One student on the page."""

    name: str
    grade: StudentGrade

    @property
    def can_choose(self) -> bool:
        """Whether there is something for a person to decide."""
        return self.grade.standing in (Standing.CHANGED, Standing.FAILED)


@dataclass(frozen=True, slots=True)
class GradesPage:
    """The page's content."""

    view: AssignmentView
    rows: list[GradeRow]
    read_at: datetime | None
    offered: bool

    @property
    def counts(self) -> Counter[str]:
        """Students per standing."""
        return Counter(row.grade.standing.value for row in self.rows)


def load(session: Session) -> GradesPage:
    """Read the page in a constant number of statements."""
    view = visited_assignment(session)
    people = list(dict.fromkeys(row.submission.person_id for row in review.rows_of_assignment(session, view)))
    names = names_of(session, parts().vault, view.context.id, set(people))
    rows = [
        GradeRow(names.get(grade.person_id, ""), grade)
        for grade in gradebook.compare(session, view.assignment.id, people)
    ]
    record(
        session,
        event="grades.listed",
        actor=Actor.person(current_visit().person_id),
        tenant_id=view.context.tenant_id,
        object_type="assignment",
        object_id=view.assignment.id,
        details={"students": len(rows)},
    )
    order = {Standing.CHANGED: 0, Standing.FAILED: 1, Standing.WAITING: 2, Standing.SENT: 3, Standing.NOTHING: 4}
    rows.sort(key=lambda row: (order[row.grade.standing], row.name.casefold()))
    return GradesPage(view, rows, view.assignment.results_read_at, view.assignment.results_offered)


@needs(Ability.REVIEW)
def grades() -> str:
    """Per student: what the LMS shows, what we sent or would send, and what differs."""
    with parts().database.transaction() as session:
        shown = load(session)
    return render_template(
        "instructor/grades.html", shown=shown, view=shown.view, page_refreshes=bool(shown.counts["waiting"])
    )


@needs(Ability.REVIEW)
def read() -> Response:
    """Read the LMS's gradebook now."""
    with parts().database.transaction() as session:
        assignment_id = visited_assignment(session).assignment.id
    try:
        offered = parts().read_gradebook(assignment_id)
    except GradebookUnavailable as error:
        flash(f"{error.words} What was read before is still shown. Try again in a few minutes.", "fail")
    else:
        words = "Your LMS's gradebook was read." if offered else "Your LMS does not let Blindmark read its gradebook."
        flash(words, "done" if offered else "you")
    return redirect(url_for(".grades"), 303)


@needs(Ability.REVIEW)
def send() -> Response:
    """Send what was ticked: failed messages again, and ours in place of what was entered in the LMS."""
    chosen = _chosen("student")
    with parts().database.transaction() as session:
        view = visited_assignment(session)
        sent = gradebook.resend(
            session,
            parts().vault,
            tenant_id=view.context.tenant_id,
            assignment_id=view.assignment.id,
            person_ids=chosen,
            overwrite=set(_chosen("overwrite")),
            actor=Actor.person(current_visit().person_id),
            clock=parts().clock,
        )
        waiting = gradebook.due(session, parts().clock())
    for push_id in waiting:
        parts().nudge(DELIVER_PUSH, push_id)
    left = len(chosen) - sent
    words = f"{sent} on their way." if sent else "Nothing was sent."
    if left:
        words += f" {left} stayed as they are: tick “Replace” for a grade that was changed in the LMS."
    flash(words, "done" if sent and not left else "you")
    return redirect(url_for(".grades"), 303)


def _chosen(name: str) -> list[UUID]:
    try:
        return [UUID(value) for value in request.form.getlist(name)]
    except ValueError as error:
        raise NotFound("This page is out of date. Reload it.") from error
