"""Adding to a course: make, pick or copy; the LMS is answered once, with what it takes and nothing else (L2)."""

from typing import Any
from uuid import UUID

import jwt
import pytest
from lxml import html
from sqlalchemy import event, func, select
from werkzeug.test import TestResponse

from grading.models import Assignment, Registration, ResourceLink, Submission
from grading.tenancy import PlatformDetails, register_platform
from lti_tool.lti import claims as names
from tests.lti_tool.conftest import Browser, Tool, text_of
from tests.lti_tool.lms import MEMBERSHIP

FORM = {"title": "Is it <b>ever</b> right to lie?", "points": "20", "description": "Argue.", "do": "save"}


def request(tool: Tool, browser: Browser, context: str = "c1", subject: str = "teacher-1", **settings: Any) -> str:
    """Open the deep linking page."""
    message = tool.platform.deep_linking()
    message[names.DEEP_LINKING] = {
        name: value for name, value in (message[names.DEEP_LINKING] | settings).items() if value is not None
    }
    message[names.CONTEXT] = {"id": context, "title": f"Course {context}"}
    return browser.launch(sub=subject, **message)


def answer_of(page: TestResponse) -> dict[str, Any]:
    token = dict(html.document_fromstring(page.get_data(as_text=True)).forms[0].form_values())["JWT"]
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def make(tool: Tool, context: str = "c1", **settings: Any) -> dict[str, Any]:
    browser = tool.browser()
    page = browser.submit(request(tool, browser, context, **settings), "/deep-link", FORM)
    return answer_of(page)


def assignments(tool: Tool) -> list[Assignment]:
    with tool.parts.database.transaction() as session:
        return list(session.execute(select(Assignment).order_by(Assignment.created_at)).scalars())


def test_data_comes_back_exactly_as_it_was_sent(tool: Tool) -> None:
    assert make(tool)[names.DL_DATA] == "opaque & <data>"
    assert make(tool, data="")[names.DL_DATA] == ""
    assert names.DL_DATA not in make(tool, data=None)


@pytest.mark.parametrize(
    ("accepts", "sent"), [(True, True), ("true", True), (None, True), (False, False), ("false", False)]
)
def test_a_column_goes_along_where_the_lms_makes_one(tool: Tool, accepts: Any, sent: bool) -> None:
    (item,) = make(tool, accept_lineitem=accepts)[names.DL_ITEMS]
    assert ("lineItem" in item) is sent
    if not sent:
        browser = tool.browser()
        path = request(tool, browser, accept_lineitem=accepts)
        assert "No column will be made" in text_of(browser.get(path, follow_redirects=True))


def test_history_variables_and_dates_go_along(tool: Tool) -> None:
    browser = tool.browser()
    values = FORM | {"opens_at": "2026-12-01T08:00", "due_at": "2026-12-10T20:00", "closes_at": "2026-12-12T20:00"}
    page = browser.submit(request(tool, browser), "/deep-link", values)
    (item,) = answer_of(page)[names.DL_ITEMS]
    assert item["custom"]["context_id_history"] == "$Context.id.history"
    assert item["available"] == {"startDateTime": "2026-12-01T08:00:00Z", "endDateTime": "2026-12-12T20:00:00Z"}
    assert item["submission"]["endDateTime"] == "2026-12-10T20:00:00Z"
    assert item["title"] == FORM["title"]
    assert "<b>ever</b>" not in page.get_data(as_text=True)


@pytest.mark.both_databases
def test_the_same_form_sent_twice_makes_one_assignment(tool: Tool) -> None:
    browser = tool.browser()
    path = request(tool, browser)
    page = browser.get(path, follow_redirects=True)
    form = next(
        one
        for one in html.document_fromstring(page.get_data(as_text=True)).forms
        if any(name == "title" for name, _ in one.form_values())
    )
    data = dict(form.form_values()) | FORM
    assert browser.post(f"{path}deep-link", data=data).status_code == 200
    again = browser.post(f"{path}deep-link", data=data)
    assert again.status_code == 409
    assert "added already" in text_of(again)
    assert len(assignments(tool)) == 1


