"""What we ask an LMS for: the body of a dynamic registration, and the same for Canvas's developer keys."""

from typing import Any, Final
from urllib.parse import urlsplit

from lti_tool.lti import claims, platforms
from lti_tool.lti.registration.configuration import PlatformConfiguration

TOOL_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-tool-configuration"
NAME: Final = "Blindmark"
DESCRIPTION: Final = "Blind marking: work is graded without names, and an instructor decides."
CLAIMS: Final = ("iss", "sub", "name", "given_name", "family_name", "email", "locale")
CUSTOM: Final = {
    "context_id_history": "$Context.id.history",
    "link_id_history": "$ResourceLink.id.history",
    "person_due_at": "$ResourceLink.submission.endDateTime",
    "person_closes_at": "$ResourceLink.available.endDateTime",
}
NEEDED_SCOPES: Final = (
    claims.SCOPE_LINEITEM,
    claims.SCOPE_RESULT,
    claims.SCOPE_SCORE,
    claims.SCOPE_MEMBERSHIP,
)
WISHED_SCOPES: Final = (
    claims.SCOPE_NOTICES,
    claims.SCOPE_ASSET,
    claims.SCOPE_REPORT,
    claims.SCOPE_EULA_USER,
    claims.SCOPE_EULA_DEPLOYMENT,
)
SCOPE_WORDS: Final = {
    claims.SCOPE_LINEITEM: "make and find gradebook columns",
    claims.SCOPE_RESULT: "read grades, so that none of an instructor's own is overwritten",
    claims.SCOPE_SCORE: "send grades",
    claims.SCOPE_MEMBERSHIP: "read who is in a course, so that names can be hidden",
    claims.SCOPE_NOTICES: "hear of work handed in to the LMS's own assignments",
    claims.SCOPE_ASSET: "fetch that work",
    claims.SCOPE_REPORT: "report on that work",
    claims.SCOPE_EULA_USER: "note who accepted the terms",
    claims.SCOPE_EULA_DEPLOYMENT: "say whether terms must be accepted",
}
MESSAGE_LABELS: Final = {claims.DEEP_LINKING_REQUEST: "Blindmark assignment"}


def wanted_scopes(configuration: PlatformConfiguration) -> tuple[str, ...]:
    """What we ask for: all that we need, and of the rest what the LMS says it knows."""
    return NEEDED_SCOPES + tuple(scope for scope in WISHED_SCOPES if scope in configuration.scopes)


def registration_body(configuration: PlatformConfiguration, base_url: str) -> dict[str, Any]:
    """The client registration of LTI Dynamic Registration 1.0, 3.5."""
    platform = platforms.find(configuration.product_family, configuration.issuer)
    launch = f"{base_url}/lti/launch"
    messages = [
        {
            "type": message,
            "target_link_uri": launch,
            **({"label": MESSAGE_LABELS[message]} if message in MESSAGE_LABELS else {}),
            **({"placements": list(places)} if places else {}),
        }
        for message, places in platform.messages(configuration.messages).items()
    ]
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "client_name": NAME,
        "client_uri": base_url,
        "logo_uri": f"{base_url}/static/favicon.svg",
        "initiate_login_uri": f"{base_url}/lti/login",
        "redirect_uris": [launch],
        "jwks_uri": f"{base_url}/lti/jwks.json",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(wanted_scopes(configuration)),
        TOOL_CONFIGURATION: {
            "domain": urlsplit(base_url).netloc,
            "description": DESCRIPTION,
            "target_link_uri": launch,
            "custom_parameters": CUSTOM,
            "claims": list(CLAIMS),
            "messages": messages or [{"type": claims.RESOURCE_LINK_REQUEST}],
            **platform.tool_members(),
        },
    }


def canvas_configuration(base_url: str) -> dict[str, Any]:
    """The JSON that Canvas reads when a developer key is made from an address."""
    launch, icon = f"{base_url}/lti/launch", f"{base_url}/static/favicon.svg"
    return {
        "title": NAME,
        "description": DESCRIPTION,
        "oidc_initiation_url": f"{base_url}/lti/login",
        "target_link_uri": launch,
        "public_jwk_url": f"{base_url}/lti/jwks.json",
        "scopes": [*NEEDED_SCOPES, *WISHED_SCOPES],
        "custom_fields": CUSTOM,
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": urlsplit(base_url).netloc,
                "tool_id": "blindmark",
                "privacy_level": "public",
                "settings": {
                    "platform": "canvas.instructure.com",
                    "text": NAME,
                    "icon_url": icon,
                    "placements": [
                        {
                            "placement": "assignment_selection",
                            "message_type": claims.DEEP_LINKING_REQUEST,
                            "target_link_uri": launch,
                            "text": MESSAGE_LABELS[claims.DEEP_LINKING_REQUEST],
                            "icon_url": icon,
                            "enabled": True,
                        },
                        {
                            "placement": "ActivityAssetProcessor",
                            "message_type": claims.DEEP_LINKING_REQUEST,
                            "target_link_uri": launch,
                            "text": NAME,
                            "enabled": True,
                        },
                    ],
                },
            }
        ],
    }


__all__ = ["SCOPE_WORDS", "canvas_configuration", "registration_body", "wanted_scopes"]
