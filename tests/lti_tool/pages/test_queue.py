"""The administrator's page of the queue: filters, whole filters, undo, files, batches of many; and the command line."""

import csv
import html
import io
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner
from sqlalchemy import event, select

from grading.models import Batch, Deployment, Enrolment, QueueItem
from grading.models.people import CourseRole
from grading.providers.base import Outcome, ResultLine
from grading.states import Priority, QueueState
from lti_tool.cli import main
from tests.lti_tool.conftest import Browser, Tool, text_of
from tests.lti_tool.pages.test_main_job import Story, story

__all__ = ["story"]


@pytest.fixture
def three(story: Story) -> Story:
    """Three students have handed in."""
    for number in range(3):
        story.hand_in(f"Essay number {number} about honesty and its limits.", f"student-{number}")
    return story


def states(story: Story) -> list[QueueState]:
    with story.tool.parts.database.transaction() as session:
        return list(session.execute(select(QueueItem.state).order_by(QueueItem.queued_at)).scalars())


def say(browser: Browser, page: str, action: str, **values: Any) -> str:
    return text_of(browser.submit(page, action, values, follow_redirects=True))


def test_everything_that_matches_is_said_in_numbers_changed_and_undone(three: Story) -> None:
    admin = three.admin()
    asked = admin.submit("/admin", "/queue/change", {"do": "skip", "all": "yes"})
    assert "Skip 3 submissions?" in text_of(asked)
    assert set(states(three)) == {QueueState.QUEUED}
    token = asked.get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    values = {"do": "skip", "expected": "3", "state": "waiting", "csrf_token": token}
    done = admin.post("/admin/queue/change-all", data=values, follow_redirects=True)
    assert "3 taken out" in text_of(done)
    assert set(states(three)) == {QueueState.SKIPPED}
    undo = re.search(r'action="(/admin/queue/changes/[^"]+/undo)"', done.get_data(as_text=True))
    assert undo
    assert "Taken back on 3" in say(admin, "/admin", undo.group(1))
    assert set(states(three)) == {QueueState.QUEUED}
    nothing = admin.submit("/admin", "/queue/change", {"do": "put-back", "all": "yes"})
    assert "Nothing to change" in text_of(nothing)


def test_work_is_put_off_by_a_person_in_the_zone_of_the_pages(three: Story) -> None:
    admin = three.admin()
    with three.tool.parts.database.transaction() as session:
        item = str(session.execute(select(QueueItem.id).limit(1)).scalar_one())

    def put_off(until: str) -> str:
        return say(admin, "/admin", "/queue/change", item=item, do="reschedule", not_before=until)

    assert "1 put off" in put_off("2099-01-02T03:04")
    assert "not before 2 Jan 2099, 03:04" in text_of(admin.get("/admin"))
    assert "passed already" in put_off("2001-01-01T01:00")
    plan = text_of(admin.submit("/admin", "/batches/new", {"all": "yes", "size": "10"}))
    assert "Make a batch of 2" in plan
    assert "1 put off until a later time" in plan
    assert "It has not been in a batch yet" in text_of(admin.get(f"/admin/queue/items/{item}"))


def test_filters_are_kept_open_first_and_carry_into_the_export(three: Story) -> None:
    admin = three.admin()
    with three.tool.parts.database.transaction() as session:
        first = session.execute(select(QueueItem).limit(1)).scalar_one()
        first.priority, first.note = Priority.LOW, "=1+1"
        tenant = session.execute(select(Deployment.id)).scalars().first()
        teacher = (
            session.execute(select(Enrolment.person_id).where(Enrolment.role == CourseRole.INSTRUCTOR))
            .scalars()
            .first()
        )
    low = f"/admin?state=waiting&priority=low&lms={tenant}&instructor={teacher}"
    shown = admin.get(low).get_data(as_text=True)
    assert shown.count('name="item"') == 1

    def form(name: str) -> str:
        found = re.search(rf'action="([^"]*/queue/{name}[^"]*)"', shown)
        assert found
        return html.unescape(found.group(1))

    assert "Saved as “Slow”" in say(admin, low, form("filters/save"), name="Slow", opens_first="yes")
    opened = admin.get("/admin")
    assert opened.status_code == 302
    assert parse_qs(urlsplit(opened.headers["Location"]).query)["priority"] == ["low"]
    written = admin.submit(low, form("export"), {})
    rows = list(csv.DictReader(io.StringIO(written.get_data(as_text=True))))
    assert [(row["priority"], row["note"]) for row in rows] == [("low", "'=1+1")]
    assert "is deleted" in say(admin, "/admin?state=waiting", "/delete")
    assert admin.get("/admin").status_code == 200