def test_several_are_picked_only_where_the_lms_takes_several(tool: Tool) -> None:
    make(tool)
    make(tool)
    chosen = [str(one.id) for one in assignments(tool)]
    browser = tool.browser()
    path = request(tool, browser, accept_multiple="true")
    page = browser.submit(path, "/deep-link/pick", {"assignment": chosen})
    assert [item["custom"]["assignment_id"] for item in answer_of(page)[names.DL_ITEMS]] == chosen
    path = request(tool, browser, accept_multiple=False)
    page = browser.submit(path, "/deep-link/pick", {"assignment": chosen}, follow_redirects=True)
    assert "one at a time" in text_of(page)


@pytest.mark.parametrize(
    ("family", "points", "words"),
    [("moodle", "12.5", "whole points"), ("moodle", "200", "at most 100"), ("openedx", "12.5", "whole points")],
)
def test_points_that_the_lms_cannot_keep_are_said_before_it_is_answered(
    tool: Tool, family: str, points: str, words: str
) -> None:
    with tool.parts.database.transaction() as session:
        session.execute(select(Registration)).scalar_one().product_family = family
    browser = tool.browser()
    page = browser.submit(request(tool, browser), "/deep-link", FORM | {"points": points})
    assert words in text_of(page)
    assert assignments(tool) == []


@pytest.mark.parametrize("role", ["Learner", "Mentor", "Instructor#TeachingAssistant"])
def test_only_who_sets_up_assignments_may_add_one(tool: Tool, role: str) -> None:
    full = MEMBERSHIP + role
    if role.startswith("Instructor#"):
        full = "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"
    browser = tool.browser()
    message = tool.platform.deep_linking() | {names.ROLES: [full]}
    path = browser.launch(**message)
    assert browser.get(path, follow_redirects=True).status_code == 403
    assert browser.get(f"{path}deep-link").status_code == 403


@pytest.mark.parametrize(
    "settings",
    [
        {"deep_link_return_url": None},
        {"deep_link_return_url": "javascript:alert(1)"},
        {"deep_link_return_url": "https://"},
        {"accept_types": None},
        {"accept_types": ["file", "html"]},
        {"accept_types": "ltiResourceLink"},
    ],
)
def test_a_request_that_cannot_be_answered_is_refused(tool: Tool, settings: dict[str, Any]) -> None:
    browser = tool.browser()
    state, nonce = browser.login()
    message = tool.platform.deep_linking()
    message[names.DEEP_LINKING] = {
        name: value for name, value in (message[names.DEEP_LINKING] | settings).items() if value is not None
    }
    claims = tool.platform.claims(nonce, "http://127.0.0.1:8800/lti/launch", **message)
    assert browser.send(state, tool.platform.sign(claims)).status_code == 401


@pytest.mark.both_databases
def test_an_assignment_of_another_course_of_mine_is_copied_without_anybodys_work(tool: Tool) -> None:
    (first,) = make(tool, "c1")[names.DL_ITEMS]
    browser = tool.browser()
    path = request(tool, browser, "c2")
    page = browser.get(f"{path}deep-link?search=course+c1")
    assert "Course c1" in text_of(page)
    page = browser.submit(path, "/deep-link/copy", {"assignment": first["custom"]["assignment_id"]})
    (item,) = answer_of(page)[names.DL_ITEMS]
    source, copy = assignments(tool)
    assert item["custom"]["assignment_id"] == str(copy.id) != str(source.id)
    assert (copy.title, copy.points_hundredths) == (source.title, source.points_hundredths)
    assert copy.context_id != source.context_id


