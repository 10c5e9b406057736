"""Launches besides the ordinary one: who may see whose work is decided by roles and rows, never by a claim."""

import io
import zipfile
from typing import Any

import pytest
from sqlalchemy import event, select

from grading import exports
from grading.models import Context, ErasureRequest, Person, PersonalExport, Registration, ResourceLink, Submission
from lti_tool.lti import claims as names
from lti_tool.lti.migration import keep_consumer, migration_signature
from privacy.models import AuditEvent
from tests.lti_tool.conftest import Tool, text_of
from tests.lti_tool.lms import MEMBERSHIP
from tests.lti_tool.pages.test_main_job import Story, set_up, story

__all__ = ["story"]
ADMINISTRATOR = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"


def review_of(subject: str | None, story: Story, **changes: Any) -> dict[str, Any]:
    """Claims that turn a launch into a submission review request."""
    named = {} if subject is None else {names.FOR_USER: {"user_id": subject}}
    return {
        names.MESSAGE_TYPE: names.SUBMISSION_REVIEW_REQUEST,
        names.CUSTOM: {"assignment_id": str(story.assignment_id)},
        **named,
        **changes,
    }


def about(subject: str, **changes: Any) -> dict[str, Any]:
    """Claims that turn a launch into a data privacy launch."""
    return {
        names.MESSAGE_TYPE: names.DATA_PRIVACY_REQUEST,
        names.ROLES: [ADMINISTRATOR],
        names.FOR_USER: {"user_id": subject},
        names.CONTEXT: None,
        names.RESOURCE_LINK: None,
        names.AGS: None,
        names.NRPS: None,
        "sub": "administrator-1",
        **changes,
    }


def test_a_teacher_opens_a_students_work_from_the_gradebook(story: Story) -> None:
    story.hand_in()
    teacher = story.tool.browser()
    path = teacher.launch_as("Instructor", sub="teacher-1", **review_of("student-1", story))
    shown = teacher.get(path, follow_redirects=True)
    assert shown.status_code == 200
    assert "/review/" in shown.request.path
    assert "a doctor may stay silent" in text_of(shown)


def test_a_student_without_work_leads_to_the_list(story: Story) -> None:
    teacher = story.tool.browser()
    path = teacher.launch_as("Instructor", sub="teacher-1", **review_of("student-9", story))
    assert "handed in nothing" in text_of(teacher.get(path, follow_redirects=True))
    path = teacher.launch_as("Instructor", sub="teacher-1", **review_of(None, story))
    assert teacher.get(path, follow_redirects=True).status_code == 200


def test_a_student_opens_their_own_work(story: Story) -> None:
    browser, _ = story.hand_in()
    path = browser.launch_as("Learner", sub="student-1", **review_of("student-1", story))
    shown = browser.get(path, follow_redirects=True)
    assert shown.status_code == 200
    assert "/assignment" in shown.request.path or "Handed in" in text_of(shown)


@pytest.mark.parametrize("role", ["Learner", "Mentor", "ContentDeveloper", "Instructor#"])
def test_nobody_opens_a_classmates_work_because_the_lms_signed_it(story: Story, role: str) -> None:
    story.hand_in()
    browser = story.tool.browser()
    path = browser.launch_as(role, sub="student-2", **review_of("student-1", story))
    shown = browser.get(path, follow_redirects=True)
    assert shown.status_code == 403
    assert "a doctor may stay silent" not in shown.get_data(as_text=True)
    with story.tool.parts.database.transaction() as session:
        submission = session.execute(select(Submission.id)).scalar_one()
        noted = session.execute(select(AuditEvent.event)).scalars().all()
    assert "submission.review_refused" in noted
    assert browser.get(f"{path}review/{submission}").status_code == 403


@pytest.mark.both_databases
def test_an_administrator_takes_along_and_erases_what_is_kept(story: Story) -> None:
    story.hand_in()
    browser = story.tool.browser()
    path = browser.launch(**about("student-1"))
    page = browser.get(path, follow_redirects=True)
    assert "Submissions" in text_of(page)
    asked = browser.submit(path, "/privacy/export", {}, follow_redirects=True)
    assert "being made" in text_of(asked)
    with story.tool.parts.database.transaction() as session:
        export_id = session.execute(select(PersonalExport.id)).scalar_one()
    exports.make(story.tool.parts.database, story.tool.parts.vault, export_id)
    taken = browser.get(f"{path}privacy/export/{export_id}")
    assert taken.mimetype == "application/zip"
    assert b"a doctor may stay silent" in zipfile.ZipFile(io.BytesIO(taken.get_data())).read("data.json")
    erased = browser.submit(path, "/privacy/erase", {}, follow_redirects=True)
    assert "erased" in text_of(erased)
    with story.tool.parts.database.transaction() as session:
        assert session.execute(select(Submission)).first() is None
        assert session.execute(select(ErasureRequest.done_at)).scalar_one() is not None
        assert session.execute(select(Person).where(Person.subject == "student-1")).first() is None
    again = browser.launch(**about("student-1"))
    assert "Nothing" in text_of(browser.get(again, follow_redirects=True))


