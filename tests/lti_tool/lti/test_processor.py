"""Work handed in to the LMS's own assignment: attached, announced, fetched, read, graded, reported (L8)."""

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from sqlalchemy import func, select

from config.clock import utc_now
from grading import intake, processor_reports
from grading.models import Arrival, ArrivalAsset, Assignment, Context, Processor, Submission
from grading.states import ArrivalState, SubmissionState
from grading.submissions import open_for_pipeline
from lti_tool.lti import claims as names
from lti_tool.lti.models import Notice, NoticeState
from lti_tool.lti.notices import TAKE_NOTICE
from lti_tool.lti.services.assets import LmsAssets
from tests.lti_tool.conftest import BASE_URL, Tool, text_of
from tests.lti_tool.lms import CLIENT_ID, DEPLOYMENT_ID, Answer, Platform, jwk, rsa_key
from tests.lti_tool.lti.test_services import connector
from tests.thorough import tried

ESSAY = b"Honesty matters.\n\nHowever, a doctor may stay silent for an hour, and nobody would call that a lie."
MOMENT = "2026-11-21T09:00:00Z"
DEEP = {
    names.MESSAGE_TYPE: names.DEEP_LINKING_REQUEST,
    names.RESOURCE_LINK: None,
    names.ACTIVITY: {"id": "activity-1", "title": "Reflection letter"},
}


@dataclass
class Lms:
    """The LMS's side: files, reports taken, subscriptions."""

    tool: Tool
    reports: list[dict[str, Any]] = field(default_factory=list)
    subscriptions: list[dict[str, Any]] = field(default_factory=list)
    report_answer: Answer = (201, {}, b"{}")

    def __post_init__(self) -> None:
        routes = self.tool.platform.routes
        routes[("PUT", "/notices")] = self._subscribe
        routes[("POST", "/reports")] = self._report

    def _subscribe(self, _query: str, _headers: dict[str, str], body: bytes) -> Answer:
        self.subscriptions.append(json.loads(body))
        return 200, {}, body

    def _report(self, _query: str, headers: dict[str, str], body: bytes) -> Answer:
        assert headers["authorization"] == "Bearer token-1"
        self.reports.append(json.loads(body))
        return self.report_answer

    def file(self, path: str, content: bytes, **headers: str) -> None:
        self.tool.platform.routes[("GET", path)] = lambda *_: (200, headers, content)

    def deep_linking(self, **changes: Any) -> dict[str, Any]:
        return {
            **DEEP,
            names.DEEP_LINKING: {
                "deep_link_return_url": f"{self.tool.platform.url}/return",
                "accept_types": ["ltiAssetProcessor"],
                "accept_presentation_document_targets": ["iframe"],
                "data": "",
            },
            names.PLATFORM_NOTIFICATION_SERVICE: {
                "platform_notification_service_url": f"{self.tool.platform.url}/notices",
                "service_versions": ["1.0"],
                "scope": [names.SCOPE_NOTICES],
                "notice_types_supported": [names.SUBMISSION_NOTICE],
            },
            **changes,
        }

    def asset(self, path: str = "/files/1", content: bytes = ESSAY, **changes: Any) -> dict[str, Any]:
        self.file(path, content)
        made = {
            "asset_id": f"asset{path.replace('/', '-')}",
            "url": f"{self.tool.platform.url}{path}",
            "sha256_checksum": base64.b64encode(hashlib.sha256(content).digest()).decode(),
            "size": len(content),
            "content_type": "text/plain",
            "title": "Essay",
            "filename": "mira-okafor.txt",
            "timestamp": MOMENT,
        }
        return {name: value for name, value in (made | changes).items() if value is not None}

    def claims(self, assets: list[dict[str, Any]], submission: str = "s1", **changes: Any) -> dict[str, Any]:
        now = int(utc_now().timestamp())
        with self.tool.parts.database.transaction() as session:
            assignment = session.execute(select(Assignment.id)).scalar_one_or_none()
        made: dict[str, Any] = {
            "iss": self.tool.platform.url,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": uuid.uuid4().hex,
            names.VERSION: "1.3.0",
            names.DEPLOYMENT_ID: DEPLOYMENT_ID,
            names.NOTICE: {"id": uuid.uuid4().hex, "type": names.SUBMISSION_NOTICE, "timestamp": MOMENT},
            names.ACTIVITY: {"id": "activity-1"},
            names.SUBMISSION: {"id": submission},
            names.FOR_USER: {"user_id": "student-1"},
            names.CUSTOM: {"assignment_id": str(assignment)},
            names.ASSET_SERVICE: {"scope": [names.SCOPE_ASSET], "assets": assets},
            names.ASSET_REPORT: {"scope": [names.SCOPE_REPORT], "report_url": f"{self.tool.platform.url}/reports"},
        }
        return {name: value for name, value in (made | changes).items() if value is not None}

    def send(self, *tokens: str) -> Any:
        return self.tool.browser().post("/lti/notices", json={"notices": [{"jwt": token} for token in tokens]})

    def hand_in(self, *assets: dict[str, Any], **changes: Any) -> Any:
        """A student hands in at the LMS, and its notice arrives."""
        return self.send(self.tool.platform.sign(self.claims(list(assets or [self.asset()]), **changes)))

    def work(self) -> None:
        """What the worker does, until nothing is due."""
        parts, notices = self.tool.parts, self.tool.application.work.chores[TAKE_NOTICE]
        service = LmsAssets(connector(self.tool), self.tool.application.http)
        for _ in range(3):
            with parts.database.transaction() as session:
                found = notices.due(session, parts.clock())
            for notice in found:
                notices.run(notice)
            with parts.database.transaction() as session:
                arrivals = intake.due(session, parts.clock())
            for arrival in arrivals:
                intake.take_in(parts.database, parts.vault, service, arrival, provider="openai", most_bytes=1_000_000)
            with parts.database.transaction() as session:
                due = processor_reports.due(session, parts.clock())
            for asset in due:
                processor_reports.deliver(parts.database, parts.vault, service, asset)

    def progress(self) -> list[str]:
        return [report["processingProgress"] for report in self.reports]


