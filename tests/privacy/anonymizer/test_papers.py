"""Made-up papers of many kinds: how much leaks, how much is damaged, by the targets of the product."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from privacy.anonymizer import Certainty, Finding, FindingType, anonymize, compile_roster, restore
from tests.privacy.anonymizer.papers.build import course, write_paper
from tests.privacy.anonymizer.papers.score import Score, add

GROUPS = ("plain", "complex", "diacritics", "dupgiven", "famous", "mononym", "nonlatin", "short", "wordlike")


@pytest.fixture(scope="module")
def score() -> Score:
    """The count over three hundred papers of fifteen courses."""
    total = Score()
    for number in range(15):
        draw = random.Random(number)
        students, teachers = course(draw)
        roster = compile_roster([one.member for one in (*students, *teachers)])
        for _ in range(20):
            paper = write_paper(students, teachers, draw)
            result = anonymize(paper.text, author_id=paper.author, roster=roster, file_name=paper.file_name)
            assert restore(result.text, result.mapping) == paper.text
            add(total, paper, result)
    return total


@pytest.mark.parametrize(
    ("what", "limit"),
    [
        ("tier 1", 0.005),
        ("tier 2", 0.05),
        ("papers", 0.03),
        ("traps", 0.01),
        ("traps that collide", 0.01),
        ("other words", 0.002),
        ("one pseudonym", 0.005),
        ("held", 0.005),
        ("file names", 0.0),
    ],
)
def test_no_more_goes_wrong_than_is_allowed(score: Score, what: str, limit: float) -> None:
    assert score.all[what] > 200
    assert score.rate(what) <= limit, "\n".join(score.examples)


@pytest.mark.parametrize("group", GROUPS)
def test_no_group_of_names_is_worse_off(score: Score, group: str) -> None:
    assert score.all[f"group {group}"] > 50
    assert score.rate(f"group {group}") <= 0.01, "\n".join(score.examples)


@pytest.mark.parametrize("kind", ["email", "phone", "id", "address", "birth", "url", "handle"])
def test_personal_details_are_hidden(score: Score, kind: str) -> None:
    assert score.all[f"kind {kind}"] > 25
    assert score.rate(f"kind {kind}") <= 0.01, "\n".join(score.examples)


def test_the_count_sees_leaks_and_damage() -> None:
    draw = random.Random(1)
    students, teachers = course(draw)
    paper = write_paper(students, teachers, draw)
    nothing = anonymize(paper.text, author_id=None, roster=compile_roster([]))
    leaky, damaging = Score(), Score()
    add(leaky, paper, replace(nothing, findings=()))
    assert [leaky.rate(what) for what in ("tier 1", "papers", "traps", "one pseudonym")] == [1, 1, 0, 1]
    all_of_it = Finding(0, len(paper.text), FindingType.PERSON, Certainty.CERTAIN, "[Person 1]", "x")
    add(damaging, paper, replace(nothing, findings=(all_of_it,)))
    assert [damaging.rate(what) for what in ("tier 1", "papers", "traps", "other words")] == [0, 0, 1, 1]
