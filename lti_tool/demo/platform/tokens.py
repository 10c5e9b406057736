"""Access tokens for the services: client credentials, proved by a signed assertion (Security Framework 1.0, 4.1)."""

import secrets
from typing import Final

from flask import Blueprint, Request, Response, jsonify, request

from lti_tool.demo.platform.claims import ALL_SCOPES
from lti_tool.demo.platform.errors import AssertionRefused, PlatformError, ServiceRefused
from lti_tool.demo.platform.keys import ToolKeys, read_tool_token
from lti_tool.demo.platform.model import Clock, Platform
from lti_tool.demo.platform.sessions import hash_of
from lti_tool.demo.platform.store import Store, use_once

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SECONDS: Final = 3600


class AccessTokens:
    """Gives out bearer tokens and checks those that come back."""

    def __init__(
        self,
        platform: Platform,
        store: Store,
        tool_keys: ToolKeys,
        clock: Clock,
        withheld: frozenset[str] = frozenset(),
    ) -> None:
        self._platform = platform
        self._store = store
        self._tool_keys = tool_keys
        self._clock = clock
        self._withheld = withheld

    def grant(self, assertion: str, wanted: str) -> tuple[str, list[str]]:
        """Give a new token and its scopes.

        Raises AssertionRefused for a bad assertion and PlatformError (`invalid_scope`) when no scope remains.
        """
        now = self._clock()
        claims = read_tool_token(assertion, self._tool_keys, audience=self._platform.token_url, now=now)
        if claims.get("iss") != self._platform.client_id or claims.get("sub") != self._platform.client_id:
            raise AssertionRefused("The assertion names another client.")
        token_id = claims.get("jti")
        if not isinstance(token_id, str) or not token_id:
            raise AssertionRefused("The assertion has no jti.")
        scopes = [scope for scope in ALL_SCOPES if scope in wanted.split() and scope not in self._withheld]
        token = secrets.token_urlsafe(32)
        with self._store.transaction() as connection:
            unused = use_once(connection, "jti", token_id, now=now, expires_at=claims["exp"] + 120)
            if unused and scopes:
                connection.execute("DELETE FROM access_tokens WHERE expires_at <= ?", (now,))
                connection.execute(
                    "INSERT INTO access_tokens (token_hash, scopes, expires_at, client_id) VALUES (?, ?, ?, ?)",
                    (hash_of(token), " ".join(scopes), now + _SECONDS, self._platform.client_id),
                )
        if not unused:
            raise AssertionRefused("The assertion was used before.")
        if not scopes:
            raise PlatformError("None of the scopes is offered here.", code="invalid_scope")
        return token, scopes

    def require(self, incoming: Request, *scopes: str) -> None:
        """Let a service call pass whose bearer token has one of the scopes; raises ServiceRefused (401, 403)."""
        kind, _, token = incoming.headers.get("Authorization", "").partition(" ")
        with self._store.transaction() as connection:
            row = connection.execute(
                "SELECT scopes FROM access_tokens WHERE token_hash = ? AND expires_at > ? AND client_id = ?",
                (hash_of(token.strip()), self._clock(), self._platform.client_id),
            ).fetchone()
        if kind.lower() != "bearer" or row is None:
            raise ServiceRefused("The access token is missing, unknown or expired.", code="invalid_token", status=401)
        if not set(scopes) & set(row["scopes"].split()):
            raise ServiceRefused("The access token lacks the scope.", code="insufficient_scope", status=403)


def create_token_routes(tokens: AccessTokens) -> Blueprint:
    """Give the route of the token endpoint."""
    routes = Blueprint("tokens", __name__)

    @routes.post("/lti/token")
    def grant() -> Response:
        form = request.form
        if any(len(form.getlist(name)) > 1 for name in form):
            raise PlatformError("Every parameter may appear only once.")
        if form.get("grant_type") != "client_credentials":
            raise PlatformError("Only client_credentials is offered.", code="unsupported_grant_type")
        if form.get("client_assertion_type") != _ASSERTION_TYPE or not form.get("client_assertion"):
            raise AssertionRefused("The client must prove itself with a signed assertion.")
        token, scopes = tokens.grant(form["client_assertion"], form.get("scope", ""))
        answer = {"access_token": token, "token_type": "bearer", "expires_in": _SECONDS, "scope": " ".join(scopes)}
        response = jsonify(answer)
        response.headers["Cache-Control"] = "no-store"
        return response

    return routes
