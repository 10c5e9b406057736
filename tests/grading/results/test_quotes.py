"""Quotes are found as people would find them, and their places are those of the text itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.results.quotes import SentText
from tests.thorough import tried

TEXT = "Kant says we must never lie.\n\nHowever,   a doctor may stay silent — that is “kind”. Straße ﬁne"


@pytest.mark.parametrize(
    ("quote", "passages"),
    [
        ("a doctor may  stay\nsilent", ["a doctor may stay silent"]),
        ("A DOCTOR may stay silent", ["a doctor may stay silent"]),
        ("never lie. However, a doctor", ["never lie.\n\nHowever,   a doctor"]),
        ('silent - that is "kind', ["silent — that is “kind"]),
        ("Kant says … a doctor may stay silent", ["Kant says", "a doctor may stay silent"]),
        ("Kant says [...] silent", ["Kant says", "silent"]),
        ("straße", ["Straße"]),
    ],
)
def test_a_quote_is_found_where_it_stands(quote: str, passages: list[str]) -> None:
    found, spans = SentText(TEXT).find(quote)
    assert found
    assert [TEXT[start:end] for start, end in spans] == passages


@pytest.mark.parametrize("quote", ["STRASSE", "fine"])
def test_letters_in_another_form_are_found_without_a_place(quote: str) -> None:
    assert SentText(TEXT).find(quote) == (True, ())


@pytest.mark.parametrize("quote", ["silent … Kant says", "a doctor may be silent", "a lawyer", "", "…", "“ ”"])
def test_what_does_not_stand_there_is_not_found(quote: str) -> None:
    assert SentText(TEXT).find(quote) == (False, ())


@tried(300)
@given(st.text(alphabet="aB ß—“”\n\tİé…", max_size=60), st.integers(0, 60), st.integers(1, 20))
def test_every_passage_of_a_text_is_found_in_it(text: str, start: int, length: int) -> None:
    quote = text[start : start + length].replace("…", "")
    found, spans = SentText(text.replace("…", "")).find(quote)
    assert found == bool(quote.strip(" \n\t\"'“”"))
    for first, last in spans:
        assert 0 <= first < last <= len(text)