def test_nobody_copies_from_a_course_that_is_not_theirs(tool: Tool) -> None:
    (item,) = make(tool, "c1")[names.DL_ITEMS]
    browser = tool.browser()
    path = request(tool, browser, "c2", subject="teacher-2")
    page = browser.get(f"{path}deep-link")
    assert "Copy one from another course" not in text_of(page)
    token = html.document_fromstring(page.get_data(as_text=True)).xpath("//input[@name='csrf_token']/@value")[0]
    data = {"assignment": item["custom"]["assignment_id"], "csrf_token": token}
    assert browser.post(f"{path}deep-link/copy", data=data).status_code == 404
    student = tool.browser()
    student.launch(sub="teacher-3", **{names.CONTEXT: {"id": "c1"}})
    path = request(tool, student, "c3", subject="teacher-3")
    assert "Copy one from another course" not in text_of(student.get(f"{path}deep-link"))


def copied(tool: Tool, browser: Browser, role: str = "Instructor", subject: str = "teacher-1", **custom: str) -> str:
    """A launch of a link that came along with a copied course, as Moodle restores it."""
    return browser.launch_as(
        role,
        sub=subject,
        **{
            names.CONTEXT: {"id": "c2", "title": "Ethics, second year"},
            names.RESOURCE_LINK: {"id": "link-2"},
            names.CUSTOM: {"link_id_history": "$ResourceLink.id.history", **custom},
        },
    )


@pytest.mark.parametrize("by", ["link", "history"])
def test_a_copied_course_offers_what_its_link_showed(tool: Tool, by: str) -> None:
    (item,) = make(tool)[names.DL_ITEMS]
    identifier = item["custom"]["assignment_id"]
    custom = {"assignment_id": identifier} if by == "link" else {"context_id_history": "c1"}
    student = tool.browser()
    waiting = student.get(copied(tool, student, "Learner", "student-1", **custom), follow_redirects=True)
    assert "isn't ready yet" in text_of(waiting)
    browser = tool.browser()
    path = copied(tool, browser, **custom)
    page = browser.get(path, follow_redirects=True)
    assert "This course was copied" in text_of(page)
    done = browser.submit(path, "/connect/copy", {}, follow_redirects=True)
    assert "Your assignment is ready" in text_of(done)
    source, copy = assignments(tool)
    with tool.parts.database.transaction() as session:
        link = session.execute(select(ResourceLink).where(ResourceLink.lms_link_id == "link-2")).scalar_one()
        assert session.execute(select(func.count(Submission.id))).scalar_one() == 0
    assert link.assignment_id == copy.id != UUID(identifier) == source.id


def test_a_copied_link_never_leads_to_another_tenant(tool: Tool) -> None:

    (item,) = make(tool)[names.DL_ITEMS]
    with tool.parts.database.transaction() as session:
        register_platform(
            session,
            PlatformDetails(
                issuer=tool.platform.url,
                client_id="school-2",
                name="Second school",
                authorization_url=f"{tool.platform.url}/auth",
                token_url=f"{tool.platform.url}/token",
                jwks_url=f"{tool.platform.url}/jwks",
            ),
            "deployment-1",
        )
    browser = tool.browser()
    state, nonce = browser.login(client_id="school-2")
    claims = tool.platform.claims(
        nonce,
        "http://127.0.0.1:8800/lti/launch",
        aud="school-2",
        sub="teacher-1",
        **{
            names.ROLES: [MEMBERSHIP + "Instructor"],
            names.CUSTOM: {"assignment_id": item["custom"]["assignment_id"], "context_id_history": "c1"},
        },
    )
    response = browser.send(state, tool.platform.sign(claims))
    page = browser.get(response.headers["Location"], follow_redirects=True)
    assert "was copied" not in text_of(page)
    assert "no assignment yet" in text_of(page)


def test_the_page_takes_the_same_number_of_statements_however_much_there_is(tool: Tool) -> None:
    def count(context: str) -> int:
        browser = tool.browser()
        path = request(tool, browser, context)
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA")):
                statements.append(statement)

        event.listen(tool.parts.database.engine, "before_cursor_execute", note)
        browser.get(f"{path}deep-link")
        event.remove(tool.parts.database.engine, "before_cursor_execute", note)
        return len(statements)

    make(tool, "c1")
    few = count("c2")
    for _ in range(4):
        make(tool, "c1")
        make(tool, "c2")
    assert count("c2") == few
