"""Puts one school of the platform together as a Flask application of its own."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from lti_tool.demo.platform.administration import Administration, create_administration_routes
from lti_tool.demo.platform.copying import Copying
from lti_tool.demo.platform.courses import Course, Courses
from lti_tool.demo.platform.deep_linking import DeepLinking
from lti_tool.demo.platform.errors import PlatformError
from lti_tool.demo.platform.eula import Eula, create_eula_routes
from lti_tool.demo.platform.issuer import Issuer
from lti_tool.demo.platform.launches import Launches
from lti_tool.demo.platform.line_items import LineItems, create_line_item_routes
from lti_tool.demo.platform.memberships import create_roster_routes
from lti_tool.demo.platform.model import COURSE_ID, Connection, People, Platform, School, origin_of
from lti_tool.demo.platform.notices import Notices, create_notice_routes
from lti_tool.demo.platform.oidc import Authorisation, create_oidc_routes
from lti_tool.demo.platform.own_assignment import OwnAssignment, create_asset_routes
from lti_tool.demo.platform.pages import Pages, create_page_routes, create_return_routes
from lti_tool.demo.platform.registration import Registration, create_registration_routes
from lti_tool.demo.platform.scores import Scores, create_score_routes
from lti_tool.demo.platform.sessions import Sessions
from lti_tool.demo.platform.state import state_of
from lti_tool.demo.platform.store import Store
from lti_tool.demo.platform.tokens import AccessTokens

_LARGEST_REQUEST_BYTES = 10_000_000
_SERVICES = ("line_items", "scores", "memberships", "notices", "assets", "eula")


@dataclass(frozen=True)
class SchoolApp:
    """A school that answers, and what the issuer in front of it needs to know of it."""

    flask: Flask
    platform: Platform
    launches: Launches


def create_school(issuer: Issuer, school: School, store: Store, public_url: str, authorisation_path: str) -> SchoolApp:
    """Build a school; `public_url` is the address of its pages, `store` keeps what is its own."""
    connection = Connection(school.client_id, school.deployment_id)
    platform = Platform(public_url, issuer.tool_url, connection, issuer.url, school.name, issuer.ways)
    clock, everyone = issuer.clock, People(school.people)
    first = Course(COURSE_ID, school.course_label, school.course_title)
    courses = Courses(store, first, caps_scores=issuer.ways.caps_scores)
    sessions = Sessions(store, everyone, secure=public_url.startswith("https:"), path=urlsplit(public_url).path or "/")
    launches, tokens = Launches(store, clock), AccessTokens(issuer, platform)
    registration = Registration(platform, store, clock, issuer.withheld)
    line_items = LineItems(platform, store, courses)
    notices = Notices(platform, store, courses, issuer.keys, clock)
    eula = Eula(store, everyone)
    own = OwnAssignment(platform, store, courses, notices, clock)
    deep_linking = DeepLinking(platform, store, courses, issuer.tool_keys, own, clock)
    copying = Copying(platform, store, courses, notices)
    pages = Pages(platform, everyone, sessions, courses, launches, deep_linking, copying, own)
    administration = Administration(pages, registration, notices, issuer.keys)
    scores = Scores(platform, store, everyone, courses, clock)
    authorisation = Authorisation(platform, everyone, sessions, launches, courses, own, issuer.keys, clock)

    app = Flask("lti_tool.demo.platform", static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_REQUEST_BYTES
    for routes in (
        create_page_routes(pages),
        create_return_routes(pages),
        create_administration_routes(administration),
        create_oidc_routes(authorisation, authorisation_path),
        create_notice_routes(platform, notices, tokens),
        create_asset_routes(own, tokens),
        create_eula_routes(eula, notices, tokens),
        create_registration_routes(platform, registration),
        create_line_item_routes(platform, line_items, tokens),
        create_score_routes(platform, scores, line_items, tokens),
        create_roster_routes(platform, everyone, courses, tokens),
    ):
        app.register_blueprint(routes)

    @app.get("/demo/state.json")
    def state() -> Response:
        return jsonify(state_of(platform, everyone, courses) | {"eula": eula.state()})

    _add_refusals(app, pages)
    _add_headers(app, platform)
    return SchoolApp(app, platform, launches)


def _add_refusals(app: Flask, pages: Pages) -> None:
    @app.errorhandler(PlatformError)
    def refuse(error: PlatformError) -> Response:
        if request.blueprint in (*_SERVICES, "tokens", "registration"):
            response = jsonify(error=error.code, error_description=str(error))
        else:
            response = Response(pages.render("refused.html", message=str(error)))
        response.status_code = error.status
        if error.status == 401 and request.blueprint in _SERVICES:
            response.headers["WWW-Authenticate"] = f'Bearer error="{error.code}"'
        return response

    @app.errorhandler(HTTPException)
    def refuse_plainly(error: HTTPException) -> tuple[str, int]:
        return pages.render("refused.html", message=error.description), error.code or 500


def _add_headers(app: Flask, platform: Platform) -> None:
    tool = origin_of(platform.tool_url)
    policy = (
        f"default-src 'self'; frame-src 'self' {tool}; form-action 'self' {tool}; frame-ancestors 'self'; "
        "img-src 'self' data:; base-uri 'none'; object-src 'none'"
    )

    @app.after_request
    def add(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response
