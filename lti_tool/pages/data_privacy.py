"""Data privacy launches: an administrator of the LMS asks what is kept about somebody, takes it along, or erases it."""

from uuid import UUID

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import erasure, exports, personal_data
from grading.erasure import Target
from grading.errors import NotAllowed, NotFound
from grading.models.erasures import ErasureScope
from grading.personal_data import Summary
from grading.tasks import EXPORT
from lti_tool.lti.claims import DATA_PRIVACY_REQUEST, LTI_DATA_PRIVACY_REQUEST
from lti_tool.pages.downloads import archive
from lti_tool.parts import parts
from lti_tool.permissions import current_visit
from lti_tool.sessions import message_details
from privacy.audit import Actor


def data_privacy() -> str:
    """What there is about the person that the LMS names."""
    tenant_id = current_visit().tenant_id
    with parts().database.transaction() as session:
        found = _person(session)
        asked = erasure.standing(session, tenant_id, found.person_id) if found else None
        copy = exports.newest(session, tenant_id, found.person_id, parts().clock()) if found else None
        personal_data.note_look(session, tenant_id, found, Actor.person(current_visit().person_id))
    return render_template("admin/data_privacy.html", found=found, asked=asked, copy=copy)


def export() -> Response:
    """Have a copy of everything about the person made."""
    visit = current_visit()
    with parts().database.transaction() as session:
        export_id = exports.request(
            session,
            tenant_id=visit.tenant_id,
            person_id=_known(session).person_id,
            actor=Actor.person(visit.person_id),
            clock=parts().clock,
        )
    parts().nudge(EXPORT, export_id)
    flash("The copy is being made. It stands here in a moment: reload the page.", "done")
    return redirect(url_for(".data_privacy"), 303)


def download_person(export_id: UUID) -> FlaskResponse:
    """A copy that is ready."""
    with parts().database.transaction() as session:
        found = _known(session)
    return archive(export_id, found.person_id)


def erase() -> Response:
    """Forget the person: at once, or as soon as their work is back from where it is being graded."""
    visit = current_visit()
    with parts().database.transaction() as session:
        found = _known(session)
        request = erasure.request(
            session,
            Target(visit.tenant_id, ErasureScope.PERSON, found.person_id),
            actor=Actor.person(visit.person_id),
            clock=parts().clock,
        )
        request_id = request.id
    done = parts().erase(request_id)
    if done:
        flash("Everything about this person was erased here. Grades in the LMS itself stay there.", "done")
    else:
        flash("Some of this person's work can't go yet. It is erased as soon as nothing holds it any more.", "you")
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