@pytest.fixture
def lms(tool: Tool) -> Lms:
    """An LMS whose assignment has ours attached, with AI assistance switched on."""
    made = Lms(tool)
    browser = tool.browser()
    path = browser.launch_as("Instructor", sub="teacher-1", **made.deep_linking())
    page = browser.submit(path, "/attach", {"title": "Letter", "points": "20", "allow_assessment": "yes", "do": "save"})
    assert "Adding it to your course" in text_of(page), text_of(page)
    return made


def rows(lms: Lms, model: Any) -> list[Any]:
    with lms.tool.parts.database.transaction() as session:
        return list(session.execute(select(model)).scalars())


def test_an_instructor_attaches_an_assignment_after_the_lms_agreed_to_send_notices(tool: Tool) -> None:
    made = Lms(tool)
    browser = tool.browser()
    path = browser.launch_as("Instructor", sub="teacher-1", **made.deep_linking())
    page = browser.submit(path, "/attach", {"title": "Letter", "points": "20", "do": "save"})
    token = dict(html.document_fromstring(page.get_data(as_text=True)).forms[0].form_values())["JWT"]
    claims = jwt.decode(token, options={"verify_signature": False})
    (item,) = claims[names.DL_ITEMS]
    assert item["type"] == "ltiAssetProcessor"
    assert claims[names.DL_DATA] == ""
    (processor,) = rows(made, Processor)
    assert item["custom"]["assignment_id"] == str(processor.assignment_id)
    assert processor.activity_id == "activity-1"
    assert made.subscriptions == [
        {"notice_type": names.SUBMISSION_NOTICE, "handler": f"{BASE_URL}/lti/notices", "max_batch_size": 50}
    ]


def test_without_notices_nothing_is_attached(tool: Tool) -> None:
    made = Lms(tool)
    tool.platform.routes[("PUT", "/notices")] = lambda *_: (403, {}, b"")
    browser = tool.browser()
    path = browser.launch_as("Instructor", sub="teacher-1", **made.deep_linking())
    page = browser.submit(path, "/attach", {"title": "Letter", "points": "20", "do": "save"}, follow_redirects=True)
    assert "Nothing was attached" in text_of(page)
    assert rows(made, Processor) == []
    assert len(rows(made, Assignment)) == 1
    path = browser.launch_as(
        "Instructor", sub="teacher-1", **made.deep_linking(**{names.PLATFORM_NOTIFICATION_SERVICE: None})
    )
    page = browser.submit(path, "/attach", {"title": "Two", "points": "20", "do": "save"}, follow_redirects=True)
    assert "no notification service" in text_of(page)


