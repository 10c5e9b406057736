"""What starts elsewhere than at an assignment: registration, and work handed in to the LMS itself."""

import io
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from lti_tool.demo.course import assignment_brief, people
from lti_tool.demo.run import ADMIN, Demonstration, Started
from tests.journeys.conftest import picture
from tests.journeys.test_main_job import TEACHER, Person

pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("journeys")]
NAMES = {person.key: person.name for person in people()}
SECONDS = 60_000
"""How long a worker on a busy machine may take to hear, fetch, read and report."""


def test_an_lms_registers_by_one_pasted_address(chromium: Browser, tmp_path: Path) -> None:
    demo = Demonstration(tmp_path / "data", io.StringIO(), first_port=None)
    started = demo.start(provider_seconds=2.0)
    try:
        _register(chromium, started)
    finally:
        started.processes.stop()


def _register(chromium: Browser, started: Started) -> None:
    admin = chromium.new_page()
    admin.goto(f"{started.addresses.tool}/admin")
    admin.get_by_label("Name").fill(ADMIN)
    admin.get_by_label("Password").fill(started.password or "")
    admin.get_by_role("button", name="Sign in").click()
    admin.get_by_label("New password").fill("a password for the journey")
    admin.get_by_label("The same again").fill("a password for the journey")
    admin.get_by_role("button", name="Save").click()
    admin.get_by_role("link", name="Platforms").click()
    admin.get_by_label("For whom").fill("Demonstration school")
    picture(admin, "14-platforms")
    admin.get_by_role("button", name="Make a registration address").click()
    address = admin.get_by_label("Registration address").input_value()
    school = Person(chromium, started, next(each.key for each in people() if each.role == "administrator"))
    school.page.get_by_role("link", name="Tools").click()
    school.page.get_by_label("Registration address").fill(address)
    school.page.get_by_role("button", name="Register").click()
    frame = school.frame
    expect(frame.get_by_role("heading", name="Connect")).to_be_visible()
    picture(school.page, "15-register")
    frame.get_by_role("button", name="Connect").click()
    expect(frame.get_by_role("heading", name="is connected")).to_be_visible()
    picture(school.page, "16-registered")
    frame.get_by_role("button", name="Finish").click()
    expect(school.page.get_by_role("heading", name="Add a tool")).to_be_visible()
    school.done()
    admin.goto(f"{started.addresses.tool}/admin/platforms")
    panel = admin.locator("section.panel").filter(has_text="client-")
    panel.get_by_role("button", name="Test connection").click()
    expect(admin.get_by_text("Everything that Blindmark needs works.")).to_be_visible()
    picture(admin, "17-connection")
    teacher = Person(chromium, started, TEACHER)
    teacher.page.get_by_role("link", name="Add Blindmark assignment").click()
    teacher.frame.get_by_label("Title").fill(assignment_brief().title)
    teacher.frame.get_by_role("button", name="Save and add to the course").click()
    expect(teacher.page.get_by_role("heading", name=assignment_brief().title)).to_be_visible()
    teacher.done()
    admin.close()


def test_work_handed_in_to_the_lms_is_graded_here_and_reported_there(chromium: Browser, demonstration: Started) -> None:
    teacher = Person(chromium, demonstration, TEACHER)
    teacher.page.get_by_role("link", name="Reflection letter").click()
    teacher.page.get_by_role("link", name="Grade with Blindmark").click()
    teacher.frame.get_by_label("Title").fill("Reflection letter")
    picture(teacher.page, "18-attach")
    teacher.frame.get_by_role("button", name="Save and attach").click()
    expect(teacher.page.get_by_text("Graded with")).to_be_visible()

    student = Person(chromium, demonstration, "dmitri-volkov")
    student.page.get_by_role("link", name="Reflection letter").click()
    student.page.get_by_label("Your letter").fill("I used to think that a promise always binds. Then I read Ross.")
    student.page.get_by_role("button", name="Submit to the course").click()
    expect(student.page.get_by_text("Handed in.")).to_be_visible()

    def reported() -> None:
        teacher.page.goto(f"{demonstration.addresses.lms}/course/reflection")
        expect(teacher.page.get_by_text("PendingManual")).to_be_visible(timeout=2000)

    _until(reported)
    teacher.page.get_by_role("link", name="Open the report").click()
    expect(teacher.frame.get_by_text("Then I read Ross.")).to_be_visible()
    teacher.frame.get_by_label("Score").fill("17")
    teacher.frame.get_by_label("Words for the student").fill("A fine turn of thought.")
    picture(teacher.page, "19-report-review")
    teacher.frame.get_by_role("button", name="Save and release").click()

    def released() -> None:
        student.page.goto(f"{demonstration.addresses.lms}/course/reflection")
        expect(student.page.get_by_text("Processed, 17/20")).to_be_visible(timeout=2000)

    _until(released)
    picture(student.page, "20-report-in-the-lms")
    student.page.get_by_role("link", name="Open the report").click()
    expect(student.frame.get_by_text("A fine turn of thought.")).to_be_visible()
    picture(student.page, "21-report-for-the-student")
    address = student.page.url
    classmate = Person(chromium, demonstration, "mira-okafor")
    classmate.page.goto(address)
    expect(classmate.frame.get_by_text("This report belongs to somebody else")).to_be_visible()
    student.done()
    teacher.done()


def _until(check: object) -> None:
    """Look again until it is so, as a person who reloads a page."""
    for attempt in range(30):
        try:
            check()  # type: ignore[operator]
        except AssertionError:
            if attempt == 29:
                raise
        else:
            return
