"""JSON lines in, JSON lines out."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from privacy.anonymizer import jsonlines
from privacy.anonymizer.documents import BadLineError, DocumentReader, role_of
from privacy.anonymizer.jsonlines import Tally, anonymize_stream

ENTRY = {"user_id": "u1", "role": "Learner", "name": "Ferdinando Coronado", "given_name": "Ferdinando"}
ENTRY |= {"family_name": "Coronado", "middle_name": "", "email": "", "username": "", "sourcedid": ""}


def _line(number: int, **fields: Any) -> str:
    text = f"Paper {number} by Ferdinando Coronado."
    document = {"id": f"d{number}", "text": text, "filename": "coronado.txt", "author": "u1", "roster": [ENTRY]}
    return json.dumps(document | fields) + "\n"


def _run(lines: list[Any], jobs: int = 1) -> tuple[list[dict[str, Any]], list[str], Tally]:
    out, told = io.StringIO(), list[str]()
    tally = anonymize_stream(lines, out, told.append, jobs=jobs)
    return [json.loads(line) for line in out.getvalue().splitlines()], told, tally


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_line_is_answered_in_order(jobs: int) -> None:
    answers, told, tally = _run([_line(number) for number in range(40)], jobs)
    assert (tally, told) == (Tally(answered=40), [])
    assert [answer["id"] for answer in answers] == [f"d{number}" for number in range(40)]
    assert answers[7] == {
        "id": "d7",
        "text": "Paper 7 by [Student 1].",
        "filename": "submission.txt",
        "restored": "Paper 7 by Ferdinando Coronado.",
        "spans": [{"start": 11, "end": 30, "type": "Student", "replacement": "[Student 1]"}],
    }


@pytest.mark.parametrize("jobs", [1, 2])
def test_bad_lines_are_told_by_number_and_the_good_ones_are_answered(jobs: int) -> None:
    lines = [_line(number) for number in range(40)]
    lines[3:5], lines[20] = ["{}\n", "\n"], "oops\n"
    answers, told, tally = _run(lines, jobs)
    assert len(answers) == tally.answered == 37
    assert tally.bad == 2
    assert told == ["Line 4 has no id and no text and no roster.", "Line 21 is not a JSON object."]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"\xff\xfe", "is not UTF-8"),
        ("[1, 2]", "is not a JSON object"),
        ('{"id": 1} {"id": 2}', "is not a JSON object"),
        ('{"id": 1,, "text": ""}', "is not a JSON object"),
        ("{1: 1}", "is not a JSON object"),
        ("[" * 100_000, "is not a JSON object"),
        (_line(1, text=None), "has a text that is not a string"),
        (_line(1, filename=3), "has a filename that is not a string"),
        (_line(1, roster={}), "has a roster that is not a list of members"),
        (_line(1, roster=["Ann"]), "has a roster that is not a list of members"),
    ],
)
def test_a_line_that_is_no_document_says_why(line: bytes | str, problem: str) -> None:
    with pytest.raises(BadLineError, match=problem):
        DocumentReader().read(line)


def test_a_roster_is_compiled_once_however_the_fields_are_ordered() -> None:
    reader = DocumentReader()
    first = reader.read(_line(1))
    again = reader.read(' { "roster" : ' + json.dumps([ENTRY]) + ' , "id":1, "text" : "x" } ')
    other = reader.read(_line(1, roster=[ENTRY, ENTRY | {"user_id": "u2"}]))
    assert again.roster is first.roster
    assert len(other.roster.members) == 2


def test_a_text_with_half_a_surrogate_pair_is_answered() -> None:
    answers, _, _ = _run([_line(1, text="\ud83d Ferdinando Coronado")])
    assert answers[0]["text"] == "\ud83d [Student 1]"


def test_only_a_few_lines_are_read_ahead() -> None:
    read = []

    def lines() -> Iterator[str]:
        for number in range(300):
            read.append(number)
            yield _line(number)

    answers = jsonlines._answers(iter(enumerate(lines())), 2, ())
    assert next(answers).json
    assert len(read) <= 6 * jsonlines._CHUNK
    answers.close()  # type: ignore[attr-defined]  # it is a generator


def test_an_answer_that_the_last_check_would_hold_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("privacy.anonymizer.engine.write", lambda text, _stretches, *rest: _unchanged(text, *rest))
    answers, told, tally = _run([_line(1)])
    assert answers[0]["held"] == [{"start": 11, "end": 30}]
    assert tally.held == 1
    assert told[0].startswith("Line 1 is to be held")


def _unchanged(text: str, natural_names: dict[str, str], file_name: str | None) -> Any:
    from privacy.anonymizer.pseudonyms import write

    return write(text, [], natural_names, file_name)


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor", "teacher"),
        ("Learner", "student"),
        ("urn:lti:role:ims/lis/Observer", "other"),
    ],
)
def test_the_roles_of_an_lms_are_understood(role: str, expected: str) -> None:
    assert role_of(role) == expected
