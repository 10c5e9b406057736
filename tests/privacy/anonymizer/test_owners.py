"""Whom a name means that several members bear, and how a longer name is told from a shorter one."""

from __future__ import annotations

import pytest

from privacy.anonymizer import anonymize, compile_roster
from tests.privacy.anonymizer.people import member

FIRST, SECOND = member("Emeka", "Lindqvist"), member("Emeka", "Delacroix")
PRIYA, LAKSHMI = member("Priya", "Nair"), member("Lakshmi Priya", "Raman")
ROSTER = compile_roster([FIRST, SECOND, PRIYA, LAKSHMI])


def _keys(text: str, author: str | None = None) -> list[str | None]:
    return [item.person_key for item in anonymize(text, author_id=author, roster=ROSTER).findings]


def test_a_shared_name_means_whom_the_text_named_last() -> None:
    text = "Emeka Lindqvist spoke. Emeka laughed. Then Emeka Delacroix came, and Emeka left."
    assert _keys(text) == [FIRST.user_id, FIRST.user_id, SECOND.user_id, SECOND.user_id]


def test_a_shared_name_means_whom_the_text_names_later_and_not_its_author() -> None:
    text = "I asked Emeka about it. Emeka Lindqvist knew."
    assert _keys(text, author=SECOND.user_id) == [FIRST.user_id, FIRST.user_id]


def test_authors_mean_themselves_where_they_sign() -> None:
    text = "I asked Emeka Lindqvist about it.\n\nEmeka\n"
    assert _keys(text, author=SECOND.user_id) == [FIRST.user_id, SECOND.user_id]


def test_a_shared_name_of_nobody_else_in_the_text_has_a_placeholder_of_its_own() -> None:
    both = "|".join(sorted((FIRST.user_id, SECOND.user_id)))
    assert _keys("I asked Emeka. Then Emeka laughed.") == [both, both]


def test_of_a_longer_and_a_shorter_name_the_longer_is_meant() -> None:
    assert _keys("We waited for Lakshmi Priya. Priya Nair was there.") == [LAKSHMI.user_id, PRIYA.user_id]


@pytest.mark.parametrize(
    ("given", "family", "text"),
    [
        ("Willem", "van 't Hoff", "My classmate Willem van 't Hoff disagrees."),
        ("Zuzana", "Novak", "I met Zuzka at the library."),
        ("محمد", "يوسف", "Then Mohamed laughed."),
        ("สมชาย", "ใจดี", "Somchai drew the map."),
        ("Mia", "Berg", "Thanks to MIA."),
        ("Thant", "", "My draft is longer than Thant's."),
        ("Orla", "Byrne", "Coordinator: OrlaByrne2"),
    ],
)
def test_forms_that_stand_alone_are_known(given: str, family: str, text: str) -> None:
    result = anonymize(text, author_id=None, roster=compile_roster([member(given, family)]))
    assert [item.replacement for item in result.findings if item.hidden] == ["[Student 1]"]


def test_a_short_acronym_is_nobody() -> None:
    assert anonymize(
        "We used AI and SAM for it.", author_id=None, roster=compile_roster([member("Ai", "Mori")])
    ).text == ("We used AI and SAM for it.")
