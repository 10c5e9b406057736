"""The one address of all services: which of them is meant follows from path and media type, compared exactly."""

from flask import Response, request

from lti_tool.demo.platform.vendors.moodle import line_items, members, scores
from lti_tool.demo.platform.vendors.moodle.answers import refuse
from lti_tool.demo.platform.vendors.moodle.state import Moodle


def answer_service(moodle: Moodle, rest: str) -> Response:
    """Answer a request to `services.php/<rest>`."""
    parts = rest.split("/")
    if rest.startswith("CourseSection/") and rest.endswith("/memberships"):
        return members.answer(moodle, parts)
    accept = request.headers.get("Accept", "")
    if len(parts) > 1 and parts[1] == "lineitems":
        if len(parts) == 2:
            return line_items.answer_container(moodle, parts, accept)
        if len(parts) == 4:
            return line_items.answer_item(moodle, parts)
        if len(parts) == 5:
            return scores.answer(moodle, parts, accept)
    return refuse(400, f"No handler found for /{rest} {accept} ")
