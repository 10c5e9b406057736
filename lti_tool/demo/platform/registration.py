"""Dynamic registration: what the platform says of itself, and a registration endpoint that checks every word.

(LTI Dynamic Registration 1.0.) A registration token serves once and for an hour. The administrator's page opens the
tool's registration address in a frame.
"""

import json
import secrets
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, jsonify, request

from lti_tool.demo.platform.claims import ALL_SCOPES, NOTICE_TYPES
from lti_tool.demo.platform.errors import PageRefused, PlatformError
from lti_tool.demo.platform.model import Clock, Platform, origin_of
from lti_tool.demo.platform.sessions import hash_of
from lti_tool.demo.platform.store import Store
from lti_tool.demo.platform.variables import VARIABLES

PLATFORM_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-tool-configuration"
MESSAGES: Final = {
    "LtiResourceLinkRequest": [],
    "LtiDeepLinkingRequest": ["assignment_selection", "ActivityAssetProcessor"],
    "LtiSubmissionReviewRequest": [],
    "LtiReportReviewRequest": [],
    "LtiAssetProcessorSettingsRequest": [],
    "LtiEulaRequest": [],
    "DataPrivacyLaunchRequest": [],
}
CLAIMS: Final = ("iss", "sub", "name", "given_name", "family_name", "email", "locale")
SECONDS: Final = 3600


class Registration:
    """Gives out registration tokens and takes registrations."""

    def __init__(self, platform: Platform, store: Store, clock: Clock, withheld: frozenset[str]) -> None:
        self._platform = platform
        self._store = store
        self._clock = clock
        self._withheld = withheld
        self._restore()

    def start(self, tool_address: str) -> str:
        """Give the address of the tool's registration page with everything it needs; raises PageRefused."""
        if not self._platform.ways.registers:
            raise PageRefused("Tools are registered with the maker of this LMS, once for all schools.")
        token = secrets.token_urlsafe(32)
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO registration_tokens VALUES (?, ?, 0)", (hash_of(token), self._clock() + SECONDS)
            )
        query = urlencode({"openid_configuration": configuration_url(self._platform), "registration_token": token})
        return f"{tool_address}{'&' if '?' in tool_address else '?'}{query}"

    def take(self, token: str, body: dict[str, Any]) -> dict[str, Any]:
        """Check and store a registration; give it back with what was granted. Raises PlatformError (400, 401)."""
        with self._store.transaction() as connection:
            used = connection.execute(
                "UPDATE registration_tokens SET used = 1 WHERE token_hash = ? AND used = 0 AND expires_at > ?",
                (hash_of(token), self._clock()),
            )
            if used.rowcount != 1:
                raise PlatformError(
                    "The registration token is unknown, used or expired.", code="invalid_token", status=401
                )
        own = _check(body, origin_of(self._platform.tool_url))
        asked = body["scope"].split()
        scopes = [scope for scope in asked if scope in ALL_SCOPES and scope not in self._withheld]
        client_id, deployment_id = f"client-{secrets.token_hex(6)}", f"deployment-{secrets.token_hex(4)}"
        with self._store.transaction() as connection:
            # The deployments of the earlier registration end with it.
            connection.execute("UPDATE courses SET deployment_id = NULL")
            connection.execute("DELETE FROM notice_handlers")
            connection.execute("DELETE FROM tools")
            connection.execute(
                "INSERT INTO tools (client_id, deployment_id, scopes, enabled) VALUES (?, ?, ?, ?)",
                (client_id, deployment_id, " ".join(scopes), self._platform.ways.enables_registrations),
            )
        self._restore()
        granted = body | {"client_id": client_id, "scope": " ".join(scopes)}
        return granted | {TOOL_CONFIGURATION: own | {"deployment_id": deployment_id}}

    def enable(self) -> None:
        """Let the registered tool in."""
        with self._store.transaction() as connection:
            connection.execute("UPDATE tools SET enabled = 1")
        self._restore()

    def _restore(self) -> None:
        with self._store.transaction() as connection:
            row = connection.execute("SELECT * FROM tools").fetchone()
        if row is not None:
            self._platform.connection.client_id = row["client_id"]
            self._platform.connection.deployment_id = row["deployment_id"]
            self._platform.connection.enabled = bool(row["enabled"])


