"""The frame of all pages inside a course: finds out who visits, checks forms, opens the assignment of the link.

Each launch has its own handle in the address, so that a teacher in one tab and a student in another stay apart in one
browser. The handle is no credential: the browser's cookie must fit it.
"""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from flask import session as browser_session
from werkzeug.wrappers import Response

from lti_tool.csrf import check_csrf
from lti_tool.pages import data_privacy, gradebook_review, instructor, processor, student
from lti_tool.pages.arrivals import page_of
from lti_tool.pages.visited import linked_assignment_id
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, may
from lti_tool.security_headers import let_frame
from lti_tool.sessions import browser_secret, keep_words, keeps_no_cookie, load_visit, message_details, take_words

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def make_course_blueprint() -> Blueprint:
    """All pages under a launch's handle."""
    blueprint = Blueprint("course", __name__, url_prefix="/v/<handle>")

    @blueprint.url_value_preprocessor
    def _take_handle(_endpoint: str | None, values: dict[str, object] | None) -> None:
        g.handle = (values or {}).pop("handle", None)

    @blueprint.url_defaults
    def _give_handle(_endpoint: str, values: dict[str, object]) -> None:
        values.setdefault("handle", getattr(g, "handle", ""))

    @blueprint.before_request
    def _enter() -> None:
        g.any_frame = True  # "Your visit has ended" is shown wherever the visit was.
        with parts().database.transaction() as session:
            g.visit = load_visit(session, g.handle, browser_secret(request), parts().clock())
        g.any_frame = False
        let_frame(g.visit.service_urls)
        g.csrf_subject = f"{browser_secret(request)}:{g.handle}"
        if request.method not in SAFE_METHODS:
            check_csrf(parts().signing_key, g.csrf_subject, request)
        if keeps_no_cookie(request):
            with parts().database.transaction() as session:
                words = take_words(session, parts().vault, g.visit)
            if words:
                browser_session["_flashes"] = words

    @blueprint.after_request
    def _leave_words(response: FlaskResponse) -> FlaskResponse:
        # Flask carries words to the next page in a cookie; without cookies the visit carries them.
        words = browser_session.pop("_flashes", None) if keeps_no_cookie(request) else None
        if words:
            with parts().database.transaction() as session:
                keep_words(session, parts().vault, g.visit, words)
        return response

    post = ["POST"]
    blueprint.add_url_rule("/", "home", home)
    blueprint.add_url_rule("/submission-review", "submission_review", gradebook_review.submission_review)
    blueprint.add_url_rule("/privacy", "data_privacy", data_privacy.data_privacy)
    blueprint.add_url_rule("/privacy/export", "export_person", data_privacy.export, methods=post)
    blueprint.add_url_rule("/privacy/export/<uuid:export_id>", "download_person", data_privacy.download_person)
    blueprint.add_url_rule("/privacy/erase", "erase_person", data_privacy.erase, methods=post)
    blueprint.add_url_rule("/processor", "processor_settings", processor.processor_settings)
    blueprint.add_url_rule("/report", "report_review", processor.report_review)
    blueprint.add_url_rule("/terms", "eula", processor.eula, methods=["GET", "POST"])
    student.register(blueprint)
    instructor.register(blueprint)
    return blueprint


def home() -> Response | str:
    """Where a launch arrives: to the page that fits role and link."""
    visit = current_visit()
    with parts().database.transaction() as session:
        page = page_of(visit.message_type, message_details(session, parts().vault, visit))
        if page is not None:
            return redirect(url_for(page), 303)
        linked = linked_assignment_id(session, visit.resource_link_id)
    if linked is None:
        if may(visit, Ability.CONFIGURE):
            return redirect(url_for(".connect"), 303)
        return render_template("student/not_ready.html")
    if may(visit, Ability.REVIEW) or may(visit, Ability.CONFIGURE):
        return redirect(url_for(".overview"), 303)
    return redirect(url_for(".assignment"), 303)
