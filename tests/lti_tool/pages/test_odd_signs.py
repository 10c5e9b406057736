"""A NUL in what somebody pastes or sends is left out and everything else is kept. PostgreSQL would refuse it."""

import re
from io import BytesIO
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from grading.models import QueueItem
from lti_tool.odd_signs import is_odd, without_odd_signs
from tests.lti_tool.conftest import Browser, Tool, text_of
from tests.lti_tool.pages.test_main_job import Story, story
from tests.thorough import tried

__all__ = ["story"]
on_postgresql = pytest.mark.parametrize("tool", ["postgresql"], indirect=True)


def field_of(browser: Browser, path: str, name: str) -> str:
    """What a field of a page holds."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', browser.get(path).get_data(as_text=True))
    assert found is not None
    return found.group(1)


@on_postgresql
def test_titles_of_assignment_and_rubric_are_saved_without_it(story: Story) -> None:
    teacher, path = story.teacher()
    typed = {"title": "Is it\x00 right?", "criterion-0-title": "Argu\x00ment", "do": "save"}
    assert teacher.submit(f"{path}settings", "/settings", typed).status_code == 303
    assert field_of(teacher, f"{path}settings", "title") == "Is it right?"
    assert field_of(teacher, f"{path}settings", "criterion-0-title") == "Argument"


@on_postgresql
def test_drafts_files_work_and_notes_are_saved_without_it(story: Story) -> None:
    student, path = story.student()
    student.submit(path, "/consent", {"choice": "agree"})
    assert student.submit(path, "/draft", {"text": "One\x00 word."}).status_code == 303
    assert "One word." in text_of(student.get(f"{path}assignment"))
    file = {"file": (BytesIO(b"Words in a file."), "ess\x00ay.txt")}
    assert "what was read from essay.txt" in text_of(student.submit(path, "/file", file, follow_redirects=True))
    student.submit(path, "/draft/discard", {})
    handed_in = student.submit(path, "/hand-in", {"text": "Honesty\x00 matters."}, follow_redirects=True)
    assert "Handed in: attempt 1" in text_of(handed_in)
    admin = story.admin()
    with story.tool.parts.database.transaction() as session:
        item, work = map(str, session.execute(select(QueueItem.id, QueueItem.submission_id)).one())
    teacher, teacher_path = story.teacher()
    assert "Honesty matters." in text_of(teacher.get(f"{teacher_path}review/{work}"))
    admin.submit("/admin", "/queue/change", {"item": item, "do": "note", "note": "Please\x00 soon"})
    assert "Please soon" in text_of(admin.get("/admin"))


@on_postgresql
def test_a_field_that_no_page_has_is_refused_in_words(tool: Tool) -> None:
    answers = [
        tool.browser().post("/admin/sign-in", data={"user\x00name": "root"}),
        tool.browser().post("/admin/sign-in", data={"fi\x00le": (BytesIO(b"x"), "a.txt")}),
    ]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert "a field that can't be read" in text_of(answers[0])


@tried(100)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(st.characters(exclude_categories=())),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=6,
    )
)
@example("\ud83d\ude00")
@example({"a\x00": ["\ud800b", 1, None]})
def test_what_is_left_can_be_written_and_is_all_that_could_be(value: Any) -> None:
    cleaned = without_odd_signs(value)
    assert without_odd_signs(cleaned) == cleaned
    repr(cleaned).encode()
    if isinstance(value, str):
        assert cleaned == "".join(sign for sign in value if not is_odd(sign))
        assert "\x00" not in cleaned
        cleaned.encode()
