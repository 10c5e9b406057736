"""The claims of a message as Moodle writes them: small numbers as ids, variables that it does not know as they are."""

import json
import secrets
from typing import Any, Final

from lti_tool.demo.platform.vendors.moodle.members import shared
from lti_tool.demo.platform.vendors.moodle.state import (
    COURSE,
    COURSE_LABEL,
    COURSE_TITLE,
    LINE_ITEM_SCOPE,
    SCORE_SCOPES,
    Activity,
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
SECTION: Final = "SIS-ALG101"
SECONDS: Final = 60


def claims_of(moodle: Moodle, session: Session, launch: Launch, nonce: str) -> dict[str, Any]:
    """Give the claims of a launch that a session began."""
    tool = moodle.tools[launch.tool]
    person = next(one for one in moodle.people if one["user_id"] == session.user_id)
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
            "course_section_sourcedid": SECTION,
        },
        LTI + "roles": [MEMBERSHIP + _role(moodle, person)],
        LTI + "context": {"id": COURSE, "label": COURSE_LABEL, "title": COURSE_TITLE, "type": ["CourseSection"]},
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
        _deep_linking(moodle, tool, session)
        if activity is None
        else _activity(moodle, tool, session, activity, person, for_user=launch.for_user)
    )
    custom = _custom(moodle, tool, activity, person, review=launch.for_user is not None)
    return claims | parts | ({LTI + "custom": custom} if custom else {})


def _activity(
    moodle: Moodle, tool: Tool, session: Session, activity: Activity, person: dict[str, Any], *, for_user: str | None
) -> dict[str, Any]:
    item, query = moodle.only_item_of(activity.number), f"course={COURSE}&launch_container=3"
    review = item.review.get("url", "") if item and item.review and for_user else ""
    sourced = {"instanceid": activity.number, "userid": person["user_id"], "typeid": tool.number}
    result = {"data": sourced | {"launchid": secrets.randbelow(10**9)}, "hash": secrets.token_hex(32)}
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
        AGS: _gradebook(moodle, tool) | ({"lineitem": moodle.item_url(item.number, tool.number)} if item else {}),
        NRPS: {"context_memberships_url": moodle.members_url(tool.number), "service_versions": ["1.0", "2.0"]},
    }
    return found | ({LTI + "for_user": {"user_id": for_user}} if for_user else {})


def _deep_linking(moodle: Moodle, tool: Tool, session: Session) -> dict[str, Any]:
    query = f"course={COURSE}&id={tool.number}&sesskey={session.key}"
    return {
        LTI + "target_link_uri": tool.deep_linking_url,
        LTI + "launch_presentation": {"locale": "en"},
        AGS: _gradebook(moodle, tool),
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


def _gradebook(moodle: Moodle, tool: Tool) -> dict[str, Any]:
    scopes = [LINE_ITEM_SCOPE, SCORE_SCOPES[0], SCORE_SCOPES[2], SCORE_SCOPES[1]]
    return {"scope": scopes, "lineitems": f"{moodle.services}/{COURSE}/lineitems?type_id={tool.number}"}


def _role(moodle: Moodle, person: dict[str, Any]) -> str:
    teaches = "Instructor" in person["roles"] or person["user_id"] in moodle.non_editing_teachers
    return "Instructor" if teaches else "Learner"


def _custom(
    moodle: Moodle, tool: Tool, activity: Activity | None, person: dict[str, Any], *, review: bool
) -> dict[str, str]:
    known = {
        "$User.id": person["user_id"],
        "$User.username": person.get("ext_user_username", ""),
        "$Person.sourcedId": person.get("lis_person_sourcedid", ""),
        "$CourseSection.sourcedId": SECTION,
        "$Context.id.history": "",
    }
    # Kept as lines: what follows a line break inside a value is a line of its own.
    lines = [line.partition("=") for line in activity.custom.split("\n")] if activity else []
    given = {name: value for name, mark, value in lines if mark} | tool.custom
    item = moodle.only_item_of(activity.number) if activity else None
    if review and item is not None and item.review:
        given |= item.review.get("custom", {})
    found = {name: known.get(value, value) for name, value in given.items()}
    return found | ({"context_memberships_url": moodle.members_url(tool.number)} if activity else {})
