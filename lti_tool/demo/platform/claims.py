"""The claims of a launch: who, in which course, for which assignment, with which services (LTI Core 1.3, section 5)."""

from typing import Any, Final

from lti_tool.demo.platform.courses import Column, Course, Link
from lti_tool.demo.platform.model import COURSE_TYPE, ROLES, Person, Platform
from lti_tool.demo.platform.variables import expand, values_of

LTI: Final = "https://purl.imsglobal.org/spec/lti/claim/"
DL: Final = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCORE_SCOPES: Final = [
    AGS_SCOPE + "lineitem",
    AGS_SCOPE + "lineitem.readonly",
    AGS_SCOPE + "result.readonly",
    AGS_SCOPE + "score",
]
ROSTER_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SCOPE: Final = "https://purl.imsglobal.org/spec/lti/scope/"
NOTICE_SCOPE: Final = SCOPE + "noticehandlers"
ASSET_SCOPE: Final = SCOPE + "asset.readonly"
REPORT_SCOPE: Final = SCOPE + "report"
EULA_SCOPES: Final = [SCOPE + "eula/user", SCOPE + "eula/deployment"]
ALL_SCOPES: Final = [*SCORE_SCOPES, ROSTER_SCOPE, NOTICE_SCOPE, ASSET_SCOPE, REPORT_SCOPE, *EULA_SCOPES]
SERVICES: Final = (
    "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint",
    "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice",
    LTI + "platformnotificationservice",
)
HELLO_NOTICE: Final = "LtiHelloWorldNotice"
COPY_NOTICE: Final = "LtiContextCopyNotice"
SUBMISSION_NOTICE: Final = "LtiAssetProcessorSubmissionNotice"
NOTICE_TYPES: Final = [HELLO_NOTICE, COPY_NOTICE, SUBMISSION_NOTICE]
SECONDS_TO_LIVE: Final = 60


def context(course: Course) -> dict[str, Any]:
    """Give a course as launches, rosters and notices name it."""
    return {"id": course.id, "label": course.label, "title": course.title}


def deployment_of(platform: Platform, course: Course) -> str:
    """Give the deployment that serves a course: its own, or that of the whole school."""
    return course.deployment_id or platform.deployment_id


def link_claims(
    platform: Platform, person: Person, course: Course, link: Link, column: Column | None
) -> dict[str, Any]:
    """Give the claims of a resource link launch; `column` is the link's only line item, if it has one."""
    claims = _common(platform, person, course, f"{platform.public_url}/lti/return/{link.id}", column)
    resource = {"id": link.id, "title": link.title}
    if link.text:
        resource["description"] = link.text
    claims |= {
        LTI + "message_type": "LtiResourceLinkRequest",
        LTI + "target_link_uri": link.url,
        LTI + "resource_link": resource,
    }
    if link.custom:
        claims[LTI + "custom"] = expand(link.custom, values_of(person, course, link))
    return claims


def deep_linking_claims(platform: Platform, person: Person, course: Course, data: str) -> dict[str, Any]:
    """Give the claims of a deep linking request that accepts one assignment with a line item."""
    return _common(platform, person, course, f"{platform.public_url}/lti/return", None) | {
        LTI + "message_type": "LtiDeepLinkingRequest",
        LTI + "target_link_uri": platform.redirect_uri,
        DL + "deep_linking_settings": {
            "deep_link_return_url": f"{platform.public_url}/lti/deep-link-return",
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["iframe", "window"],
            "accept_multiple": False,
            "accept_lineitem": True,
            "auto_create": False,
            "data": data,
        },
    }


def attach_claims(
    platform: Platform, person: Person, course: Course, data: str, activity: dict[str, str]
) -> dict[str, Any]:
    """Give the claims of a deep linking request that accepts an asset processor for an activity."""
    claims = deep_linking_claims(platform, person, course, data)
    settings = claims[DL + "deep_linking_settings"] | {"accept_types": ["ltiAssetProcessor"]}
    settings.pop("accept_lineitem")
    return claims | {DL + "deep_linking_settings": settings, LTI + "activity": activity}


def message_claims(
    platform: Platform, person: Person, course: Course, message_type: str, own: dict[str, Any], custom: dict[str, str]
) -> dict[str, Any]:
    """Give the claims of a message that is about no resource link; `own` are those of its kind, by short name."""
    claims = _common(platform, person, course, f"{platform.public_url}/lti/return", None) | {
        LTI + "message_type": message_type,
        LTI + "target_link_uri": platform.redirect_uri,
    }
    claims |= {LTI + name: value for name, value in own.items()}
    return claims | ({LTI + "custom": expand(custom, values_of(person, course, None))} if custom else {})


def review_claims(
    platform: Platform, person: Person, course: Course, link: Link, column: Column | None, user_id: str
) -> dict[str, Any]:
    """Give the claims of a submission review from the gradebook. Whose work it is, is signed without a question."""
    return link_claims(platform, person, course, link, column) | {
        LTI + "message_type": "LtiSubmissionReviewRequest",
        LTI + "for_user": {"user_id": user_id},
    }


def privacy_claims(platform: Platform, person: Person, course: Course, user_id: str) -> dict[str, Any]:
    """Give the claims of a data privacy launch: about one person, in no course, by the deployment of the school."""
    own = {"for_user": {"user_id": user_id}}
    claims = message_claims(platform, person, course, "DataPrivacyLaunchRequest", own, {})
    for name in (LTI + "context", *SERVICES):
        claims.pop(name, None)
    return claims | {LTI + "deployment_id": platform.deployment_id}


def signed_parts(platform: Platform, nonce: str, now: float) -> dict[str, Any]:
    """Give the claims every id_token has whatever it says."""
    return {
        "iss": platform.issuer,
        "aud": platform.client_id,
        "azp": platform.client_id,
        "iat": int(now),
        "exp": int(now) + SECONDS_TO_LIVE,
        "nonce": nonce,
    }


def _common(
    platform: Platform, person: Person, course: Course, return_url: str, column: Column | None
) -> dict[str, Any]:
    endpoint: dict[str, Any] = {"scope": SCORE_SCOPES, "lineitems": platform.line_items_url(course.id)}
    if column is not None:
        endpoint["lineitem"] = platform.line_item_url(course.id, column.number)
    return platform.ways.launch_claims() | {
        "sub": person.user_id,
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
        "preferred_username": person.username,
        "locale": "en-GB",
        LTI + "version": "1.3.0",
        LTI + "deployment_id": deployment_of(platform, course),
        LTI + "roles": ROLES[person.role],
        LTI + "context": context(course) | {"type": [COURSE_TYPE]},
        LTI + "tool_platform": {
            "guid": platform.guid,
            "name": platform.name,
            "version": "1.0",
            "product_family_code": platform.ways.family,
            "url": platform.public_url,
        },
        LTI + "launch_presentation": {"document_target": "iframe", "locale": "en-GB", "return_url": return_url},
        LTI + "lis": {
            "person_sourcedid": person.sourcedid,
            "course_offering_sourcedid": course.label.replace(" ", "-"),
        },
        SERVICES[0]: endpoint,
        SERVICES[1]: {"context_memberships_url": platform.memberships_url(course.id), "service_versions": ["2.0"]},
        SERVICES[2]: {
            "platform_notification_service_url": platform.notices_url(deployment_of(platform, course)),
            "service_versions": ["1.0"],
            "scope": [NOTICE_SCOPE],
            "notice_types_supported": NOTICE_TYPES,
        },
    }
