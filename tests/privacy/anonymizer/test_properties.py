"""What holds for any text and any roster."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from privacy.anonymizer import Anonymized, PseudonymMap, RosterMember, anonymize, compile_roster, restore
from privacy.anonymizer.folding import fold_form
from privacy.anonymizer.words import is_word_like
from tests.privacy.anonymizer.papers.build import plain
from tests.thorough import tried

NAMES = st.sampled_from(
    [
        "Ann",
        "Bill",
        "Grace",
        "Zoë",
        "Ferdinando",
        "Ferdinanda",
        "Ferdiannda",
        "Coronada",
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


@tried(300)
@given(TEXTS, ROSTERS)
def test_restoring_gives_the_original(text: str, members: list[RosterMember]) -> None:
    result = _run(text, members)
    assert restore(result.text, result.mapping) == text


@tried(300)
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


@tried(400)
@given(TEXTS, ROSTERS, ROSTERS)
def test_adding_people_never_unhides_anyone(text: str, members: list[RosterMember], more: list[RosterMember]) -> None:
    known = {item.user_id for item in members}
    more = [item for item in more if item.user_id not in known]
    author = members[0].user_id if members else None
    few = anonymize(text, author_id=author, roster=compile_roster(members))
    many = anonymize(text, author_id=author, roster=compile_roster([*more, *members]))
    assert _hidden(few) <= _hidden(many)


@tried(300)
@given(TEXTS, ROSTERS)
def test_placeholders_never_equal_something_in_the_text(text: str, members: list[RosterMember]) -> None:
    result = _run(text, members)
    assert not [item for item in result.findings if item.replacement.casefold() in text.casefold()]


@tried(200)
@given(TEXTS, st.lists(MEMBERS, min_size=1, max_size=5))
def test_a_placeholder_stands_for_one_person(text: str, members: list[RosterMember]) -> None:
    owners: dict[str, set[str | None]] = {}
    for finding in _run(text, members).findings:
        owners.setdefault(finding.replacement, set()).add(finding.person_key)
    assert all(len(keys) == 1 for keys in owners.values())


SCRIPTS = (
    ("abcdefghijklmnoprstuvz", 3),
    ("aeioulnrstáéíóúñčšžřłøåöüğşç", 3),
    ("абвгдежзиклмнопрстуфхцчшя", 3),
    ("αβγδεζηθικλμνξοπρστυφχψω", 3),
    ("بتثجحخدذرزسشصضطظعغفقكلمنهوي", 3),
    ("אבגדהוזחטיכלמנסעפצקרשת", 3),
    ("가나다라마바사아자차카타파하민수지훈서연", 2),
    ("王李張劉陳楊黃趙周吳徐孫朱馬胡郭林何高梁", 2),
    ("กขคงจชซดตถทนบปพฟมยรลวสหอ", 3),
)
SCRIPT = st.sampled_from(SCRIPTS)


def _name(letters: str, shortest: int) -> st.SearchStrategy[str]:
    return st.text(letters, min_size=shortest, max_size=9).map(str.capitalize)


BEARERS = SCRIPT.flatmap(
    lambda script: st.tuples(_name(*script), _name(*script), st.sampled_from(["student", "teacher"])).map(
        lambda parts: RosterMember("u1", parts[2], f"{parts[0]} {parts[1]}", parts[0], parts[1])
    )
).filter(
    lambda item: not is_word_like((fold_form(item.given_name),)) and not is_word_like((fold_form(item.family_name),))
)
POSITIONS = st.sampled_from(
    [
        "Thanks to {}.",
        "I met {} yesterday.",
        "Dear {},\nthank you.",
        "Name: {}\n",
        "We asked {} and she agreed.",
        "I disagree with {}'s post.",
        "My partner was {} again.",
        "{} said so.",
        "(with {})",
        "{}\n",
    ]
)
SPELLINGS = st.sampled_from([str, str.upper, lambda name: unicodedata.normalize("NFD", name), plain])
PARTS = st.sampled_from(["{given}", "{family}", "{given} {family}", "{family}, {given}", "{given}\u00a0{family}"])


@tried(300)
@given(BEARERS, POSITIONS, SPELLINGS, PARTS)
def test_no_name_stands_where_a_person_stands(
    item: RosterMember, position: str, spelling: Callable[[str], str], part: str
) -> None:
    written = spelling(part.format(given=item.given_name, family=item.family_name))
    result = _run(position.format(written), [item])
    left = fold_form(re.sub(r"\[\w+ \d\]", " ", result.text)).split()
    assert set(left) <= set(fold_form(position).split()), result.text
    assert result.leaks == ()


@tried(200)
@given(MEMBERS.filter(lambda item: bool(item.family_name)), st.sampled_from(["I met {}.", "{}\n", "With {}, we won."]))
def test_a_full_name_never_stands_in_the_output(item: RosterMember, frame: str) -> None:
    result = _run(frame.format(item.name), [item])
    assert item.name not in result.text
    assert result.leaks == ()


SAYINGS = st.lists(st.tuples(POSITIONS, st.integers(0, 3), PARTS), min_size=1, max_size=4)


@tried(200)
@given(st.lists(MEMBERS, min_size=1, max_size=4, unique_by=lambda item: item.user_id), SAYINGS, st.booleans())
def test_relatives_and_namesakes_unhide_nobody(
    members: list[RosterMember], sayings: list[tuple[str, int, str]], by_given: bool
) -> None:
    said = ((position, members[number % len(members)], part) for position, number, part in sayings)
    text = "\n".join(
        position.format(part.format(given=one.given_name, family=one.family_name)) for position, one, part in said
    )
    more = [
        RosterMember(f"more-{one.user_id}", "student", f"{given} {family}".strip(), given, family)
        for one in members
        for given, family in [(one.given_name, "Zwart") if by_given else ("Odalys", one.family_name)]
    ]
    few = anonymize(text, author_id=None, roster=compile_roster(members))
    many = anonymize(text, author_id=None, roster=compile_roster([*members, *more]))
    assert _hidden(few) <= _hidden(many)


@tried(300)
@given(TEXTS, ROSTERS)
def test_offsets_lead_from_every_placeholder_back_to_what_stood_there(text: str, members: list[RosterMember]) -> None:
    result = _run(text, members)
    hidden = [finding for finding in result.findings if finding.hidden]
    assert len(hidden) == len(result.mapping.replacements)
    for finding, replaced in zip(hidden, result.mapping.replacements, strict=True):
        end = replaced.start + len(replaced.placeholder)
        assert result.text[replaced.start : end] == replaced.placeholder == finding.replacement
        assert text[finding.start : finding.end] == replaced.surface
    assert all(0 <= kept.start < kept.end <= len(text) for kept in result.kept)
    assert all(0 <= leak.start < leak.end <= len(result.text) for leak in result.leaks)


@tried(200)
@given(TEXTS, ROSTERS)
def test_a_stored_map_restores_too_and_feedback_loses_every_placeholder(text: str, members: list[RosterMember]) -> None:
    result = _run(text, members)
    stored = PseudonymMap.from_json(result.mapping.to_json())
    assert restore(result.text, stored) == text
    feedback = restore("! " + result.text, stored)
    assert not [item for item in stored.names if item in feedback and item not in text]


@tried(300)
@given(st.text(max_size=40), st.lists(MEMBERS, min_size=1, max_size=1))
def test_a_file_name_has_nothing_but_plain_words(name: str, members: list[RosterMember]) -> None:
    author = members[0]
    result = anonymize("", author_id=author.user_id, roster=compile_roster(members), file_name=f"{author.name}{name}")
    assert re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9]+)*", result.file_name or "")
    parts = [part.lower() for part in author.name.split() if len(part) > 2]
    assert not [part for part in parts if part in (result.file_name or "")]
