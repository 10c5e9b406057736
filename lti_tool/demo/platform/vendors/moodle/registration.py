"""Dynamic registration: what the site says of itself, and an endpoint that refuses in words, which are called HTML.

A registration is answered with 200, and with scopes that were asked for in part only and are not granted for that.
"""

import secrets
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import jwt
from flask import Response, request

from lti_tool.demo.platform.vendors.moodle.answers import as_json, error_page, words
from lti_tool.demo.platform.vendors.moodle.signing import read_own, sign
from lti_tool.demo.platform.vendors.moodle.state import LINE_ITEM_SCOPE, MEMBERSHIP_SCOPE, SCORE_SCOPES, Moodle, Tool

PLATFORM_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-tool-configuration"
AUTHENTICATION: Final = ("private_key_jwt",)
SECONDS: Final = 3600
_NEEDED: Final = (
    "response_types",
    "initiate_login_uri",
    "redirect_uris",
    "client_name",
    "jwks_uri",
    "token_endpoint_auth_method",
    TOOL_CONFIGURATION,
)
_NAME_CLAIMS: Final = ("name", "family_name", "given_name")
_SCOPES: Final = (
    "https://purl.imsglobal.org/spec/lti-bo/scope/basicoutcome",
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/score",
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
    "https://purl.imsglobal.org/spec/lti-ts/scope/toolsetting",
    "openid",
)
_VARIABLES: Final = (
    *("basic-lti-launch-request", "ContentItemSelectionRequest", "ToolProxyRegistrationRequest"),
    *("Context.id", "Context.title", "Context.label", "Context.id.history", "Context.sourcedId"),
    *("Context.longDescription", "Context.timeFrame.begin", "CourseSection.title", "CourseSection.label"),
    *("CourseSection.sourcedId", "CourseSection.longDescription", "CourseSection.timeFrame.begin"),
    *("CourseSection.timeFrame.end", "ResourceLink.id", "ResourceLink.title", "ResourceLink.description"),
    *("User.id", "User.username", "Person.name.full", "Person.name.given", "Person.name.family"),
    *("Person.email.primary", "Person.sourcedId", "Person.name.middle", "Person.address.street1"),
    *("Person.address.locality", "Person.address.country", "Person.address.timezone", "Person.phone.primary"),
    *("Person.phone.mobile", "Person.webaddress", "Membership.role", "Result.sourcedId", "Result.autocreate"),
    *("BasicOutcome.sourcedId", "BasicOutcome.url", "Moodle.Person.userGroupIds"),
)


class RegistrationWrong(Exception):
    """What was sent can't be registered; `str` of it is the whole answer."""


def configuration(moodle: Moodle) -> dict[str, Any]:
    """Give the site's own account of itself. It names no submission review, which works all the same."""
    base = f"{moodle.url}/mod/lti"
    return {
        "issuer": moodle.url,
        "token_endpoint": f"{base}/token.php",
        "token_endpoint_auth_methods_supported": list(AUTHENTICATION),
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "jwks_uri": f"{base}/certs.php",
        "authorization_endpoint": f"{base}/auth.php",
        "registration_endpoint": f"{base}/openid-registration.php",
        "scopes_supported": list(_SCOPES),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email"],
        PLATFORM_CONFIGURATION: {
            "product_family_code": "moodle",
            "version": "4.5.6 (Build: 20250811)",
            "messages_supported": [
                {"type": "LtiResourceLinkRequest"},
                {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]},
            ],
            "variables": list(_VARIABLES),
        },
    }


def start(moodle: Moodle, tool_address: str, updates: str = "") -> str:
    """Give the address that the administrator's frame opens.

    Args:
        updates: number of the tool whose registration is to be brought up to date; a new one otherwise.
    """
    now = int(moodle.clock())
    subject = updates or secrets.token_urlsafe(11)[:15]
    scope = "reg-update" if updates else "reg"
    token = sign(moodle, {"sub": subject, "scope": scope, "iat": now, "exp": now + SECONDS})
    query = urlencode(
        {"openid_configuration": f"{moodle.url}/mod/lti/openid-configuration.php", "registration_token": token}
    )
    return f"{tool_address}{'&' if '?' in tool_address else '?'}{query}"


