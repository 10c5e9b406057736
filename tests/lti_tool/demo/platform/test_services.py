"""Access tokens, line items, scores, results and the roster."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lti_tool.demo.platform.scores import nanoseconds_of
from tests.lti_tool.demo.platform.tiny_tool import AGS, ISSUER, NOON, ROSTER, Service, TinyTool

ITEM = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
MEMBERS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
CONTAINER = f"{ISSUER}/lti/courses/course-phil-101/lineitems"
ROSTER_URL = f"{ISSUER}/lti/courses/course-phil-101/memberships"


def stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def score(**changes: Any) -> dict[str, Any]:
    body = {
        "userId": "sub-student1",
        "timestamp": stamp(NOON),
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "scoreGiven": 8,
        "scoreMaximum": 10,
        "comment": "Well argued.",
    }
    return {name: value for name, value in (body | changes).items() if value is not ...}


def column(tool: TinyTool) -> str:
    tool.add_link()
    return str(tool.state()["links"][0]["line_item_id"])


def below(item: str, part: str) -> str:
    return item.replace("?", f"/{part}?")


def send(service: Service, item: str, body: dict[str, Any]) -> int:
    return service("POST", below(item, "scores"), body, Content_Type=SCORE).status_code


def test_a_token_lasts_an_hour_and_has_the_offered_scopes(tool: TinyTool) -> None:
    answer = tool.ask_token(tool.sign(tool.assertion()), f"{ROSTER} urn:other").get_json()
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == ("bearer", 3600, ROSTER)
    service = Service(tool, answer["access_token"])
    assert service("GET", ROSTER_URL, Accept=MEMBERS).status_code == 200
    assert service("GET", CONTAINER, Accept=ITEMS).status_code == 403
    tool.now += 3600
    assert service("GET", ROSTER_URL, Accept=MEMBERS).status_code == 401
    assert tool.ask_token(tool.sign(tool.assertion()), "urn:other").get_json()["error"] == "invalid_scope"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "other"},
        {"sub": "other"},
        {"aud": ISSUER},
        {"exp": NOON + 301},
        {"iat": None},
        {"exp": NOON - 90, "iat": NOON - 120},
        {"jti": None},
    ],
)
def test_a_wrong_assertion_gets_no_token(tool: TinyTool, changes: dict[str, Any]) -> None:
    answer = tool.ask_token(tool.sign(tool.assertion(**changes)))
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


def test_an_assertion_works_once(tool: TinyTool) -> None:
    assertion = tool.sign(tool.assertion())
    assert [tool.ask_token(assertion).status_code for _ in range(2)] == [200, 401]


def test_a_new_key_is_fetched_once_and_a_known_key_not_again(tool: TinyTool) -> None:
    tool.service()
    tool.add_key("k2")
    assert tool.ask_token(tool.sign(tool.assertion(), "k2")).status_code == 200
    assert tool.ask_token(tool.sign(tool.assertion())).status_code == 200
    assert tool.jwks_reads == 2
    assert tool.ask_token(tool.sign(tool.assertion(), headers={"kid": "k3"})).status_code == 401
    assert tool.jwks_reads == 3


def test_line_items_are_made_shown_replaced_and_removed(tool: TinyTool) -> None:
    service, link_id = tool.service(), tool.add_link()
    body = {"label": "Draft", "scoreMaximum": 5, "resourceId": "r2", "tag": "draft", "resourceLinkId": link_id}
    made = service("POST", CONTAINER, body, Content_Type=ITEM)
    item = made.get_json()
    assert (made.status_code, made.content_type) == (201, ITEM)
    assert item == body | {"id": item["id"]}
    assert item["id"].endswith("/lineitem?type_id=1")
    changed = service("PUT", item["id"], item | {"label": "Second draft"}, Content_Type=ITEM)
    assert changed.get_json()["label"] == "Second draft"
    assert service("PUT", item["id"], item | {"resourceLinkId": "other"}, Content_Type=ITEM).status_code == 400
    assert service("GET", item["id"].partition("?")[0], Accept=ITEM).status_code == 404
    assert service("DELETE", item["id"]).status_code == 204
    assert service("GET", item["id"], Accept=ITEM).status_code == 404


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        ({"label": "x", "scoreMaximum": 1}, "application/json", 415),
        ({"label": " ", "scoreMaximum": 1}, ITEM, 400),
        ({"label": "x", "scoreMaximum": 0}, ITEM, 400),
        ({"label": "x", "scoreMaximum": 1, "resourceLinkId": "foreign"}, ITEM, 404),
        ([], ITEM, 400),
    ],
)
def test_a_wrong_line_item_is_refused(tool: TinyTool, body: object, media_type: str, status: int) -> None:
    assert tool.service()("POST", CONTAINER, body, Content_Type=media_type).status_code == status


def test_the_container_filters_and_gives_pages(tool: TinyTool) -> None:
    service = tool.service()
    for number in range(3):
        item = {"label": f"n{number}", "scoreMaximum": 1, "tag": "a&b", "resourceId": f"r{number}"}
        service("POST", CONTAINER, item, Content_Type=ITEM)
    found = service("GET", f"{CONTAINER}?resource_id=r1", Accept=ITEMS)
    assert [item["label"] for item in found.get_json()] == ["n1"]
    first = service("GET", f"{CONTAINER}?tag=a%26b&limit=2", Accept=ITEMS)
    following = first.headers["Link"].removeprefix("<").partition(">")[0]
    second = service("GET", following, Accept=ITEMS)
    assert [item["label"] for item in first.get_json() + second.get_json()] == ["n0", "n1", "n2"]
    assert "Link" not in second.headers
    assert service("GET", CONTAINER).status_code == 200
    assert service("GET", CONTAINER, Accept="application/json").status_code == 406
    assert service("GET", f"{CONTAINER}?limit=0", Accept=ITEMS).status_code == 400


def test_scopes_are_kept_apart(tool: TinyTool) -> None:
    item, reader, scorer = column(tool), tool.service(AGS + "lineitem.readonly"), tool.service(AGS + "score")
    assert reader("GET", CONTAINER, Accept=ITEMS).status_code == 200
    assert reader("DELETE", item).status_code == 403
    assert reader("POST", CONTAINER, {"label": "x", "scoreMaximum": 1}, Content_Type=ITEM).status_code == 403
    assert send(reader, item, score()) == 403
    assert scorer("GET", below(item, "results"), Accept=RESULTS).status_code == 403
    assert send(Service(tool, "unknown"), item, score()) == 401
    assert send(scorer, item, score()) == 200


def test_a_score_is_rescaled_shown_and_cleared(tool: TinyTool) -> None:
    item, service = column(tool), tool.service()
    answer = service("POST", below(item, "scores"), score(), Content_Type=SCORE)
    assert (answer.status_code, answer.data) == (200, b"")
    (grade,) = tool.state()["grades"]
    assert (grade["user_id"], grade["score"], grade["maximum"], grade["comment"]) == (
        "sub-student1",
        16,
        20,
        "Well argued.",
    )
    own = tool.get(tool.browser("student1"), "/gradebook").text
    assert "16 / 20" in own
    assert "Student2" not in own
    assert "Well argued." in tool.get(tool.browser("ta"), "/gradebook").text
    (result,) = service("GET", below(item, "results") + "&user_id=sub-student1", Accept=RESULTS).get_json()
    assert (result["resultScore"], result["resultMaximum"], result["scoreOf"]) == (16, 20, item)
    withdrawn = score(timestamp=stamp(NOON + 1), scoreGiven=..., scoreMaximum=..., gradingProgress="PendingManual")
    assert send(service, item, withdrawn) == 200
    assert (tool.state()["grades"][0]["score"], tool.state()["grades"][0]["comment"]) == (None, "")
    assert [each["body"] for each in tool.state()["received_scores"]] == [score(), withdrawn]


def test_results_follow_a_new_maximum(tool: TinyTool) -> None:
    item, service = column(tool), tool.service()
    send(service, item, score())
    service("PUT", item, {"label": "Essay", "scoreMaximum": 50}, Content_Type=ITEM)
    assert tool.state()["grades"][0]["score"] == 40


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"userId": ...}, 400),
        ({"userId": "sub-teacher"}, 422),
        ({"userId": "sub-nobody"}, 422),
        ({"timestamp": ...}, 400),
        ({"timestamp": "2026-09-21T12:00:00Z"}, 400),
        ({"timestamp": "2026-09-21T12:00:00.000"}, 400),
        ({"timestamp": "2026-09-31T12:00:00.000Z"}, 400),
        ({"timestamp": stamp(NOON + 61)}, 400),
        ({"timestamp": stamp(NOON + 59)}, 200),
        ({"activityProgress": "Done"}, 400),
        ({"gradingProgress": ...}, 400),
        ({"scoreGiven": -1}, 400),
        ({"scoreGiven": "8"}, 400),
        ({"scoreGiven": 12}, 200),
        ({"scoreMaximum": ...}, 400),
        ({"scoreMaximum": 0}, 400),
        ({"scoringUserId": ""}, 400),
        ({"submission": {"submittedAt": "yesterday"}}, 400),
        ({"submission": {"startedAt": stamp(NOON), "submittedAt": stamp(NOON - 1)}}, 400),
        ({"submission": {"submittedAt": stamp(NOON - 5)}}, 200),
    ],
)
def test_scores_are_checked_strictly(tool: TinyTool, changes: dict[str, Any], status: int) -> None:
    assert send(tool.service(), column(tool), score(**changes)) == status
    assert len(tool.state()["received_scores"]) == (status == 200)


def test_a_score_needs_its_content_type(tool: TinyTool) -> None:
    url = below(column(tool), "scores")
    assert tool.service()("POST", url, score(), Content_Type="application/json").status_code == 415


def test_only_a_newer_score_replaces_one_even_after_it_was_cleared(tool: TinyTool) -> None:
    item, service = column(tool), tool.service()
    assert send(service, item, score(scoreGiven=...)) == 200
    assert send(service, item, score()) == 409
    assert send(service, item, score(timestamp=stamp(NOON - 1))) == 409
    assert send(service, item, score(userId="sub-student2")) == 200
    assert send(service, item, score(timestamp=stamp(NOON + 0.001))) == 200


def test_times_are_compared_across_zones() -> None:
    assert nanoseconds_of("2026-09-21T14:00:00.5+02:00") == nanoseconds_of("2026-09-21T12:00:00.500000Z")


def test_the_roster_comes_in_pages_without_the_administrator(tool: TinyTool) -> None:
    service, url, members = tool.service(), ROSTER_URL, []
    sizes = []
    while url:
        answer = service("GET", url, Accept=MEMBERS)
        page = answer.get_json()["members"]
        members += page
        sizes.append(len(page))
        url = answer.headers.get("Link", "").removeprefix("<").partition(">")[0]
    assert sizes == [10, 4]
    assert answer.get_json()["context"]["id"] == "course-phil-101"
    assert {member["user_id"] for member in members} >= {"sub-student0", "sub-teacher", "sub-ta"}
    assert "sub-admin" not in {member["user_id"] for member in members}


def test_the_roster_filters_by_role_and_insists_on_its_media_type(tool: TinyTool) -> None:
    service = tool.service()
    for role in ("Instructor", "http%3A%2F%2Fpurl.imsglobal.org%2Fvocab%2Flis%2Fv2%2Fmembership%23Instructor"):
        found = service("GET", f"{ROSTER_URL}?role={role}", Accept=MEMBERS).get_json()["members"]
        assert [member["user_id"] for member in found] == ["sub-teacher", "sub-ta"]
    assert service("GET", ROSTER_URL, Accept="application/json").status_code == 406
    assert tool.service(AGS + "score")("GET", ROSTER_URL, Accept=MEMBERS).status_code == 403
