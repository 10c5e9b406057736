"""The administrator's pages: signing in, the queue's buttons, connecting an LMS; nothing without being signed in."""

import pytest
from sqlalchemy import select

from grading.models import QueueItem, Registration
from grading.states import Priority, QueueState
from lti_tool.admin_accounts import create_administrator
from tests.lti_tool.conftest import Tool, text_of
from tests.lti_tool.pages.test_main_job import Story, set_up, story

__all__ = ["story"]
PASSWORD = "a long enough password"


def account(tool: Tool, password: str | None = PASSWORD) -> str:
    with tool.parts.database.transaction() as session:
        return create_administrator(session, "root", password)[1]


PAGES = (
    "/admin",
    "/admin/batches",
    "/admin/costs",
    "/admin/costs/prices",
    "/admin/platforms",
    "/admin/platforms/add",
    "/admin/privacy",
    "/admin/audit",
    "/admin/password",
)


@pytest.mark.parametrize("path", PAGES)
def test_nobody_comes_in_without_signing_in(tool: Tool, path: str) -> None:
    response = tool.browser().get(path)
    assert response.status_code == 303
    assert response.headers["Location"].endswith("/admin/sign-in")


def test_a_one_time_password_must_be_changed_first(tool: Tool) -> None:
    browser, password = tool.browser(), account(tool, None)
    signed_in = browser.submit("/admin/sign-in", "/sign-in", {"username": "root", "password": password})
    assert signed_in.status_code == 303
    assert browser.get("/admin").headers["Location"].endswith("/admin/password")
    short = browser.submit("/admin/password", "/password", {"password": "short", "again": "short"})
    assert "at least 12 characters" in text_of(short)
    different = browser.submit("/admin/password", "/password", {"password": PASSWORD, "again": "something else"})
    assert "differ" in text_of(different)
    browser.submit("/admin/password", "/password", {"password": PASSWORD, "again": PASSWORD})
    assert browser.get("/admin").status_code == 200


@pytest.mark.parametrize("name", ["root", "nobody"])
def test_a_wrong_password_says_nothing_about_the_name(tool: Tool, name: str) -> None:
    account(tool)
    response = tool.browser().submit("/admin/sign-in", "/sign-in", {"username": name, "password": "wrong"})
    assert response.status_code == 401
    assert "The name or the password is wrong." in text_of(response)


def test_guessing_is_stopped(tool: Tool) -> None:
    account(tool)
    answers = [
        tool.browser().submit("/admin/sign-in", "/sign-in", {"username": "root", "password": f"guess {number}"})
        for number in range(6)
    ]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    right = tool.browser().submit("/admin/sign-in", "/sign-in", {"username": "root", "password": PASSWORD})
    assert right.status_code == 429


def test_signing_out_ends_the_session(tool: Tool) -> None:
    account(tool)
    browser = tool.browser()
    browser.submit("/admin/sign-in", "/sign-in", {"username": "root", "password": PASSWORD})
    assert browser.get("/admin").status_code == 200
    browser.submit("/admin", "/sign-out", {})
    assert browser.get("/admin").status_code == 303


def test_a_form_from_elsewhere_is_refused(tool: Tool) -> None:
    account(tool)
    browser = tool.browser()
    assert browser.post("/admin/sign-in", data={"username": "root", "password": PASSWORD}).status_code == 403
    browser.submit("/admin/sign-in", "/sign-in", {"username": "root", "password": PASSWORD})
    assert browser.post("/admin/queue/change", data={"do": "skip"}).status_code == 403


