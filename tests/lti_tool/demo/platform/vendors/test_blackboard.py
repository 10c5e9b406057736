"""The real tool behind Blackboard's gateway: the deployment is the school, and nothing else tells them apart."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lti_tool.demo.platform.line_items import CONTAINER_TYPE
from lti_tool.demo.platform.model import Clock, School
from lti_tool.demo.platform.second_school import second_school
from lti_tool.demo.platform.vendors.blackboard import ISSUER, WAYS, create_app
from lti_tool.demo.visitor import VisitFailed
from lti_tool.lti import claims as names
from lti_tool.lti import platforms
from tests.lti_tool.demo.platform.meeting import NAMES, Meeting, meeting
from tests.lti_tool.demo.platform.tiny_tool import PEOPLE

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

FIRST, SECOND = "/schools/first", "/schools/second"
CLIENT = "portal-client"
ADD = "/launch/deep-linking"


@pytest.fixture
def blackboard(tmp_path: Path, sqlite_template: Path) -> Iterator[Meeting]:
    """The gateway with two schools, of which the tool knows the first."""

    def make(lms: str, tool: str, folder: Path, clock: Clock) -> "WSGIApplication":
        schools = {"first": School(PEOPLE), "second": second_school(PEOPLE, "deployment")}
        return create_app(
            public_url=lms, tool_url=tool, data_dir=folder, client_id=CLIENT, schools=schools, clock=clock
        )

    with meeting(tmp_path, sqlite_template, make) as both:
        both.connect(
            issuer=ISSUER,
            client_id=CLIENT,
            authorization_url=both.lms + WAYS.authorisation_path,
            token_url=both.lms + WAYS.token_path,
            jwks_url=both.lms + WAYS.keys_path,
        )
        yield both


def test_a_launch_comes_from_the_shared_issuer_and_its_session_claims_are_left_alone(blackboard: Meeting) -> None:
    teacher = blackboard.guest(NAMES["teacher"], FIRST)
    teacher.get(f"{blackboard.lms}{FIRST}{ADD}").expect("Add an assignment")


def test_each_school_is_let_in_by_itself(blackboard: Meeting) -> None:
    first, second = blackboard.guest(NAMES["teacher"], FIRST), blackboard.guest("Ruth Castellan", SECOND)
    first.get(f"{blackboard.lms}{FIRST}{ADD}").expect("Add an assignment")
    with pytest.raises(VisitFailed, match="HTTP 403"):
        second.get(f"{blackboard.lms}{SECOND}{ADD}")
    blackboard.approve(blackboard.administrator())
    second.get(f"{blackboard.lms}{SECOND}{ADD}").expect("Add an assignment")
    tenants = blackboard.tenants()
    assert {title: tenant.lms_deployment_id for title, tenant in tenants.items()} == {
        "Introduction to Ethics": "demo-1",
        "Organic Chemistry": "demo-2",
    }


def test_tokens_of_the_gateway_open_the_services_of_the_schools(blackboard: Meeting) -> None:
    blackboard.guest(NAMES["teacher"], FIRST).get(f"{blackboard.lms}{FIRST}{ADD}")
    (tenant,) = blackboard.tenants().values()
    answer = blackboard.parts.connector.request(
        tenant.id,
        "GET",
        f"{blackboard.lms}{FIRST}/lti/courses/course-phil-101/lineitems",
        scopes=(names.SCOPE_LINEITEM,),
        headers={"Accept": CONTAINER_TYPE},
    )
    assert answer.status == 200


def test_schools_register_no_tools(blackboard: Meeting) -> None:
    administrator = blackboard.guest(NAMES["admin"], FIRST)
    page = administrator.get(f"{blackboard.lms}{FIRST}/admin/tools").expect("registered with the maker of this LMS")
    assert "Registration address" not in page.text


def test_the_tool_knows_blackboard_by_what_its_launches_say() -> None:
    assert platforms.find(WAYS.family, "").name == platforms.find("", ISSUER).name == "Blackboard"
