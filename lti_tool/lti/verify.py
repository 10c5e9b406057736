"""Verification of what a platform signed: one function for every message, stricter than the library's (L1).

Order and rules follow LTI Security Framework 1.0, 5.1.3, and LTI Core 1.3, 5.3. `signed` takes the token apart and
checks its signature with PyJWT, our code the rest, and PyLTI1p3's message validators give a second opinion on the shape
of the message.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
from pylti1p3.exception import LtiException
from pylti1p3.message_validators import get_validators

from lti_tool.lti import claims as names
from lti_tool.lti.errors import refused
from lti_tool.lti.signed import SignedToken, read_claims

LEEWAY_SECONDS: Final = 60
OLDEST_SECONDS: Final = 3600
LONGEST_ID: Final = 255
LONGEST_ADDRESS: Final = 2048
LATEST_TIME: Final = 2**53
REQUIRED: Final = ("exp", "iat", "iss", "aud", "nonce")
_VALIDATORS: Final = get_validators()  # type: ignore[no-untyped-call]  # the library's factory has no annotations

Claims = Mapping[str, Any]


def verify_token(token: SignedToken, key: jwt.PyJWK, *, issuer: str, client_id: str, now: datetime) -> dict[str, Any]:
    """Check signature, times, issuer and audience; returns the claims.

    Raises:
        TokenRefused: the first check that fails.
    """
    if not token.is_signed_with(key):
        raise refused("signature")
    claims = read_claims(token)
    for name in REQUIRED:
        if claims.get(name) is None:
            raise refused(f"no_{name}")
    _check_times(claims, now.timestamp())
    if claims["iss"] != issuer:
        raise refused("issuer")
    _check_audience(claims, client_id)
    return claims


def _check_times(claims: Claims, now: float) -> None:
    for name in ("exp", "iat"):
        value = claims[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LATEST_TIME:
            raise refused(f"{name}_not_a_number")
    if claims["exp"] + LEEWAY_SECONDS < now:
        raise refused("expired")
    if claims["iat"] - LEEWAY_SECONDS > now:
        raise refused("from_the_future")
    if claims["iat"] < now - OLDEST_SECONDS:
        raise refused("too_old")


def _check_audience(claims: Claims, client_id: str) -> None:
    audience = claims["aud"]
    audiences = audience if isinstance(audience, list) else [audience]
    # Any other audience is one we do not trust (OpenID Connect Core 1.0, 3.1.3.7, rule 3).
    if audiences != [client_id]:
        raise refused("audience")
    if claims.get("azp", client_id) != client_id:
        raise refused("authorized_party")


def check_message(claims: Claims, *, own_origin: str, accepted: Mapping[str, Callable[[Claims], None]]) -> str:
    """Check the LTI claims of a launch; returns its message type.

    Args:
        own_origin: scheme and host under which we are reached; the target must lie there.
        accepted: message types that may come in, each with its own checks.

    Raises:
        TokenRefused: the first check that fails.
    """
    if claims.get(names.VERSION) != "1.3.0":
        raise refused("version")
    message_type = claims.get(names.MESSAGE_TYPE)
    if not isinstance(message_type, str) or message_type not in accepted:
        raise refused("message_type")
    if not is_id(claims.get(names.DEPLOYMENT_ID)):
        raise refused("no_deployment")
    if not isinstance(claims.get(names.ROLES), list):
        raise refused("no_roles")
    if not is_id(claims.get("sub")):
        raise refused("no_subject")
    context = _member(claims, names.CONTEXT, "id")
    if context is not None and not is_id(context):
        raise refused("context")
    target = claims.get(names.TARGET_LINK_URI)
    if not isinstance(target, str) or not _on_origin(target, own_origin):
        raise refused("target")
    accepted[message_type](claims)
    _second_opinion(claims)
    return message_type


def check_resource_link(claims: Claims) -> None:
    """What LtiResourceLinkRequest must carry."""
    link = claims.get(names.RESOURCE_LINK)
    if not isinstance(link, dict) or not is_id(link.get("id")):
        raise refused("no_resource_link")


def check_deep_linking(claims: Claims) -> None:
    """What LtiDeepLinkingRequest must carry."""
    settings = claims.get(names.DEEP_LINKING)
    if not isinstance(settings, dict) or not isinstance(settings.get("accept_types"), list):
        raise refused("deep_linking_settings")
    if not {"ltiResourceLink", "ltiAssetProcessor"} & {one for one in settings["accept_types"] if isinstance(one, str)}:
        raise refused("deep_linking_types")
    if not _is_web_address(settings.get("deep_link_return_url")):
        raise refused("deep_linking_return_url")


def check_submission_review(claims: Claims) -> None:
    """What LtiSubmissionReviewRequest must carry; some platforms leave `for_user` out."""
    check_resource_link(claims)
    if names.FOR_USER in claims and not is_id(_member(claims, names.FOR_USER, "user_id")):
        raise refused("for_user")


def check_activity(claims: Claims) -> None:
    """What LtiAssetProcessorSettingsRequest must carry."""
    if not is_id(_member(claims, names.ACTIVITY, "id")):
        raise refused("no_activity")


def check_report_review(claims: Claims) -> None:
    """What LtiReportReviewRequest must carry."""
    check_activity(claims)
    if not is_id(_member(claims, names.SUBMISSION, "id")):
        raise refused("no_submission")
    if not is_id(_member(claims, names.ASSET, "id")):
        raise refused("no_asset")


def check_eula(claims: Claims) -> None:
    """What LtiEulaRequest must carry."""
    if not _is_web_address(_member(claims, names.EULA_SERVICE, "url")):
        raise refused("no_eula_service")


def check_data_privacy(claims: Claims) -> None:
    """What a data privacy launch must carry: whom it is about."""
    if not is_id(person_concerned(claims)):
        raise refused("for_user")


def person_concerned(claims: Claims) -> object:
    """The `sub` of the person a message is about; a draft of the data privacy launch calls it `id`."""
    return _member(claims, names.FOR_USER, "user_id") or _member(claims, names.FOR_USER, "id")


def check_notice(claims: Claims) -> None:
    """What a notice must carry. It is no launch: nobody came, and no session follows.

    Raises:
        TokenRefused: the first check that fails.
    """
    if claims.get(names.VERSION) != "1.3.0":
        raise refused("version")
    if names.MESSAGE_TYPE in claims:
        raise refused("message_type")
    if not is_id(claims.get(names.DEPLOYMENT_ID)):
        raise refused("no_deployment")
    if not is_id(_member(claims, names.NOTICE, "id")) or not is_id(_member(claims, names.NOTICE, "type")):
        raise refused("no_notice")


LAUNCHES: Final[Mapping[str, Callable[[Claims], None]]] = {
    names.RESOURCE_LINK_REQUEST: check_resource_link,
    names.DEEP_LINKING_REQUEST: check_deep_linking,
    names.SUBMISSION_REVIEW_REQUEST: check_submission_review,
    names.REPORT_REVIEW_REQUEST: check_report_review,
    names.PROCESSOR_SETTINGS_REQUEST: check_activity,
    names.EULA_REQUEST: check_eula,
    names.DATA_PRIVACY_REQUEST: check_data_privacy,
    names.LTI_DATA_PRIVACY_REQUEST: check_data_privacy,
}


def _second_opinion(claims: Claims) -> None:
    """What the library thinks of the messages that it knows."""
    validator = next((one for one in _VALIDATORS if one.can_validate(claims)), None)
    if validator is None:
        return
    message_type = claims[names.MESSAGE_TYPE]
    if (
        message_type == names.DEEP_LINKING_REQUEST
        and "ltiResourceLink" not in claims[names.DEEP_LINKING]["accept_types"]
    ):
        # The library takes no deep linking request for asset processors.
        return
    if message_type == names.SUBMISSION_REVIEW_REQUEST:
        # It insists on `for_user` and a line item, which not every platform sends.
        return
    try:
        validator.validate(claims)
    except (LtiException, AttributeError, TypeError) as error:
        raise refused("message_shape") from error


def _member(claims: Claims, claim: str, name: str) -> object:
    value = claims.get(claim)
    return value.get(name) if isinstance(value, dict) else None


def _is_web_address(value: object) -> bool:
    if not isinstance(value, str) or len(value) > LONGEST_ADDRESS:
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        return False


def is_id(value: object) -> bool:
    """Whether something is an id as LTI has them: up to 255 signs of ASCII that can be printed, and not only spaces."""
    if not isinstance(value, str) or len(value) > LONGEST_ID:
        return False
    return value.isascii() and value.isprintable() and bool(value.strip())


def _on_origin(url: str, origin: str) -> bool:
    try:
        parts, own = urlsplit(url), urlsplit(origin)
        same = (parts.scheme, parts.hostname, parts.port) == (own.scheme, own.hostname, own.port)
    except ValueError:
        return False
    return same and parts.username is None
