"""Custom parameters and the variables that may stand in them (LTI Core 1.3, appendix B)."""

from typing import Final
from urllib.parse import quote

from lti_tool.demo.platform.courses import Course, Link
from lti_tool.demo.platform.model import Person

COURSE_VARIABLES: Final = ("Context.id", "Context.title", "Context.label", "Context.id.history")
LINK_VARIABLES: Final = ("ResourceLink.id", "ResourceLink.title", "ResourceLink.id.history")
DATE_VARIABLES: Final = ("ResourceLink.submission.endDateTime", "ResourceLink.available.endDateTime")
PERSON_VARIABLES: Final = ("User.id", "User.username", "Person.sourcedId")
VARIABLES: Final = (*COURSE_VARIABLES, *LINK_VARIABLES, *DATE_VARIABLES, *PERSON_VARIABLES)


def values_of(person: Person, course: Course | None, link: Link | None) -> dict[str, str]:
    """Give the value of every variable that has one in a launch."""
    values = dict(zip(PERSON_VARIABLES, (person.user_id, person.username, person.sourcedid), strict=True))
    if course is not None:
        facts = (course.id, course.title, course.label, _joined(course.history))
        values |= dict(zip(COURSE_VARIABLES, facts, strict=True))
    if link is not None:
        values |= dict(zip(LINK_VARIABLES, (link.id, link.title, _joined(link.history)), strict=True))
        values |= dict.fromkeys(DATE_VARIABLES, link.more_time.get(person.user_id, ""))
    return values


def expand(custom: dict[str, str], values: dict[str, str]) -> dict[str, str]:
    """Replace each parameter that is a variable by its value; a variable without one stays as it stands."""
    return {name: values.get(text[1:], text) if text.startswith("$") else text for name, text in custom.items()}


def _joined(history: tuple[str, ...]) -> str:
    """Write a history as launches do: ids with their reserved characters encoded, nearest first, commas between."""
    return ",".join(quote(each, safe="") for each in history)
