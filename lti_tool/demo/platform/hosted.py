"""Several schools behind one issuer, as a hosted LMS has them: shared keys, tokens and login, and nothing else shared.

Schools are told apart by client ids of their own (as Canvas does) or by the deployment alone (as Blackboard does).
Each keeps its people, courses and grades in a database of its own, under an address of its own.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify, redirect, render_template, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response as BaseResponse

from lti_tool.demo.platform.errors import PlatformError
from lti_tool.demo.platform.issuer import Issuer, create_key_routes, open_issuer
from lti_tool.demo.platform.model import Clock, School, Ways
from lti_tool.demo.platform.school import SchoolApp, create_school
from lti_tool.demo.platform.store import Store
from lti_tool.demo.platform.tokens import TokenGrants, create_token_routes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_LOGIN = "/lti/auth"
"""Where each school answers the requests that the shared address sends on to it."""


def create_hosted_app(
    *,
    public_url: str,
    tool_url: str,
    data_dir: Path,
    schools: Mapping[str, School],
    clock: Clock = time.time,
    ways: Ways | None = None,
) -> "WSGIApplication":
    """Build the platform; each school is found under `/schools/` and its name in the mapping."""
    issuer = open_issuer(public_url, tool_url, data_dir, clock=clock, ways=ways)
    apps: dict[str, SchoolApp] = {}
    for name, school in schools.items():
        folder = data_dir / name
        folder.mkdir(mode=0o700, exist_ok=True)
        store = Store(folder / "platform.sqlite3")
        apps[f"/schools/{name}"] = create_school(issuer, school, store, f"{issuer.url}/schools/{name}", _LOGIN)
    front = _front(issuer, list(apps.values()))
    return DispatcherMiddleware(front, {path: app.flask for path, app in apps.items()})


def _front(issuer: Issuer, schools: list[SchoolApp]) -> Flask:
    """Give the addresses that belong to the issuer, not to one of the schools."""
    app = Flask("lti_tool.demo.platform", static_url_path="/static")
    app.register_blueprint(create_key_routes(issuer))
    grants = TokenGrants(issuer, [school.platform for school in schools])
    app.register_blueprint(create_token_routes(grants, issuer.ways.token_path))

    @app.route(issuer.ways.authorisation_path, methods=["GET", "POST"])
    def authorise() -> BaseResponse:
        hint = request.values.get("lti_message_hint", "")
        school = next((each for each in schools if each.launches.knows(hint)), None)
        if school is None:
            raise PlatformError("The hints do not belong to a launch at one of the schools.")
        target = school.platform.public_url + _LOGIN
        query = request.query_string.decode()
        return redirect(f"{target}?{query}" if query else target, 307)

    @app.get("/")
    def home() -> str:
        return render_template("schools.html", schools=[school.platform for school in schools])

    @app.errorhandler(PlatformError)
    def refuse(error: PlatformError) -> Response:
        response = jsonify(error=error.code, error_description=str(error))
        response.status_code = error.status
        return response

    return app
