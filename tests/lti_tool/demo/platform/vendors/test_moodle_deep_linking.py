"""The stand-in takes deep linking answers, and changes and refuses them, as the real Moodle did."""

import json
from html import unescape
from re import search
from typing import Any

import pytest
from werkzeug.test import TestResponse

from lti_tool.demo.platform.vendors.moodle.deep_linking import ActivityRefused, save
from tests.lti_tool.demo.platform.vendors.running import captured
from tests.lti_tool.demo.platform.vendors.site import Site, sign, site

ITEMS = "https://purl.imsglobal.org/spec/lti-dl/claim/content_items"


@pytest.fixture
def moodle() -> Site:
    return site()


def send(moodle: Site, token: str, key: str = "") -> TestResponse:
    teacher = moodle.browser("3")
    sesskey = key or next(one for one in moodle.moodle.sessions.values() if one.user_id == "3").key
    address = f"/mod/lti/contentitem_return.php?course=2&id=1&sesskey={sesskey}"
    answer = moodle.open(address, "POST", client=teacher, data={"JWT": token})
    moodle.moodle.sessions.clear()
    return answer


def moved(moodle: Site, claims: dict[str, Any]) -> dict[str, Any]:
    """Captured claims as if they had been made now."""
    shift = int(moodle.now) - claims["iat"]
    return claims | {"iat": claims["iat"] + shift, "exp": claims["exp"] + shift}


def values_of(answer: TestResponse) -> Any:
    found = search(r"amd\.init\((.*)\);", answer.text)
    assert found
    return json.loads(found.group(1))


def expected_values(text: str) -> Any:
    """The captured form; the tool was reached without HTTPS then."""
    return json.loads(text.replace("http:\\/\\/tool.example", "https:\\/\\/tool.example"))


def test_answers_are_taken_changed_and_refused_as_captured(moodle: Site) -> None:
    played = 0
    for expected in captured(23):
        claims = expected["claims"]
        answer = send(moodle, claims if isinstance(claims, str) else sign(moved(moodle, claims)))
        assert answer.status_code == expected["status"], expected["name"]
        if answer.status_code == 404:
            reason = "Consumer key is incorrect" if expected["name"] == "iss wrong" else "Expired token"
            assert reason in expected["text"]
            assert reason in unescape(answer.text)
        else:
            assert values_of(answer) == expected_values(expected["form_data"]), expected["name"]
        played += 1
    assert played == 20


def test_one_item_prefills_the_form_with_what_the_real_one_stored(moodle: Site) -> None:
    values = values_of(send(moodle, sign(moved(moodle, captured(21)["claims"]))))
    item = captured(21)["claims"][ITEMS][0]
    (activity,) = save(moodle.moodle, moodle.moodle.tools["1"], values)
    assert (activity.title, activity.text, activity.url) == (item["title"], item["text"], item["url"])
    assert activity.custom == "exercise=ex-1"
    assert values["icon"] == item["icon"]["url"]
    column = moodle.moodle.only_item_of(activity.number)
    assert column is not None
    assert (column.maximum, column.resource_id, column.tag) == (100, "res-1", "grade")
    assert column.review == item["lineItem"]["submissionReview"]
    # What the real one left out: the column's own name, dates, window and frame.
    assert column.label == item["title"]
    assert not {"available", "submission", "window", "iframe"} & set(values)


def test_three_items_become_a_list_to_confirm(moodle: Site) -> None:
    values = values_of(send(moodle, sign(moved(moodle, captured(22)["claims"]))))
    made = save(moodle.moodle, moodle.moodle.tools["1"], values)
    assert [one.title for one in made] == [f"Probe exercise {number}" for number in (2, 3, 4)]


@pytest.mark.parametrize("points", [200, 12.5, 0])
def test_points_that_are_no_whole_number_up_to_100_stop_one_item_and_become_100_in_a_list(
    moodle: Site, points: float
) -> None:
    item = {"title": "T", "lineItem": {"scoreMaximum": points}}
    claims = captured(21)["claims"]
    one = values_of(send(moodle, sign(moved(moodle, claims | {ITEMS: [item]}))))
    with pytest.raises(ActivityRefused, match="integer between 1 and 100"):
        save(moodle.moodle, moodle.moodle.tools["1"], one)
    two = values_of(send(moodle, sign(moved(moodle, claims | {ITEMS: [item, item]}))))
    for activity in save(moodle.moodle, moodle.moodle.tools["1"], two):
        column = moodle.moodle.only_item_of(activity.number)
        assert column is not None
        assert column.maximum == 100


def test_an_item_without_an_address_opens_the_tools_own(moodle: Site) -> None:
    claims = captured(21)["claims"] | {ITEMS: [{"title": "T", "custom": {"a": "1"}}]}
    (activity,) = save(moodle.moodle, moodle.moodle.tools["1"], values_of(send(moodle, sign(moved(moodle, claims)))))
    login = moodle.begin(moodle.browser("5"), activity.module)
    assert login["target_link_uri"] == moodle.moodle.tools["1"].target_url


def test_an_answer_signed_by_another_key_is_refused(moodle: Site) -> None:
    assert send(moodle, sign(moved(moodle, captured(21)["claims"]), by="another")).status_code == 404
    assert send(moodle, sign(moved(moodle, captured(21)["claims"]), kid="another")).status_code == 404


def test_the_return_address_belongs_to_the_teachers_session(moodle: Site) -> None:
    assert send(moodle, sign(moved(moodle, captured(21)["claims"])), key="another").status_code == 404
