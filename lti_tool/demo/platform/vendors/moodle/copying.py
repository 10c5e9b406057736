"""A copied course: new numbers for course, activities and columns, and everything else as it was."""

from dataclasses import replace

from lti_tool.demo.platform.vendors.moodle.state import COURSE, Course, Moodle


def copy_course(moodle: Moodle, source: str = COURSE) -> Course:
    """Copy a course as backup and restore do. Columns that belong to no activity come along, one per name."""
    old = moodle.courses[source]
    number = str(max(map(int, moodle.courses)) + 1)
    made = Course(number, f"{old.label}_1", f"{old.title} copy 1", section="", history=source)
    moodle.courses[number] = made
    links: dict[str | None, str] = {}
    for activity in [one for one in moodle.activities.values() if one.course == source]:
        links[activity.number] = str(max(map(int, moodle.activities)) + 1)
        module = max(one.module for one in moodle.activities.values()) + 1
        moodle.activities[links[activity.number]] = replace(
            activity, number=links[activity.number], module=module, course=number
        )
    loose: set[str | None] = set()
    for item in [one for one in moodle.items.values() if one.course == source and one.tool is not None]:
        if item.link_id is None and item.label in loose:
            continue
        loose |= {item.label} if item.link_id is None else set()
        column = max(moodle.items) + 1
        moodle.items[column] = replace(item, number=column, link_id=links.get(item.link_id), course=number)
    return made