def test_priority_note_skip_and_put_back(story: Story) -> None:
    story.hand_in()
    admin = story.admin()
    with story.tool.parts.database.transaction() as session:
        item = str(session.execute(select(QueueItem.id)).scalar_one())

    def change(**values: str) -> str:
        return text_of(admin.submit("/admin", "/queue/change", {"item": item, **values}, follow_redirects=True))

    assert "1 now have high priority" in change(do="priority-high")
    assert "Note saved" in change(do="note", note="Please soon")
    assert "Please soon" in text_of(admin.get("/admin"))
    assert "1 taken out" in change(do="skip")
    assert "Nothing waits here" in text_of(admin.get("/admin"))
    shown = admin.get("/admin?state=skipped")
    assert "Skipped" in text_of(shown)
    token = shown.get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    back = admin.post("/admin/queue/change", data={"item": item, "do": "put-back", "csrf_token": token})
    assert back.status_code == 303
    with story.tool.parts.database.transaction() as session:
        row = session.execute(select(QueueItem)).scalar_one()
    assert (row.state, row.priority) == (QueueState.QUEUED, Priority.HIGH)


def test_nothing_ticked_is_said(story: Story) -> None:
    story.hand_in()
    admin = story.admin()
    assert "Nothing was chosen" in text_of(admin.submit("/admin", "/batches/new", {"item": []}))


@pytest.mark.parametrize("query", ["state=made-up", "course=x", "priority=soon", "after=nonsense"])
def test_an_unreadable_filter_is_an_error_page_and_not_a_crash(story: Story, query: str) -> None:
    admin = story.admin()
    assert admin.get(f"/admin?{query}").status_code == 400


def test_no_name_is_shown_to_the_administrator(story: Story) -> None:
    story.hand_in()
    story.run_batch()
    admin = story.tool.browser()
    admin.submit("/admin/sign-in", "/sign-in", {"username": "root", "password": "a longer password"})
    for path in ("/admin", "/admin?state=completed", "/admin/batches", "/admin/audit"):
        page = admin.get(path).get_data(as_text=True)
        assert "Okafor" not in page
        assert "Mira" not in page


def test_an_lms_is_connected_by_hand_and_disabled(tool: Tool) -> None:
    account(tool)
    browser = tool.browser()
    browser.submit("/admin/sign-in", "/sign-in", {"username": "root", "password": PASSWORD})
    values = {
        "name": "Moodle",
        "issuer": "https://moodle.example",
        "client_id": "abc",
        "deployment_id": "1",
        "authorization_url": "http://moodle.example/auth",
        "token_url": "https://moodle.example/token",
        "jwks_url": "https://moodle.example/jwks",
    }
    refused = browser.submit("/admin/platforms/add", "/add", values)
    assert "must be a full https:// address" in text_of(refused)
    assert 'value="abc"' in refused.get_data(as_text=True)
    values["authorization_url"] = "https://moodle.example/auth"
    assert "Moodle is connected" in text_of(
        browser.submit("/admin/platforms/add", "/add", values, follow_redirects=True)
    )
    again = browser.submit("/admin/platforms/add", "/add", values)
    assert "connected already" in text_of(again)
    page = browser.submit("/admin/platforms", "/state", {}, follow_redirects=True)
    assert "disabled" in text_of(page)
    with tool.parts.database.transaction() as session:
        states = sorted(session.execute(select(Registration.state)).scalars())
    assert states == ["active", "disabled"]


def test_errors_are_pages_for_people_and_problems_for_machines(tool: Tool) -> None:
    set_up(tool)
    page = tool.browser().get("/nowhere")
    assert page.status_code == 404
    assert "There is nothing here" in text_of(page)
    problem = tool.browser().get("/api/v1/nowhere")
    assert problem.status_code == 404
    assert problem.mimetype == "application/problem+json"
    assert tool.browser().get("/api/v1").get_json()["name"] == "Blindmark"
    assert tool.browser().get("/healthz").get_json()["status"] == "ok"
    assert tool.browser().get("/lti/launch").status_code == 400
    assert "Key set" in text_of(tool.browser().get("/lti/register"))
    refused = tool.browser().post("/lti/notices", json={})
    assert (refused.status_code, refused.mimetype) == (400, "application/problem+json")
