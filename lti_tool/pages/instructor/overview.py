"""What came in for an assignment, what needs the instructor, and who is in the course."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import gradebook, privacy_limits, review, search
from grading.assignments import AssignmentView
from grading.budget.reading import committed_by_course
from grading.course_settings import privacy_of
from grading.models import GradePush
from grading.people import names_of, roster_size
from grading.review import ReviewRow
from grading.states import SubmissionState
from lti_tool.pages.searching import Asked, asked, hidden_words
from lti_tool.pages.visited import visited_assignment
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, may, needs
from privacy.audit import Actor, record


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """One submission on the list."""

    row: ReviewRow
    name: str
    push: GradePush | None


@dataclass(frozen=True, slots=True)
class Overview:
    """The list with its figures."""

    view: AssignmentView
    rows: list[OverviewRow]
    people: int
    sends: bool
    """Whether work of this course goes to a provider at all."""
    roster_read_at: datetime | None
    month_microdollars: int
    """What the course has cost this month."""
    sought: Asked

    def count(self, state: str) -> int:
        """How many submissions are in a state."""
        return sum(one.row.submission.state == state for one in self.rows)

    @property
    def next_to_review(self) -> UUID | None:
        """The submission to look at first."""
        for one in self.rows:
            if one.row.submission.state is SubmissionState.WITH_INSTRUCTOR:
                return one.row.submission.id
        return None


def load(session: Session) -> Overview:
    """Read the list; names are opened for the instructor, and that is noted once for the whole list."""
    view = visited_assignment(session)
    sought = asked(lambda words: search.matching(parts().blind_index, [view.context.tenant_id], words))
    rows = review.rows_of_assignment(session, view, sought.condition)
    names = names_of(session, parts().vault, view.context.id, {row.submission.person_id for row in rows})
    pushes = gradebook.latest_of_assignment(session, view.assignment.id)
    record(
        session,
        event="submissions.listed",
        actor=Actor.person(current_visit().person_id),
        tenant_id=view.context.tenant_id,
        object_type="assignment",
        object_id=view.assignment.id,
        details={"submissions": len(rows)},
    )
    return Overview(
        view=view,
        rows=[
            OverviewRow(row, names.get(row.submission.person_id, ""), pushes.get(row.submission.person_id))
            for row in rows
        ],
        people=roster_size(session, view.context.id),
        sends=privacy_of(view.context, privacy_limits.current(session)).sends_to(parts().provider),
        roster_read_at=view.context.roster_read_at,
        month_microdollars=committed_by_course(session, view.context.id, parts().clock()),
        sought=sought,
    )


def overview() -> str:
    """The list of submissions; designers see the assignment without anybody's work."""
    return _overview() if may(current_visit(), Ability.REVIEW) else _designer()


@needs(Ability.REVIEW)
def _overview() -> str:
    with parts().database.transaction() as session:
        shown = load(session)
    return render_template("instructor/overview.html", shown=shown, view=shown.view)


@needs(Ability.CONFIGURE)
def _designer() -> str:
    with parts().database.transaction() as session:
        return render_template("instructor/designer.html", view=visited_assignment(session))


@needs(Ability.REVIEW)
def search_submissions() -> Response:
    """Show the submissions that hold some words."""
    return redirect(url_for(".overview", sought=hidden_words()), 303)


@needs(Ability.REVIEW)
def refresh_roster() -> Response:
    """Read the roster from the LMS now."""
    parts().refresh_roster(current_visit().context_id)
    flash("The list of people was read from your LMS.")
    return redirect(url_for(".overview"), 303)
