"""Names that are words where everything has a capital: at the start of a sentence."""

from __future__ import annotations

import pytest

from privacy.anonymizer import RosterMember, anonymize, compile_roster

MEMBERS = [
    RosterMember(f"u{number}", "student", f"{given} {family}", given, family)
    for number, (given, family) in enumerate(
        [
            ("Rose", "Field"),
            ("Hunter", "Stone"),
            ("Hope", "Rivers"),
            ("Autumn", "Price"),
            ("Florence", "Gray"),
            ("Mark", "Bishop"),
            ("Ai", "Mori"),
            ("Věra", "Kubíková"),
        ]
    )
]
ROSTER = compile_roster(MEMBERS)


def outgoing(text: str) -> str:
    """What leaves of a text by nobody of the course."""
    return anonymize(text, author_id=None, roster=ROSTER).text


ACTING = [
    "Rose keeps a list of birds.",
    "Hunter always starts from the end.",
    "Rose, my bench mate, mixed the paint.",
    "Hunter (my partner) was away.",
    "Hope sent me the slides.",
    "Autumn typed the minutes.",
    "Mark and Věra disagreed.",
    "Hunter? She was in the other group.",
    "Hope has a different opinion.",
    "Meanwhile Hunter had left.",
    "Sorry Rose, I used your chart.",
    "On Monday Věra showed us round.",
    "These are Rose's numbers, not mine.",
    "Feedback from Florence: too long.",
    "Special mention goes to Florence for the cover.",
    "Everybody looked at Věra.",
    "1. Hope",
    "# idea by Hunter",
]


@pytest.mark.parametrize("text", ACTING)
def test_somebody_who_acts_is_hidden(text: str) -> None:
    left = outgoing(text)
    assert not [item.given_name for item in MEMBERS if item.given_name in left]


THINGS = [
    "Rose bushes line the path.",
    "Rose colored glasses distort the past.",
    "Hunter gatherers moved often.",
    "Hope springs eternal.",
    "Hope is not a strategy.",
    "Autumn leaves contain less chlorophyll.",
    "Mark each answer with a cross.",
    "Stone walls divide the fields.",
    "Price and demand are linked.",
    "They left Florence at night.",
    "She moved to Florence in 1998.",
    "Trade with Florence doubled.",
    "AI changes how we write.",
    "In 1981, Mori published a replication.",
    "Kubíková holds that “time is a river” (45).",
    "Bishop, in a 1999 paper, reports the reverse.",
]


@pytest.mark.parametrize("text", THINGS)
def test_what_is_no_person_stays(text: str) -> None:
    assert outgoing(text) == text


def test_a_doubtful_start_is_a_person_where_the_text_speaks_of_that_person() -> None:
    assert outgoing("Hope carries the plot.") == "Hope carries the plot."
    assert outgoing("I met Hope Rivers. Hope carries the plot.") == "I met [Student 1]. [Student 1] carries the plot."


@pytest.mark.parametrize(
    "text",
    [
        "I turned 18 on 16.7.1998; it rained.",
        "D.O.B.: 3 February 1995",
        "My ID (M523294) was rejected.",
        "Matr.-Nr. 33648523",
        "I can be reached by phone (0171-5550788) or mail.",
        "Write to the office, 06 12 34 25 13",
        "My Reddit name is marble43.",
        "My ex-boyfriend Jaromil smoked.",
        "My blog is https://bytewitch.blogspot.com.",
    ],
)
def test_details_are_found_however_they_are_announced(text: str) -> None:
    assert "[" in outgoing(text)


@pytest.mark.parametrize(
    ("name", "given", "family", "latin"),
    [
        ("Անի Հակոբյան", "Անի", "Հակոբյան", "Ani Hakobyan"),
        ("ნინო ლომიძე", "ნინო", "ლომიძე", "Nino Lomidze"),
        ("Милош Јовановић", "Милош", "Јовановић", "Milos Jovanovic"),
        ("আনিক চৌধুরী", "আনিক", "চৌধুরী", "Anik Chowdhury"),
        ("آرش رضایی", "آرش", "رضایی", "Arash Rezaei"),
        ("יעל כהן", "יעל", "כהן", "Yael Cohen"),
        ("志豪 陳", "志豪", "陳", "Chen Zhihao"),
    ],
)
def test_names_in_other_scripts_are_known_in_latin_letters(name: str, given: str, family: str, latin: str) -> None:
    roster = compile_roster([RosterMember("u1", "student", name, given, family)])
    for written in (name, latin):
        result = anonymize(f"I worked with {written} on it.", author_id=None, roster=roster)
        assert result.text == "I worked with [Student 1] on it."


MORE = [
    RosterMember(f"m{number}", "student", f"{given} {family}", given, family)
    for number, (given, family) in enumerate(
        [
            ("Bill", "Okafor"),
            ("Lincoln", "Eze"),
            ("Patience", "Moyo"),
            ("June", "Lind"),
            ("Art", "Kruger"),
            ("Opal", "Dahl"),
            ("Dewi", "Sari"),
        ]
    )
]


def _left_of(text: str) -> list[str]:
    left = anonymize(text, author_id=None, roster=compile_roster(MORE)).text
    return [item.given_name for item in MORE if item.given_name in left]


@pytest.mark.parametrize(
    "text",
    [
        "Bill will bring the box tomorrow.",
        "Patience is going to present the second half.",
        "Lincoln couldn't open the file.",
        "Patience was ill on Friday.",
        "Art built the frame while I cut the panels.",
        "Patience has been to the museum twice.",
        "Opal and Dewi Sari tested the bridge.",
        "Patience and my cousin watched the film.",
        "Lincoln should have cited the original.",
        "I sent the draft to Lincoln last night.",
        "To be fair to Lincoln, the task was unclear.",
        "The graph was redrawn by June after class.",
        "After June left, we packed up.",
        "I took this idea from June and changed it.",
        "Art (text), Patience (figures)",
        "Dewi's theory is that the clock was wrong.",
        "Scribe - Patience\nIt rained.",
    ],
)
def test_a_classmate_at_work_is_hidden(text: str) -> None:
    assert _left_of(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Lincoln signed the proclamation in 1863.", "Lincoln"),
        ("Patience is a virtue in the fable.", "Patience"),
        ("The report was finished by June.", "June"),
        ("The train from Lincoln arrives at noon.", "Lincoln"),
        ("Art imitates life.", "Art"),
        ("June came early that year.", "June"),
    ],
)
def test_history_virtues_and_seasons_stay(text: str, name: str) -> None:
    assert _left_of(text) == [name]
