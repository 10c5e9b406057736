"""What comes out as a whole: offsets, maps, file names, the last check, rosters that can be stored."""

from __future__ import annotations

import pickle

import pytest

from privacy.anonymizer import BrokenMapError, PseudonymMap, compile_roster, restore
from privacy.anonymizer.check import remaining_leaks
from tests.privacy.anonymizer.people import AUTHOR, ROSTER, hide


def test_feedback_gets_natural_names_back_even_with_a_possessive() -> None:
    result = hide("Thanks to ferdinando coronado and Florence H.")
    feedback = "[Student 1]'s idea and [student 2]'s data. [Student 3] is nobody."
    natural = "Ferdinando Coronado's idea and Florence Hall's data. [Student 3] is nobody."
    assert restore(feedback, result.mapping) == natural


def test_a_map_survives_being_stored() -> None:
    result = hide("I thanked Florence. My e-mail is a@b.example.", file_name="x.txt")
    stored = PseudonymMap.from_json(result.mapping.to_json())
    assert stored == result.mapping
    assert restore(result.text, stored) == "I thanked Florence. My e-mail is a@b.example."


@pytest.mark.parametrize("stored", ["", "[]", "{}", '{"version": 2}', '{"version": 1, "names": 3}'])
def test_a_damaged_map_says_so(stored: str) -> None:
    with pytest.raises(BrokenMapError):
        PseudonymMap.from_json(stored)


def test_placeholders_avoid_what_the_text_already_contains() -> None:
    text = "He wrote [Student 1] and [STUDENT 2] before Ferdinando Coronado came."
    result = hide(text)
    assert result.text.endswith("before [Student 3] came.")
    assert restore(result.text, result.mapping) == text


def test_a_compiled_roster_can_be_pickled() -> None:
    again = pickle.loads(pickle.dumps(ROSTER))  # noqa: S301 - our own object
    assert hide("I met Ferdinando Coronado.", again) == hide("I met Ferdinando Coronado.")


def test_an_empty_roster_still_hides_personal_details() -> None:
    assert hide("Write to a@b.example, Ann.", compile_roster([])).text == "Write to [e-mail 1], Ann."


@pytest.mark.parametrize(
    ("name", "outgoing"),
    [
        ("kovarova_zuzana_essay.docx", "essay.docx"),
        ("K1234567_hw3.py", "hw-3.py"),
        ("Zuzana Kovářová.pdf", "submission.pdf"),
        ("final draft (2).pdf", "final-draft-2.pdf"),
        ("zkovarova7", "submission"),
        ("../secret/zuzana.txt", "submission.txt"),
    ],
)
def test_nothing_of_the_author_leaves_in_a_file_name(name: str, outgoing: str) -> None:
    assert hide("Text.", file_name=name).file_name == outgoing


def test_the_last_check_holds_a_text_in_which_a_strong_form_still_stands() -> None:
    leaks = remaining_leaks("It was Zuzana\nKovarova, of course (K1234567).", ROSTER, (), [])
    assert {leak.person_key for leak in leaks} == {AUTHOR.user_id}
    assert len(leaks) == 2


def test_the_last_check_accepts_what_was_kept_for_a_reason() -> None:
    result = hide("See https://en.wikipedia.org/wiki/Grace_Young for more.")
    assert result.leaks == ()
    assert "a public link" in {kept.reason for kept in result.kept}


def test_names_on_both_sides_of_a_full_stop_are_no_leak() -> None:
    assert hide("It gave us hope and Grace. Young people agree.").leaks == ()