@pytest.mark.both_databases
def test_work_comes_in_is_read_and_reported_as_under_way(lms: Lms) -> None:
    answer = lms.hand_in(consented := lms.asset())
    assert answer.status_code == 200
    assert answer.get_json() == {"accepted": 1, "ignored": 0, "rejected": 0}
    lms.work()
    (submission,) = rows(lms, Submission)
    assert submission.by_hand_reason == "no_consent"
    assert submission.state is SubmissionState.WITH_INSTRUCTOR
    assert b"mira-okafor" not in b"".join(asset.sealed_source for asset in rows(lms, ArrivalAsset))
    assert lms.progress() == ["PendingManual"]
    assert lms.reports[-1]["assetId"] == consented["asset_id"]
    assert lms.reports[-1]["visibleToOwner"] is False
    assert "by hand" in lms.reports[-1]["comment"]
    (notice,) = rows(lms, Notice)
    assert (notice.state, notice.sealed_content) == (NoticeState.DONE, None)


@pytest.mark.both_databases
def test_a_released_result_reaches_the_lms_as_a_report(lms: Lms) -> None:
    lms.hand_in()
    lms.work()
    (submission,) = rows(lms, Submission)
    teacher = lms.tool.browser()
    path = teacher.launch_as("Instructor", sub="teacher-1", **review(lms))
    shown = teacher.get(path, follow_redirects=True)
    assert f"/review/{submission.id}" in shown.request.path
    assert "a doctor may stay silent" in text_of(shown)
    teacher.submit(shown.request.path, "/override", {"score": "15", "comments": "Well argued.", "reason": "By hand."})
    lms.work()
    report = lms.reports[-1]
    assert report["processingProgress"] == "Processed"
    assert report["result"] == "15/20"
    assert report["visibleToOwner"] is True
    assert report["comment"].startswith("Well argued.")
    assert report["timestamp"] > lms.reports[0]["timestamp"]


def review(lms: Lms, submission: str = "s1", subject: str = "student-1") -> dict[str, Any]:
    with lms.tool.parts.database.transaction() as session:
        assignment = session.execute(select(Assignment.id)).scalar_one()
    return {
        names.MESSAGE_TYPE: names.REPORT_REVIEW_REQUEST,
        names.RESOURCE_LINK: None,
        names.ACTIVITY: {"id": "activity-1"},
        names.SUBMISSION: {"id": submission},
        names.ASSET: {"id": "asset-files-1"},
        names.FOR_USER: {"user_id": subject},
        names.CUSTOM: {"assignment_id": str(assignment)},
    }


def test_a_student_sees_only_their_own_report(lms: Lms) -> None:
    lms.hand_in()
    lms.work()
    browser = lms.tool.browser()
    own = browser.launch_as("Learner", sub="student-1", **review(lms))
    assert "as soon as your instructor releases it" in text_of(browser.get(own, follow_redirects=True))
    other = browser.launch_as("Learner", sub="student-2", **review(lms, subject="student-2"))
    assert browser.get(other, follow_redirects=True).status_code == 403
    forged = browser.launch_as("Learner", sub="student-2", **review(lms, subject="student-1"))
    assert browser.get(forged, follow_redirects=True).status_code == 403
    elsewhere = browser.launch_as("Instructor", sub="teacher-2", **(review(lms) | {names.CONTEXT: {"id": "another"}}))
    assert browser.get(elsewhere, follow_redirects=True).status_code == 404


def test_the_settings_launch_opens_the_assignment_for_its_instructor_only(lms: Lms) -> None:
    message = review(lms) | {names.MESSAGE_TYPE: names.PROCESSOR_SETTINGS_REQUEST}
    teacher = lms.tool.browser()
    shown = teacher.get(teacher.launch_as("Instructor", sub="teacher-1", **message), follow_redirects=True)
    assert shown.request.path.endswith("/settings")
    assert "Letter" in shown.get_data(as_text=True)
    student = lms.tool.browser()
    assert student.get(student.launch_as("Learner", **message), follow_redirects=True).status_code == 403


