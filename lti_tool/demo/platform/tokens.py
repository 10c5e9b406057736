"""Access tokens for the services: client credentials, proved by a signed assertion (Security Framework 1.0, 4.1)."""

import secrets
from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Request, Response, jsonify, request

from lti_tool.demo.platform.claims import ALL_SCOPES
from lti_tool.demo.platform.errors import AssertionRefused, PlatformError, ServiceRefused
from lti_tool.demo.platform.issuer import Issuer
from lti_tool.demo.platform.keys import read_tool_token
from lti_tool.demo.platform.model import Platform
from lti_tool.demo.platform.sessions import hash_of
from lti_tool.demo.platform.store import use_once

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SECONDS: Final = 3600


class TokenGrants:
    """Gives out bearer tokens to the clients of an issuer's schools."""

    def __init__(self, issuer: Issuer, schools: Sequence[Platform]) -> None:
        self._issuer = issuer
        self._schools = schools

    def grant(self, assertion: str, wanted: str) -> tuple[str, list[str]]:
        """Give a new token and its scopes; it is the client's, and nobody else's.

        Raises AssertionRefused for a bad assertion and PlatformError (`invalid_scope`) when no scope remains.
        """
        issuer, now = self._issuer, self._issuer.clock()
        audience = self._schools[0].token_audience
        claims = read_tool_token(assertion, issuer.tool_keys, audience=audience, now=now)
        client_id = claims.get("sub")
        known = {school.client_id for school in self._schools if school.connection.enabled}
        if client_id not in known or claims.get("iss") != client_id:
            raise AssertionRefused("The assertion names another client, or one that is not enabled.")
        token_id = claims.get("jti")
        if not isinstance(token_id, str) or not token_id:
            raise AssertionRefused("The assertion has no jti.")
        scopes = [scope for scope in ALL_SCOPES if scope in wanted.split() and scope not in issuer.withheld]
        token = secrets.token_urlsafe(32)
        with issuer.store.transaction() as connection:
            unused = use_once(connection, "jti", token_id, now=now, expires_at=claims["exp"] + 120)
            if unused and scopes:
                connection.execute("DELETE FROM access_tokens WHERE expires_at <= ?", (now,))
                connection.execute(
                    "INSERT INTO access_tokens (token_hash, scopes, expires_at, client_id) VALUES (?, ?, ?, ?)",
                    (hash_of(token), " ".join(scopes), now + _SECONDS, client_id),
                )
        if not unused:
            raise AssertionRefused("The assertion was used before.")
        if not scopes:
            raise PlatformError("None of the scopes is offered here.", code="invalid_scope")
        return token, scopes


class AccessTokens:
    """Checks the bearer tokens that come to the services of one school."""

    def __init__(self, issuer: Issuer, platform: Platform) -> None:
        self._issuer = issuer
        self._platform = platform

    def require(self, incoming: Request, *scopes: str) -> None:
        """Let a call pass whose bearer token is the school's client's and has one of the scopes.

        Raises ServiceRefused (401, 403).
        """
        kind, _, token = incoming.headers.get("Authorization", "").partition(" ")
        with self._issuer.store.transaction() as connection:
            row = connection.execute(
                "SELECT scopes FROM access_tokens WHERE token_hash = ? AND expires_at > ? AND client_id = ?",
                (hash_of(token.strip()), self._issuer.clock(), self._platform.client_id),
            ).fetchone()
        if kind.lower() != "bearer" or row is None:
            raise ServiceRefused("The access token is missing, unknown or expired.", code="invalid_token", status=401)
        if not set(scopes) & set(row["scopes"].split()):
            raise ServiceRefused("The access token lacks the scope.", code="insufficient_scope", status=403)


def create_token_routes(grants: TokenGrants, path: str) -> Blueprint:
    """Give the route of the token endpoint."""
    routes = Blueprint("tokens", __name__)

    @routes.post(path)
    def grant() -> Response:
        form = request.form
        if any(len(form.getlist(name)) > 1 for name in form):
            raise PlatformError("Every parameter may appear only once.")
        if form.get("grant_type") != "client_credentials":
            raise PlatformError("Only client_credentials is offered.", code="unsupported_grant_type")
        if form.get("client_assertion_type") != _ASSERTION_TYPE or not form.get("client_assertion"):
            raise AssertionRefused("The client must prove itself with a signed assertion.")
        token, scopes = grants.grant(form["client_assertion"], form.get("scope", ""))
        answer = {"access_token": token, "token_type": "bearer", "expires_in": _SECONDS, "scope": " ".join(scopes)}
        response = jsonify(answer)
        response.headers["Cache-Control"] = "no-store"
        return response

    return routes
