"""The main job as people see it: a teacher sets up, students hand in, an administrator runs a batch, the teacher
approves, the gradebook shows it. The LMS and the tool are different sites, and the tool lives in the LMS's frame.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from lti_tool.demo.course import assignment_brief, people, sample_work
from lti_tool.demo.run import ADMIN, Started
from tests.journeys.conftest import WIDE, picture

pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("journeys")]
NAMES = {person.key: person.name for person in people()}
WORKS = {work.person_key: work for work in sample_work()}
TEACHER = "ada-teachwell"


class Person:
    """Somebody with a browser of their own, signed in to the LMS."""

    def __init__(self, chromium: Browser, started: Started, key: str) -> None:
        self.context: BrowserContext = chromium.new_context(viewport=WIDE)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on("console", lambda message: self._note(message.type, f"{message.text} at {message.location}"))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.started = started
        self.page.goto(started.addresses.lms)
        self.page.get_by_role("button", name=NAMES[key], exact=True).click()

    def _note(self, kind: str, text: str) -> None:
        if kind == "error":
            self.problems.append(text)

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("iframe")

    def open_assignment(self) -> FrameLocator:
        self.page.goto(f"{self.started.addresses.lms}/course")
        self.page.get_by_role("link", name=assignment_brief().title).click()
        return self.frame

    def done(self) -> None:
        """Leave; whatever the browser complained about (a refused style, a broken script) fails the story."""
        assert self.problems == []
        self.context.close()


def test_the_main_job(chromium: Browser, demonstration: Started, tmp_path: Path) -> None:
    teacher = Person(chromium, demonstration, TEACHER)
    picture(teacher.page, "01-lms-course")
    _set_up(teacher)
    _paste(Person(chromium, demonstration, "naledi-dlamini"))
    _upload(Person(chromium, demonstration, "mira-okafor"), tmp_path)
    _run_batch(chromium, demonstration)
    _review(teacher)
    _see_gradebook(teacher)
    _read_result(Person(chromium, demonstration, "mira-okafor"))
    teacher.done()


def _set_up(teacher: Person) -> None:
    brief = assignment_brief()
    teacher.page.get_by_role("link", name="Add Blindmark assignment").click()
    frame = teacher.frame
    frame.get_by_label("Title").fill(brief.title)
    frame.get_by_label("Task").fill(brief.description)
    frame.locator("#field-points").fill("12.5.3")
    picture(teacher.page, "02-new-assignment")
    frame.get_by_role("button", name="Save and add to the course").click()
    expect(frame.get_by_role("alert")).to_contain_text("is not a number of points")
    picture(teacher.page, "03-new-assignment-mistake")
    frame.locator("#field-points").fill(str(brief.points))
    frame.get_by_role("button", name="Add a criterion").click()
    expect(frame.get_by_label("Criterion 4")).to_be_visible()
    frame.get_by_role("button", name="Remove criterion").last.click()
    expect(frame.get_by_label("Criterion 4")).to_have_count(0)
    frame.get_by_label("Let AI propose assessments in this course").check()
    frame.get_by_role("button", name="Save and add to the course").click()
    expect(teacher.page.get_by_role("heading", name=brief.title)).to_be_visible()
    expect(teacher.frame.get_by_role("heading", name="Submissions")).to_be_visible()
    picture(teacher.page, "04-no-submissions-yet")


def _paste(student: Person) -> None:
    frame = student.open_assignment()
    expect(frame.get_by_role("heading", name="May AI help with your feedback?")).to_be_visible()
    picture(student.page, "05-student-first-visit")
    frame.get_by_role("button", name="I agree").click()
    expect(frame.get_by_text("You agreed to AI-assisted feedback")).to_be_visible()
    frame.get_by_label("Your text").fill(WORKS["naledi-dlamini"].text)
    expect(frame.locator("#saved")).to_contain_text("Draft saved")
    frame.get_by_role("button", name="Hand in", exact=True).click()
    expect(frame.get_by_text("number 1 in the queue")).to_be_visible()
    picture(student.page, "06-student-waiting")
    student.done()


def _upload(student: Person, folder: Path) -> None:
    work = WORKS["mira-okafor"]
    path = folder / work.file_name
    path.write_bytes(work.content)
    frame = student.open_assignment()
    frame.get_by_role("button", name="I agree").click()
    frame.get_by_text("Hand in a file instead").click()
    frame.get_by_label("Your file").set_input_files(path)
    frame.get_by_role("button", name="Read this file").click()
    expect(frame.get_by_role("heading", name=f"This is what was read from {work.file_name}")).to_be_visible()
    picture(student.page, "07-student-file-read")
    frame.get_by_role("button", name="Hand in this text").click()
    expect(frame.get_by_text("number 2 in the queue")).to_be_visible(timeout=60_000)
    student.done()


def _run_batch(chromium: Browser, started: Started) -> None:
    context = chromium.new_context(viewport=WIDE)  # type: ignore[arg-type]
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(f"{started.addresses.tool}/admin")
    picture(page, "08-admin-sign-in")
    page.get_by_label("Name").fill(ADMIN)
    page.get_by_label("Password").fill(started.password or "")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("New password").fill("a password for the journey")
    page.get_by_label("The same again").fill("a password for the journey")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    picture(page, "09-admin-queue")
    page.get_by_label("Choose all on this page").check()
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.get_by_role("button", name="Make a batch…").click()
    page.get_by_label("Note").fill("First batch of the term")
    picture(page, "10-admin-new-batch")
    page.get_by_role("button", name="Make the batch").click()
    picture(page, "11-admin-batch-created")
    page.get_by_role("button", name="Submit: at most").click()
    expect(page.get_by_text("nothing left to do")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Assessed").first).to_be_visible()
    picture(page, "12-admin-batch-done")
    for name in ("Batches", "Platforms", "Audit"):
        page.get_by_role("navigation", name="Sections").get_by_role("link", name=name).click()
        picture(page, f"13-admin-{name.lower()}")
    assert problems == []
    context.close()


def _review(teacher: Person) -> None:
    frame = teacher.open_assignment()
    expect(frame.get_by_role("link", name="Naledi Dlamini")).to_be_visible()
    picture(teacher.page, "14-teacher-submissions")
    frame.get_by_role("link", name="Mira Okafor").click()
    expect(frame.locator("mark").first).to_be_visible()
    picture(teacher.page, "15-teacher-review")
    frame.get_by_role("button", name="Approve and release").click()
    expect(frame.get_by_role("heading", name="Naledi Dlamini")).to_be_visible()
    frame.get_by_text("Change score or words").click()
    frame.get_by_label("Score, of 20").fill("18")
    frame.get_by_label("Why you change it").fill("The path is a better image than the proposal saw.")
    picture(teacher.page, "16-teacher-override")
    frame.get_by_role("button", name="Save and release").click()
    expect(frame.get_by_role("heading", name="Submissions")).to_be_visible()
    arrived = frame.get_by_text("In the gradebook").first
    # The page is as it was when it was opened, and the results may still be on their way.
    for _ in range(60):
        frame.get_by_role("link", name="Gradebook").click()
        expect(frame.get_by_role("heading", name="Gradebook")).to_be_visible()
        if arrived.is_visible():
            break
        teacher.page.wait_for_timeout(500)
    expect(arrived).to_be_visible()
    picture(teacher.page, "17-teacher-gradebook")
    frame.get_by_role("link", name="Settings").click()
    picture(teacher.page, "18-teacher-settings")


def _see_gradebook(teacher: Person) -> None:
    page = teacher.page

    def shown() -> bool:
        page.goto(f"{teacher.started.addresses.lms}/gradebook")
        return page.get_by_text("18 / 20").count() == 1 and page.get_by_text("Prepared with AI assistance").count() == 2

    for _ in range(40):
        if shown():
            break
        page.wait_for_timeout(500)
    expect(page.get_by_text("18 / 20")).to_be_visible()
    expect(page.get_by_text("Prepared with AI assistance")).to_have_count(2)
    picture(page, "19-lms-gradebook")


def _read_result(student: Person) -> None:
    frame = student.open_assignment()
    expect(frame.get_by_role("heading", name="Your result")).to_be_visible()
    expect(frame.get_by_text("Your instructor read it and decided")).to_be_visible()
    picture(student.page, "20-student-result")
    student.done()
