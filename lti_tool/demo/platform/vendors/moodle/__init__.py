"""Moodle 4.5 as it was seen to answer. Nothing here is how it should be; it is how it is."""

from lti_tool.demo.platform.vendors.moodle.app import create_app
from lti_tool.demo.platform.vendors.moodle.state import (
    COURSE,
    FIRST_TOOL,
    SCOPES,
    AccessToken,
    Activity,
    Grade,
    Item,
    Moodle,
    Session,
    Tool,
)

__all__ = [
    "COURSE",
    "FIRST_TOOL",
    "SCOPES",
    "AccessToken",
    "Activity",
    "Grade",
    "Item",
    "Moodle",
    "Session",
    "Tool",
    "create_app",
]