def answer(moodle: Moodle) -> Response:
    """Take a registration, bring one up to date, or show one."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer":
        return words("missing_registration_token", 401)
    try:
        claims = read_own(moodle, token)
    except jwt.PyJWTError:
        return error_page()
    tool = moodle.tools.get(claims["sub"]) if claims["scope"] == "reg-update" else None
    if claims["scope"] == "reg" and any(one.client_id == claims["sub"] for one in moodle.tools.values()):
        return words("token_already_used", 401)
    if request.method == "GET":
        return as_json(_described(tool), "application/json") if tool else error_page()
    body = request.get_json(force=True, silent=True)
    try:
        made = _read(moodle, body if isinstance(body, dict) else {}, claims["sub"], tool)
    except RegistrationWrong as wrong:
        return words(str(wrong), 400)
    moodle.tools[made.number] = made
    return as_json(_described(made), "application/json")


def _read(moodle: Moodle, body: dict[str, Any], client_id: str, known: Tool | None) -> Tool:
    for name in _NEEDED:
        if not body.get(name):
            raise RegistrationWrong(f"missing required attribute {name}")
    if not isinstance(body["redirect_uris"], list):
        raise RegistrationWrong("invalid_redirect_uris")
    if body["token_endpoint_auth_method"] not in AUTHENTICATION:
        raise RegistrationWrong("invalid_token_endpoint_auth_method")
    own = body[TOOL_CONFIGURATION]
    if not own.get("domain"):
        raise RegistrationWrong("missing_domain")
    if urlsplit(own["target_link_uri"]).netloc != own["domain"]:
        raise RegistrationWrong("domain_targetlinkuri_mismatch")
    claims, scopes = own.get("claims", []), (body.get("scope") or "").split()
    linking = next((one for one in own.get("messages", []) if one["type"] == "LtiDeepLinkingRequest"), None)
    return Tool(
        number=known.number if known else str(max(map(int, moodle.tools), default=0) + 1),
        client_id=known.client_id if known else client_id,
        keys=moodle.keys_of(body["jwks_uri"]),
        name=body["client_name"],
        description=own.get("description", ""),
        domain=own["domain"],
        logo_url=body.get("logo_uri", ""),
        jwks_url=body["jwks_uri"],
        login_url=body["initiate_login_uri"],
        redirect_urls=body["redirect_uris"],
        target_url=own["target_link_uri"],
        deep_linking_url=linking.get("target_link_uri", own["target_link_uri"]) if linking else "",
        custom=own.get("custom_parameters", {}),
        scopes=_granted(scopes),
        shares_names=bool({"name", "given_name", "family_name"} & set(claims)),
        shares_email="email" in claims,
    )


def _granted(asked: list[str]) -> tuple[str, ...]:
    """Give the levels that Moodle knows, as scopes: all of the gradebook, columns read-only, or none; and people."""
    found: tuple[str, ...] = ()
    if LINE_ITEM_SCOPE in asked:
        found = (LINE_ITEM_SCOPE, *SCORE_SCOPES)
    elif set(SCORE_SCOPES) & set(asked):
        found = SCORE_SCOPES
    return found + ((MEMBERSHIP_SCOPE,) if MEMBERSHIP_SCOPE in asked else ())


def _described(tool: Tool) -> dict[str, Any]:
    # Any access to the gradebook is answered as if it were all of it.
    all_of_it = [SCORE_SCOPES[1], SCORE_SCOPES[2], SCORE_SCOPES[0], LINE_ITEM_SCOPE]
    scopes = all_of_it if SCORE_SCOPES[1] in tool.scopes else []
    scopes += [MEMBERSHIP_SCOPE] if MEMBERSHIP_SCOPE in tool.scopes else []
    own: dict[str, Any] = {
        "version": "1.3.0",
        "deployment_id": tool.number,
        "target_link_uri": tool.target_url,
        "domain": tool.domain,
        "description": tool.description,
    }
    if tool.deep_linking_url:
        own["messages"] = [{"type": "LtiDeepLinkingRequest", "target_link_uri": tool.deep_linking_url}]
    if tool.custom:
        own["custom_parameters"] = tool.custom
    names = list(_NAME_CLAIMS) if tool.shares_names else []
    own["claims"] = ["sub", "iss", *names, *(["email"] if tool.shares_email else [])]
    return {
        "client_id": tool.client_id,
        "response_types": ["id_token"],
        "jwks_uri": tool.jwks_url,
        "initiate_login_uri": tool.login_url,
        "grant_types": ["client_credentials", "implicit"],
        "redirect_uris": tool.redirect_urls,
        "application_type": "web",
        "token_endpoint_auth_method": AUTHENTICATION[0],
        "client_name": tool.name,
        **({"logo_uri": tool.logo_url} if tool.logo_url else {}),
        "scope": " ".join(scopes),
        TOOL_CONFIGURATION: own,
    }
