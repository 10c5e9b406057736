"""The EULA service: who accepted the tool's terms (part of LTI Asset Processor 1.0)."""

from flask import Blueprint, Response, jsonify, request

from lti_tool.demo.platform.claims import EULA_SCOPES
from lti_tool.demo.platform.errors import ServiceRefused
from lti_tool.demo.platform.scores import nanoseconds_of
from lti_tool.demo.platform.store import Store
from lti_tool.demo.platform.tokens import AccessTokens


def create_eula_routes(store: Store, tokens: AccessTokens) -> Blueprint:
    """Give the routes of the EULA service."""
    routes = Blueprint("eula", __name__)

    @routes.post("/lti/eula/user")
    def accept() -> Response:
        tokens.require(request, EULA_SCOPES[0])
        body = request.get_json(silent=True)
        if not isinstance(body, dict) or not isinstance(body.get("userId"), str):
            raise ServiceRefused("userId is needed.")
        if not isinstance(body.get("accepted"), bool):
            raise ServiceRefused("accepted must be true or false.")
        nanoseconds_of(body.get("timestamp"))
        with store.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO eula VALUES (?, ?)", (body["userId"], body["accepted"]))
        answer = jsonify(body)
        answer.status_code = 201
        return answer

    @routes.delete("/lti/eula/user")
    def reset() -> Response:
        tokens.require(request, EULA_SCOPES[0])
        with store.transaction() as connection:
            connection.execute("DELETE FROM eula")
        return Response(status=204)

    @routes.put("/lti/eula/deployment")
    def require() -> Response:
        tokens.require(request, EULA_SCOPES[1])
        body = request.get_json(silent=True)
        if not isinstance(body, dict) or not isinstance(body.get("eulaRequired"), bool):
            raise ServiceRefused("eulaRequired must be true or false.")
        return jsonify(body)

    return routes
