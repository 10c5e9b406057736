"""Who may frame a page: the platforms that are connected, and the site of the school that a launch came from."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from lti_tool.lti import claims as names
from tests.lti_tool.conftest import Tool
from tests.lti_tool.pages.test_main_job import set_up

SCHOOL = "https://first.school.example"


def services_at(site: str) -> dict[str, Any]:
    """Claims of a school whose pages are at another site than its issuer, as hosted LMSs have them."""
    return {
        names.CONTEXT: {"id": f"course at {site}"[:200], "title": "Ethics"},
        names.AGS: {"scope": [names.SCOPE_SCORE], "lineitems": f"{site}/api/lti/courses/1/line_items"},
        names.NRPS: {"context_memberships_url": f"{site}/api/members", "service_versions": ["2.0"]},
    }


def directive(response: TestResponse, name: str) -> list[str]:
    """The sources of one directive of the content security policy."""
    policy = dict(part.strip().partition(" ")[::2] for part in response.headers["Content-Security-Policy"].split(";"))
    return policy[name].split()


def test_a_school_behind_a_shared_issuer_may_frame_its_own_visits_only(tool: Tool) -> None:
    browser = tool.browser()
    there = browser.get(browser.launch_as("Instructor", **services_at(SCHOOL)), follow_redirects=True)
    assert there.status_code == 200
    assert directive(there, "frame-ancestors") == [tool.platform.url, SCHOOL]
    elsewhere = browser.get(browser.launch_as("Instructor", **services_at("https://second.school.example")))
    assert SCHOOL not in directive(elsewhere, "frame-ancestors")


def test_the_answer_to_a_deep_linking_request_goes_to_the_site_that_asked(tool: Tool) -> None:
    browser = tool.browser()
    claims = tool.platform.deep_linking() | services_at(SCHOOL)
    claims[names.DEEP_LINKING] |= {"deep_link_return_url": "https://third.school.example/return"}
    path = browser.launch(sub="teacher-1", **claims)
    page = browser.submit(path, "/deep-link", {"title": "Essay", "points": "20", "description": "Argue.", "do": "save"})
    assert "https://third.school.example" in directive(page, "form-action")


@pytest.mark.parametrize("site", ["https://a.example;script-src *", "https://a.example *", "https://*"])
def test_an_address_that_is_no_plain_site_gets_into_no_header(tool: Tool, site: str) -> None:
    browser = tool.browser()
    page = browser.get(browser.launch_as("Instructor", **services_at(site)), follow_redirects=True)
    assert directive(page, "frame-ancestors") == [tool.platform.url]
    assert directive(page, "script-src") == ["'self'"]


def test_pages_without_a_visit_may_stand_in_any_frame_and_no_other_page_may(tool: Tool) -> None:
    browser = tool.browser()
    refused = browser.post("/lti/launch", data={"state": "unknown", "id_token": "x"})
    assert refused.status_code >= 400
    ended = browser.get("/v/no-such-visit/")
    assert ended.status_code == 401
    for page in (refused, ended):
        assert directive(page, "frame-ancestors") == ["*"]
    set_up(tool)
    assert "*" not in directive(browser.get(browser.launch_as("Instructor")), "frame-ancestors")
    assert directive(browser.get("/admin/sign-in"), "frame-ancestors") == ["'none'"]
