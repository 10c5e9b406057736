"""The blind index: the same word is found however it is written, and numbers say nothing without the key."""

import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.blind_index import MOST_WORDS, BlindIndex, words_of
from privacy.keyring import LocalKeyRing, create_keyring, load_keyring

TENANT, OTHER = uuid.uuid4(), uuid.uuid4()


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Éthique et vérité", "ethique"),
        ("The CATEGORICAL imperative", "categorical"),
        ("Straße", "strasse"),
        ("nai\u0308ve", "NAI\u0308VE"),
        ("don't", "don't"),
        ("ﬁnally", "finally"),
        ("正義について書く", "正義"),
        ("ต้นไม้ใหญ่", "ต้น"),
        ("x" * 90, "x" * 90),
    ],
)
def test_a_word_is_found_however_it_is_written(text: str, asked: str) -> None:
    assert set(words_of(asked))
    assert set(words_of(asked)) <= set(words_of(text))


def test_hidden_words_come_back_and_look_different_each_time(keyring: LocalKeyRing) -> None:
    index = BlindIndex(keyring)
    first, second = index.hide("murderer"), index.hide("murderer")
    assert first != second
    assert index.reveal(first) == index.reveal(second) == "murderer"
    assert [index.reveal(made_up) for made_up in ("", "x", "AAAA", first[:-4] + "AAAA", "ü")] == [""] * 5


def test_the_commonest_words_are_left_out() -> None:
    assert words_of("The truth of it is that a lie was told") == ["truth", "lie", "told"]


def test_an_endless_text_is_indexed_up_to_a_limit() -> None:
    assert len(words_of(" ".join(f"word{number}" for number in range(MOST_WORDS + 50)))) == MOST_WORDS


def test_a_word_has_another_number_in_every_tenant_and_under_every_key_ring(
    keyring: LocalKeyRing, tmp_path: Path
) -> None:
    index = BlindIndex(keyring)
    mine = index.terms(TENANT, ["honesty"])
    assert mine == BlindIndex(keyring).terms(TENANT, ["honesty"])
    assert mine != index.terms(OTHER, ["honesty"])
    create_keyring(tmp_path / "other.json")
    assert mine != BlindIndex(load_keyring(tmp_path / "other.json")).terms(TENANT, ["honesty"])
    assert all(-(2**63) <= term < 2**63 for term in mine.values())


@given(st.text())
def test_no_text_breaks_the_index_and_what_it_gives_is_stable(text: str) -> None:
    words = words_of(text)
    assert len(words) == len(set(words))
    assert all(len(word) > 1 for word in words)
