"""JSON lines in, JSON lines out."""

from __future__ import annotations

import io
import json

import pytest

from privacy.anonymizer.jsonlines import BadLineError, anonymize_stream, role_of

ENTRY = {"user_id": "u1", "role": "Learner", "name": "Ferdinando Coronado", "given_name": "Ferdinando"}
ENTRY |= {"family_name": "Coronado", "middle_name": "", "email": "", "username": "", "sourcedid": ""}


def _line(number: int) -> str:
    text = f"Paper {number} by Ferdinando Coronado."
    document = {"id": f"d{number}", "text": text, "filename": "coronado.txt", "author": "u1", "roster": [ENTRY]}
    return json.dumps(document) + "\n"


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_line_is_answered_in_order(jobs: int) -> None:
    out = io.StringIO()
    assert anonymize_stream((_line(number) for number in range(40)), out, jobs=jobs) == 40
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [answer["id"] for answer in answers] == [f"d{number}" for number in range(40)]
    assert answers[7] == {
        "id": "d7",
        "text": "Paper 7 by [Student 1].",
        "filename": "submission.txt",
        "restored": "Paper 7 by Ferdinando Coronado.",
        "spans": [{"start": 11, "end": 30, "type": "Student", "replacement": "[Student 1]"}],
    }


def test_a_line_that_is_no_document_is_named() -> None:
    with pytest.raises(BadLineError):
        anonymize_stream(["{}"], io.StringIO())


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
