"""The claims of a message as Moodle writes them: small numbers as ids, variables that it does not know as they are."""

import json
import secrets
from typing import Any, Final

from lti_tool.demo.platform.vendors.moodle.members import shared
from lti_tool.demo.platform.vendors.moodle.state import (
    LINE_ITEM_SCOPE,
    SCORE_SCOPES,
    Activity,
    Course,
    Launch,
    Moodle,
    Session,
    Tool,
)

LTI: Final = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING_SETTINGS: Final = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
AGS: Final = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS: Final = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
BASIC_OUTCOME: Final = "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome"
MEMBERSHIP: Final = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
ADMINISTRATOR: Final = [
    "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator",
    "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor",
    "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator",
]
SECONDS: Final = 60


def claims_of(moodle: Moodle, session: Session, launch: Launch, nonce: str) -> dict[str, Any]:
    """Give the claims of a launch that somebody's session began."""
    tool, course = moodle.tools[launch.tool], moodle.courses[launch.course]
    person = moodle.person(session.user_id) or {}
    seen = shared(tool, person)
    ext = {"user_username": seen["ext_user_username"]} if "ext_user_username" in seen else {}
    now = int(moodle.clock())
    claims: dict[str, Any] = {
        "nonce": nonce,
        "iat": now,
        "exp": now + SECONDS,
        "iss": moodle.url,
        "aud": tool.client_id,
        LTI + "deployment_id": tool.number,
        "sub": session.user_id,
        # Numbers of the registrar go along even where names are hidden.
        LTI + "lis": {
            "person_sourcedid": person.get("lis_person_sourcedid", ""),
            "course_section_sourcedid": course.section,
        },
        LTI + "roles": _roles(moodle, person),
        LTI + "context": {
            "id": course.number,
            "label": course.label,
            "title": course.title,
            "type": ["CourseSection"],
        },
        LTI + "message_type": launch.message,
        **{name: seen[name] for name in ("given_name", "family_name", "name", "email") if name in seen},
        LTI + "ext": ext | {"lms": "moodle-2"},
        LTI + "tool_platform": {
            "product_family_code": "moodle",
            "version": "2024100706",
            "guid": "471358c24509b72a662c747d1e00e076",
            "name": "EXC",
            "description": "Example Campus",
        },
        LTI + "version": "1.3.0",
    }
    activity = moodle.activities[launch.activity] if launch.activity else None
    parts = (
        _deep_linking(moodle, tool, course, session)
        if activity is None
        else _activity(moodle, tool, session, activity, person, for_user=launch.for_user)
    )
    custom = _custom(moodle, tool, course, activity, person, review=launch.for_user is not None)
    return claims | parts | ({LTI + "custom": custom} if custom else {})


def _activity(
    moodle: Moodle, tool: Tool, session: Session, activity: Activity, person: dict[str, Any], *, for_user: str | None
) -> dict[str, Any]:
    item, query = moodle.only_item_of(activity.number), f"course={activity.course}&launch_container=3"
    review = item.review.get("url", "") if item and item.review and for_user else ""
    sourced = {"instanceid": activity.number, "userid": person["user_id"], "typeid": tool.number}
    result = {"data": sourced | {"launchid": secrets.randbelow(10**9)}, "hash": secrets.token_hex(32)}
    own_column = {"lineitem": moodle.item_url(item.number, tool.number)} if item else {}
    found: dict[str, Any] = {
        LTI + "target_link_uri": review or activity.url or tool.target_url,
        LTI + "resource_link": {"title": activity.title, "description": activity.text, "id": activity.number},
        BASIC_OUTCOME: {
            "lis_result_sourcedid": json.dumps(result, separators=(",", ":")),
            "lis_outcome_service_url": f"{moodle.url}/mod/lti/service.php",
        },
        LTI + "launch_presentation": {
            "locale": "en",
            "document_target": "iframe",
            "return_url": f"{moodle.url}/mod/lti/return.php?{query}&instanceid={activity.number}&sesskey={session.key}",
        },
        AGS: _gradebook(moodle, tool, activity.course) | own_column,
        NRPS: {
            "context_memberships_url": moodle.members_url(activity.course, tool.number),
            "service_versions": ["1.0", "2.0"],
        },
    }
    return found | ({LTI + "for_user": {"user_id": for_user}} if for_user else {})


def _deep_linking(moodle: Moodle, tool: Tool, course: Course, session: Session) -> dict[str, Any]:
    query = f"course={course.number}&id={tool.number}&sesskey={session.key}"
    return {
        LTI + "target_link_uri": tool.deep_linking_url,
        LTI + "launch_presentation": {"locale": "en"},
        AGS: _gradebook(moodle, tool, course.number),
        DEEP_LINKING_SETTINGS: {
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["frame", "iframe", "window"],
            "accept_copy_advice": False,
            "accept_multiple": True,
            "accept_unsigned": False,
            "auto_create": False,
            "can_confirm": False,
            "deep_link_return_url": f"{moodle.url}/mod/lti/contentitem_return.php?{query}",
            "title": tool.name,
            "text": "",
        },
    }


def _gradebook(moodle: Moodle, tool: Tool, course: str) -> dict[str, Any]:
    scopes = [LINE_ITEM_SCOPE, SCORE_SCOPES[0], SCORE_SCOPES[2], SCORE_SCOPES[1]]
    return {"scope": scopes, "lineitems": moodle.items_url(course, tool.number)}


def _roles(moodle: Moodle, person: dict[str, Any]) -> list[str]:
    if person in moodle.administrators:
        return ADMINISTRATOR
    teaches = "Instructor" in person["roles"] or person["user_id"] in moodle.non_editing_teachers
    return [MEMBERSHIP + ("Instructor" if teaches else "Learner")]


def _custom(
    moodle: Moodle, tool: Tool, course: Course, activity: Activity | None, person: dict[str, Any], *, review: bool
) -> dict[str, str]:
    known = {
        "$User.id": person["user_id"],
        "$User.username": person.get("ext_user_username", ""),
        "$Person.sourcedId": person.get("lis_person_sourcedid", ""),
        "$CourseSection.sourcedId": course.section,
        "$Context.id.history": course.history,
    }
    # Kept as lines: what follows a line break inside a value is a line of its own.
    lines = [line.partition("=") for line in activity.custom.split("\n")] if activity else []
    given = {name: value for name, mark, value in lines if mark} | tool.custom
    item = moodle.only_item_of(activity.number) if activity else None
    if review and item is not None and item.review:
        given |= item.review.get("custom", {})
    found = {name: known.get(value, value) for name, value in given.items()}
    return found | ({"context_memberships_url": moodle.members_url(course.number, tool.number)} if activity else {})
