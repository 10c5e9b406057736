"""Copying a course in the LMS: new ids, histories, and a tool that offers what the original had."""

from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from grading.models import Assignment, Context
from lti_tool.demo.platform.claims import COPY_NOTICE
from lti_tool.demo.platform.courses import Course, Link
from lti_tool.demo.platform.variables import expand, values_of
from tests.lti_tool.demo.platform.meeting import NAMES, Guest, Meeting
from tests.lti_tool.demo.platform.test_deployments import COURSE, copy
from tests.lti_tool.demo.platform.tiny_tool import AGS, LTI, PEOPLE, TinyTool

HISTORY = {"courses": "$Context.id.history", "links": "$ResourceLink.id.history", "other": "$Unknown", "plain": "x"}


def add_link_with_history(tool: TinyTool) -> str:
    assert tool.send_deep_link(tool.sign(tool.deep_link_claims([tool.item(custom=HISTORY)]))).status_code == 200
    return str(tool.state()["links"][-1]["id"])


def link_in(tool: TinyTool, course: str) -> dict[str, Any]:
    return next(each for each in tool.state()["links"] if each["course_id"] == course)


def test_a_copy_has_the_same_links_and_columns_under_new_ids_and_no_grades(tool: TinyTool) -> None:
    tool.add_link()
    course = copy(tool)
    original, copied = tool.state()["links"]
    assert copied["course_id"] == course
    for name in ("title", "resource_id", "maximum"):
        assert copied[name] == original[name]
    assert not {copied["id"], copied["line_item_id"]} & {original["id"], original["line_item_id"]}
    assert "Essay &lt;1&gt;" in tool.get(tool.browser("teacher"), f"/courses/{course}").text


def test_a_copied_column_is_listed_in_the_course_of_the_copy_only(tool: TinyTool) -> None:
    tool.add_link()
    course, service = copy(tool), tool.service(AGS + "lineitem")
    for place in (COURSE, course):
        items = service("GET", f"/lti/courses/{place}/lineitems").get_json()
        assert [item["resourceLinkId"] for item in items] == [link_in(tool, place)["id"]]
    number = link_in(tool, COURSE)["line_item_id"].partition("/lineitems/")[2]
    assert service("GET", f"/lti/courses/{course}/lineitems/{number}").status_code == 404
    assert service("GET", "/lti/courses/none/lineitems").status_code == 404


def test_histories_are_told_nearest_first_and_unknown_variables_stay(tool: TinyTool) -> None:
    link = add_link_with_history(tool)
    first = copy(tool)
    second = tool.post(tool.browser("teacher"), f"/courses/{first}/copy").headers["Location"].rpartition("/")[2]
    claims = tool.launch("student1", link_in(tool, second)["id"])
    assert claims[LTI + "context"]["id"] == second
    assert claims[LTI + "custom"] == {
        "courses": f"{first},{COURSE}",
        "links": f"{link_in(tool, first)['id']},{link}",
        "other": "$Unknown",
        "plain": "x",
    }
    assert tool.launch("student1", link)[LTI + "custom"]["courses"] == ""


def test_ids_in_a_history_are_encoded() -> None:
    course = Course("c", "L", "T", ("a,b", "c d"))
    link = Link("l", "T", "", "https://tool.example/", {}, "c")
    assert expand({"h": "$Context.id.history"}, values_of(PEOPLE[0], course, link)) == {"h": "a%2Cb,c%20d"}


def test_only_the_teacher_copies_and_only_a_course_there_is(tool: TinyTool) -> None:
    assert tool.post(tool.browser("student1"), f"/courses/{COURSE}/copy").status_code == 403
    assert tool.post(tool.browser("teacher"), "/courses/none/copy").status_code == 404
    assert len(tool.state()["courses"]) == 1


def copied_course(both: Meeting, teacher: Guest) -> str:
    """Copy the course on its page; give the address of the copy."""
    page = teacher.get(f"{both.lms}/course")
    return teacher.submit(page, page.form("Copy this course")).url


def test_the_copied_link_offers_the_settings_of_the_original(both: Meeting) -> None:
    teacher = both.guest(NAMES["teacher"])
    both.add_assignment(teacher, "First essay")
    course = teacher.get(copied_course(both, teacher))
    page = teacher.get(teacher.get(course.link("First essay")).frame()).expect("This course was copied")
    teacher.submit(page, page.form("/connect/copy")).expect("Your assignment is ready")
    with both.parts.database.transaction() as session:
        original, made = session.execute(select(Assignment).order_by(Assignment.created_at, Assignment.id)).scalars()
        assert (made.title, made.points_hundredths) == (original.title, original.points_hundredths)
        assert made.context_id != original.context_id
        copied = session.get_one(Context, made.context_id)
    assert copied.origin_ids == [COURSE]
    mine = next(each for each in both.state()["links"] if each["course_id"] == copied.lms_context_id)
    assert mine["line_item_id"].startswith(f"{both.lms}/lti/courses/{copied.lms_context_id}/")


def test_a_tool_that_subscribed_hears_of_the_copy_before_anybody_opens_it(both: Meeting) -> None:
    teacher = both.guest(NAMES["teacher"])
    teacher.get(f"{both.lms}/launch/deep-linking").expect("Add an assignment")
    both.work_off()
    course = urlsplit(copied_course(both, teacher)).path.rpartition("/")[2]
    assert both.answers(COPY_NOTICE) == [200]
    both.work_off()
    with both.parts.database.transaction() as session:
        copied = session.execute(select(Context).where(Context.lms_context_id == course)).scalar_one()
    assert (copied.title, copied.origin_ids) == ("Introduction to Ethics (copy 1)", [COURSE])


def test_an_attached_tool_comes_along_under_a_new_activity(both: Meeting) -> None:
    teacher = both.guest(NAMES["teacher"])
    attach = teacher.get(f"{both.lms}/course/message/attach:yes").frame()
    page = teacher.get(attach)
    teacher.submit(page, page.form("Save and attach"), {"title": "Reflection letter"}, button="Save and attach")
    course = teacher.get(copied_course(both, teacher))
    teacher.get(course.link("Reflection letter")).expect("Graded with")