def configuration_url(platform: Platform) -> str:
    """Give the address of the platform's own account of itself."""
    return f"{platform.public_url}/.well-known/openid-configuration"


def configuration(platform: Platform) -> dict[str, Any]:
    """Give the platform's own account of itself."""
    return {
        "issuer": platform.issuer,
        "authorization_endpoint": platform.authorisation_url,
        "token_endpoint": platform.token_url,
        "authorization_server": platform.token_audience,
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "jwks_uri": platform.keys_url,
        "registration_endpoint": f"{platform.public_url}/lti/registrations",
        "scopes_supported": ["openid", *ALL_SCOPES],
        "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": list(CLAIMS),
        PLATFORM_CONFIGURATION: {
            "product_family_code": platform.ways.family,
            "version": "1.0",
            "messages_supported": [{"type": name, "placements": places} for name, places in MESSAGES.items()],
            "notice_types_supported": NOTICE_TYPES,
            "variables": list(VARIABLES),
        },
    }


def _check(body: dict[str, Any], tool_origin: str) -> dict[str, Any]:
    expected = {
        "application_type": "web",
        "response_types": ["id_token"],
        "token_endpoint_auth_method": "private_key_jwt",
    }
    for name, value in expected.items():
        if body.get(name) != value:
            raise PlatformError(f"{name} must be {json.dumps(value)}.", code="invalid_client_metadata")
    if set(body.get("grant_types", [])) != {"implicit", "client_credentials"}:
        raise PlatformError("grant_types must be implicit and client_credentials.", code="invalid_client_metadata")
    redirects = body.get("redirect_uris")
    if not isinstance(redirects, list) or not redirects:
        raise PlatformError("redirect_uris must be a list.", code="invalid_redirect_uri")
    for address in (*redirects, body.get("initiate_login_uri"), body.get("jwks_uri")):
        if not isinstance(address, str) or origin_of(address) != tool_origin:
            raise PlatformError("Every address must be one of the tool.", code="invalid_redirect_uri")
    if not isinstance(body.get("client_name"), str) or not isinstance(body.get("scope"), str):
        raise PlatformError("client_name and scope are needed.", code="invalid_client_metadata")
    own = body.get(TOOL_CONFIGURATION)
    if not isinstance(own, dict) or own.get("domain") != urlsplit(str(own.get("target_link_uri"))).netloc:
        raise PlatformError("domain must be the host of target_link_uri.", code="domain_targetlinkuri_mismatch")
    if not set(own.get("claims", [])) <= set(CLAIMS):
        raise PlatformError("A claim is not offered here.", code="invalid_client_metadata")
    for message in own.get("messages", []):
        places = MESSAGES.get(message.get("type"))
        if places is None or not set(message.get("placements", [])) <= set(places):
            raise PlatformError("A message or placement is not offered here.", code="invalid_client_metadata")
    return own


def create_registration_routes(platform: Platform, registration: Registration) -> Blueprint:
    """Give the routes of the configuration and of the registration endpoint."""
    routes = Blueprint("registration", __name__)

    @routes.get("/.well-known/openid-configuration")
    def show() -> Response:
        return jsonify(configuration(platform))

    @routes.post("/lti/registrations")
    def take() -> Response:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        body = request.get_json(silent=True)
        if kind != "Bearer" or request.mimetype != "application/json" or not isinstance(body, dict):
            raise PlatformError("A registration is JSON with a bearer token.", code="invalid_request")
        return jsonify(registration.take(token, body))

    return routes
