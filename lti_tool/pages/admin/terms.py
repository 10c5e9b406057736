"""The terms that an LMS has people accept, from the administrator's side."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grading.errors import NotFound
from lti_tool.lti.models import TermsAct
from lti_tool.lti.terms import Terms, standing
from lti_tool.pages.admin.shared import signed_in_actor
from lti_tool.parts import parts

_DONE = {
    TermsAct.ASK_AGAIN: "Your LMS has forgotten all answers and asks everybody again.",
    TermsAct.REQUIRE: "Your LMS has people accept the terms from now on.",
    TermsAct.WAIVE: "Your LMS does not ask about the terms any more.",
}


def terms(deployment_id: UUID) -> str:
    """How an LMS stands with its terms, and what it can be told."""
    with parts().database.transaction() as session:
        shown = standing(session, deployment_id)
    return render_template("admin/terms.html", shown=shown)


def tell_terms(deployment_id: UUID) -> Response:
    """Tell the LMS what the button says."""
    try:
        act = TermsAct(request.form.get("act", ""))
    except ValueError as error:
        raise NotFound("This page is out of date. Reload it.") from error
    failure = Terms(parts().database, parts().connector, parts().clock).tell(deployment_id, act, signed_in_actor())
    if failure is None:
        flash(_DONE[act], "done")
    else:
        flash(f"{failure} Try again later, or look under “Test connection” what your LMS allows.", "fail")
    return redirect(url_for("admin.terms", deployment_id=deployment_id), 303)
