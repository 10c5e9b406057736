"""The roster: everyone enrolled in a course, in pages (Names and Role Provisioning Services 2.0)."""

from typing import Any, Final

from flask import Blueprint, Response, request

from lti_tool.demo.platform.claims import LTI, ROSTER_SCOPE, context
from lti_tool.demo.platform.courses import Course, Courses, Link
from lti_tool.demo.platform.errors import ServiceRefused
from lti_tool.demo.platform.model import MEMBERSHIP, ROLES, People, Person, Platform
from lti_tool.demo.platform.service_parts import answer, course_of, page_of, require_accept
from lti_tool.demo.platform.tokens import AccessTokens
from lti_tool.demo.platform.variables import expand, values_of

ROSTER_TYPE: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
_PAGE: Final = 10


def _member(person: Person) -> dict[str, Any]:
    return {
        "user_id": person.user_id,
        "roles": ROLES[person.role],
        "status": "Active",
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
        "lis_person_sourcedid": person.sourcedid,
    }


def _link_of(courses: Courses, course: Course) -> Link | None:
    """Give the link that the roster is asked for, if one is named; raises ServiceRefused (403)."""
    named = request.args.get("rlid")
    if named is None:
        return None
    link = courses.link(named)
    if link is None or link.course_id != course.id:
        raise ServiceRefused("This link is not one of the course.", code="forbidden", status=403)
    return link


def _message(person: Person, course: Course, link: Link) -> dict[str, Any]:
    """Give what a launch of the link would say of this member alone (section 2.5)."""
    message = {LTI + "message_type": "LtiResourceLinkRequest"}
    return {"message": [message | {LTI + "custom": expand(link.custom, values_of(person, course, link))}]}


def create_roster_routes(platform: Platform, people: People, courses: Courses, tokens: AccessTokens) -> Blueprint:
    """Give the route of the roster."""
    routes = Blueprint("memberships", __name__)

    @routes.get("/lti/courses/<course_id>/memberships")
    def memberships(course_id: str) -> Response:
        tokens.require(request, ROSTER_SCOPE)
        course = course_of(courses, course_id)
        require_accept(request, ROSTER_TYPE)
        role = request.args.get("role")
        wanted = {role, f"{MEMBERSHIP}{role}"}
        link = _link_of(courses, course)
        found = [
            _member(each) | (_message(each, course, link) if link else {})
            for each in people.members
            if role is None or wanted & set(ROLES[each.role])
        ]
        url = platform.memberships_url(course.id)
        page, headers = page_of(request, url, found, filters=("role", "rlid"), default_limit=_PAGE)
        response = answer({"id": url, "context": context(course), "members": page}, ROSTER_TYPE)
        response.headers.update(headers)
        return response

    return routes
