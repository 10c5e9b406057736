"""The last check: what it holds back when the matcher has failed, and what it accepts."""

from __future__ import annotations

import unicodedata

import pytest

from privacy.anonymizer import Certainty, Finding, FindingType, Kept, compile_roster
from privacy.anonymizer.check import remaining_leaks
from tests.privacy.anonymizer.people import AUTHOR, ROSTER, hide, member

# Each of these would have slipped through the matcher whole.
HELD = [
    "It was Zuzana\nKovarova.",
    "It was ZUZANA KOVÁŘOVÁ.",
    unicodedata.normalize("NFD", "It was Zuzana Kovářová."),
    "It was Zu\u200bzana Ko\u00advarova.",
    "It was Ｚｕｚａｎａ Ｋｏｖａｒｏｖａ.",
    "It was Kovářová, Zuzana.",
    "It was Kovarova Zuzana.",
    "It was zuzanakovarova.",
    "It was zuzana_kovarova.",
    "It was Zuzana%20Kov%C3%A1%C5%99ov%C3%A1.",
    "It was Zuzana Kov&aacute;&#345;ov&aacute;.",
    r"It was Zuzana Kov\u00e1\u0159ov\u00e1.",
    "It was Z u z a n a K o v a r o v a.",
    "It was z.u.z.a.n.a k.o.v.a.r.o.v.a.",
    "It was Z-u-z-a-n-a K-o-v-a-r-o-v-a.",
    "It was Zuz\u0430na K\u043evar\u043ev\u0430.",
    "It was K1234567.",
    "It was zkovarova7.",
    "It was zuzana.kovarova@uni.example.",
    "It was María García Márquez.",
    "그것은 김민수의 자료.",
    "It was Lars van\u00a0der Berg.",
]


@pytest.mark.parametrize("text", HELD)
def test_a_strong_form_without_a_reason_is_held(text: str) -> None:
    leaks = remaining_leaks(text, ROSTER, (), [])
    assert leaks
    assert all(0 <= leak.start < leak.end <= len(text) for leak in leaks)


@pytest.mark.parametrize("text", HELD)
def test_what_the_matcher_hides_is_not_held(text: str) -> None:
    result = hide(text)
    hidden = [finding for finding in result.findings if finding.hidden]
    assert bool(hidden) or bool(result.leaks)


ACCEPTED = [
    "It gave us hope and Grace. Young people agree.",
    "We need grace, young man.",
    "Grace (Young was away) came.",
    "A kovar is not a zuzan.",
    "It cost 12345678 in 2021.",
    "50 % of K 123 & 4567; \\u00zz",
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_only_looks_like_a_strong_form_is_accepted(text: str) -> None:
    assert remaining_leaks(text, ROSTER, (), []) == ()


def test_a_reason_explains_a_form_only_when_it_covers_it() -> None:
    text = "It was Zuzana Kovarova."
    assert remaining_leaks(text, ROSTER, (), [Kept(7, 22, "a public link")]) == ()
    assert remaining_leaks(text, ROSTER, (), [Kept(14, 22, "citation")])


def test_reasons_are_found_again_behind_placeholders() -> None:
    finding = Finding(0, 3, FindingType.STUDENT, Certainty.CERTAIN, "[Student 1]", "u")
    outgoing = "[Student 1] saw Zuzana Kovarova."
    assert remaining_leaks(outgoing, ROSTER, (finding,), [Kept(8, 23, "a public link")]) == ()
    assert remaining_leaks(outgoing, ROSTER, (finding,), [Kept(0, 7, "citation")])


def test_a_leak_says_where_it_stands_and_whose_it_is() -> None:
    text = "See Zuzana%20Kovarova and K1234567."
    leaks = remaining_leaks(text, ROSTER, (), [])
    assert [(text[leak.start : leak.end], leak.person_key) for leak in leaks] == [
        ("Zuzana%20Kovarova", AUTHOR.user_id),
        ("K1234567", AUTHOR.user_id),
    ]


def test_other_names_of_the_author_are_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("privacy.anonymizer.engine._named", lambda *_: ([], []))
    assert hide("Prepared by Zuzka Nováková.", extra_author_names=("Zuzka Nováková",)).leaks


def test_a_roster_without_strong_forms_holds_nothing() -> None:
    assert remaining_leaks("Ann was here.", compile_roster([member("Ann", "")]), (), []) == ()