def test_the_page_costs_the_same_with_three_items_as_with_one(story: Story) -> None:
    admin, statements = story.admin(), []  # type: ignore[var-annotated]
    event.listen(story.tool.parts.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    counts = []
    for number in (0, 1, 2):
        story.hand_in("Words about honesty.", f"student-{number}")
        statements.clear()
        assert admin.get("/admin").status_code == 200
        counts.append(len(statements))
    assert counts[1:] == counts[:-1]


def test_a_dearer_plan_than_was_shown_is_shown_again_and_nothing_is_made(three: Story) -> None:
    admin = three.admin()
    shown = admin.submit("/admin", "/batches/new", {"all": "yes", "size": "2"})
    token = shown.get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    values = {"all": "yes", "size": "3", "shown_microdollars": "1", "csrf_token": token, "state": "waiting"}
    again = admin.post("/admin/batches/create", data=values)
    assert "come to cost more" in text_of(again)
    with three.tool.parts.database.transaction() as session:
        assert session.execute(select(Batch.id)).first() is None
    values["shown_microdollars"] = str(10**9)
    made = admin.post("/admin/batches/create", data=values, follow_redirects=True)
    assert "Nothing has been sent yet" in text_of(made)
    assert set(states(three)) == {QueueState.SELECTED}


@pytest.fixture
def command(three: Story, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command line of the same installation."""
    tool: Tool = three.tool
    three.admin()
    monkeypatch.setenv("BLINDMARK_DATA_DIR", str(tool.parts.settings.data_dir))
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("BLINDMARK_BATCH_MINIMUM_ITEMS", "1")
    monkeypatch.delenv("DATABASE_URL", raising=False)

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(main, list(arguments))
        assert result.exit_code == code, result.output
        return result.stdout if code == 0 else result.output

    return run


def test_an_operator_works_the_queue_and_batches_from_the_command_line(command: Any, three: Story) -> None:
    database = three.tool.parts.database
    listed = [json.loads(line) for line in command("queue", "list", "--json").splitlines()]
    assert [row["state"] for row in listed] == ["queued"] * 3
    first, second, _ = (row["id"] for row in listed)
    assert "1 changed" in command("queue", "priority", "--to", "high", second)
    assert json.loads(command("queue", "list", "--json", "--limit", "1"))["id"] == second
    skipped = json.loads(command("queue", "skip", "--all-matching", "--priority", "normal", "--yes", "--json"))
    assert (skipped["changed"], skipped["kind"]) == (2, "skip")
    assert "2 changed" in command("queue", "undo", skipped["change"])
    assert "1 changed" in command("queue", "reschedule", "--not-before", "2099-01-01", first)
    assert "no such item" in command("queue", "show", "00000000-0000-0000-0000-000000000000", code=1).lower()
    assert "3 wait" in command("queue", "show")
    assert "not both" in command("queue", "skip", code=1)
    dry = json.loads(command("batch", "create", "--all-matching", "--as", "root", "--dry-run", "--json"))
    assert ([one["items"] for one in dry["batches"]], dry["left_behind"]) == ([2], {"later": [first]})
    made = json.loads(command("batch", "create", "--all-matching", "--as", "root", "--yes", "--json"))
    assert (made["number"], made["items"], made["state"]) == (1, 2, "created")
    assert "no administrator" in command("batch", "submit", "1", "--as", "nobody", code=1)
    assert "submitted" in command("batch", "submit", "1", "--as", "root")
    assert json.loads(command("batch", "status", "1", "--json"))["outcomes"] == {"prepared": 2}
    assert "batch 1" in command("batch", "list")
    assert "--reason" in command("batch", "cancel", "1", "--as", "root", code=2)
    assert "Say why" in command("batch", "cancel", "1", "--as", "root", "--reason", " ", code=1)
    assert "batch 1" in command("batch", "cancel", "1", "--as", "root", "--reason", "Wrong prompt.")
    with database.transaction() as session:
        assert session.execute(select(Batch.cancel_reason)).scalar_one() == "Wrong prompt."
    assert "0 of 0" in command("batch", "retry", "1", "--as", "root")
    assert "There is no batch 9" in command("batch", "status", "9", code=1)


def test_an_operator_mends_what_failed_from_the_command_line(command: Any, three: Story) -> None:
    three.provider.answer = lambda custom_id: ResultLine(custom_id, Outcome.REFUSED, raw=b"{}")
    command("batch", "create", "--all-matching", "--as", "root", "--yes")
    command("batch", "submit", "1", "--as", "root")
    three.carry()
    letters = [json.loads(line) for line in command("batch", "failures", "--json").splitlines()]
    assert [(one["code"], one["batch_number"]) for one in letters] == [("refused", 1)] * 3
    assert "3 refused" in command("batch", "failures")
    assert command("batch", "failures", "--reason", "schema").strip() == "3 refused"
    first, second, third = (one["item_id"] for one in letters)
    assert "not neither" in command("batch", "mend", "skip", "--as", "root", code=1)
    assert "1 changed" in command("batch", "mend", "by-hand", first, "--as", "root")
    assert json.loads(command("batch", "retry", "1", "--as", "root", "--json")) == {"failed": 3, "put_back": 2}
    assert set(states(three)) == {QueueState.SKIPPED, QueueState.QUEUED}
    with three.tool.parts.database.transaction() as session:
        again = session.execute(select(QueueItem).where(QueueItem.state == QueueState.QUEUED)).scalars().all()
        assert {(str(item.id), item.attempts, item.failure_code) for item in again} == {
            (second, 0, None),
            (third, 0, None),
        }
    assert "0 changed" in command("batch", "mend", "skip", "--reason", "refused", "--as", "root")
