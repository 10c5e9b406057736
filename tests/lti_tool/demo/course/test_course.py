"""The demonstration's people and files are what they say they are."""

from io import BytesIO

import pytest
from docx import Document
from pypdf import PdfReader

from grading.extraction import extract
from lti_tool.demo.course import SampleWork, assignment_brief, people, sample_work


def test_the_course_has_24_students_and_three_others() -> None:
    roles = [person.role for person in people()]
    assert roles.count("student") == 24
    assert sorted(roles[24:]) == ["administrator", "assistant", "teacher"]
    for field in ("key", "user_id", "name", "email", "username", "sourcedid"):
        assert len({getattr(person, field) for person in people()}) == 27, field
    assert all(person.email.endswith("@campus.example") for person in people())
    assert all(person.key.isascii() for person in people())


def test_every_essay_has_an_author_in_the_course() -> None:
    keys = {person.key for person in people() if person.role == "student"}
    assert {work.person_key for work in sample_work()} <= keys
    assert len({work.person_key for work in sample_work()}) == 12
    assert assignment_brief().points == 20


@pytest.mark.parametrize(
    "work", [work for work in sample_work() if work.kind != "pasted"], ids=lambda work: work.person_key
)
def test_a_file_is_read_as_the_words_that_stand_in_it(work: SampleWork) -> None:
    read = extract(work.content, work.file_name)
    assert read.text.split() == work.text.split()


def test_files_are_real_documents_with_their_author_in_the_properties() -> None:
    by_key = {work.person_key: work for work in sample_work()}
    document = Document(BytesIO(by_key["mira-okafor"].content))
    assert document.core_properties.author == "Mira Okafor"
    metadata = PdfReader(BytesIO(by_key["priya-raghunathan"].content)).metadata
    assert metadata is not None
    assert metadata.author == "Priya Raghunathan"
