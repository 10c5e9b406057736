"""The main job through the pages: set up, hand in, batch, review, release. Forms are filled in as a person would."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import jwt
import pytest
import requests
from lxml import html
from sqlalchemy import event, select

from grading import gradebook
from grading.batches.run import Runner
from grading.models import Assignment, Batch, GradePush, QueueItem, Submission
from grading.states import PushState, QueueState, SubmissionState
from lti_tool.admin_accounts import create_administrator, set_password
from lti_tool.lti import claims as names
from lti_tool.lti.services.ags import AgsGradebook
from lti_tool.lti.services.connector import ServiceConnector
from privacy.models import Consent
from tests.grading.provider import MemoryProvider
from tests.lti_tool.conftest import BASE_URL, Browser, Tool, text_of
from tests.lti_tool.lms import CLIENT_ID, DEPLOYMENT_ID

ESSAY = "My name is Mira Okafor. Honesty matters.\n\nHowever, a doctor may stay silent for an hour <b>& more</b>."


@dataclass
class Story:
    """A tool with an assignment, and the people around it."""

    tool: Tool
    assignment_id: UUID
    provider: MemoryProvider

    def student(self, subject: str = "student-1", family_name: str = "Okafor") -> tuple[Browser, str]:
        browser = self.tool.browser()
        custom = {names.CUSTOM: {"assignment_id": str(self.assignment_id)}}
        name = {"sub": subject, "given_name": "Mira", "family_name": family_name, "name": f"Mira {family_name}"}
        return browser, browser.launch_as("Learner", **custom, **name)

    def teacher(self) -> tuple[Browser, str]:
        browser = self.tool.browser()
        custom = {names.CUSTOM: {"assignment_id": str(self.assignment_id)}}
        return browser, browser.launch_as("Instructor", sub="teacher-1", name="Ada Teachwell", **custom)

    def admin(self) -> Browser:
        browser = self.tool.browser()
        with self.tool.parts.database.transaction() as session:
            account, _ = create_administrator(session, "root", "a long password")
            set_password(session, account.id, "a longer password")
        response = browser.submit(
            "/admin/sign-in", "/admin/sign-in", {"username": "root", "password": "a longer password"}
        )
        assert response.status_code == 303
        return browser

    def hand_in(self, text: str = ESSAY, subject: str = "student-1", *, agree: bool = True) -> tuple[Browser, str]:
        browser, path = self.student(subject)
        if agree:
            browser.submit(path, "/consent", {"choice": "agree"})
        response = browser.submit(path, "/hand-in", {"text": text}, follow_redirects=True)
        assert "Handed in: attempt" in text_of(response)
        return browser, path

    def run_batch(self) -> None:
        admin = self.admin()
        with self.tool.parts.database.transaction() as session:
            items = [str(one) for one in session.execute(select(QueueItem.id)).scalars()]
        page = admin.submit("/admin", "/batches/new", {"item": items})
        assert "Costs at most" in text_of(page)
        form = html.document_fromstring(page.get_data(as_text=True)).forms
        create = next(one for one in form if (one.get("action") or "").endswith("/batches/create"))
        values: dict[str, Any] = {}
        for name, value in create.form_values():
            values.setdefault(name, []).append(value)
        made = admin.post("/admin/batches/create", data=values | {"note": "first batch"})
        assert made.status_code == 303
        batch_path = made.headers["Location"]
        submitted = admin.submit(batch_path, "/submit", {}, follow_redirects=True)
        assert "Submitted" in text_of(submitted)
        self.carry()
        done = text_of(admin.get(batch_path))
        assert "Completed" in done
        assert "first batch" in done

    def carry(self) -> None:
        """Carry every batch that was submitted to its end."""
        parts = self.tool.parts
        runner = Runner(parts.database, parts.vault, {"openai": self.provider}, 0.0, parts.clock)
        for _ in range(3):
            for batch_id in runner.due():
                runner.advance(batch_id)
            self.provider.end()

    def deliver(self) -> list[dict[str, Any]]:
        """Send all due messages; returns the scores that the LMS received."""
        received: list[dict[str, Any]] = []

        def take(_query: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
            assert headers["content-type"] == "application/vnd.ims.lis.v1.score+json"
            received.append(json.loads(body))
            return 200, {}, b""

        self.tool.platform.routes[("POST", "/lineitems/1/scores")] = take
        application = self.tool.application
        connector = ServiceConnector(
            application.parts.database, application.keys, requests.Session(), application.parts.clock
        )
        book = AgsGradebook(application.parts.database, connector)

        def later() -> datetime:
            return application.parts.clock() + timedelta(minutes=5)

        with application.parts.database.transaction() as session:
            due = gradebook.due(session, later())
        for push_id in due:
            gradebook.deliver(application.parts.database, application.parts.vault, book, push_id, later)
        return received


def set_up(tool: Tool) -> tuple[Browser, dict[str, Any], str]:
    """The teacher adds an assignment by deep linking; returns the decoded answer."""
    browser = tool.browser()
    path = browser.launch(sub="teacher-1", name="Tess Adeyemi", family_name="Adeyemi", **tool.platform.deep_linking())
    page = browser.submit(
        path,
        "/deep-link",
        {
            "title": "Is it ever right to lie?",
            "points": "20",
            "description": "Argue.",
            "allow_assessment": "yes",
            "do": "save",
        },
    )
    root = html.document_fromstring(page.get_data(as_text=True))
    form = root.forms[0]
    assert form.get("action") == f"{tool.platform.url}/return", text_of(page)
    token = dict(form.form_values())["JWT"]
    keys = {key["kid"]: jwt.PyJWK(key) for key in tool.browser().get("/lti/jwks.json").get_json()["keys"]}
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=tool.platform.url, issuer=CLIENT_ID)
    return browser, claims, path


@pytest.fixture
def story(tool: Tool) -> Story:
    """An assignment that a teacher has added."""
    _, claims, _ = set_up(tool)
    return Story(tool, UUID(claims[names.DL_ITEMS][0]["custom"]["assignment_id"]), MemoryProvider())


def test_a_teacher_adds_an_assignment_by_deep_linking(tool: Tool) -> None:
    _, claims, _ = set_up(tool)
    item = claims[names.DL_ITEMS][0]
    assert claims[names.DEPLOYMENT_ID] == DEPLOYMENT_ID
    assert claims[names.DL_DATA] == "opaque & <data>"
    assert claims["exp"] - claims["iat"] <= 300
    assert item["type"] == "ltiResourceLink"
    assert item["lineItem"] == {
        "scoreMaximum": 20,
        "label": "Is it ever right to lie?",
        "resourceId": item["custom"]["assignment_id"],
        "tag": "grade",
        "gradesReleased": True,
        "submissionReview": {
            "reviewableStatus": ["InProgress", "Submitted", "Completed"],
            "label": "Open in Blindmark",
            "url": item["url"],
            "custom": {"assignment_id": item["custom"]["assignment_id"]},
        },
    }
    assert item["url"].startswith(f"{BASE_URL}/lti/launch")


def test_cancelling_goes_back_to_the_lms_without_anything(tool: Tool) -> None:
    browser = tool.browser()
    path = browser.launch(sub="teacher-1", name="Tess Adeyemi", family_name="Adeyemi", **tool.platform.deep_linking())
    page = browser.submit(path, "/deep-link/cancel", {})
    token = dict(html.document_fromstring(page.get_data(as_text=True)).forms[0].form_values())["JWT"]
    assert jwt.decode(token, options={"verify_signature": False})[names.DL_ITEMS] == []


def test_a_learner_cannot_add_an_assignment(tool: Tool) -> None:
    browser = tool.browser()
    path = browser.launch(**{**tool.platform.deep_linking(), names.ROLES: []})
    assert browser.get(path + "deep-link").status_code == 403


def test_a_form_with_mistakes_comes_back_with_what_was_typed(tool: Tool) -> None:
    browser = tool.browser()
    path = browser.launch(sub="teacher-1", name="Tess Adeyemi", family_name="Adeyemi", **tool.platform.deep_linking())
    page = browser.submit(
        path, "/deep-link", {"title": "Kept title", "points": "many", "template": "no submission", "do": "save"}
    )
    words = text_of(page)
    assert "“many” is not a number of points" in words
    assert 'value="Kept title"' in page.get_data(as_text=True)
    with tool.parts.database.transaction() as session:
        assert session.execute(select(Assignment)).first() is None


def test_rubric_rows_are_added_and_removed_without_scripts(tool: Tool) -> None:
    browser = tool.browser()
    path = browser.launch(sub="teacher-1", name="Tess Adeyemi", family_name="Adeyemi", **tool.platform.deep_linking())
    page = browser.submit(path, "/deep-link", {"title": "T", "do": "add-criterion"})
    assert 'name="criterion-3-title"' in page.get_data(as_text=True)
    page = browser.submit(path, "/deep-link", {"title": "T", "do": "remove-criterion-1"})
    assert 'name="criterion-2-title"' not in page.get_data(as_text=True)
    page = browser.submit(path, "/deep-link", {"title": "T", "do": "add-level-0"})
    assert 'name="criterion-0-level-4-title"' in page.get_data(as_text=True)
    page = browser.submit(path, "/deep-link", {"title": "T", "do": "remove-level-0-0"})
    assert 'name="criterion-0-level-3-title"' not in page.get_data(as_text=True)


def test_the_whole_way_from_hand_in_to_gradebook(story: Story) -> None:
    browser, path = story.hand_in()
    assert "number 1 in the queue" in text_of(browser.get(path, follow_redirects=True))
    story.run_batch()
    assert "Mira" not in story.provider.sent()
    assert "With your instructor" in text_of(browser.get(path, follow_redirects=True))
    teacher, teacher_path = story.teacher()
    listed = text_of(teacher.get(teacher_path, follow_redirects=True))
    assert "Mira Okafor" in listed
    assert "Needs you" in listed
    with story.tool.parts.database.transaction() as session:
        submission = session.execute(select(Submission)).scalar_one()
    review_path = f"{teacher_path}review/{submission.id}"
    page = teacher.get(review_path)
    assert "13.33" in text_of(page)
    assert '<mark id="ev-1" data-n="1">a doctor may stay silent</mark>' in page.get_data(as_text=True)
    assert "<b>&amp; more" not in page.get_data(as_text=True)
    approved = teacher.submit(review_path, "/approve", {}, follow_redirects=True)
    assert "Approved" in text_of(approved)
    sent = story.deliver()[-1]
    assert (sent["userId"], sent["scoreGiven"], sent["scoreMaximum"]) == ("student-1", 13.33, 20)
    assert (sent["activityProgress"], sent["gradingProgress"]) == ("Completed", "FullyGraded")
    assert "You take a position" in sent["comment"]
    result = text_of(browser.get(path, follow_redirects=True))
    assert "Your result" in result
    assert "13.33" in result
    assert "In the gradebook" in text_of(teacher.get(f"{teacher_path}grades"))


def test_the_score_goes_to_the_path_of_the_column_with_its_query(story: Story) -> None:
    story.hand_in()
    story.deliver()
    assert "/lineitems/1/scores?type_id=3" in story.tool.platform.paths("POST")


def test_a_teacher_overrides_with_a_reason(story: Story) -> None:
    story.hand_in()
    story.run_batch()
    teacher, path = story.teacher()
    with story.tool.parts.database.transaction() as session:
        submission_id = session.execute(select(Submission.id)).scalar_one()
    review_path = f"{path}review/{submission_id}"
    refused = teacher.submit(review_path, "/override", {"score": "18", "comments": "Typed words", "reason": ""})
    assert "Say why you change it" in text_of(refused)
    assert "Typed words" in refused.get_data(as_text=True)
    teacher.submit(review_path, "/override", {"score": "18,5", "comments": "Better.", "reason": "The example."})
    assert story.deliver()[-1]["scoreGiven"] == 18.5


def test_work_without_consent_is_graded_by_hand(story: Story) -> None:
    story.hand_in(agree=False)
    with story.tool.parts.database.transaction() as session:
        submission = session.execute(select(Submission)).scalar_one()
        assert session.execute(select(QueueItem)).first() is None
        assert session.execute(select(Consent)).first() is None
    teacher, path = story.teacher()
    review_path = f"{path}review/{submission.id}"
    assert "has not agreed" in text_of(teacher.get(review_path))
    teacher.submit(review_path, "/override", {"score": "11", "comments": "Read by me."})
    sent = story.deliver()[-1]
    assert (sent["scoreGiven"], sent["comment"]) == (11, "Read by me.\n\nGraded by your instructor.")


def test_consent_can_be_taken_back(story: Story) -> None:
    browser, path = story.student()
    browser.submit(path, "/consent", {"choice": "agree"})
    browser.submit(path, "/consent", {"choice": "withdraw"})
    with story.tool.parts.database.transaction() as session:
        assert session.execute(select(Consent.withdrawn_at)).scalar_one() is not None


@pytest.mark.parametrize(
    ("name", "content"), [("essay.txt", b"Words in a file.\n\nMore."), ("essay.md", b"# Title\n\nWords.")]
)
def test_a_file_is_read_shown_and_handed_in(story: Story, name: str, content: bytes) -> None:
    browser, path = story.student()
    page = browser.submit(path, "/file", {"file": (BytesIO(content), name)}, follow_redirects=True)
    assert f"This is what was read from {name}" in text_of(page)
    assert "Words" in text_of(page)
    browser.submit(path, "/hand-in", {})
    teacher, teacher_path = story.teacher()
    with story.tool.parts.database.transaction() as session:
        submission_id = session.execute(select(Submission.id)).scalar_one()
    original = teacher.get(f"{teacher_path}review/{submission_id}/file")
    assert original.get_data() == content
    assert original.headers["Content-Disposition"].startswith("attachment")


def test_a_file_that_cannot_be_read_says_so_and_loses_nothing(story: Story) -> None:
    browser, path = story.student()
    browser.submit(path, "/draft", {"text": "My draft stays."})
    page = browser.submit(path, "/file", {"file": (BytesIO(b"%PDF-1.4 broken"), "essay.pdf")}, follow_redirects=True)
    assert "paste" in text_of(page).lower()
    assert "My draft stays." in page.get_data(as_text=True)


def test_a_second_attempt_takes_the_place_of_the_first(story: Story) -> None:
    browser, path = story.hand_in()
    browser.submit(path, "/hand-in", {"text": "My second attempt."})
    with story.tool.parts.database.transaction() as session:
        states = session.execute(select(Submission.state).order_by(Submission.attempt)).scalars().all()
        live = session.execute(select(QueueItem).where(QueueItem.state == QueueState.QUEUED)).all()
    assert states == [SubmissionState.REPLACED, SubmissionState.WAITING]
    assert len(live) == 1


def test_a_student_sees_no_page_of_the_instructor_and_nobody_elses_work(story: Story) -> None:
    story.hand_in()
    with story.tool.parts.database.transaction() as session:
        submission_id = session.execute(select(Submission.id)).scalar_one()
    browser, path = story.student("student-2", "Novak")
    for page in ("submissions", "settings", "grades", "connect", "deep-link", f"review/{submission_id}"):
        assert browser.get(path + page).status_code == 403, page
    assert browser.get(f"{path}review/{submission_id}/file").status_code == 403


def test_a_form_without_its_token_is_refused(story: Story) -> None:
    browser, path = story.student()
    for page in ("assignment/consent", "assignment/hand-in", "assignment/draft"):
        assert browser.post(path + page, data={"text": "x", "choice": "agree"}).status_code == 403
    with story.tool.parts.database.transaction() as session:
        assert session.execute(select(Consent)).first() is None


def test_a_test_user_hands_nothing_in(story: Story) -> None:
    browser = story.tool.browser()
    roles = [
        "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner",
        "http://purl.imsglobal.org/vocab/lti/system/person#TestUser",
    ]
    path = browser.launch(**{names.ROLES: roles, names.CUSTOM: {"assignment_id": str(story.assignment_id)}})
    response = browser.submit(path, "/hand-in", {"text": "x"})
    assert "test view" in text_of(response)


def test_the_list_costs_as_many_statements_for_thirty_as_for_three(story: Story) -> None:
    counts = []
    statements: list[str] = []
    event.listen(
        story.tool.parts.database.engine,
        "before_cursor_execute",
        lambda *arguments: statements.append(str(arguments[2])),
    )
    teacher, path = story.teacher()
    for size in (3, 12):
        for number in range(size):
            story.hand_in(subject=f"student-{size}-{number}")
        statements.clear()
        teacher.get(f"{path}submissions")
        counts.append(len([one for one in statements if one.lstrip().upper().startswith("SELECT")]))
    assert counts[0] == counts[1] <= 15


def test_nothing_in_a_page_can_be_run_by_what_a_student_writes(story: Story) -> None:
    story.hand_in(text='<script>alert(1)</script> "quoted" <img src=x onerror=alert(1)> words enough')
    teacher, path = story.teacher()
    with story.tool.parts.database.transaction() as session:
        submission_id = session.execute(select(Submission.id)).scalar_one()
    page = teacher.get(f"{path}review/{submission_id}")
    body = page.get_data(as_text=True)
    assert "<script>alert" not in body
    assert "<img src=x" not in body
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert f"frame-ancestors {story.tool.platform.url}" in policy


def test_delivery_states_are_kept(story: Story) -> None:
    story.hand_in()
    story.deliver()
    with story.tool.parts.database.transaction() as session:
        assert session.execute(select(GradePush.state)).scalar_one() is PushState.DELIVERED
        assert session.execute(select(Batch)).first() is None
