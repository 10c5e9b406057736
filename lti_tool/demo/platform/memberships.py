"""The roster: everyone enrolled in a course, in pages (Names and Role Provisioning Services 2.0)."""

from typing import Any, Final

from flask import Blueprint, Response, request

from lti_tool.demo.platform.claims import ROSTER_SCOPE, context
from lti_tool.demo.platform.courses import Courses
from lti_tool.demo.platform.model import MEMBERSHIP, ROLES, People, Person, Platform
from lti_tool.demo.platform.service_parts import answer, course_of, page_of, require_accept
from lti_tool.demo.platform.tokens import AccessTokens

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
        found = [_member(each) for each in people.members if role is None or wanted & set(ROLES[each.role])]
        url = platform.memberships_url(course.id)
        page, headers = page_of(request, url, found, filters=("role",), default_limit=_PAGE)
        response = answer({"id": url, "context": context(course), "members": page}, ROSTER_TYPE)
        response.headers.update(headers)
        return response

    return routes
