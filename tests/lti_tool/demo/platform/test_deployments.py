"""Several deployments of the tool in one platform, and notices that try one out."""

import sqlite3

import pytest

from lti_tool.demo.platform.claims import COPY_NOTICE, HELLO_NOTICE, NOTICE_SCOPE
from lti_tool.demo.platform.line_items import CONTAINER_TYPE
from lti_tool.demo.visitor import VisitFailed
from lti_tool.lti import claims as names
from tests.lti_tool.demo.platform.meeting import NAMES, Guest, Meeting
from tests.lti_tool.demo.platform.tiny_tool import LTI, TinyTool

COURSE = "course-phil-101"


def deploy(tool: TinyTool, course: str = COURSE) -> str:
    """Give a course a deployment of its own; give its id."""
    assert tool.post(tool.browser("admin"), f"/admin/courses/{course}/deployment").status_code == 303
    return next(str(each["deployment_id"]) for each in tool.state()["courses"] if each["id"] == course)


def copy(tool: TinyTool) -> str:
    """Copy the first course; give the copy's id."""
    answer = tool.post(tool.browser("teacher"), f"/courses/{COURSE}/copy")
    return answer.headers["Location"].rpartition("/")[2]


def test_launches_carry_the_deployment_of_their_course(tool: TinyTool) -> None:
    link = tool.add_link()
    course = copy(tool)
    copied = next(each["id"] for each in tool.state()["links"] if each["course_id"] == course)
    own = deploy(tool, course)
    login = tool.start(tool.browser("student1"), copied)
    assert (login["lti_deployment_id"], tool.start(tool.browser("student1"), link)["lti_deployment_id"]) == (
        own,
        "demo-1",
    )
    assert tool.read(tool.authorise(login)["id_token"])[LTI + "deployment_id"] == own
    assert tool.launch("student1", link)[LTI + "deployment_id"] == "demo-1"


def test_a_deep_linking_response_must_name_the_deployment_of_the_course(tool: TinyTool) -> None:
    own = deploy(tool)
    assert tool.send_deep_link(tool.sign(tool.deep_link_claims([tool.item()]))).status_code == 400
    right = tool.deep_link_claims([tool.item()], **{LTI + "deployment_id": own})
    assert tool.send_deep_link(tool.sign(right)).status_code == 200


def test_a_course_gets_one_deployment_and_only_from_the_administrator(tool: TinyTool) -> None:
    assert tool.post(tool.browser("teacher"), f"/admin/courses/{COURSE}/deployment").status_code == 403
    deploy(tool)
    assert tool.post(tool.browser("admin"), f"/admin/courses/{COURSE}/deployment").status_code == 403
    assert tool.post(tool.browser("admin"), "/admin/courses/none/deployment").status_code == 404


def test_handlers_of_notices_belong_to_one_deployment(tool: TinyTool) -> None:
    own, service = deploy(tool), tool.service(NOTICE_SCOPE)
    body = {"notice_type": COPY_NOTICE, "handler": f"{tool.tool_url}/lti/notices"}
    path = "/lti/deployments/{}/notice-handlers"
    assert service("PUT", path.format(own), body, Content_Type="application/json").status_code == 200
    shown = service("GET", path.format(own)).get_json()
    assert (shown["deployment_id"], shown["notice_handlers"]) == (own, [body])
    assert service("GET", path.format("demo-1")).get_json()["notice_handlers"] == []
    assert service("GET", path.format("elsewhere")).status_code == 404


def test_a_second_deployment_waits_for_approval_and_works_then(both: Meeting) -> None:
    teacher, administrator = both.guest(NAMES["teacher"]), both.administrator()
    both.add_assignment(teacher, "First essay")
    page = teacher.get(f"{both.lms}/course")
    copied = teacher.submit(page, page.form("Copy this course")).url
    add = f"{both.lms}/courses/{copied.rpartition('/')[2]}/launch/deep-linking"
    _give_deployment(both, copied.rpartition("/")[2])
    with pytest.raises(VisitFailed, match="HTTP 403"):
        teacher.get(add)
    both.approve(administrator)
    teacher.get(add).expect("Add an assignment")
    tenants = both.tenants()
    assert tenants["Introduction to Ethics"].lms_deployment_id == "demo-1"
    second = tenants["Introduction to Ethics (copy 1)"]
    assert second.lms_deployment_id.startswith("deployment-")
    assert len({tenant.id for tenant in tenants.values()}) == 2
    assert len({tenant.registration_id for tenant in tenants.values()}) == 1
    _ask_for_line_items(both, "Introduction to Ethics", "Introduction to Ethics (copy 1)")
    assert _clients_with_tokens(both) == ["blindmark-demo"]


def _give_deployment(both: Meeting, course: str) -> None:
    administrator: Guest = both.guest(NAMES["admin"])
    page = administrator.get(f"{both.lms}/admin/tools")
    administrator.submit(page, page.form(f"/admin/courses/{course}/deployment"))


def _ask_for_line_items(both: Meeting, *titles: str) -> None:
    courses = {each["title"]: each["id"] for each in both.state()["courses"]}
    for title in titles:
        url = f"{both.lms}/lti/courses/{courses[title]}/lineitems"
        answer = both.parts.connector.request(
            both.tenants()[title].id, "GET", url, scopes=(names.SCOPE_LINEITEM,), headers={"Accept": CONTAINER_TYPE}
        )
        assert answer.status == 200


def _clients_with_tokens(both: Meeting) -> list[str]:
    """The client of each access token that was given out."""
    connection = sqlite3.connect(both.data_dir / "platform.sqlite3")
    try:
        return [row[0] for row in connection.execute("SELECT client_id FROM access_tokens")]
    finally:
        connection.close()


def test_a_test_notice_goes_to_who_subscribed_and_the_page_shows_the_answer(both: Meeting) -> None:
    teacher, administrator = both.guest(NAMES["teacher"]), both.guest(NAMES["admin"])
    teacher.get(f"{both.lms}/launch/deep-linking").expect("Add an assignment")
    tools = f"{both.lms}/admin/tools"
    administrator.get(tools).expect("Blindmark has not subscribed to test notices.")
    both.work_off()
    page = administrator.get(tools)
    administrator.submit(page, page.form("Send a test notice"))
    assert both.answers(HELLO_NOTICE) == [200]
    administrator.get(tools).expect(HELLO_NOTICE, "Answered with HTTP 200.")


def test_a_test_notice_without_a_subscriber_is_refused(tool: TinyTool) -> None:
    assert tool.post(tool.browser("admin"), "/admin/hello").status_code == 404
    assert tool.post(tool.browser("teacher"), "/admin/hello").status_code == 403
