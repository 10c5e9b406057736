"""What people see of retention and erasure: a student's own data, a teacher's deletions, an administrator's lists."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import event, func, select, update

from grading import erasure, exports, retention
from grading.models import Context, Deployment, ErasureRequest, PersonalExport, Submission
from grading.models.erasures import ErasureState
from tests.lti_tool.conftest import Browser, text_of
from tests.lti_tool.pages.test_main_job import Story, story
from tests.lti_tool.pages.test_privacy import limit, settle

__all__ = ["story"]


def age(story: Story, days: int) -> None:
    """Let everything that was handed in have happened so many days ago."""
    parts = story.tool.parts
    with parts.database.transaction() as session:
        session.execute(update(Submission).values(kept_from=parts.clock() - timedelta(days=days)))


def sweep(story: Story) -> int:
    parts = story.tool.parts
    return retention.sweep(parts.database, parts.vault, parts.clock)


def released(story: Story) -> tuple[Browser, str, UUID]:
    """A teacher's visit, and a submission whose result was released."""
    story.hand_in()
    story.run_batch()
    teacher, path = story.teacher()
    with story.tool.parts.database.transaction() as session:
        submission_id = session.execute(select(Submission.id)).scalar_one()
    teacher.submit(f"{path}review/{submission_id}", "/approve", {})
    return teacher, path, submission_id


def one(story: Story, column: Any) -> Any:
    with story.tool.parts.database.transaction() as session:
        return session.execute(select(column)).scalar_one()


def test_every_page_says_that_the_text_was_deleted_and_shows_what_is_left(story: Story) -> None:
    teacher, path, submission_id = released(story)
    age(story, 31)
    assert sweep(story) == 1
    shown = text_of(teacher.get(f"{path}review/{submission_id}"))
    assert "The text was deleted on" in shown
    assert "As the course’s setting says" in shown
    assert "What was decided" in shown
    assert "doctor" not in shown
    assert "text deleted" in text_of(teacher.get(f"{path}submissions"))
    assert teacher.get(f"{path}review/{submission_id}/file").status_code == 410
    gone = teacher.get(f"{path}leaving/{submission_id}")
    assert gone.status_code == 410
    assert "as the course's setting says" in text_of(gone)
    assert teacher.get(f"{path}leaving", follow_redirects=True).status_code == 200
    student, own = story.student()
    page = text_of(student.get(own, follow_redirects=True))
    assert "Your result" in page
    assert "The text of your work was deleted on" in page
    teacher.submit(f"{path}review/{submission_id}", "/withdraw", {})
    again = text_of(teacher.get(f"{path}review/{submission_id}"))
    assert "You can still give a grade, without it" in again
    given = teacher.submit(
        f"{path}review/{submission_id}", "/override", {"score": "12", "comments": "From my notes", "reason": "r"}
    )
    assert given.status_code == 303


def test_a_shorter_time_says_what_it_deletes_before_it_is_saved(story: Story) -> None:
    teacher, path, _ = released(story)
    age(story, 10)
    assert "The next one goes on" in text_of(teacher.get(f"{path}course-privacy"))
    asked = settle(teacher, path, data_retention_days="7")
    assert "With 7 days, 1 text is deleted at once" in asked
    assert one(story, Context.data_retention_days) == 30
    # What was shown was for seven days: with another number it is shown anew.
    assert "With 6 days, 1 text" in settle(teacher, path, data_retention_days="6", confirmed_days="7")
    assert "Saved" in settle(teacher, path, data_retention_days="7", confirmed_days="7")
    assert one(story, Context.data_retention_days) == 7
    assert "1 text will be deleted within a quarter of an hour" in text_of(teacher.get(f"{path}course-privacy"))
    assert sweep(story) == 1


def test_a_lower_limit_says_what_it_deletes_everywhere_before_it_is_saved(story: Story) -> None:
    released(story)
    age(story, 10)
    admin = administrator(story)
    values = {"longest_retention_days": "7", "default_retention_days": "7"}
    assert "With 7 days, 1 text is deleted at once, in all courses together" in limit(story, admin, **values)
    assert "Saved" in limit(story, admin, confirmed_days="7", **values)
    assert sweep(story) == 1


def administrator(story: Story) -> Browser:
    """The account that `run_batch` has made."""
    browser = story.tool.browser()
    browser.submit("/admin/sign-in", "/admin/sign-in", {"username": "root", "password": "a longer password"})
    return browser


def test_a_course_is_held_with_a_reason_and_let_go_again(story: Story) -> None:
    released(story)
    age(story, 31)
    admin = administrator(story)
    context_id = one(story, Context.id)
    page = f"/admin/privacy/kept/{context_id}"
    assert "Being deleted" in text_of(admin.get("/admin/privacy/kept"))
    refused = admin.submit(page, "/hold", {"reason": " "})
    assert refused.status_code == 409
    assert "Say why" in text_of(refused)
    held = admin.submit(page, "/hold", {"reason": "Court order 7"}, follow_redirects=True)
    assert "Court order 7" in text_of(held)
    assert "Held" in text_of(admin.get("/admin/privacy/kept"))
    assert sweep(story) == 0
    lifted = admin.submit(page, "/lift", {}, follow_redirects=True)
    assert "Earlier holds" in text_of(lifted)
    assert sweep(story) == 1


