"""What holds for any text and any roster."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.anonymizer import Anonymized, RosterMember, anonymize, compile_roster, restore

NAMES = st.sampled_from(
    [
        "Ann",
        "Bill",
        "Grace",
        "Zoë",
        "Ferdinando",
        "Lars",
        "Müller",
        "Mueller",
        "Stone",
        "Young",
        "O'Brian",
        "Nguyễn",
        "김",
        "민수",
        "Оксана",
        "Coronado",
        "May",
        "Hall",
        "Li",
    ]
)
WORDS = st.one_of(
    NAMES,
    NAMES.map(str.lower),
    NAMES.map(str.upper),
    st.sampled_from(
        ["thanks to", "by", "the", "Dear", "(2019)", "Name:", "References", "@", "a.b@c.de", "'s", "I'm", "my sister"]
    ),
    st.sampled_from(
        ["[Student 1]", "[", "]", "A.", "B.", "+420 601 123 456", "K1234567", "github.com/x", "said", "12"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)
SEPARATORS = st.sampled_from([" ", " ", " ", "\n", ", ", ". ", "-", "_", "\u00a0", "", "\u200b", "\u0301"])
TEXTS = st.lists(st.tuples(WORDS, SEPARATORS), max_size=25).map(lambda parts: "".join(a + b for a, b in parts))
MEMBERS = st.builds(
    lambda number, role, first, last, email: RosterMember(
        f"u{number}", role, f"{first} {last}".strip(), first, last, "", email, "", f"K{number}"
    ),
    st.integers(1_000_000, 9_999_999),
    st.sampled_from(["student", "teacher", "other"]),
    NAMES,
    st.one_of(NAMES, st.just("")),
    st.sampled_from(["", "a.b@c.de", "lars99@uni.example"]),
)
ROSTERS = st.lists(MEMBERS, max_size=5)


def _run(text: str, members: list[RosterMember]) -> Anonymized:
    author = members[0].user_id if members else None
    return anonymize(text, author_id=author, roster=compile_roster(members))


def _hidden(result: Anonymized) -> set[int]:
    return {place for item in result.findings if item.hidden for place in range(item.start, item.end)}


@settings(max_examples=300, deadline=None)
@given(TEXTS, ROSTERS)
def test_restoring_gives_the_original(text: str, members: list[RosterMember]) -> None:
    result = _run(text, members)
    assert restore(result.text, result.mapping) == text


@settings(max_examples=300, deadline=None)
@given(TEXTS, ROSTERS)
def test_findings_are_in_order_apart_and_rebuild_the_outgoing_text(text: str, members: list[RosterMember]) -> None:
    result = _run(text, members)
    pieces, place = [], 0
    for finding in result.findings:
        assert place <= finding.start < finding.end <= len(text)
        pieces.append(text[place : finding.start])
        pieces.append(finding.replacement if finding.hidden else text[finding.start : finding.end])
        place = finding.end
    assert "".join([*pieces, text[place:]]) == result.text


@settings(max_examples=400, deadline=None)
@given(TEXTS, ROSTERS, ROSTERS)
def test_adding_people_never_unhides_anyone(text: str, members: list[RosterMember], more: list[RosterMember]) -> None:
    known = {item.user_id for item in members}
    more = [item for item in more if item.user_id not in known]
    author = members[0].user_id if members else None
    few = anonymize(text, author_id=author, roster=compile_roster(members))
    many = anonymize(text, author_id=author, roster=compile_roster([*more, *members]))
    assert _hidden(few) <= _hidden(many)


@settings(max_examples=300, deadline=None)
@given(TEXTS, ROSTERS)
def test_placeholders_never_equal_something_in_the_text(text: str, members: list[RosterMember]) -> None:
    result = _run(text, members)
    assert not [item for item in result.findings if item.replacement.casefold() in text.casefold()]


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.lists(MEMBERS, min_size=1, max_size=5))
def test_a_placeholder_stands_for_one_person(text: str, members: list[RosterMember]) -> None:
    owners: dict[str, set[str | None]] = {}
    for finding in _run(text, members).findings:
        owners.setdefault(finding.replacement, set()).add(finding.person_key)
    assert all(len(keys) == 1 for keys in owners.values())


@settings(max_examples=200, deadline=None)
@given(MEMBERS.filter(lambda item: bool(item.family_name)), st.sampled_from(["I met {}.", "{}\n", "With {}, we won."]))
def test_a_full_name_never_stands_in_the_output(item: RosterMember, frame: str) -> None:
    result = _run(frame.format(item.name), [item])
    assert item.name not in result.text
    assert result.leaks == ()
