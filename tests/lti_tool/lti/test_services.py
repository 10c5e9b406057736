"""Services: tokens kept and renewed, pages read to their end, columns found before made, rosters whole or not."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import jwt
import pytest
import requests
from sqlalchemy import select

from grading import roster
from grading.gradebook_port import GradebookUnavailable, ReceiptOutcome, ScoreMessage
from grading.models import Assignment, Context, Deployment, Enrolment, Person, Registration
from grading.models.people import CourseRole, EnrolmentState
from grading.people import compiled_roster, names_of
from grading.roster import RosterUnavailable
from lti_tool.lti import claims as names
from lti_tool.lti.platforms import PLAIN
from lti_tool.lti.services.ags import AgsGradebook, score_body, service_url
from lti_tool.lti.services.connector import AT_ONCE, ServiceConnector, next_link, retry_after
from lti_tool.lti.services.errors import ServiceFailed
from lti_tool.lti.services.nrps import NrpsRosterSource
from tests.lti_tool.conftest import Tool
from tests.lti_tool.lms import CLIENT_ID, MEMBERSHIP, Answer
from tests.lti_tool.pages.test_main_job import set_up

Route = Callable[[str, dict[str, str], bytes], Answer]


def connector(tool: Tool, pauses: list[float] | None = None) -> ServiceConnector:
    """A connector that notes its pauses in place of making them."""
    application = tool.application
    pause = ([] if pauses is None else pauses).append
    return ServiceConnector(
        application.parts.database, application.keys, requests.Session(), application.parts.clock, pause
    )


def deployment(tool: Tool) -> UUID:
    with tool.parts.database.transaction() as session:
        return session.execute(select(Deployment.id)).scalar_one()


def answering(*answers: Answer) -> Route:
    left = list(answers)
    return lambda *_: left.pop(0) if len(left) > 1 else left[0]


def ok(value: Any, **headers: str) -> Answer:
    return 200, headers, json.dumps(value).encode()


def get(tool: Tool, path: str, client: ServiceConnector | None = None) -> int:
    answer = (client or connector(tool)).request(
        deployment(tool), "GET", f"{tool.platform.url}{path}", scopes=("s",), headers={}
    )
    return answer.status


def test_our_assertion_says_what_a_strict_platform_checks(tool: Tool) -> None:
    tool.platform.routes[("GET", "/thing")] = answering(ok({}))
    assert get(tool, "/thing") == 200
    body = next(body for method, path, _, body in tool.platform.requests if path == "/token")
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    claims = jwt.decode(form["client_assertion"], options={"verify_signature": False})
    assert (claims["iss"], claims["sub"], claims["aud"]) == (CLIENT_ID, CLIENT_ID, f"{tool.platform.url}/token")
    assert 0 < claims["exp"] - claims["iat"] <= 300
    assert isinstance(claims["iat"], int)
    assert len(claims["jti"]) >= 16
    assert form["scope"] == "s"


def test_a_token_is_used_again_and_renewed_once_when_it_is_refused(tool: Tool) -> None:
    client = connector(tool)
    tool.platform.routes[("GET", "/thing")] = answering(ok({}), ok({}), (401, {}, b""), ok({}))
    assert [get(tool, "/thing", client) for _ in range(3)] == [200, 200, 200]
    assert tool.platform.paths("POST").count("/token") == 2


def test_a_platform_that_always_refuses_is_not_asked_for_ever(tool: Tool) -> None:
    tool.platform.routes[("GET", "/thing")] = answering((401, {}, b""))
    assert get(tool, "/thing") == 401
    assert tool.platform.paths("GET").count("/thing") == 2


def test_no_token_is_said_with_its_status(tool: Tool) -> None:
    tool.platform.routes[("POST", "/token")] = answering((400, {}, b'{"error": ""kid" invalid'))
    with pytest.raises(ServiceFailed, match="HTTP 400") as failed:
        get(tool, "/thing")
    assert not failed.value.retry


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('<https://l/x?page=bookmark:WyJBYkMiXQ&Q=A>; rel="next"', "https://l/x?page=bookmark:WyJBYkMiXQ&Q=A"),
        ("<https://l/x?p=2>; rel=next", "https://l/x?p=2"),
        ("<https://l/x?a=1&amp;b=2>; rel=“next”", "https://l/x?a=1&b=2"),
        ('<https://l/1>; rel="first", <https://l/2>; rel="next", <https://l/9>; rel="last"', "https://l/2"),
        ('<https://l/1>; rel="prev"', None),
        ("", None),
    ],
)
def test_the_next_page_is_found_however_it_is_written(header: str, target: str | None) -> None:
    assert next_link(header) == target


def test_a_next_page_on_another_site_is_not_followed(tool: Tool) -> None:
    tool.platform.routes[("GET", "/list")] = answering(ok([], Link='<https://evil.example/list>; rel="next"'))
    pages = connector(tool).pages(deployment(tool), f"{tool.platform.url}/list", scopes=("s",), accept="x")
    with pytest.raises(ServiceFailed, match="another site"):
        list(pages)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://l/items/2/lineitem?type_id=1", "https://l/items/2/lineitem/scores?type_id=1"),
        ("https://l/items/2", "https://l/items/2/scores"),
        ("https://l/items/2/", "https://l/items/2/scores"),
    ],
)
def test_scores_go_to_the_path_and_keep_the_query(url: str, expected: str) -> None:
    assert service_url(url, "scores") == expected


def message(tool: Tool, **values: Any) -> ScoreMessage:
    with tool.parts.database.transaction() as session:
        assignment_id = session.execute(select(Assignment.id)).scalar_one()
    fields: dict[str, Any] = {
        "deployment_id": deployment(tool),
        "assignment_id": assignment_id,
        "subject": "user-1",
        "timestamp": datetime(2026, 11, 21, 9, 0, 0, 5000, tzinfo=UTC),
        "activity_progress": "Completed",
        "grading_progress": "FullyGraded",
        "score_hundredths": 1550,
        "maximum_hundredths": 2000,
        "comment": "Well done.",
        "submitted_at": datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
    }
    return ScoreMessage(**(fields | values))


def test_a_score_has_the_fields_of_the_specification(tool: Tool) -> None:
    set_up(tool)
    assert score_body(message(tool), PLAIN) == {
        "userId": "user-1",
        "timestamp": "2026-11-21T09:00:00.005Z",
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "scoreGiven": 15.5,
        "scoreMaximum": 20,
        "comment": "Well done.",
        "submission": {"startedAt": "2026-11-20T09:00:00.000Z", "submittedAt": "2026-11-20T09:00:00.000Z"},
    }
    assert "scoreGiven" not in score_body(message(tool, score_hundredths=None), PLAIN)


SCORES = "/lineitems/7/scores"


def with_column(tool: Tool) -> AgsGradebook:
    """A gradebook whose column is known."""
    set_up(tool)
    with tool.parts.database.transaction() as session:
        session.execute(select(Assignment)).scalar_one().lineitem_url = f"{tool.platform.url}/lineitems/7"
    return AgsGradebook(tool.parts.database, connector(tool))


@pytest.mark.parametrize(
    ("family", "status", "body", "outcome"),
    [
        ("", 200, b"", ReceiptOutcome.DELIVERED),
        ("", 204, b"", ReceiptOutcome.DELIVERED),
        ("", 201, b"{}", ReceiptOutcome.DELIVERED),
        ("", 200, b"[]", ReceiptOutcome.REJECTED),
        ("moodle", 200, b"", ReceiptOutcome.DELIVERED),
        ("moodle", 200, b"[]", ReceiptOutcome.REJECTED),
        ("moodle", 500, b"[]", ReceiptOutcome.RETRY),
        ("canvas", 200, b'{"resultUrl": "x"}', ReceiptOutcome.DELIVERED),
        ("canvas", 403, b"403 Forbidden (Rate Limit Exceeded)", ReceiptOutcome.RETRY),
        ("", 403, b"403 Forbidden (Rate Limit Exceeded)", ReceiptOutcome.REJECTED),
        ("", 409, b"", ReceiptOutcome.ALREADY_THERE),
        ("", 400, b"", ReceiptOutcome.REJECTED),
        ("canvas", 422, b"", ReceiptOutcome.REJECTED),
        ("", 403, b"", ReceiptOutcome.REJECTED),
        ("", 429, b"", ReceiptOutcome.RETRY),
        ("", 500, b"", ReceiptOutcome.RETRY),
        ("", 503, b"", ReceiptOutcome.RETRY),
    ],
)
def test_every_answer_to_a_score_means_something(
    tool: Tool, family: str, status: int, body: bytes, outcome: ReceiptOutcome
) -> None:
    gradebook = with_column(tool)
    with tool.parts.database.transaction() as session:
        session.execute(select(Registration)).scalar_one().product_family = family
    tool.platform.routes[("POST", SCORES)] = answering((status, {}, body))
    receipt = gradebook.post_score(message(tool))
    assert receipt.outcome is outcome
    assert "user-1" not in receipt.words


def test_a_busy_platform_gets_short_pauses_and_one_that_wants_longer_is_left_to_the_outbox(tool: Tool) -> None:
    pauses: list[float] = []
    client = connector(tool, pauses)
    tool.platform.routes[("GET", "/thing")] = answering((503, {}, b""), (429, {"Retry-After": "2"}, b""), ok({}))
    assert get(tool, "/thing", client) == 200
    assert len(pauses) == 2
    assert 0 < pauses[0] <= 4
    assert pauses[1] == 2.0
    tool.platform.routes[("GET", "/thing")] = answering((429, {"Retry-After": "90"}, b""))
    with pytest.raises(ServiceFailed) as failed:
        get(tool, "/thing", client)
    assert (failed.value.retry, failed.value.retry_after, len(pauses)) == (True, 90.0, 2)


def test_a_date_to_come_back_at_is_understood() -> None:
    now = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    assert retry_after({"retry-after": "Sat, 21 Nov 2026 09:01:30 GMT"}, now) == 90.0
    assert retry_after({"retry-after": "soon"}, now) is None
    assert retry_after({}, now) is None
    for for_ever in ("9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"):
        assert retry_after({"retry-after": for_ever}, now) == 24 * 3600


def test_one_token_is_asked_for_however_many_want_it(tool: Tool) -> None:
    client = connector(tool)
    tool.platform.routes[("GET", "/thing")] = answering(ok({}))
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: get(tool, "/thing", client), range(16))) == {200}
    assert tool.platform.paths("POST").count("/token") == 1


def test_a_token_that_opens_less_than_was_asked_for_is_said(tool: Tool) -> None:
    tool.platform.routes[("POST", "/token")] = answering(
        ok({"access_token": "t", "token_type": "bearer", "expires_in": 60, "scope": "other"})
    )
    with pytest.raises(ServiceFailed, match="does not allow"):
        get(tool, "/thing")


@pytest.mark.both_databases
def test_two_workers_at_once_make_one_column(tool: Tool) -> None:
    set_up(tool)
    made: list[bytes] = []

    def make(_query: str, _headers: dict[str, str], body: bytes) -> Answer:
        made.append(body)
        return 201, {}, json.dumps({"id": f"{tool.platform.url}/lineitems/7"}).encode()

    tool.platform.routes[("GET", "/lineitems")] = answering(ok([]))
    tool.platform.routes[("POST", "/lineitems")] = make
    tool.platform.routes[("POST", SCORES)] = answering((200, {}, b""))
    sent = message(tool)
    books = [AgsGradebook(tool.parts.database, connector(tool)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        outcomes = [receipt.outcome for receipt in pool.map(lambda book: book.post_score(sent), books)]
    assert len(made) == 1
    assert ReceiptOutcome.DELIVERED in outcomes
    assert set(outcomes) <= {ReceiptOutcome.DELIVERED, ReceiptOutcome.RETRY}


@pytest.mark.both_databases
def test_a_column_that_is_gone_is_found_or_made_again(tool: Tool) -> None:
    gradebook = with_column(tool)
    sent = message(tool)
    item = {"id": f"{tool.platform.url}/lineitems/9", "resourceId": str(sent.assignment_id)}
    tool.platform.routes[("POST", SCORES)] = answering((404, {}, b""))
    tool.platform.routes[("GET", "/lineitems")] = answering(ok([item]))
    tool.platform.routes[("POST", "/lineitems/9/scores")] = answering((200, {}, b""))
    assert gradebook.post_score(sent).outcome is ReceiptOutcome.DELIVERED
    assert gradebook.post_score(sent).outcome is ReceiptOutcome.DELIVERED
    assert tool.platform.paths("POST").count(SCORES) == 1


def test_a_column_that_the_lms_made_for_the_link_is_taken_over(tool: Tool) -> None:
    set_up(tool)
    tool.browser().launch(**{names.CUSTOM: {"assignment_id": str(message(tool).assignment_id)}})
    item = {"id": f"{tool.platform.url}/lineitems/7", "resourceLinkId": "link-1", "label": "Essay", "scoreMaximum": 20}
    tool.platform.routes[("GET", "/lineitems")] = lambda query, *_: ok([item] if "resource_link_id" in query else [])
    tool.platform.routes[("POST", SCORES)] = answering((200, {}, b""))
    gradebook = AgsGradebook(tool.parts.database, connector(tool))
    assert gradebook.post_score(message(tool)).outcome is ReceiptOutcome.DELIVERED
    assert "/lineitems" not in tool.platform.paths("POST")


def test_a_changed_title_reaches_the_column_and_the_rest_of_it_stays(tool: Tool) -> None:
    gradebook = with_column(tool)
    sent = message(tool)
    item = {"id": "x", "label": "Old", "scoreMaximum": 20, "tag": "grade", "https://lms.example/own": {"a": 1}}
    put: list[dict[str, Any]] = []

    def replace(_query: str, _headers: dict[str, str], body: bytes) -> Answer:
        put.append(json.loads(body))
        return ok(put[-1])

    tool.platform.routes[("GET", "/lineitems/7")] = answering(ok(item))
    tool.platform.routes[("PUT", "/lineitems/7")] = replace
    gradebook.update_column(sent.deployment_id, sent.assignment_id)
    assert put == [item | {"label": "Is it ever right to lie?"}]


def test_what_the_lms_shows_is_read_back(tool: Tool) -> None:
    gradebook = with_column(tool)
    sent = message(tool)
    tool.platform.routes[("GET", "/lineitems/7/results")] = answering(
        ok(
            [
                {"userId": "user-1", "resultScore": 15, "resultMaximum": 20, "comment": "x"},
                {"userId": 2, "resultScore": None},
                {"userId": "user-3", "resultScore": 0.5},
                {"nobody": True},
            ]
        )
    )
    found = {one.subject: one for one in gradebook.read_results(sent.deployment_id, sent.assignment_id)}
    assert (found["user-1"].score, found["user-1"].maximum, found["user-1"].has_comment) == (15.0, 20.0, True)
    assert found["2"].score is None
    assert (found["user-3"].score, found["user-3"].maximum) == (0.5, 1.0)
    tool.platform.routes[("GET", "/lineitems/7/results")] = answering((401, {}, b""))
    with pytest.raises(GradebookUnavailable) as refused:
        gradebook.read_results(sent.deployment_id, sent.assignment_id)
    assert not refused.value.offered


def test_a_column_is_found_by_its_resource_id_before_one_is_made(tool: Tool) -> None:
    set_up(tool)
    gradebook = AgsGradebook(tool.parts.database, connector(tool))
    sent = message(tool)
    item = {"id": f"{tool.platform.url}/lineitems/7?type_id=1", "resourceId": str(sent.assignment_id)}
    tool.platform.routes[("GET", "/lineitems")] = answering(ok([{"id": "x", "resourceId": "other"}, item]))
    tool.platform.routes[("POST", "/lineitems/7/scores")] = answering((200, {}, b""))
    assert gradebook.post_score(sent).outcome is ReceiptOutcome.DELIVERED
    assert gradebook.post_score(sent).outcome is ReceiptOutcome.DELIVERED
    assert len([path for path in tool.platform.paths("GET") if path.startswith("/lineitems")]) == 1
    assert "/lineitems" not in tool.platform.paths("POST")


def test_a_column_is_made_where_there_is_none(tool: Tool) -> None:
    set_up(tool)
    made: list[dict[str, Any]] = []

    def make(_query: str, headers: dict[str, str], body: bytes) -> Answer:
        assert headers["content-type"] == "application/vnd.ims.lis.v2.lineitem+json"
        made.append(json.loads(body))
        return 201, {}, json.dumps({"id": f"{tool.platform.url}/lineitems/8"}).encode()

    tool.platform.routes[("GET", "/lineitems")] = answering(ok([]))
    tool.platform.routes[("POST", "/lineitems")] = make
    tool.platform.routes[("POST", "/lineitems/8/scores")] = answering((200, {}, b""))
    sent = message(tool)
    assert AgsGradebook(tool.parts.database, connector(tool)).post_score(sent).outcome is ReceiptOutcome.DELIVERED
    assert made == [
        {"label": "Is it ever right to lie?", "scoreMaximum": 20, "resourceId": str(sent.assignment_id), "tag": "grade"}
    ]


def test_an_lms_that_does_not_answer_is_tried_again_later(tool: Tool) -> None:
    gradebook = with_column(tool)
    with tool.parts.database.transaction() as session:
        session.execute(select(Assignment)).scalar_one().lineitem_url = "http://127.0.0.1:9/nothing"
    assert gradebook.post_score(message(tool)).outcome is ReceiptOutcome.RETRY


def test_a_platform_never_gets_more_than_a_few_requests_at_once(tool: Tool) -> None:
    full, release = threading.Event(), threading.Event()
    under_way: list[int] = []

    def slow(*_: Any) -> Answer:
        under_way.append(1)
        if len(under_way) >= AT_ONCE:
            full.set()
        release.wait(20)
        return ok({})

    tool.platform.routes[("GET", "/slow")] = slow
    tool.platform.routes[("GET", "/quick")] = answering(ok({}))
    client = connector(tool)
    get(tool, "/quick", client)
    with ThreadPoolExecutor(3 * AT_ONCE) as pool:
        asked = [pool.submit(get, tool, "/slow", client) for _ in range(3 * AT_ONCE)]
        try:
            assert full.wait(20)
            # Whoever was let in too many would be there by the time these have come and gone.
            for _ in range(30):
                assert requests.get(f"{tool.platform.url}/quick", timeout=10).ok
            assert len(under_way) == AT_ONCE
        finally:
            release.set()
        assert [one.result(20) for one in asked] == [200] * (3 * AT_ONCE)


def person(number: int, role: str = "Learner", **values: Any) -> dict[str, Any]:
    return {
        "user_id": f"user-{number}",
        "roles": [MEMBERSHIP + role],
        "given_name": f"Given{number}",
        "family_name": f"Family{number}",
        "email": f"p{number}@campus.example",
        **values,
    }


def roster_page(tool: Tool, members: list[dict[str, Any]], following: str = "") -> Answer:
    headers = {"Link": f'<{tool.platform.url}/members{following}>; rel="next"'} if following else {}
    return ok({"id": "m", "context": {"id": "c1"}, "members": members}, **headers)


def read_roster(tool: Tool) -> UUID:
    with tool.parts.database.transaction() as session:
        context_id = session.execute(select(Context.id)).scalar_one()
    source = NrpsRosterSource(connector(tool))
    roster.refresh(tool.parts.database, tool.parts.vault, source, context_id, tool.parts.clock)
    return context_id


@pytest.mark.both_databases
def test_a_roster_of_several_pages_is_read_whole_and_sealed(tool: Tool) -> None:
    tool.browser().launch_as("Instructor", sub="teacher-1")
    tool.platform.routes[("GET", "/members")] = answering(
        roster_page(tool, [person(1), person(2)], "?page=2"),
        roster_page(tool, [person(3, "Instructor"), person(4, status="Inactive")]),
    )
    context_id = read_roster(tool)
    with tool.parts.database.transaction() as session:
        rows = session.execute(select(Enrolment)).scalars().all()
        people = {row.person_id for row in rows}
        shown = names_of(session, tool.parts.vault, context_id, people)
        compiled = compiled_roster(session, tool.parts.vault, context_id)
        assert session.execute(select(Context.roster_read_at)).scalar_one() is not None
    assert len(rows) == 4
    assert not any(b"Family1" in (row.sealed_profile or b"") for row in rows)
    assert "Given1 Family1" in shown.values()
    assert compiled is not None


def test_a_failure_on_the_second_page_keeps_the_old_roster(tool: Tool) -> None:
    tool.browser().launch_as("Instructor", sub="teacher-1")
    tool.platform.routes[("GET", "/members")] = answering(roster_page(tool, [person(1), person(2)]))
    read_roster(tool)
    tool.platform.routes[("GET", "/members")] = answering(roster_page(tool, [person(1)], "?page=2"), (500, {}, b"oops"))
    with pytest.raises(RosterUnavailable):
        read_roster(tool)
    with tool.parts.database.transaction() as session:
        states = session.execute(select(Enrolment.state)).scalars().all()
    assert set(states) == {EnrolmentState.ACTIVE}


def test_people_who_left_are_marked_after_a_complete_read(tool: Tool) -> None:
    tool.browser().launch_as("Instructor", sub="teacher-1")
    tool.platform.routes[("GET", "/members")] = answering(roster_page(tool, [person(1), person(2)]))
    read_roster(tool)
    tool.platform.routes[("GET", "/members")] = answering(roster_page(tool, [person(2)]))
    read_roster(tool)
    with tool.parts.database.transaction() as session:
        learners = session.execute(
            select(Enrolment.state).where(Enrolment.role == CourseRole.LEARNER).order_by(Enrolment.state)
        ).scalars()
        assert sorted(learners) == [EnrolmentState.ACTIVE, EnrolmentState.LEFT]


def test_members_who_are_gone_or_say_little_of_themselves_are_read_as_what_they_are(tool: Tool) -> None:
    tool.browser().launch_as("Instructor", sub="teacher-1")
    members = [
        {"user_id": "bare"},
        {"user_id": "short", "roles": ["Instructor"]},
        person(7, status="Deleted"),
        person(8, status="Inactive"),
    ]
    tool.platform.routes[("GET", "/members")] = answering(roster_page(tool, members))
    read_roster(tool)
    with tool.parts.database.transaction() as session:
        rows = session.execute(
            select(Person.subject, Enrolment.role, Enrolment.state).join(Person, Person.id == Enrolment.person_id)
        )
        found = {row.subject: (row.role, row.state) for row in rows}
    assert set(found) == {"teacher-1", "bare", "short"}
    assert found["short"] == (CourseRole.INSTRUCTOR, EnrolmentState.ACTIVE)
    assert found["bare"][0] is not CourseRole.INSTRUCTOR


@pytest.mark.both_databases
def test_members_whose_id_is_none_are_passed_over_and_nobody_is_marked_as_gone(
    tool: Tool, caplog: pytest.LogCaptureFixture
) -> None:
    tool.browser().launch_as("Instructor", sub="teacher-1")
    tool.platform.routes[("GET", "/members")] = answering(roster_page(tool, [person(1), person(2)]))
    read_roster(tool)
    unreadable = [
        *({**person(3), "user_id": odd} for odd in ("x" * 256, "a\x00b", "", "  ", "ü", "a\nb", None, 7, ["a"], {})),
        {"roles": [MEMBERSHIP + "Learner"]},
        "user-9",
    ]
    longest = "x" * 255
    tool.platform.routes[("GET", "/members")] = answering(
        roster_page(tool, [*unreadable, person(2), {**person(4), "user_id": longest}])
    )
    read_roster(tool)
    with tool.parts.database.transaction() as session:
        rows = session.execute(
            select(Person.subject, Enrolment.state).join(Enrolment, Enrolment.person_id == Person.id)
        ).all()
    assert {row.subject for row in rows} == {"teacher-1", "user-1", "user-2", longest}
    assert {row.state for row in rows} == {EnrolmentState.ACTIVE}
    noted = [vars(one)["blindmark_fields"] for one in caplog.records if one.message == "roster.members_passed_over"]
    assert [one["members"] for one in noted] == [len(unreadable)]


def test_a_role_from_a_launch_is_kept(tool: Tool) -> None:
    tool.browser().launch_as("Instructor", sub="user-1")
    tool.platform.routes[("GET", "/members")] = answering(roster_page(tool, [person(1, "Learner")]))
    read_roster(tool)
    with tool.parts.database.transaction() as session:
        assert session.execute(select(Enrolment.role)).scalar_one() is CourseRole.INSTRUCTOR


def test_a_roster_of_another_course_is_refused(tool: Tool) -> None:
    tool.browser().launch_as("Instructor", sub="teacher-1")
    tool.platform.routes[("GET", "/members")] = answering(ok({"context": {"id": "c2"}, "members": [person(1)]}))
    with pytest.raises(RosterUnavailable, match="does not belong"):
        read_roster(tool)


def test_a_course_without_a_roster_service_says_so(tool: Tool) -> None:
    tool.browser().launch_as("Instructor", sub="teacher-1", **{names.NRPS: None})
    with pytest.raises(RosterUnavailable, match="not offered"):
        read_roster(tool)
