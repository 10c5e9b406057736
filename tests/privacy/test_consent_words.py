"""The files of the consent texts: versions, languages, and what a new version means for an earlier yes."""

from pathlib import Path

import pytest

from privacy.consent_words import (
    ConsentTexts,
    ConsentTextsBroken,
    consent_texts,
    load_texts,
    notice_texts,
)

HEADER = "language: English\nnew-yes-needed: {needed}\ntitle: T\nagree: A\ndecline: D\nwithdraw: W"


def written(folder: Path, **versions: str) -> ConsentTexts:
    """Texts whose versions need a new yes or not, as given by name."""
    for name, needed in versions.items():
        (folder / name).mkdir()
        (folder / name / "en.txt").write_text(f"{HEADER.format(needed=needed)}\n\nWords of {name}.")
    return load_texts(folder)


@pytest.mark.parametrize("texts", [consent_texts(), notice_texts()])
def test_what_is_published_is_there_in_four_languages(texts: ConsentTexts) -> None:
    assert {text.language for text in texts.current.languages} == {"de", "en", "es", "fr"}
    assert len({text.hash for text in texts.current.languages}) == 4
    assert {len(text.paragraphs) for text in texts.current.languages} == {3}


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (("de-AT", "fr"), "de"),
        (("xx", "fr_CA"), "fr"),
        (("ES",), "es"),
        (("", "tlh"), "en"),
        ((), "en"),
    ],
)
def test_the_first_language_that_there_is_is_chosen(wanted: tuple[str, ...], language: str) -> None:
    assert consent_texts().in_language(*wanted).language == language


def test_an_earlier_yes_counts_as_long_as_no_new_one_is_needed(tmp_path: Path) -> None:
    texts = written(tmp_path, v1="yes", v2="yes", v3="no", v4="no")
    assert texts.current.name == "v4"
    assert set(texts.accepted_versions) == {"v4", "v3", "v2"}


def test_a_version_that_needs_a_new_yes_ends_all_earlier_ones(tmp_path: Path) -> None:
    assert written(tmp_path, v1="yes", v2="yes").accepted_versions == ("v2",)


def test_all_versions_count_where_none_has_needed_a_new_yes(tmp_path: Path) -> None:
    assert set(written(tmp_path, v1="no", v2="no").accepted_versions) == {"v1", "v2"}


def test_words_that_were_replaced_meanwhile_are_not_agreed_to(tmp_path: Path) -> None:
    texts = written(tmp_path, v1="yes", v2="yes")
    shown = texts.shown("v2", "en")
    assert shown is not None
    assert shown.paragraphs == ("Words of v2.",)
    for version, language in (("v1", "en"), ("v2", "de"), ("", "")):
        assert texts.shown(version, language) is None


@pytest.mark.parametrize(
    "content",
    [
        "no header at all",
        HEADER.format(needed="perhaps") + "\n\nWords.",
        HEADER.format(needed="yes"),
        HEADER.format(needed="yes") + "\nmore: x\n\nWords.",
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1" / "en.txt").write_text(content)
    with pytest.raises(ConsentTextsBroken, match=r"en\.txt"):
        load_texts(tmp_path)


def test_languages_of_a_version_agree_on_whether_a_new_yes_is_needed(tmp_path: Path) -> None:
    written(tmp_path, v1="yes")
    (tmp_path / "v1" / "de.txt").write_text(HEADER.format(needed="no") + "\n\nWorte.")
    with pytest.raises(ConsentTextsBroken, match="differ"):
        load_texts(tmp_path)


def test_there_is_always_english(tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1" / "de.txt").write_text(HEADER.format(needed="no") + "\n\nWorte.")
    with pytest.raises(ConsentTextsBroken, match="no English"):
        load_texts(tmp_path)
    with pytest.raises(ConsentTextsBroken, match="no consent texts"):
        load_texts(tmp_path / "v1")