def eula(lms: Lms) -> dict[str, Any]:
    return {
        names.MESSAGE_TYPE: names.EULA_REQUEST,
        names.RESOURCE_LINK: None,
        names.EULA_SERVICE: {"url": f"{lms.tool.platform.url}/eula", "scope": [names.SCOPE_EULA_USER]},
    }


def test_who_accepts_the_terms_in_the_lms_has_consented(lms: Lms) -> None:
    told: list[dict[str, Any]] = []

    def note(_query: str, _headers: dict[str, str], body: bytes) -> Answer:
        told.append(json.loads(body))
        return 201, {}, b""

    lms.tool.platform.routes[("POST", "/eula/user")] = note
    browser = lms.tool.browser()
    path = browser.launch_as("Learner", sub="student-1", **eula(lms))
    page = browser.submit(path, "/terms", {"choice": "accept"})
    assert "You agreed" in text_of(page)
    assert (told[0]["userId"], told[0]["accepted"]) == ("student-1", True)
    lms.hand_in()
    lms.work()
    (submission,) = rows(lms, Submission)
    assert (submission.by_hand_reason, submission.state) == (None, SubmissionState.WAITING)
    assert lms.progress() == ["Processing"]
    browser.submit(path, "/terms", {"choice": "decline"})
    assert told[-1]["accepted"] is False


def test_a_resubmission_replaces_the_first_and_both_end_in_a_final_word(lms: Lms) -> None:
    lms.hand_in()
    lms.work()
    lms.hand_in(lms.asset("/files/2", ESSAY + b" A second thought."), submission="s2")
    lms.work()
    states = sorted(row.state for row in rows(lms, Submission))
    assert states == [SubmissionState.REPLACED, SubmissionState.WITH_INSTRUCTOR]
    with lms.tool.parts.database.transaction() as session:
        for asset in session.execute(select(ArrivalAsset)).scalars():
            asset.next_report_at = lms.tool.parts.clock()
    lms.work()
    assert [(one["assetId"], one["processingProgress"]) for one in lms.reports] == [
        ("asset-files-1", "PendingManual"),
        ("asset-files-2", "PendingManual"),
        ("asset-files-1", "NotProcessed"),
    ]


@pytest.mark.parametrize(
    ("changes", "content", "code"),
    [
        ({"sha256_checksum": base64.b64encode(b"x" * 32).decode()}, ESSAY, "CHECKSUM_MISMATCH"),
        ({"size": 5_000_000}, ESSAY, "ASSET_TOO_LARGE"),
        ({"size": None, "sha256_checksum": None}, b"x" * 1_000_001, "ASSET_TOO_LARGE"),
        (
            {"filename": "photo.bin", "content_type": "application/octet-stream"},
            b"\x00\x01\x02" * 50,
            "UNSUPPORTED_ASSET_TYPE",
        ),
        ({}, b"", "ASSET_TOO_SMALL"),
    ],
)
def test_a_file_that_cannot_be_read_is_reported_with_a_code(
    lms: Lms, changes: dict[str, Any], content: bytes, code: str
) -> None:
    lms.hand_in(lms.asset(content=content, **changes))
    lms.work()
    assert rows(lms, Submission) == []
    assert [row.state for row in rows(lms, Arrival)] == [ArrivalState.FAILED]
    assert (lms.reports[-1]["processingProgress"], lms.reports[-1]["errorCode"]) == ("Failed", code)


def test_of_several_files_the_readable_ones_are_handed_in(lms: Lms) -> None:
    lms.hand_in(
        lms.asset("/files/1", b"The first part."),
        lms.asset("/files/2", b"\x00\x01" * 40, filename="x.bin", content_type="application/octet-stream"),
        lms.asset("/files/3", b"<p>The <b>third</b> part.</p>", filename=None, content_type="text/html"),
    )
    lms.work()
    (submission,) = rows(lms, Submission)
    with lms.tool.parts.database.transaction() as session:
        work = open_for_pipeline(session, lms.tool.parts.vault, session.merge(submission))
    assert work.text.split("\n\n") == ["The first part.", "The third part."]
    assert sorted(lms.progress()) == ["Failed", "PendingManual", "PendingManual"]


