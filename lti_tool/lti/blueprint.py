"""The addresses that platforms use: login, launch, key set; and what an administrator needs to connect an LMS."""

import requests
from flask import Blueprint, Response, g, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from config.logging import fields, get_logger
from grading.tasks import REFRESH_ROSTER
from lti_tool.lti import login
from lti_tool.lti.errors import LtiError
from lti_tool.lti.keys import JWKS_SECONDS, ToolKeys
from lti_tool.lti.launch import Launcher
from lti_tool.lti.notices import TAKE_NOTICE, NoticeBox
from lti_tool.lti.register_pages import add_registration_routes
from lti_tool.lti.storage import StoredProof
from lti_tool.parts import parts
from lti_tool.security_headers import origin
from lti_tool.sessions import browser_secret, give_browser_secret, new_browser_secret

FRAMES = frozenset({"iframe", "frame", "embed", "object"})
log = get_logger(__name__)


def make_lti_blueprint(launcher: Launcher, keys: ToolKeys, notices: NoticeBox, http: requests.Session) -> Blueprint:
    """Routes under /lti. Their forms come from platforms: state and signature protect them, not our form tokens."""
    blueprint = Blueprint("lti", __name__, url_prefix="/lti")
    add_registration_routes(blueprint, http)

    @blueprint.before_request
    def _anywhere() -> None:
        g.any_frame = True

    @blueprint.errorhandler(LtiError)
    def _refused(error: LtiError) -> tuple[str, int]:
        log.warning("lti.refused", extra=fields(reason=error.code, endpoint=request.endpoint))
        return render_template("lti/refused.html", error=error), error.status

    @blueprint.route("/login", methods=["GET", "POST"])
    def login_initiation() -> BaseResponse:
        """Send the browser to the platform, with a state bound to it."""
        given = request.form.to_dict() | request.args.to_dict()
        asked, own = login.read_request(given), parts()
        known = browser_secret(request)
        secret = known or new_browser_secret()
        with own.database.connection() as connection:
            begun = login.begin(
                connection,
                asked,
                launcher.states,
                secret=secret,
                launch_url=f"{own.settings.base_url}/lti/launch",
                clock=own.clock,
            )
        # In a frame, a browser that has no cookie of ours may refuse to keep one: that is found out before the
        # platform uses up its side of the login.
        unsure = not known and (asked.storage_target or request.headers.get("Sec-Fetch-Dest") in FRAMES)
        response = make_response(_login_page(begun, asked, given)) if unsure else redirect(begun.url, 302)
        give_browser_secret(response, secret)
        return response

    def _login_page(begun: login.Login, asked: login.LoginRequest, given: dict[str, str]) -> str:
        stored = launcher.stored_values(begun.state, begun.nonce) if asked.storage_target else {}
        return render_template(
            "lti/login.html",
            begun=begun,
            stored=stored,
            storage_target=asked.storage_target,
            platform_origin=origin(begun.url),
            initiation=[(name, given[name]) for name in login.INITIATION if name in given],
        )

    @blueprint.get("/cookies")
    def cookies() -> Response:
        """Whether the browser brings our cookie back."""
        return jsonify(kept=bool(browser_secret(request)))

    @blueprint.post("/launch")
    def launch() -> BaseResponse:
        """Take the platform's answer and go to the page that fits."""
        taken = launcher.take(request.form, browser_secret(request))
        if taken.context_id is not None and taken.roster_wanted:
            parts().nudge(REFRESH_ROSTER, taken.context_id)
        if taken.proof is not None:
            return make_response(render_template("lti/prove.html", proof=taken.proof))
        return redirect(url_for("course.home", handle=taken.handle), 303)

    @blueprint.post("/proof")
    def proof() -> Response:
        """Open the visit of a browser without cookies that has read back what the platform kept for it."""
        stored = StoredProof(request.form.get("state_value", ""), request.form.get("nonce_value", ""))
        handle, key = launcher.prove(request.form.get("ticket", ""), stored)
        return jsonify(key=key, page=url_for("course.home", handle=handle))

    @blueprint.get("/launch")
    def launch_without_form() -> tuple[str, int]:
        """Somebody opened the address by hand or from a bookmark."""
        return render_template("lti/from_course.html"), 400

    @blueprint.get("/jwks.json")
    def jwks() -> Response:
        """Our public keys."""
        with parts().database.transaction() as session:
            content = keys.jwks(session)
        response = make_response(jsonify(content))
        response.headers["Cache-Control"] = f"public, max-age={JWKS_SECONDS}"
        return response

    @blueprint.post("/notices")
    def take_notices() -> Response | tuple[Response, int]:
        """Take what a platform tells us without a browser. It is stored before this answers."""
        try:
            taken = notices.take(request.get_data())
        except LtiError as error:
            log.warning("lti.refused", extra=fields(reason=error.code, endpoint=request.endpoint))
            status = 401 if error.code == "notices_untrusted" else error.status
            response = jsonify(type="about:blank", title="Notices refused", status=status, detail=error.message)
            response.mimetype = "application/problem+json"
            return response, status
        for notice_id in taken.accepted:
            parts().nudge(TAKE_NOTICE, notice_id)
        return jsonify(
            accepted=len(taken.accepted) + taken.known_before, ignored=taken.ignored, rejected=taken.rejected
        )

    return blueprint
