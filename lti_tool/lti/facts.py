"""What a verified message says, in our own terms. Missing and odd claims are read as absent, never as an error."""

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

from grading.individual_dates import Dates, read_moment
from grading.launch_facts import LaunchFacts, VerifiedFor
from lti_tool.lti import claims as names
from lti_tool.lti.roles import RoleDecision
from lti_tool.lti.verify import is_id, person_concerned

PROFILE_CLAIMS: Final = ("name", "given_name", "family_name", "middle_name", "email")
LONGEST_TEXT: Final = 1000
MOST_CUSTOM: Final = 100
MOST_ORIGINS: Final = 20
LONGEST_LOCALE: Final = 35
"""Longest language tag without private parts (RFC 5646, section 4.4.1)."""
_LANGUAGE_TAG: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
DATES: Final = {"due_at": "person_due_at", "closes_at": "person_closes_at"}
"""Custom parameters of our links that the LMS fills in for each person."""


def read_facts(claims: dict[str, Any], decision: RoleDecision, verified_for: VerifiedFor) -> LaunchFacts:
    """Course, person, role, link and services of a launch."""
    context, link = _object(claims, names.CONTEXT), _object(claims, names.RESOURCE_LINK)
    ags, nrps = _object(claims, names.AGS), _object(claims, names.NRPS)
    lis, ext, platform = _object(claims, names.LIS), _object(claims, names.EXT), _object(claims, names.TOOL_PLATFORM)
    profile = {name: text_of(claims, name) for name in PROFILE_CLAIMS}
    profile |= {"sourcedid": text_of(lis, "person_sourcedid"), "username": text_of(ext, "user_username")}
    notices = _object(claims, names.PLATFORM_NOTIFICATION_SERVICE)
    scopes, kinds = ags.get("scope"), notices.get("notice_types_supported")
    context_id, link_id = (str(one["id"]) if is_id(one.get("id")) else "" for one in (context, link))
    custom = custom_of(claims)
    return LaunchFacts(
        verified_for=verified_for,
        lms_deployment_id=claims[names.DEPLOYMENT_ID],
        subject=claims["sub"],
        role=decision.role,
        test_user=decision.test_user,
        profile=profile,
        # A link outside of any course is a course of its own: it shares nothing with other such links.
        lms_context_id=context_id or (f"link {link_id}"[:255] if link_id else ""),
        context_title=text_of(context, "title"),
        context_label=text_of(context, "label"),
        origin_ids=_origins(custom.get("context_id_history", "")),
        lms_link_id=link_id or None,
        link_title=text_of(link, "title"),
        assignment_id=_assignment(claims, custom),
        lineitems_url=url_of(ags, "lineitems"),
        lineitem_url=url_of(ags, "lineitem"),
        ags_scopes=tuple(scope for scope in scopes if isinstance(scope, str)) if isinstance(scopes, list) else (),
        memberships_url=url_of(nrps, "context_memberships_url"),
        notices_url=url_of(notices, "platform_notification_service_url"),
        notice_types=tuple(kind for kind in kinds if isinstance(kind, str)) if isinstance(kinds, list) else (),
        terms_url=url_of(_object(claims, names.EULA_SERVICE), "url"),
        product_family=text_of(platform, "product_family_code"),
        dates=read_dates(custom),
        dates_told=any(name in _object(claims, names.CUSTOM) for name in DATES.values()),
    )


def message_claims(claims: dict[str, Any]) -> dict[str, Any]:
    """The claims that belong to the kind of message, under short names; see `sessions.message_details`."""
    found = {
        "deep_linking": _object(claims, names.DEEP_LINKING),
        "activity": _object(claims, names.ACTIVITY),
        "submission": _object(claims, names.SUBMISSION),
        "asset": _object(claims, names.ASSET),
        "report_type": text_of(claims, names.ASSET_REPORT_TYPE),
        "eula": _object(claims, names.EULA_SERVICE),
        "notices": _object(claims, names.PLATFORM_NOTIFICATION_SERVICE),
        "for_user": person_concerned(claims) or "",
    }
    details = {name: value for name, value in found.items() if value}
    message = claims[names.MESSAGE_TYPE]
    if message == names.RESOURCE_LINK_REQUEST or not details:
        return {}
    custom = custom_of(claims)
    return details | ({"custom": custom} if custom else {})


def read_locale(claims: Mapping[str, Any]) -> str:
    """The language tag that the platform or the person prefers; empty when none is named, or what is named is none."""
    for source in (_object(claims, names.LAUNCH_PRESENTATION), claims):
        tag = text_of(source, "locale").replace("_", "-")
        if len(tag) <= LONGEST_LOCALE and _LANGUAGE_TAG.fullmatch(tag):
            return tag
    return ""


def custom_of(claims: Mapping[str, Any]) -> dict[str, str]:
    """Custom parameters with a value; a variable that the platform did not know counts as none."""
    given = _object(claims, names.CUSTOM)
    return {name: value for name in list(given)[:MOST_CUSTOM] if (value := text_of(given, name))}


def read_dates(custom: Mapping[str, str]) -> Dates:
    """The dates of the person of a launch or of a roster's message section."""
    return Dates(**{name: read_moment(custom.get(parameter, "")) for name, parameter in DATES.items()})


def text_of(claims: Mapping[str, Any], name: str) -> str:
    """A text; empty when it is missing, no text, or an unresolved variable such as `$Context.id.history`."""
    value = claims.get(name)
    return value.strip()[:LONGEST_TEXT] if isinstance(value, str) and not value.startswith("$") else ""


def url_of(claims: Mapping[str, Any], name: str) -> str | None:
    """A web address of usual length."""
    value = claims.get(name)
    if not isinstance(value, str) or not value.startswith(("https://", "http://")) or len(value) > 2048:
        return None
    return value


def _origins(history: str) -> tuple[str, ...]:
    """The courses of a history, nearest first. Commas part them, so their own are encoded (Core 1.3, appendix B)."""
    return tuple(unquote(part.strip()) for part in history.split(",") if part.strip())[:MOST_ORIGINS]


def _assignment(claims: dict[str, Any], custom: Mapping[str, str]) -> UUID | None:
    """From the custom parameter that deep linking set, or from the link's own address."""
    from_url = parse_qs(urlsplit(claims[names.TARGET_LINK_URI]).query).get("assignment", [""])[0]
    for value in (custom.get("assignment_id", ""), from_url):
        try:
            return uuid.UUID(value)
        except ValueError:
            continue
    return None


def _object(claims: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = claims.get(name)
    return value if isinstance(value, dict) else {}
