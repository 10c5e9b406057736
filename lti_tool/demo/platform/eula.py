"""The EULA service: who accepted the tool's terms, deployment by deployment (part of LTI Asset Processor 1.0)."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from lti_tool.demo.platform.claims import EULA_SCOPES
from lti_tool.demo.platform.errors import ServiceRefused
from lti_tool.demo.platform.model import People
from lti_tool.demo.platform.notices import Notices
from lti_tool.demo.platform.scores import nanoseconds_of
from lti_tool.demo.platform.service_parts import read_body
from lti_tool.demo.platform.store import Store
from lti_tool.demo.platform.tokens import AccessTokens

_USER, _DEPLOYMENT = EULA_SCOPES
_JSON = "application/json"


class Eula:
    """Keeps answers, and whether people are asked at all."""

    def __init__(self, store: Store, people: People) -> None:
        self._store = store
        self._known = {person.user_id for person in people.all}

    def note(self, deployment_id: str, body: dict[str, Any]) -> None:
        """Note one person's answer; raises ServiceRefused."""
        user_id, accepted = body.get("userId"), body.get("accepted")
        if user_id not in self._known:
            raise ServiceRefused("There is no such user.", code="not_found", status=404)
        if not isinstance(accepted, bool):
            raise ServiceRefused("accepted must be true or false.")
        nanoseconds_of(body.get("timestamp"))
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO eula_answers VALUES (?, ?, ?)", (deployment_id, user_id, accepted)
            )

    def forget(self, deployment_id: str) -> None:
        """Forget all answers of a deployment."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM eula_answers WHERE deployment_id = ?", (deployment_id,))

    def require(self, deployment_id: str, body: dict[str, Any]) -> None:
        """Ask the people of a deployment, or do not; raises ServiceRefused."""
        required = body.get("eulaRequired")
        if not isinstance(required, bool):
            raise ServiceRefused("eulaRequired must be true or false.")
        with self._store.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO eula_required VALUES (?, ?)", (deployment_id, required))

    def state(self) -> dict[str, Any]:
        """Give what is noted, for whoever looks at the demonstration."""
        with self._store.transaction() as connection:
            answers = connection.execute("SELECT * FROM eula_answers ORDER BY deployment_id, user_id").fetchall()
            required = connection.execute("SELECT * FROM eula_required").fetchall()
        return {
            "answers": [dict(row) | {"accepted": bool(row["accepted"])} for row in answers],
            "required": {row["deployment_id"]: bool(row["required"]) for row in required},
        }


def create_eula_routes(eula: Eula, notices: Notices, tokens: AccessTokens) -> Blueprint:
    """Give the routes of the EULA service."""
    routes = Blueprint("eula", __name__, url_prefix="/lti/deployments/<deployment_id>/eula")

    def enter(scope: str, deployment_id: str) -> None:
        tokens.require(request, scope)
        notices.require_deployment(deployment_id)

    @routes.post("/user")
    def answer(deployment_id: str) -> tuple[Response, int]:
        enter(_USER, deployment_id)
        body = read_body(request, _JSON)
        eula.note(deployment_id, body)
        return jsonify(body), 201

    @routes.delete("/user")
    def reset(deployment_id: str) -> Response:
        enter(_USER, deployment_id)
        eula.forget(deployment_id)
        return Response(status=204)

    @routes.put("/deployment")
    def require(deployment_id: str) -> Response:
        enter(_DEPLOYMENT, deployment_id)
        body = read_body(request, _JSON)
        eula.require(deployment_id, body)
        return jsonify(body)

    return routes
