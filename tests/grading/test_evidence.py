"""Evidence: passages are marked where they stand, and the text stays whole."""

from hypothesis import given
from hypothesis import strategies as st

from grading.evidence import highlight, in_paragraphs

TEXT = "Kant says we must never lie.\n\nA doctor may stay silent."


def test_a_quote_is_marked_with_its_number() -> None:
    marked = {passage.quotes: passage.text for passage in highlight(TEXT, ["never lie", "doctor may stay"])}
    assert marked[(1,)] == "never lie"
    assert marked[(2,)] == "doctor may stay"


def test_a_quote_with_other_spacing_and_case_is_found() -> None:
    assert any(passage.quotes for passage in highlight(TEXT, ["LIE. a  doctor"]))


def test_a_quote_that_does_not_stand_there_marks_nothing() -> None:
    assert not any(passage.quotes for passage in highlight(TEXT, ["a lawyer may"]))


def test_overlapping_quotes_share_their_passage() -> None:
    passages = highlight("one two three four", ["one two three", "two three four"])
    assert [(passage.text, passage.quotes, passage.first_of) for passage in passages] == [
        ("one ", (1,), 1),
        ("two three", (1, 2), 2),
        (" four", (2,), None),
    ]


def test_paragraphs_are_kept_apart_and_a_quote_over_both_is_pointed_at_once() -> None:
    paragraphs = in_paragraphs(highlight(TEXT, ["never lie. A doctor"]))
    assert ["".join(passage.text for passage in paragraph) for paragraph in paragraphs] == TEXT.split("\n\n")
    assert [passage.first_of for paragraph in paragraphs for passage in paragraph if passage.quotes] == [1, None]


@given(st.text(max_size=200), st.lists(st.text(max_size=20), max_size=5))
def test_the_passages_joined_are_the_text(text: str, quotes: list[str]) -> None:
    assert "".join(passage.text for passage in highlight(text, quotes)) == text
