"""Evidence: passages are marked where they stand, and the text stays whole."""

from hypothesis import given
from hypothesis import strategies as st

from grading.evidence import Passage, Quoted, highlight, in_paragraphs

TEXT = "Kant says we must never lie.\n\nA doctor may stay silent."


def marked(text: str, *quotes: str) -> tuple[Passage, ...]:
    return highlight(text, [Quoted(quote) for quote in quotes])


def test_a_quote_is_marked_with_its_number() -> None:
    found = {passage.quotes: passage.text for passage in marked(TEXT, "never lie", "doctor may stay")}
    assert found[(1,)] == "never lie"
    assert found[(2,)] == "doctor may stay"


def test_a_quote_with_other_spacing_and_case_is_found() -> None:
    assert any(passage.quotes for passage in marked(TEXT, "LIE. a  doctor"))


def test_a_quote_that_does_not_stand_there_marks_nothing() -> None:
    assert not any(passage.quotes for passage in marked(TEXT, "a lawyer may"))


def test_overlapping_quotes_share_their_passage() -> None:
    passages = marked("one two three four", "one two three", "two three four")
    assert [(passage.text, passage.quotes, passage.first_of) for passage in passages] == [
        ("one ", (1,), 1),
        ("two three", (1, 2), 2),
        (" four", (2,), None),
    ]


def test_paragraphs_are_kept_apart_and_a_quote_over_both_is_pointed_at_once() -> None:
    paragraphs = in_paragraphs(marked(TEXT, "never lie. A doctor"))
    assert ["".join(passage.text for passage in paragraph) for paragraph in paragraphs] == TEXT.split("\n\n")
    assert [passage.first_of for paragraph in paragraphs for passage in paragraph if passage.quotes] == [1, None]


def test_a_quote_whose_place_is_known_is_marked_there_and_not_at_equal_words_before() -> None:
    text = "Truth matters. Why? Truth matters."
    passages = highlight(text, [Quoted("Truth matters", ((20, 33),))])
    assert [(passage.text, bool(passage.quotes)) for passage in passages] == [
        ("Truth matters. Why? ", False),
        ("Truth matters", True),
        (".", False),
    ]


@given(st.text(max_size=200), st.lists(st.text(max_size=20), max_size=5))
def test_the_passages_joined_are_the_text(text: str, quotes: list[str]) -> None:
    assert "".join(passage.text for passage in marked(text, *quotes)) == text
