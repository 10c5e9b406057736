"""Version 1 of the JSON API. Errors are problem+json (RFC 9457)."""

from importlib.metadata import version

from flask import Blueprint, Response, jsonify

PREFIX = "/api/v1"


def make_api_blueprint() -> Blueprint:
    """The API's routes."""
    blueprint = Blueprint("api_v1", __name__, url_prefix=PREFIX)

    @blueprint.get("")
    @blueprint.get("/")
    def root() -> Response:
        """What answers here."""
        return jsonify({"name": "Blindmark", "version": version("blindmark")})

    return blueprint
