"""Draft, file and handing in: the forms of the student's page (S1, S4)."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grading import submissions
from grading.extraction import ExtractionError, Limits, extract
from grading.models.submissions import SubmissionSource
from grading.submissions import SubmissionRefused, Work
from lti_tool.pages.visited import visited_assignment
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, needs


@needs(Ability.HAND_IN)
def save_text() -> Response | str:
    """Keep the typed text as a draft; called by the page itself while somebody types, and by its button."""
    _save(Work(text=_text()))
    if request.headers.get("HX-Request"):
        return render_template("student/_saved.html", saved_at=parts().clock())
    return redirect(url_for(".assignment") + "#check", 303)


@needs(Ability.HAND_IN)
def upload() -> Response:
    """Read a file in a bounded child process and keep file and text as a draft."""
    chosen = request.files.get("file")
    if chosen is None or not chosen.filename:
        raise SubmissionRefused("No file was chosen. Choose a file first, or paste your text.")
    limit = parts().settings.upload_megabytes * 1024 * 1024
    data = chosen.stream.read(limit + 1)
    name = chosen.filename.replace("\\", "/").rsplit("/", 1)[-1][:200]
    try:
        read = extract(data, name, limits=Limits(size_bytes=limit))
    except ExtractionError as error:
        flash(error.message, "error")
        return redirect(url_for(".assignment"), 303)
    _save(
        Work(
            text=read.text,
            source=SubmissionSource.FILE,
            media_type=read.media_type,
            file=data,
            file_name=name,
            document_names=read.document_names,
            warnings=tuple(warning.message for warning in read.warnings),
        )
    )
    return redirect(url_for(".assignment") + "#check", 303)


@needs(Ability.HAND_IN)
def discard() -> Response:
    """Forget the draft."""
    with parts().database.transaction() as session:
        view = visited_assignment(session)
        submissions.discard_draft(session, view.assignment.id, current_visit().person_id)
    flash("Your draft is gone. You can start again.")
    return redirect(url_for(".assignment"), 303)


@needs(Ability.HAND_IN)
def hand_in() -> Response:
    """Hand in: the text as it stands in the form, or the file that was read before."""
    visit = current_visit()
    if visit.test_user:
        raise SubmissionRefused("You are in a test view: nothing is handed in from here.")
    typed = request.form.get("text")
    with parts().database.transaction() as session:
        view = visited_assignment(session)
        if typed is not None:
            submissions.save_draft(
                session,
                parts().vault,
                tenant_id=view.context.tenant_id,
                assignment_id=view.assignment.id,
                person_id=visit.person_id,
                work=Work(text=_text()),
                clock=parts().clock,
            )
        submission = submissions.hand_in(
            session,
            parts().vault,
            view=view,
            person_id=visit.person_id,
            provider=parts().provider,
            clock=parts().clock,
        )
    flash(f"Handed in: attempt {submission.attempt}. It is stored and sealed.")
    return redirect(url_for(".assignment"), 303)


def _text() -> str:
    return request.form.get("text", "").replace("\r\n", "\n")


def _save(work: Work) -> None:
    with parts().database.transaction() as session:
        view = visited_assignment(session)
        submissions.save_draft(
            session,
            parts().vault,
            tenant_id=view.context.tenant_id,
            assignment_id=view.assignment.id,
            person_id=current_visit().person_id,
            work=work,
            clock=parts().clock,
        )
