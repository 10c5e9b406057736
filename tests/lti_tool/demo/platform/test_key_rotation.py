"""The platform changes its keys: what it publishes, what it signs with, and what the real tool makes of it."""

import jwt
import pytest

from lti_tool.demo.platform.claims import HELLO_NOTICE
from lti_tool.demo.visitor import Page
from tests.lti_tool.demo.platform.meeting import NAMES, Guest, Meeting
from tests.lti_tool.demo.platform.tiny_tool import TinyTool

DAY = 86_400
BEGUN = "Add an assignment"


def kids(tool: TinyTool) -> list[str]:
    return [key["kid"] for key in tool.get(tool.browser(), "/lti/jwks.json").get_json()["keys"]]


def rotate(tool: TinyTool, old: str) -> None:
    assert tool.post(tool.browser("admin"), "/admin/keys", old=old).status_code == 303


def signer_of_a_launch(tool: TinyTool) -> str:
    return str(jwt.get_unverified_header(tool.authorise(tool.start(tool.browser("teacher")))["id_token"])["kid"])


def test_a_new_key_signs_and_the_old_one_stays_published_for_a_day(tool: TinyTool) -> None:
    (old,) = kids(tool)
    assert signer_of_a_launch(tool) == old
    rotate(tool, "keep")
    new, kept = kids(tool)
    assert (kept, signer_of_a_launch(tool)) == (old, new)
    tool.now += DAY - 1
    assert kids(tool) == [new, old]
    tool.now += 1
    assert kids(tool) == [new]


def test_an_old_key_can_be_dropped_at_once_or_later(tool: TinyTool) -> None:
    before = kids(tool)
    rotate(tool, "drop")
    (new,) = kids(tool)
    assert [new] != before
    rotate(tool, "keep")
    assert len(kids(tool)) == 2
    assert tool.post(tool.browser("admin"), "/admin/keys/drop").status_code == 303
    assert kids(tool) == [signer_of_a_launch(tool)]


def test_a_restart_keeps_new_and_old_keys_and_the_end_of_the_old(tool: TinyTool) -> None:
    rotate(tool, "keep")
    before = kids(tool)
    tool.restart()
    assert kids(tool) == before
    tool.now += DAY
    assert kids(tool) == before[:1]
    tool.restart()
    assert kids(tool) == before[:1]


def test_only_the_administrator_changes_keys_and_says_what_becomes_of_the_old(tool: TinyTool) -> None:
    before = kids(tool)
    assert tool.post(tool.browser("teacher"), "/admin/keys", old="drop").status_code == 403
    assert tool.post(tool.browser(), "/admin/keys/drop").status_code == 401
    assert tool.post(tool.browser("admin"), "/admin/keys", old="burn").status_code == 400
    assert kids(tool) == before


def test_the_key_set_says_how_long_it_may_be_kept(tool: TinyTool) -> None:
    answer = tool.get(tool.browser(), "/lti/jwks.json")
    assert answer.headers["Cache-Control"] == "public, max-age=3600"


def press(both: Meeting, guest: Guest, button: str) -> Page:
    page = guest.get(f"{both.lms}/admin/tools")
    return guest.submit(page, page.form(button), button=button)


@pytest.mark.parametrize(("button", "answer"), [("Make a new key", 200), ("Make a new key and drop the old", 401)])
def test_the_tool_takes_the_new_key_at_once_and_the_old_one_while_it_is_published(
    both: Meeting, button: str, answer: int
) -> None:
    teacher, administrator = both.guest(NAMES["teacher"]), both.guest(NAMES["admin"])
    url = f"{both.lms}/launch/deep-linking"
    teacher.get(url).expect(BEGUN)
    held = teacher.hold(url)
    press(both, administrator, button)
    teacher.get(url).expect(BEGUN)
    assert teacher.let_go(held).status == answer


def test_notices_are_signed_with_the_newest_key(both: Meeting) -> None:
    teacher, administrator = both.guest(NAMES["teacher"]), both.guest(NAMES["admin"])
    teacher.get(f"{both.lms}/launch/deep-linking").expect(BEGUN)
    both.work_off()
    press(both, administrator, "Make a new key and drop the old")
    press(both, administrator, "Send a test notice")
    assert both.answers(HELLO_NOTICE) == [200]
