"""Puts the demonstration platform together as one Flask application."""

import time
from collections.abc import Sequence
from pathlib import Path

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from lti_tool.demo.platform.administration import Administration, create_administration_routes
from lti_tool.demo.platform.copying import Copying
from lti_tool.demo.platform.courses import Course, Courses
from lti_tool.demo.platform.deep_linking import DeepLinking
from lti_tool.demo.platform.errors import PlatformError
from lti_tool.demo.platform.eula import create_eula_routes
from lti_tool.demo.platform.keys import SigningKey, ToolKeys
from lti_tool.demo.platform.launches import Launches
from lti_tool.demo.platform.line_items import LineItems, create_line_item_routes
from lti_tool.demo.platform.memberships import create_roster_routes
from lti_tool.demo.platform.model import (
    COURSE_ID,
    COURSE_LABEL,
    COURSE_TITLE,
    Clock,
    People,
    Person,
    Platform,
    origin_of,
)
from lti_tool.demo.platform.notices import Notices, create_notice_routes
from lti_tool.demo.platform.oidc import Authorisation, create_oidc_routes
from lti_tool.demo.platform.own_assignment import OwnAssignment, create_asset_routes
from lti_tool.demo.platform.pages import Pages, create_page_routes, create_return_routes
from lti_tool.demo.platform.registration import Registration, create_registration_routes
from lti_tool.demo.platform.scores import Scores, create_score_routes
from lti_tool.demo.platform.sessions import Sessions
from lti_tool.demo.platform.state import state_of
from lti_tool.demo.platform.store import Store
from lti_tool.demo.platform.tokens import AccessTokens, create_token_routes

_LARGEST_REQUEST_BYTES = 10_000_000
_SERVICES = ("line_items", "scores", "memberships", "notices", "assets", "eula")


def create_app(
    *,
    public_url: str,
    tool_url: str,
    data_dir: Path,
    people: Sequence[Person],
    clock: Clock = time.time,
    withheld: frozenset[str] = frozenset(),
) -> Flask:
    """Build the platform.

    `public_url` is its issuer and the address browsers use, `tool_url` the tool's; `data_dir` keeps its database
    and key from one start to the next; `clock` gives seconds since 1970; `withheld` are scopes that a registration
    does not get.
    """
    platform = Platform(public_url.rstrip("/"), tool_url.rstrip("/"))
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = Store(data_dir / "platform.sqlite3")
    key = SigningKey(data_dir / "platform-key.pem")
    everyone = People(list(people))
    courses = Courses(store, Course(COURSE_ID, COURSE_LABEL, COURSE_TITLE))
    sessions = Sessions(store, everyone, secure=platform.public_url.startswith("https:"))
    launches, tool_keys = Launches(store, clock), ToolKeys(platform.tool_jwks_url)
    tokens = AccessTokens(platform, store, tool_keys, clock, withheld)
    registration = Registration(platform, store, clock, withheld)
    line_items = LineItems(platform, store, courses)
    notices = Notices(platform, store, courses, key, clock)
    own = OwnAssignment(platform, store, courses, notices, clock)
    deep_linking = DeepLinking(platform, store, courses, tool_keys, own, clock)
    copying = Copying(platform, store, courses, notices)
    pages = Pages(platform, everyone, sessions, courses, launches, deep_linking, copying, own)
    administration = Administration(pages, registration, notices)
    scores = Scores(platform, store, everyone, courses, clock)

    app = Flask("lti_tool.demo.platform", static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_REQUEST_BYTES
    app.register_blueprint(create_page_routes(pages))
    app.register_blueprint(create_return_routes(pages))
    app.register_blueprint(create_administration_routes(administration))
    authorisation = Authorisation(platform, everyone, sessions, launches, courses, own, key, clock)
    app.register_blueprint(create_oidc_routes(authorisation, key.jwks))
    app.register_blueprint(create_token_routes(tokens))
    app.register_blueprint(create_notice_routes(platform, notices, tokens))
    app.register_blueprint(create_asset_routes(own, tokens))
    app.register_blueprint(create_eula_routes(store, tokens))
    app.register_blueprint(create_registration_routes(platform, registration))
    app.register_blueprint(create_line_item_routes(platform, line_items, tokens))
    app.register_blueprint(create_score_routes(platform, scores, line_items, tokens))
    app.register_blueprint(create_roster_routes(platform, everyone, courses, tokens))
    app.add_url_rule("/demo/state.json", "state", lambda: jsonify(state_of(platform, everyone, courses)))
    _add_refusals(app, pages)
    _add_headers(app, platform)
    return app


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
        return render_template("refused.html", message=error.description), error.code or 500


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
            response.headers["Cache-Control"] = "no-store"
        return response
