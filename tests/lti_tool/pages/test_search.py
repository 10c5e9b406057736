"""Searching for words: an instructor among a class's work, an administrator in the queue; nobody sees more by it."""

import re
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from lti_tool.lti import claims as names
from tests.lti_tool.conftest import Browser, text_of
from tests.lti_tool.pages.test_main_job import Story, story

__all__ = ["story"]


@pytest.fixture
def handed_in(story: Story) -> Story:
    """Two students' work, indexed as a worker does it."""
    story.hand_in("Honesty is owed even to the murderer at the door.", "student-1")
    story.hand_in("Pleasure outweighs honesty now and then.", "student-2")
    work = story.tool.application.work
    chore = work.all_chores()["blindmark.index"]
    with story.tool.parts.database.transaction() as session:
        found: list[UUID] = chore.due(session, story.tool.parts.clock())
    for submission_id in found:
        chore.run(submission_id)
    assert len(found) == 2
    return story


def found(browser: Browser, page: str, action: str, words: str) -> TestResponse:
    """Type words into the page's search, and open what it leads to."""
    answer = browser.submit(page, action, {"words": words})
    assert answer.status_code == 303
    assert not set(words.split()) & set(re.split(r"\W", answer.headers["Location"]))
    return browser.get(answer.headers["Location"])


def test_an_instructor_finds_work_by_its_words(handed_in: Story) -> None:
    browser, path = handed_in.teacher()
    page, action = f"{path}submissions", "/submissions/search"
    assert text_of(browser.get(page)).count("Mira Okafor") == 2
    assert text_of(found(browser, page, action, "Murderer honesty")).count("Mira Okafor") == 1
    nothing = text_of(found(browser, page, action, "unicorn"))
    assert "No work holds these words" in nothing
    assert "Show all" in nothing
    assert "Search for a rarer one" in text_of(found(browser, page, action, "the"))
    assert text_of(found(browser, page, action, "")).count("Mira Okafor") == 2


def test_an_address_that_nobody_made_finds_everything(handed_in: Story) -> None:
    browser, path = handed_in.teacher()
    for made_up in ("abc", "A" * 500):
        assert text_of(browser.get(f"{path}submissions?sought={made_up}")).count("Mira Okafor") == 2


def test_an_administrator_finds_items_of_the_queue_by_words(handed_in: Story) -> None:
    admin = handed_in.admin()

    def items(words: str) -> int:
        return found(admin, "/admin", "/queue/search", words).get_data(as_text=True).count('name="item"')

    assert items("") == 2
    assert items("murderer") == 1
    assert items("unicorn") == 0
    assert "Search for a rarer one" in text_of(found(admin, "/admin", "/queue/search", "of the"))
    kept = admin.submit("/admin", "/queue/search", {"words": "murderer", "state": "skipped"}).headers["Location"]
    assert "state=skipped" in kept


def test_another_courses_work_is_not_found(handed_in: Story) -> None:
    browser = handed_in.tool.browser()
    path = browser.launch_as("Instructor", sub="teacher-9", **{names.CONTEXT: {"id": "c7"}})
    hidden = handed_in.tool.parts.blind_index.hide("murderer")
    assert "Mira" not in text_of(browser.get(f"{path}submissions?sought={hidden}", follow_redirects=True))
