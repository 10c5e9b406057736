"""The addresses of the site."""

from flask import Flask, Response

from lti_tool.demo.platform.vendors.moodle import deep_linking, launches, registration
from lti_tool.demo.platform.vendors.moodle.answers import as_json
from lti_tool.demo.platform.vendors.moodle.services import answer_service
from lti_tool.demo.platform.vendors.moodle.signing import key_set
from lti_tool.demo.platform.vendors.moodle.state import Moodle
from lti_tool.demo.platform.vendors.moodle.tokens import answer_token_request


def create_app(moodle: Moodle) -> Flask:
    """Give the addresses under which Moodle speaks LTI."""
    app = Flask("moodle")

    @app.get("/mod/lti/openid-configuration.php")
    def configuration() -> Response:
        return as_json(registration.configuration(moodle), "application/json")

    @app.get("/mod/lti/certs.php")
    def keys() -> Response:
        return as_json(key_set(moodle), "application/json")

    @app.route("/mod/lti/openid-registration.php", methods=["GET", "POST"])
    def register() -> Response:
        return registration.answer(moodle)

    @app.get("/mod/lti/launch.php")
    def launch() -> Response:
        return launches.begin_at_activity(moodle)

    @app.get("/mod/lti/contentitem.php")
    def select_content() -> Response:
        return launches.begin_deep_linking(moodle)

    @app.route("/mod/lti/auth.php", methods=["GET", "POST"])
    def authorise() -> Response:
        return launches.authorise(moodle)

    @app.post("/mod/lti/contentitem_return.php")
    def take_content() -> Response:
        return deep_linking.take_answer(moodle)

    @app.post("/mod/lti/token.php")
    def token() -> Response:
        return answer_token_request(moodle)

    @app.route("/mod/lti/services.php/<path:rest>", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    def service(rest: str) -> Response:
        return answer_service(moodle, rest)

    return app
