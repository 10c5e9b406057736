"""Everything a school knows that a demonstration or a test may want to look at, to be read only."""

from typing import Any

from lti_tool.demo.platform.claims import deployment_of
from lti_tool.demo.platform.courses import Courses, Link
from lti_tool.demo.platform.model import People, Platform


def state_of(platform: Platform, people: People, courses: Courses) -> dict[str, Any]:
    """Give people, courses, links, grades and the scores as they came."""
    columns = {column.number: column for column in courses.columns()}
    return {
        "people": [
            {"key": each.key, "user_id": each.user_id, "name": each.name, "role": each.role} for each in people.all
        ],
        "courses": [
            {"id": each.id, "title": each.title, "deployment_id": deployment_of(platform, each)}
            for each in courses.all()
        ],
        "links": [_link(platform, courses, link) for link in courses.links()],
        "grades": [
            {
                "user_id": grade.user_id,
                "link_id": columns[grade.number].link_id,
                "score": grade.score,
                "maximum": grade.maximum,
                "comment": grade.comment,
            }
            for grade in courses.grades()
        ],
        "received_scores": [
            {"line_item_id": platform.line_item_url(each["course_id"], each["line_item"]), "body": each["body"]}
            for each in courses.received_scores()
        ],
    }


def _link(platform: Platform, courses: Courses, link: Link) -> dict[str, Any]:
    column = courses.only_column_of(link.id)
    return {
        "id": link.id,
        "title": link.title,
        "course_id": link.course_id,
        "line_item_id": platform.line_item_url(link.course_id, column.number) if column else None,
        "resource_id": column.resource_id if column else None,
        "maximum": column.maximum if column else None,
    }
