"""Data privacy launches: an administrator of the LMS asks what is kept about somebody, takes it along, or erases it."""

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import erasure, personal_data
from grading.errors import NotAllowed, NotFound
from grading.personal_data import Summary
from lti_tool.lti.claims import DATA_PRIVACY_REQUEST, LTI_DATA_PRIVACY_REQUEST
from lti_tool.parts import parts
from lti_tool.permissions import current_visit
from lti_tool.sessions import message_details
from privacy.audit import Actor


def data_privacy() -> str:
    """What there is about the person that the LMS names."""
    with parts().database.transaction() as session:
        found = _person(session)
        asked = erasure.standing(session, current_visit().tenant_id, found.person_id) if found else None
        personal_data.note_look(session, current_visit().tenant_id, found, Actor.person(current_visit().person_id))
    return render_template("admin/data_privacy.html", found=found, asked=asked)


def export() -> FlaskResponse:
    """Everything about the person, as an archive."""
    visit = current_visit()
    with parts().database.transaction() as session:
        found = _known(session)
        archive = personal_data.export(
            session,
            parts().vault,
            tenant_id=visit.tenant_id,
            person_id=found.person_id,
            reader=Actor.person(visit.person_id),
        )
    response = FlaskResponse(archive, mimetype="application/zip")
    response.headers["Content-Disposition"] = "attachment; filename=personal-data.zip"
    return response


def erase() -> Response:
    """Forget the person: at once, or as soon as their work is back from where it is being graded."""
    visit = current_visit()
    with parts().database.transaction() as session:
        found = _known(session)
        request = erasure.request(
            session,
            tenant_id=visit.tenant_id,
            person_id=found.person_id,
            requested_by=visit.person_id,
            clock=parts().clock,
        )
        request_id = request.id
    with parts().database.transaction() as session:
        done = erasure.carry_out(session, parts().vault, request_id, parts().clock)
    if done:
        flash("Everything about this person was erased here. Grades in the LMS itself stay there.", "done")
    else:
        flash("Some of this person's work is being graded right now. It is erased as soon as it comes back.", "you")
    return redirect(url_for(".data_privacy"), 303)


def _known(session: Session) -> Summary:
    found = _person(session)
    if found is None:
        raise NotFound("Nothing is kept about this person.")
    return found


def _person(session: Session) -> Summary | None:
    visit = current_visit()
    if visit.message_type not in (DATA_PRIVACY_REQUEST, LTI_DATA_PRIVACY_REQUEST) or not visit.administrator:
        raise NotAllowed("Only an administrator of the LMS can do this, from the LMS's own privacy page.")
    subject = str(message_details(session, parts().vault, visit).get("for_user", ""))
    return personal_data.find_person(session, visit.tenant_id, visit.registration_id, subject)
