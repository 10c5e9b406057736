"""The pages of the demonstration LMS."""

import ast
from pathlib import Path

from lti_tool.demo import platform
from lti_tool.demo.platform.serving import listen_addresses
from tests.lti_tool.demo.platform.tiny_tool import ISSUER, TinyTool


def test_the_first_page_signs_anyone_in_with_one_press(tool: TinyTool) -> None:
    page = tool.get(tool.browser(), "/").text
    assert "Demonstration LMS" in page
    assert page.count('name="key"') == 15
    assert "Introduction to Ethics" in tool.get(tool.browser("ta"), "/course").text


def test_nobody_sees_the_course_before_signing_in_or_after_signing_out(tool: TinyTool) -> None:
    for path in ("/course", "/gradebook", "/launch/deep-linking"):
        assert tool.get(tool.browser(), path).status_code == 401
    browser = tool.browser("teacher")
    tool.post(browser, "/sign-out")
    assert tool.get(browser, "/course").status_code == 401


def test_signing_out_ends_the_session_and_not_just_the_cookie(tool: TinyTool) -> None:
    browser = tool.browser("teacher")
    cookie = browser.get_cookie("demonstration_lms", domain="localhost")
    assert cookie is not None
    tool.post(browser, "/sign-out")
    browser.set_cookie("demonstration_lms", cookie.value, domain="localhost")
    assert tool.get(browser, "/course").status_code == 401


def test_only_the_teacher_is_offered_to_add_and_only_the_administrator_the_administration(tool: TinyTool) -> None:
    pages = {key: tool.get(tool.browser(key), "/course").text for key in ("teacher", "ta", "student1", "admin")}
    assert [key for key, page in pages.items() if "/course/add" in page] == ["teacher"]
    assert [key for key, page in pages.items() if f"{tool.tool_url}/admin" in page] == ["admin"]


def test_the_frame_page_names_the_tools_origin_for_messages(tool: TinyTool) -> None:
    page = tool.get(tool.browser("teacher"), "/course/add")
    assert f'data-tool-origin="{tool.tool_url}"' in page.text
    assert f"frame-src 'self' {tool.tool_url}" in page.headers["Content-Security-Policy"]


def test_another_name_of_the_machine_leads_to_the_public_one(tool: TinyTool) -> None:
    answer = tool.browser().get("/course?a=1", base_url="http://127.0.0.1:8801")
    assert answer.headers["Location"] == f"{ISSUER}/course?a=1"


def test_an_unknown_page_or_person_gets_a_readable_refusal(tool: TinyTool) -> None:
    assert "This is not possible" in tool.get(tool.browser(), "/nowhere").text
    assert tool.post(tool.browser(), "/sign-in", key="nobody").status_code == 404
    assert tool.get(tool.browser("teacher"), "/course/links/none").status_code == 404


def test_localhost_is_served_on_both_loopbacks() -> None:
    assert listen_addresses("127.0.0.1", 8801, ipv6=True) == "127.0.0.1:8801 [::1]:8801"
    assert listen_addresses("127.0.0.1", 8801, ipv6=False) == "127.0.0.1:8801"


def test_the_platform_knows_nothing_of_the_tool_but_the_invented_people() -> None:
    own = ("lti_tool.demo.platform", "lti_tool.demo.course")
    for path in Path(platform.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            rooms = [name for name in names if name.split(".")[0] in ("config", "privacy", "grading", "lti_tool")]
            assert all(name.startswith(own) for name in rooms), path.name