def test_a_download_that_leads_elsewhere_loses_the_token_on_the_way(lms: Lms, tool: Tool) -> None:
    other = Platform()
    other.routes[("GET", "/store/1")] = lambda *_: (200, {}, ESSAY)
    asset = lms.asset()
    tool.platform.routes[("GET", "/files/1")] = lambda *_: (302, {"Location": f"{other.url}/store/1"}, b"")
    lms.hand_in(asset)
    lms.work()
    other.stop()
    assert len(rows(lms, Submission)) == 1
    assert [headers.get("authorization") for _, _, headers, _ in other.requests] == [None]


def test_an_lms_that_is_down_is_asked_again_later(lms: Lms) -> None:
    asset = lms.asset()
    lms.tool.platform.routes[("GET", "/files/1")] = lambda *_: (503, {}, b"")
    lms.hand_in(asset)
    lms.work()
    (arrival,) = rows(lms, Arrival)
    assert arrival.state is ArrivalState.WAITING
    assert arrival.next_attempt_at > lms.tool.parts.clock()
    assert lms.progress() == ["Processing"]
    lms.file("/files/1", ESSAY)
    with lms.tool.parts.database.transaction() as session:
        session.execute(select(Arrival)).scalar_one().next_attempt_at = lms.tool.parts.clock() - timedelta(seconds=1)
    lms.work()
    assert len(rows(lms, Submission)) == 1


@pytest.mark.both_databases
def test_a_worker_killed_while_fetching_leaves_the_work_to_the_next(lms: Lms) -> None:
    lms.hand_in()
    parts = lms.tool.parts
    for notice in rows(lms, Notice):
        lms.tool.application.work.chores[TAKE_NOTICE].run(notice.id)
    (arrival,) = rows(lms, Arrival)

    class Dies(LmsAssets):
        def fetch(self, *_: Any, **__: Any) -> bytes:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        intake.take_in(
            parts.database,
            parts.vault,
            Dies(connector(lms.tool), lms.tool.application.http),
            arrival.id,
            provider="openai",
            most_bytes=1_000_000,
        )
    lms.work()
    assert rows(lms, Submission) == []
    with parts.database.transaction() as session:
        session.execute(select(Arrival)).scalar_one().lease_until = parts.clock() - timedelta(seconds=1)
    lms.work()
    assert len(rows(lms, Submission)) == 1


@pytest.mark.both_databases
def test_the_same_notice_twice_changes_nothing(lms: Lms) -> None:
    token = lms.tool.platform.sign(lms.claims([lms.asset()]))
    assert lms.send(token, token).get_json()["accepted"] == 2
    assert lms.send(token).get_json()["accepted"] == 1
    lms.work()
    lms.hand_in()
    lms.work()
    assert len(rows(lms, Submission)) == 1
    assert len(rows(lms, Notice)) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {names.DEPLOYMENT_ID: "unknown"},
        {names.DEPLOYMENT_ID: None},
        {names.VERSION: "1.1"},
        {names.NOTICE: None},
        {names.NOTICE: {"id": "", "type": "x"}},
        {names.MESSAGE_TYPE: names.RESOURCE_LINK_REQUEST},
        {"aud": "someone"},
        {"aud": ["client-1", "other"]},
        {"azp": "other"},
        {"iss": "https://other.example"},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"iat": 1},
        {"nonce": None},
    ],
)
def test_a_notice_that_cannot_be_trusted_is_refused_and_nothing_is_written(lms: Lms, changes: dict[str, Any]) -> None:
    refused = lms.send(lms.tool.platform.sign(lms.claims([lms.asset()], **changes)))
    assert refused.status_code == 401
    assert refused.mimetype == "application/problem+json"
    assert rows(lms, Notice) == []


def test_forged_notices_are_refused(lms: Lms) -> None:
    claims = lms.claims([lms.asset()])
    other = rsa_key()
    for token in (
        "",
        "a.b.c",
        jwt.encode(claims, other, algorithm="RS256", headers={"kid": "platform-key"}),
        jwt.encode(claims, "x" * 40, algorithm="HS256", headers={"kid": "platform-key"}),
        lms.tool.platform.sign(claims, jwk=jwk(other, "x")),
        lms.tool.platform.sign(claims, kid="unknown"),
    ):
        assert lms.send(token).status_code == 401
    assert rows(lms, Notice) == []


def test_one_bad_notice_does_not_cost_the_others(lms: Lms) -> None:
    good, bad = lms.tool.platform.sign(lms.claims([lms.asset()])), "a.b.c"
    answer = lms.send(bad, good)
    assert (answer.status_code, answer.get_json()) == (200, {"accepted": 1, "ignored": 0, "rejected": 1})


