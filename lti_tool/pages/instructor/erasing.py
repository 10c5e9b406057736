"""Deleting one submission before its time (P5)."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from grading import erasure, submissions
from grading.erasure import Target
from grading.models.erasures import ErasureScope
from grading.people import names_of
from lti_tool.pages.visited import visited_assignment
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, needs
from privacy.audit import Actor


@needs(Ability.ERASE)
def delete_submission(submission_id: UUID) -> str:
    """What would go, in numbers; the look at whose work it is is noted."""
    visit = current_visit()
    with parts().database.transaction() as session:
        view = visited_assignment(session)
        submission = submissions.find(session, assignment_id=view.assignment.id, submission_id=submission_id)
        submissions.note_look(session, submission, tenant_id=visit.tenant_id, reader=Actor.person(visit.person_id))
        numbers = erasure.submission_numbers(session, submission_id)
        names = names_of(session, parts().vault, view.context.id, {submission.person_id})
    return render_template(
        "instructor/delete_submission.html",
        view=view,
        submission=submission,
        numbers=numbers,
        name=names.get(submission.person_id, ""),
    )


@needs(Ability.ERASE)
def submission_deletion(submission_id: UUID) -> Response:
    """Delete it, or have it deleted as soon as nothing holds it any more."""
    visit = current_visit()
    with parts().database.transaction() as session:
        view = visited_assignment(session)
        submissions.find(session, assignment_id=view.assignment.id, submission_id=submission_id)
        request_id = erasure.request(
            session,
            Target(visit.tenant_id, ErasureScope.SUBMISSION, submission_id, view.context.id),
            actor=Actor.person(visit.person_id),
            clock=parts().clock,
        ).id
    if parts().erase(request_id):
        flash("Deleted. What the gradebook has was left as it is.", "done")
        return redirect(url_for(".overview"), 303)
    flash(
        "It can't be deleted yet: it is being graded, or a legal hold stands on this course. It is deleted as soon as "
        "nothing holds it any more.",
        "you",
    )
    return redirect(url_for(".review", submission_id=submission_id), 303)
