"""What a person decided by hand: more is hidden, less is, and the last check stays."""

import pytest

from privacy.anonymizer import Corrections, FindingType, RosterMember, anonymize, compile_roster, restore

MIRA = RosterMember(
    "u1",
    "student",
    "Mira Okafor",
    "Mira",
    "Okafor",
    email="mira@example.org",
    username="mokafor9",
    sourcedid="s-20231177",
)
ROSTER = compile_roster([MIRA])


def corrected(text: str, hide: tuple[str, ...] = (), show: tuple[str, ...] = ()):  # type: ignore[no-untyped-def]
    return anonymize(text, author_id="u1", roster=ROSTER, corrections=Corrections(hide, show))


@pytest.mark.parametrize(
    ("words", "text", "outgoing"),
    [
        ("Blue House", "We live in the blue  house.", "We live in the [detail 1]."),
        ("Café Élan", "At cafe élan, twice: CAFÉ-ELAN.", "At [detail 1], twice: [detail 1]."),
        ("house", "Houseboats and a house.", "Houseboats and a [detail 1]."),
        ("7b", "In class 7b.", "In class [detail 1]."),
        ("!?", "What!?", "What!?"),
    ],
)
def test_words_are_hidden_wherever_they_stand(words: str, text: str, outgoing: str) -> None:
    result = corrected(text, hide=(words,))
    assert result.text == outgoing
    assert restore(result.text, result.mapping) == text


def test_a_name_that_is_hidden_by_hand_too_keeps_its_better_placeholder() -> None:
    result = corrected("Mira Okafor lives in the blue house.", hide=("Okafor", "blue house"))
    assert result.text == "[Student 1] lives in the [detail 1]."
    assert {finding.type for finding in result.findings} == {FindingType.STUDENT, FindingType.DETAIL}


def test_a_finding_is_left_standing() -> None:
    text = "My sister Jitka Vrbová helped. I thank Mira Okafor."
    assert corrected(text).text == "My sister [Person 1] helped. I thank [Student 1]."
    assert corrected(text, show=("jitka  vrbova",)).text == "My sister Jitka Vrbová helped. I thank [Student 1]."


@pytest.mark.parametrize("words", ["Mira Okafor", "okafor, mira", "MIRA@example.org", "mokafor9", "s-20231177"])
def test_what_names_a_member_stays_hidden(words: str) -> None:
    text = f"I thank {words}."
    result = corrected(text, show=(words,))
    assert result.text == corrected(text).text
    assert result.text.startswith("I thank [")
    assert not result.leaks


def test_hiding_wins_over_leaving_standing() -> None:
    assert corrected("In the blue house.", hide=("blue house",), show=("Blue House",)).text == "In the [detail 1]."
