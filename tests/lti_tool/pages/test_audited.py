"""Each kind of event that must be in the audit log (P6) is there after the thing was done through the pages.

A page that shows a student's name beside their work can't be served without an entry by the one who looks.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from sqlalchemy import select

from grading.models import Assessment, QueueItem, Submission
from lti_tool.pages.instructor import grades, overview, review
from privacy.models import AuditEvent
from tests.lti_tool.conftest import Browser
from tests.lti_tool.pages.test_main_job import Story, story
from tests.lti_tool.pages.test_privacy import settle

__all__ = ["story"]
NAME = "Okafor"
LOOKS = {"submission.opened", "submission.file_opened", "submissions.listed", "grades.listed", "personal_data.exported"}
CALLS = {
    "provider.uploading",
    "provider.uploaded",
    "provider.creating",
    "provider.created",
    "provider.looking_up",
    "provider.polling",
    "provider.reading_results",
    "provider.deleting_file",
    "provider.files_deleted",
}


def entries(story: Story) -> list[AuditEvent]:
    with story.tool.parts.database.transaction() as session:
        return list(session.execute(select(AuditEvent).order_by(AuditEvent.happened_at, AuditEvent.id)).scalars())


@contextmanager
def newly_noted(story: Story) -> Iterator[list[AuditEvent]]:
    """The entries that are made inside."""
    known = {row.id for row in entries(story)}
    found: list[AuditEvent] = []
    yield found
    found += [row for row in entries(story) if row.id not in known]


def reviewed(story: Story) -> tuple[Browser, str, UUID]:
    """A teacher's browser, the visit's path, and a submission that was assessed."""
    story.hand_in()
    story.run_batch()
    teacher, path = story.teacher()
    with story.tool.parts.database.transaction() as session:
        return teacher, path, session.execute(select(Submission.id)).scalar_one()


def test_every_provider_call_is_noted(story: Story) -> None:
    with newly_noted(story) as found:
        story.hand_in()
        story.run_batch()
    events = [row for row in found if row.event.startswith("provider.")]
    assert {row.event for row in events} == CALLS
    assert all(row.actor_kind == "system" and row.object_type == "batch" for row in events)
    assert all(row.details["provider"] == "openai" and row.details["model"] for row in events)
    by_event = {row.event: row for row in events}
    assert by_event["provider.uploading"].details["items"] == 1
    assert by_event["provider.uploading"].details["endpoint"] == story.provider.endpoint
    assert sum(row.event == "provider.deleting_file" for row in events) == len(story.provider.deleted)


def test_every_decision_is_noted_with_who_made_it(story: Story) -> None:
    teacher, path, submission_id = reviewed(story)
    review_path = f"{path}review/{submission_id}"
    steps: list[tuple[str, str, dict[str, str]]] = [
        ("review.rejected", "/reject", {"reason": "Not convincing"}),
        ("review.by_hand", "/override", {"score": "12", "comments": "By hand", "reason": "I read it"}),
        ("review.withdrawn", "/withdraw", {"reason": "A mistake"}),
    ]
    for event, action, values in steps:
        with newly_noted(story) as found:
            teacher.submit(review_path, action, values)
        decided = [row for row in found if row.event == event]
        assert [(row.actor_kind, row.object_id) for row in decided] == [("person", submission_id)], event


def test_approving_and_overriding_are_noted(story: Story) -> None:
    teacher, path, submission_id = reviewed(story)
    review_path = f"{path}review/{submission_id}"
    with newly_noted(story) as found:
        teacher.submit(review_path, "/approve", {})
    assert "review.approved" in {row.event for row in found}
    with newly_noted(story) as found:
        teacher.submit(review_path, "/override", {"score": "18", "comments": "Better", "reason": "I see more"})
    assert "review.overridden" in {row.event for row in found}


def test_setting_changes_are_noted(story: Story) -> None:
    teacher, path = story.teacher()
    with newly_noted(story) as found:
        teacher.submit(f"{path}settings", "/settings", {"title": "Another title", "do": "save"})
    assert [row.event for row in found if not row.event.startswith("launch")] == ["assignment.changed"]
    with newly_noted(story) as found:
        settle(teacher, path, "allow_llm_assessment")
    assert "course.privacy_changed" in {row.event for row in found}


def test_what_administrators_change_is_noted(story: Story) -> None:
    story.hand_in()
    admin = story.admin()
    with story.tool.parts.database.transaction() as session:
        item = str(session.execute(select(QueueItem.id)).scalar_one())
    for event, path, action, values in [
        ("queue.priority_changed", "/admin", "/queue/change", {"item": item, "do": "priority-high"}),
        ("queue.noted", "/admin", "/queue/change", {"item": item, "do": "note", "note": "Soon"}),
        ("queue.skipped", "/admin", "/queue/change", {"item": item, "do": "skip"}),
        ("registration.mode_changed", "/admin/platforms", "/platforms/mode", {"mode": "open"}),
        ("registration.invited", "/admin/platforms", "/platforms/invite", {"note": "Law school"}),
        ("registration.invitation_withdrawn", "/admin/platforms", "/withdraw", {}),
        ("keys.rotated", "/admin/platforms", "/keys/rotate", {}),
        ("deployment.disabled", "/admin/platforms", "/disable", {}),
        ("deployment.approved", "/admin/platforms", "/approve", {}),
        ("platform.disabled", "/admin/platforms", "/state", {}),
        ("audit.exported", "/admin/audit", "/audit/export", {"format": "csv"}),
    ]:
        with newly_noted(story) as found:
            response = admin.submit(path, action, values)
        assert response.status_code in (200, 303), (event, response.status_code)
        assert [(row.event, row.actor_kind) for row in found] == [(event, "administrator")]


def test_signing_in_failing_to_and_out_are_noted(story: Story) -> None:
    with newly_noted(story) as found:
        story.admin()
    assert [row.event for row in found][-1] == "administrator.signed_in"
    for name in ("root", "nobody"):
        with newly_noted(story) as found:
            story.tool.browser().submit("/admin/sign-in", "/sign-in", {"username": name, "password": "wrong"})
        assert [(row.event, row.actor_kind, row.details) for row in found] == [
            ("administrator.sign_in_refused", "visitor", {"code": "sign_in_refused"})
        ]
        assert (found[0].object_id is not None) == (name == "root")


def test_signing_out_is_noted_once(story: Story) -> None:
    admin = story.admin()
    with newly_noted(story) as found:
        admin.submit("/admin", "/sign-out", {})
    assert [row.event for row in found] == ["administrator.signed_out"]


def test_who_guesses_without_end_does_not_fill_the_log(story: Story) -> None:
    with newly_noted(story) as found:
        for number in range(12):
            story.tool.browser().submit(
                "/admin/sign-in", "/sign-in", {"username": "root", "password": f"guess {number}"}
            )
    assert [row.details["code"] for row in found] == ["sign_in_refused"] * 5 + ["too_many_attempts"]


def test_what_students_do_is_noted(story: Story) -> None:
    with newly_noted(story) as found:
        browser, path = story.hand_in()
        browser.submit(path, "/consent", {"choice": "withdraw"})
    assert {"launch.accepted", "consent.given", "submission.handed_in", "consent.withdrawn"} <= {
        row.event for row in found
    }


def pages_with_names(story: Story, path: str, submission_id: UUID) -> Iterator[str]:
    """The addresses of every page inside a course that is opened by reading, of this submission where one is named."""
    for rule in story.tool.flask.url_map.iter_rules():
        readable = rule.endpoint.startswith("course.") and "GET" in (rule.methods or set())
        if readable and rule.arguments <= {"handle", "submission_id"}:
            part = rule.rule.removeprefix("/v/<handle>/").replace("<uuid:submission_id>", str(submission_id))
            yield path + part


def test_no_page_shows_a_student_beside_their_work_without_an_entry(story: Story) -> None:
    teacher, path, submission_id = reviewed(story)
    shown = 0
    for address in pages_with_names(story, path, submission_id):
        with newly_noted(story) as found:
            response = teacher.get(address)
        if response.status_code == 200 and NAME in response.get_data(as_text=True):
            shown += 1
            assert [row.actor_kind for row in found if row.event in LOOKS] == ["person"], address
    assert shown >= 3


@pytest.mark.parametrize(
    ("module", "address"),
    [(overview, "submissions"), (grades, "grades"), (review, "review/{}")],
)
def test_a_name_is_not_shown_when_the_look_can_not_be_noted(
    story: Story, monkeypatch: pytest.MonkeyPatch, module: object, address: str
) -> None:
    teacher, path, submission_id = reviewed(story)

    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("the log can't be written")

    write: Callable[..., None] = refuse
    monkeypatch.setattr("privacy.audit.chain.AuditLog._append", write)
    response = teacher.get(path + address.format(submission_id))
    assert response.status_code == 500, module
    assert NAME not in response.get_data(as_text=True)


def test_nothing_in_the_log_names_anybody_or_quotes_their_work(story: Story) -> None:
    teacher, path, submission_id = reviewed(story)
    teacher.submit(f"{path}review/{submission_id}", "/approve", {})
    with story.tool.parts.database.transaction() as session:
        assert session.execute(select(Assessment.id)).first() is not None
    for row in entries(story):
        written = f"{row.event} {row.object_type} {row.details}"
        for word in (NAME, "Mira", "Teachwell", "student-1", "teacher-1", "doctor", "Honesty"):
            assert word not in written
