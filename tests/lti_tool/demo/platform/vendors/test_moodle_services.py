"""Tokens, a teacher's own grade, suspended people and a second tool, as captured: the requests are sent again."""

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from lti_tool.demo.platform.vendors.moodle import SCOPES, AccessToken, Item, Tool
from tests.lti_tool.demo.platform.vendors.running import captured
from tests.lti_tool.demo.platform.vendors.site import CLIENT_ID, KnownKeys, Site, sign, site

FIRST, SECOND = "token of the first tool", "token of the second tool"
SUSPENDED = {"student4": "8"}


@pytest.fixture
def moodle() -> Site:
    found = site()
    found.moodle.tokens = {FIRST: AccessToken("1", SCOPES), SECOND: AccessToken("8", SCOPES)}
    return found


def send(moodle: Site, entry: dict[str, Any], token: str = FIRST) -> TestResponse:
    """Send a captured request again, with a token of ours."""
    asked = entry["request"]
    headers = asked["headers"] | {"Authorization": f"Bearer {token}"}
    data = json.dumps(asked["body"]) if asked["body"] is not None else None
    return moodle.open(asked["url"], asked["method"], headers=headers, data=data)


def same(answer: TestResponse, entry: dict[str, Any]) -> None:
    """Compare status line, content type and body."""
    expected = entry["response"]
    assert answer.status_code == expected["status"], entry["name"]
    assert answer.status.partition(" ")[2].casefold() == expected["reason"].casefold(), entry["name"]
    assert answer.headers["Content-Type"] == expected["headers"]["Content-Type"], entry["name"]
    found = json.loads(answer.text) if answer.text else ""
    assert found == expected["body"], entry["name"]


def assertion(moodle: Site, text: str, name: str) -> str:
    """The captured assertion, made anew."""
    if "JWT: " not in text:
        return text
    content = json.loads(text.partition("JWT: ")[2])
    claims = content["claims"]
    shift = int(moodle.now) - claims["iat"]
    moved = claims | {"iat": claims["iat"] + shift, "exp": claims["exp"] + shift}
    return sign(moved, kid=content["kid"], by="another" if name == "wrong-key-same-kid" else "tool")


@pytest.mark.parametrize("number", [40, 44, 45, 46, 47])
def test_tokens_are_given_and_refused_as_captured(moodle: Site, number: int) -> None:
    moodle.moodle.tools["8"] = Tool("8", "2rtddCXK7W4PVh1", KnownKeys(""))
    seen = 0
    for entry in captured(number):
        if "form" not in entry.get("request", {}):
            continue
        form = dict(entry["request"]["form"])
        form["client_assertion"] = assertion(moodle, form.get("client_assertion", ""), entry["name"])
        answer, expected = moodle.open("/mod/lti/token.php", "POST", data=form), entry["response"]
        assert answer.status_code == expected["status"], entry["name"]
        assert answer.headers["Content-Type"] == expected["headers"]["Content-Type"], entry["name"]
        if isinstance(expected["body"], str):
            # Its refusal of an unknown key is not even JSON.
            assert answer.text.split() == expected["body"].split(), entry["name"]
            continue
        found, fresh = json.loads(answer.text), {"access_token": ""}
        assert len(found.get("access_token", "x" * 32)) == 32
        assert found | fresh == expected["body"] | fresh, entry["name"]
        seen += 1
    assert seen >= (15 if number == 40 else 1)


def test_a_teachers_grade_a_lock_and_a_suspension_are_answered_as_captured(moodle: Site) -> None:
    for entry in captured(44):
        match entry.get("args"):
            case ["override", item, user, score]:
                # The captured clock stood at this second.
                moodle.now = 1795218192
                moodle.moodle.override(int(item), user, float(score), "teacher says")
            case ["lock", item, "1"]:
                moodle.moodle.items[int(item)].locked = True
            case ["suspend", name, wanted]:
                change = moodle.moodle.suspended.add if wanted == "1" else moodle.moodle.suspended.discard
                change(SUSPENDED[name])
            case _ if "form" not in entry.get("request", {"form": ""}):
                # Taking the lock away again had no effect on the captured site: its column went on refusing.
                same(send(moodle, entry), entry)
    grade = moodle.moodle.grades[5, "5"]
    assert (grade.score, grade.from_tool) == (55, 90)
    assert moodle.moodle.suspended == set()


def test_a_suspended_student_is_graded_and_a_locked_column_is_not(moodle: Site) -> None:
    moodle.moodle.items[5].locked = True
    moodle.moodle.suspended.add("8")
    for entry in captured(45)[1:]:
        same(send(moodle, entry), entry)
    assert moodle.moodle.grades[6, "8"].score == pytest.approx(11 / 100 * moodle.moodle.items[6].maximum)


def test_a_second_tool_gets_no_names_and_its_own_columns_as_captured(moodle: Site) -> None:
    moodle.moodle.tools["8"] = Tool("8", "2rtddCXK7W4PVh1", KnownKeys(""), shares_names=False, shares_email=False)
    moodle.moodle.items[27] = Item(27, "Anonymous tool", 10, "", "", "15", tool="8")
    for entry in captured(47)[1:]:
        same(send(moodle, entry, SECOND), entry)
    assert 27 not in moodle.moodle.items


def test_a_token_of_one_tool_opens_nothing_of_another(moodle: Site) -> None:
    entry = next(one for one in captured(47) if one["name"] == "lineitems of anon tool")
    assert send(moodle, entry, FIRST).status_code == 401
    assert moodle.moodle.tools["1"].client_id == CLIENT_ID
