"""Stretches of the outgoing text lead back to what stands in the original."""

import re

import pytest

from privacy.anonymizer import RosterMember, anonymize, compile_roster

MEMBERS = [RosterMember("1", "student", "Mira Okafor", "Mira", "Okafor", "", "mira@example.org", "", "")]
TEXT = "Thanks to Mira Okafor we met. Mira Okafor said: write to mira@example.org today, please."


@pytest.mark.parametrize("words", ["we met", "said: write to", "today, please", "Thanks to", "please."])
def test_words_between_placeholders_are_found_again(words: str) -> None:
    result = anonymize(TEXT, author_id=None, roster=compile_roster(MEMBERS))
    start = result.text.index(words)
    first, last = result.mapping.original_span(start, start + len(words))
    assert TEXT[first:last] == words


def test_a_placeholder_leads_to_what_it_stands_for_and_a_piece_of_it_to_all() -> None:
    result = anonymize(TEXT, author_id=None, roster=compile_roster(MEMBERS))
    found = list(re.finditer(r"\[Student \d+\]", result.text))
    assert len(found) == 2
    for one in found:
        for start, end in [(one.start(), one.end()), (one.start() + 2, one.end() - 2)]:
            first, last = result.mapping.original_span(start, end)
            assert TEXT[first:last] == "Mira Okafor"