def test_a_student_takes_a_copy_along(story: Story) -> None:
    student, path = story.hand_in()
    privacy = f"{path}assignment/privacy"
    made = student.submit(privacy, "/privacy/copy", {}, follow_redirects=True)
    assert "Your copy is being made" in text_of(made)
    parts = story.tool.parts
    export_id = one(story, PersonalExport.id)
    assert student.get(f"{privacy}/copy/{export_id}").status_code == 404
    assert exports.make(parts.database, parts.vault, export_id, parts.clock)
    assert "Your copy is ready" in text_of(student.get(privacy))
    taken = student.get(f"{privacy}/copy/{export_id}")
    assert taken.headers["Cache-Control"] == "no-store"
    archive = zipfile.ZipFile(io.BytesIO(taken.get_data()))
    content = json.loads(archive.read("data.json"))
    assert "doctor" in content["submissions"][0]["text"]
    assert "submission.handed_in" in archive.read("log.jsonl").decode()
    other, other_path = story.student("student-2", "Ito")
    assert other.get(f"{other_path}assignment/privacy/copy/{export_id}").status_code == 404


def test_a_student_asks_to_be_erased_and_an_administrator_carries_it_out(story: Story) -> None:
    student, path = story.hand_in()
    privacy = f"{path}assignment/privacy"
    numbers = text_of(student.get(f"{privacy}/erase"))
    assert "Submissions1" in numbers
    asked = student.submit(f"{privacy}/erase", "/erase/ask", {}, follow_redirects=True)
    assert "You asked for this on" in text_of(asked)
    back = student.submit(privacy, "/take-back", {}, follow_redirects=True)
    assert "Nothing was erased" in text_of(back)
    student.submit(f"{privacy}/erase", "/erase/ask", {})
    admin = story.admin()
    listed = text_of(admin.get("/admin/privacy/requests"))
    assert "Needs a decision" in listed
    assert "29 days" in listed
    refused = admin.submit("/admin/privacy/requests", "/reject", {"reason": ""})
    assert refused.status_code == 409
    assert "Say why" in text_of(refused)
    admin.submit("/admin/privacy/requests", "/reject", {"reason": "An appeal is open"})
    assert "An appeal is open" in text_of(student.get(privacy))
    student.submit(f"{privacy}/erase", "/erase/ask", {})
    admin.submit("/admin/privacy/requests", "/carry-out", {})
    work_off(story)
    assert "Erased" in text_of(admin.get("/admin/privacy/requests"))
    assert student.get(privacy).status_code == 401


def work_off(story: Story) -> None:
    """What a worker does."""
    parts = story.tool.parts
    with parts.database.transaction() as session:
        due = erasure.due(session, parts.clock())
    for request_id in due:
        assert erasure.carry_out(parts.database, parts.vault, request_id, parts.clock)


def test_an_overdue_request_stands_out_as_a_word(story: Story) -> None:
    student, path = story.hand_in()
    student.submit(f"{path}assignment/privacy/erase", "/erase/ask", {})
    parts = story.tool.parts
    with parts.database.transaction() as session:
        session.execute(update(ErasureRequest).values(due_at=parts.clock() - timedelta(days=2)))
    shown = text_of(story.admin().get("/admin/privacy/requests"))
    assert "1 request is overdue" in shown
    assert "Overdue since" in shown


def test_a_teacher_deletes_one_work_after_reading_what_goes(story: Story) -> None:
    teacher, path, submission_id = released(story)
    page = f"{path}review/{submission_id}"
    assert "delete this work" in text_of(teacher.get(page))
    confirm = text_of(teacher.get(f"{page}/delete"))
    assert "Decisions and feedback1" in confirm
    deleted = teacher.submit(f"{page}/delete", "/delete/confirmed", {}, follow_redirects=True)
    assert "Deleted. What the gradebook has was left as it is." in text_of(deleted)
    assert teacher.get(page).status_code == 404
    assert one(story, ErasureRequest.state) is ErasureState.DONE
    student, own = story.student()
    assert student.get(own, follow_redirects=True).status_code == 200


def test_a_course_and_a_deployment_go_when_their_name_is_typed(story: Story) -> None:
    released(story)
    admin = administrator(story)
    with story.tool.parts.database.transaction() as session:
        context = session.execute(select(Context)).scalar_one()
        deployment = session.execute(select(Deployment)).scalar_one()
    page = f"/admin/privacy/erase/course/{context.id}"
    assert "Submissions1" in text_of(admin.get(page))
    refused = admin.submit(page, f"/{context.id}", {"name": "something else"})
    assert refused.status_code == 400
    assert "Nothing was erased" in text_of(refused)
    admin.submit(page, f"/{context.id}", {"name": context.label or context.title})
    work_off(story)
    assert admin.get(page).status_code == 404
    page = f"/admin/privacy/erase/deployment/{deployment.id}"
    name = f"Test LMS {deployment.lms_deployment_id}"
    admin.submit(page, f"/{deployment.id}", {"name": name})
    work_off(story)
    with story.tool.parts.database.transaction() as session:
        assert session.execute(select(func.count()).select_from(Deployment)).scalar_one() == 0


def test_lists_take_as_many_statements_for_many_as_for_one(story: Story) -> None:
    story.hand_in()
    admin = story.admin()
    counts = []
    for number in range(2):
        statements: list[str] = []

        def note(*arguments: Any, into: list[str] = statements) -> None:
            into.append(arguments[2])

        event.listen(story.tool.parts.database.engine, "before_cursor_execute", note)
        admin.get("/admin/privacy/kept")
        admin.get("/admin/privacy/requests")
        event.remove(story.tool.parts.database.engine, "before_cursor_execute", note)
        counts.append(len(statements))
        for extra in range(2):
            student, path = story.hand_in(subject=f"more-{number}-{extra}")
            student.submit(f"{path}assignment/privacy/erase", "/erase/ask", {})
    assert counts[0] == counts[1]
