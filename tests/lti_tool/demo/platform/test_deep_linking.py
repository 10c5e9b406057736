"""Deep linking responses: what is stored, and what is refused."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from tests.lti_tool.demo.platform.tiny_tool import DL, ISSUER, LTI, NOON, TinyTool


def test_an_item_becomes_an_assignment_with_a_column_and_the_top_window_goes_there(tool: TinyTool) -> None:
    answer = tool.send_deep_link(tool.sign(tool.deep_link_claims([tool.item()])))
    (link,) = tool.state()["links"]
    assert f'href="/course/links/{link["id"]}" target="_top"' in answer.text
    assert (link["title"], link["resource_id"], link["maximum"]) == ("Essay <1>", "a17", 20)
    page = tool.get(tool.browser("student1"), f"/course/links/{link['id']}").text
    assert "<h1>Essay &lt;1&gt;</h1>" in page
    assert f'src="/launch/{link["id"]}"' in page


def test_an_empty_list_stores_nothing_and_goes_back_to_the_course(tool: TinyTool) -> None:
    answer = tool.send_deep_link(tool.sign(tool.deep_link_claims([])))
    assert 'href="/course" target="_top"' in answer.text
    assert tool.state()["links"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "other"},
        {"aud": "http://elsewhere.example"},
        {"aud": [ISSUER, "http://elsewhere.example"]},
        {"exp": NOON + 301},
        {"exp": NOON - 120, "iat": NOON - 180},
        {"iat": NOON + 90, "exp": NOON + 120},
        {"exp": None},
        {"exp": str(NOON + 60)},
        {"nonce": None},
        {LTI + "version": "1.1"},
        {LTI + "message_type": "LtiResourceLinkRequest"},
        {LTI + "deployment_id": "demo-2"},
        {DL + "data": "changed"},
        {DL + "data": None},
    ],
)
def test_a_response_with_a_wrong_claim_is_refused(tool: TinyTool, changes: dict[str, Any]) -> None:
    token = tool.sign(tool.deep_link_claims([tool.item()], **changes))
    assert tool.send_deep_link(token).status_code == 400
    assert tool.state()["links"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "link"},
        {"url": "http://elsewhere.example/lti/launch"},
        {"custom": {"number": 17}},
        {"lineItem": {"scoreMaximum": 0}},
        {"lineItem": {"label": "no maximum"}},
        {"lineItem": {"scoreMaximum": "20"}},
    ],
)
def test_an_item_that_breaks_a_rule_is_refused(tool: TinyTool, changes: dict[str, Any]) -> None:
    assert tool.send_deep_link(tool.sign(tool.deep_link_claims([tool.item(**changes)]))).status_code == 400
    assert tool.state()["links"] == []


def test_two_items_are_one_too_many(tool: TinyTool) -> None:
    assert tool.send_deep_link(tool.sign(tool.deep_link_claims([tool.item()] * 2))).status_code == 400


def test_a_response_works_once_and_so_does_its_data(tool: TinyTool) -> None:
    claims = tool.deep_link_claims([tool.item()])
    assert tool.send_deep_link(tool.sign(claims)).status_code == 200
    assert tool.send_deep_link(tool.sign(claims)).status_code == 400
    assert tool.send_deep_link(tool.sign(claims | {"nonce": "fresh"})).status_code == 400
    assert len(tool.state()["links"]) == 1


def test_a_token_of_another_key_another_algorithm_or_without_kid_is_refused(tool: TinyTool) -> None:
    claims = tool.deep_link_claims([tool.item()])
    good = tool.sign(claims)
    bad = [
        tool.sign(claims, algorithm="RS384"),
        tool.sign(claims, headers={"kid": "unknown"}),
        tool.sign(claims, headers={}),
        tool.sign(claims, headers={"kid": "k1", "jku": "http://elsewhere.example"}),
        good[:-8] + "AAAAAAAA",
        "one.two",
    ]
    tool.keys["k2"] = generate_private_key(public_exponent=65537, key_size=2048)
    bad.append(tool.sign(claims, "k2", headers={"kid": "k1"}))
    assert [tool.send_deep_link(token).status_code for token in bad] == [400] * len(bad)
    assert tool.send_deep_link(good).status_code == 200
