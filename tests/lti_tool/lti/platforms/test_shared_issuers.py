"""One issuer for many schools: what a launch must say, and how an LMS is known.

Whole schools behind one issuer are in tests/lti_tool/demo/platform: test_hosted.py and vendors/.
"""

import pytest

from grading.tenancy import PlatformDetails, register_platform
from lti_tool.lti import platforms
from tests.lti_tool.conftest import BASE_URL, Tool

TARGET = f"{BASE_URL}/lti/launch"


def add_school(tool: Tool, client_id: str, deployment: str | None) -> None:
    url = tool.platform.url
    with tool.parts.database.transaction() as session:
        register_platform(
            session,
            PlatformDetails(url, client_id, "Another school", f"{url}/auth", f"{url}/token", f"{url}/jwks"),
            deployment,
        )


def test_a_login_that_does_not_say_which_school_is_refused(tool: Tool) -> None:
    add_school(tool, "client-2", "deployment-1")
    answer = tool.browser().post("/lti/login", data={"iss": tool.platform.url, "login_hint": "x"})
    assert answer.status_code == 400
    assert "did not say which one" in answer.get_data(as_text=True)


def test_a_token_for_one_school_opens_nothing_at_the_other(tool: Tool) -> None:
    add_school(tool, "client-2", "deployment-1")
    browser = tool.browser()
    state, nonce = browser.login(client_id="client-2")
    assert browser.send(state, tool.platform.sign(tool.platform.claims(nonce, TARGET))).status_code == 401


@pytest.mark.parametrize(
    ("family", "issuer", "name"),
    [
        ("canvas", "", "Canvas"),
        ("", "https://canvas.instructure.com", "Canvas"),
        ("BlackboardLearn", "", "Blackboard"),
        ("", "https://blackboard.com", "Blackboard"),
        ("desire2learn", "", "Brightspace"),
        ("moodle", "", "Moodle"),
        ("sakai", "", "Sakai"),
        ("", "https://anything.example", "LMS"),
    ],
)
def test_an_lms_is_known_by_its_family_or_by_the_issuer_that_it_owns(family: str, issuer: str, name: str) -> None:
    assert platforms.find(family, issuer).name == name