@pytest.mark.parametrize(
    "roles",
    [
        [],
        [MEMBERSHIP + "Instructor"],
        [MEMBERSHIP + "Administrator"],
        ["Administrator"],
        ["http://purl.imsglobal.org/vocab/lis/v2/person#Administrator"],
    ],
)
def test_only_an_administrator_of_the_lms_may_ask_for_personal_data(story: Story, roles: list[str]) -> None:
    story.hand_in()
    browser = story.tool.browser()
    path = browser.launch(**about("student-1", **{names.ROLES: roles}))
    assert browser.get(path, follow_redirects=True).status_code == 403
    assert browser.get(f"{path}privacy").status_code == 403


def test_an_administrator_launch_gives_nothing_in_a_course(story: Story) -> None:
    story.hand_in()
    browser = story.tool.browser()
    path = browser.launch(
        sub="administrator-1",
        **{names.ROLES: [ADMINISTRATOR], names.CUSTOM: {"assignment_id": str(story.assignment_id)}},
    )
    assert browser.get(f"{path}submissions").status_code == 403
    assert browser.get(f"{path}privacy").status_code == 403


def test_a_proven_migration_claim_names_the_old_id_and_a_forged_one_is_passed_over(tool: Tool) -> None:
    with tool.parts.database.transaction() as session:
        registration = session.execute(select(Registration.id)).scalar_one()
        keep_consumer(session, tool.parts.vault, registration, "key-1", "my-lti11-secret")
    for subject, secret, expected in (("u1", "my-lti11-secret", "old-u1"), ("u2", "guessed", None)):
        browser = tool.browser()
        state, nonce = browser.login()
        claims = tool.platform.claims(nonce, "http://127.0.0.1:8800/lti/launch", sub=subject)
        claims[names.LTI11] = {
            "oauth_consumer_key": "key-1",
            "user_id": f"old-{subject}",
            "oauth_consumer_key_sign": migration_signature(secret, claims, "key-1"),
        }
        assert browser.send(state, tool.platform.sign(claims)).status_code == 303
        with tool.parts.database.transaction() as session:
            assert (
                session.execute(select(Person.lti11_user_id).where(Person.subject == subject)).scalar_one() == expected
            )


def test_the_migration_signature_is_that_of_the_specification() -> None:
    claims = {
        "iss": "https://lmsvendor.com",
        "aud": "PM48OJSfGDTAzAo",
        "exp": 1551290856,
        "nonce": "172we8671fd8z",
        names.DEPLOYMENT_ID: "689302",
    }
    assert migration_signature("my-lti11-secret", claims, "179248902") == "lWd54kFo5qU7xshAna6v8BwoBm6tmUjc6GTax6+12ps="


def test_a_copied_course_is_told_by_its_history_and_its_link(story: Story) -> None:
    browser = story.tool.browser()
    browser.launch_as(
        "Instructor",
        sub="teacher-1",
        **{
            names.CONTEXT: {"id": "c2", "title": "Ethics again"},
            names.RESOURCE_LINK: {"id": "link-9"},
            names.CUSTOM: {
                "assignment_id": str(story.assignment_id),
                "context_id_history": "c1",
                "link_id_history": "$ResourceLink.id.history",
            },
        },
    )
    with story.tool.parts.database.transaction() as session:
        copy = session.execute(select(Context).where(Context.lms_context_id == "c2")).scalar_one()
        link = session.execute(select(ResourceLink).where(ResourceLink.lms_link_id == "link-9")).scalar_one()
    assert copy.origin_ids == ["c1"]
    assert (link.assignment_id, link.named_assignment_id) == (None, story.assignment_id)


def test_the_ids_of_a_history_are_decoded(tool: Tool) -> None:
    history = {names.CUSTOM: {"context_id_history": "a%2Cb, c%20d,,e"}}
    tool.browser().launch_as("Instructor", **history)
    with tool.parts.database.transaction() as session:
        assert session.execute(select(Context.origin_ids)).scalar_one() == ["a,b", "c d", "e"]


@pytest.mark.both_databases
@pytest.mark.parametrize("person", ["user-1", "somebody-new"])
def test_a_launch_takes_few_statements(tool: Tool, person: str) -> None:
    set_up(tool)
    browser = tool.browser()
    browser.launch()
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "PRAGMA")):
            statements.append(statement.split("\n")[0][:60])

    state, nonce = browser.login()
    token = tool.platform.sign(tool.platform.claims(nonce, "http://127.0.0.1:8800/lti/launch", sub=person))
    engine = tool.parts.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert browser.send(state, token).status_code == 303
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(statements) <= 8, statements
