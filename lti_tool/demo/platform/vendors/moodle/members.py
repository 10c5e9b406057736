"""The list of people: short role names, active enrolments only, and no names where the tool gets none."""

from typing import Any, Final

from flask import Response, request

from lti_tool.demo.platform.vendors.moodle.access import token_for
from lti_tool.demo.platform.vendors.moodle.answers import as_json, refuse
from lti_tool.demo.platform.vendors.moodle.state import MEMBERSHIP_SCOPE, Moodle, Tool

MEMBERS: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
_NAMES: Final = frozenset({"name", "given_name", "family_name", "ext_user_username"})


def answer(moodle: Moodle, parts: list[str]) -> Response:
    """Answer a request to the list of people of a course."""
    accept = request.headers.get("Accept", "*/*")
    if accept not in (MEMBERS, "*/*"):
        return refuse(400, f"No handler found for /{'/'.join(parts)} {accept} ")
    token = token_for(moodle, MEMBERSHIP_SCOPE)
    if token is None or parts[3] != token.tool:
        return refuse(401, "Unauthorized")
    course = moodle.courses.get(parts[1])
    if course is None:
        return refuse(404, f"Not Found: Course {parts[1]} doesn't exist")
    link = request.args.get("rlid")
    if link is not None and not any(item.link_id == link for item in moodle.items.values()):
        return refuse(404, f"Not Found: LTI link {link} doesn't exist")
    role = request.args.get("role", "").rpartition("#")[2]
    found = [
        shared(moodle.tools[token.tool], one)
        for one in moodle.people
        if one["user_id"] not in moodle.suspended and (role not in ("Learner", "Instructor") or role in one["roles"])
    ]
    if link is not None:
        message = [{"https://purl.imsglobal.org/spec/lti/claim/message_type": "LtiResourceLinkRequest"}]
        found = [one | {"message": message} for one in found]
    url = moodle.members_url(course.number, token.tool)
    limit, start = int(request.args.get("limit", 0)), int(request.args.get("from", 0))
    page = found[start : start + limit] if limit else found
    context = {"id": course.number, "label": course.label, "title": course.title}
    content = {"id": url, "context": context, "members": page}
    given = as_json(content, MEMBERS)
    if limit and start + limit < len(found):
        more = f"&rlid={link}" if link else ""
        given.headers["Link"] = f'<{url}?limit={limit}&from={start + limit}{more}>; rel="next"'
    return given


def shared(tool: Tool, person: dict[str, Any]) -> dict[str, Any]:
    """Give what a tool may know of a person."""
    hidden = (frozenset() if tool.shares_names else _NAMES) | (frozenset() if tool.shares_email else {"email"})
    return {name: value for name, value in person.items() if name not in hidden}