@pytest.mark.both_databases
def test_a_nonce_serves_one_notice(lms: Lms) -> None:
    first = lms.claims([lms.asset()], nonce="n1")
    assert lms.send(lms.tool.platform.sign(first)).status_code == 200
    assert lms.send(lms.tool.platform.sign(lms.claims([lms.asset()], nonce="n1"))).status_code == 401


def test_unknown_kinds_are_passed_over_and_hello_is_noted(lms: Lms) -> None:
    unknown = lms.claims([], **{names.NOTICE: {"id": "1", "type": "LtiSomethingNew"}})
    hello = lms.claims([], **{names.NOTICE: {"id": "2", "type": names.HELLO_WORLD_NOTICE}})
    answer = lms.send(lms.tool.platform.sign(unknown), lms.tool.platform.sign(hello))
    assert answer.get_json() == {"accepted": 1, "ignored": 1, "rejected": 0}
    lms.work()
    assert [row.state for row in rows(lms, Notice)] == [NoticeState.DONE]


@pytest.mark.both_databases
def test_a_copied_course_is_announced_before_anybody_launches_it(lms: Lms) -> None:
    notice = {"id": "1", "type": names.CONTEXT_COPY_NOTICE}
    claims = lms.claims(
        [], **{names.NOTICE: notice, names.CONTEXT: {"id": "c9", "title": "Copy"}, names.ORIGIN_CONTEXTS: ["c1"]}
    )
    lms.send(lms.tool.platform.sign(claims))
    lms.work()
    with lms.tool.parts.database.transaction() as session:
        copy = session.execute(select(Context).where(Context.lms_context_id == "c9")).scalar_one()
    assert copy.origin_ids == ["c1"]


def test_a_stale_report_is_left_as_it_is(lms: Lms) -> None:
    lms.report_answer = (409, {}, b"")
    lms.hand_in()
    lms.work()
    assert len(lms.reports) == 1
    lms.work()
    assert len(lms.reports) == 1


def test_a_report_that_finds_nobody_is_repeated_with_the_same_moment(lms: Lms) -> None:
    lms.report_answer = (503, {"Retry-After": "60"}, b"")
    lms.hand_in()
    lms.work()
    lms.report_answer = (201, {}, b"")
    with lms.tool.parts.database.transaction() as session:
        session.execute(select(ArrivalAsset)).scalar_one().next_report_at = lms.tool.parts.clock()
    lms.work()
    assert len({json.dumps(report, sort_keys=True) for report in lms.reports}) == 1
    assert len(lms.reports) >= 2


@pytest.mark.parametrize(
    "changes",
    [
        {names.ACTIVITY: {"id": "another"}},
        {names.FOR_USER: {"user_id": "x" * 256}},
        {names.FOR_USER: {"user_id": "a\x00b"}},
        {names.FOR_USER: {"user_id": " "}},
        {names.FOR_USER: {"user_id": 7}},
    ],
)
def test_a_notice_for_nothing_attached_or_of_nobody_waits_and_then_ends(lms: Lms, changes: dict[str, Any]) -> None:
    lms.hand_in(**changes)
    notices = lms.tool.application.work.chores[TAKE_NOTICE]
    for _ in range(12):
        for notice in rows(lms, Notice):
            with lms.tool.parts.database.transaction() as session:
                session.get_one(Notice, notice.id).next_attempt_at = lms.tool.parts.clock()
            notices.run(notice.id)
    assert [row.state for row in rows(lms, Notice)] == [NoticeState.FAILED]
    with lms.tool.parts.database.transaction() as session:
        assert session.execute(select(func.count(Arrival.id))).scalar_one() == 0


@tried(80)
@given(
    body=st.one_of(
        st.binary(max_size=300),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=30),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(st.sampled_from(["notices", "jwt", "x"]), inner, max_size=3)
            ),
            max_leaves=12,
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_nothing_that_is_posted_breaks_the_notice_endpoint(tool: Tool, body: bytes) -> None:
    answer = tool.browser().post("/lti/notices", data=body, content_type="application/json")
    assert answer.status_code in (200, 400, 401)
    if answer.status_code == 200:
        assert answer.get_json() == {"accepted": 0, "ignored": 0, "rejected": 0}
