"""Every event that the code notes can be read in words, and every sentence belongs to an event."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from grading.models.tenancy import RegistrationState
from grading.queue.carrying import NOTED_AS
from grading.states import BatchState, DecisionKind, PushState
from lti_tool.audit_words import ACTORS, AREAS, EVENTS, event_words, grouped_events, object_words
from privacy.audit.entries import ACTOR_KINDS

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("config", "privacy", "grading", "lti_tool")
NOTING = {"record", "_record", "_audit", "audit_batch", "audit_erasure", "_note", "_prove"}
EVENT = re.compile(r"[a-z_]+\.[a-z_]+")


def _calls() -> Iterator[ast.Call]:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
                    if name in NOTING:
                        yield node


def _written(node: ast.expr) -> Iterator[str]:
    """The events an argument can be; what an f-string puts in is written as *."""
    if isinstance(node, ast.IfExp):
        yield from _written(node.body)
        yield from _written(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and EVENT.fullmatch(node.value):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)


def noted() -> set[str]:
    return {
        event
        for call in _calls()
        for argument in [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "event")]
        for event in _written(argument)
    }


def test_every_event_of_the_code_has_its_sentence() -> None:
    written = noted()
    assert len(written) > 50
    assert {event for event in written if "*" not in event} - set(EVENTS) == set()
    assert {event for event in written if "*" in event} == {
        "batch.*",
        "gradebook.*",
        "platform.*",
        "queue.*",
        "review.*",
    }
    ended = {BatchState.COMPLETED, BatchState.FAILED, BatchState.CANCELLED}
    made = {
        *(f"review.{kind.value}" for kind in DecisionKind),
        *(f"gradebook.{state.value}" for state in PushState),
        *(f"platform.{state.value}" for state in RegistrationState),
        *(f"batch.{state.value}" for state in ended),
        *(f"queue.{word}" for word in NOTED_AS.values()),
    }
    assert made - set(EVENTS) == set()


def test_every_sentence_belongs_to_an_event_of_the_code() -> None:
    written = noted()
    open_ended = tuple(event[:-1] for event in written if event.endswith("*"))
    assert [event for event in EVENTS if event not in written and not event.startswith(open_ended)] == []


def test_the_choice_of_events_holds_all_of_them_once() -> None:
    chosen = [event for _, events in grouped_events() for event, _ in events]
    assert sorted(chosen) == sorted(EVENTS)
    areas = [area for area, _ in grouped_events()]
    assert len(areas) == len(set(areas))
    assert {event.partition(".")[0] for event in EVENTS} == set(AREAS)


def test_sentences_are_different_and_short() -> None:
    assert len(set(EVENTS.values())) == len(EVENTS)
    assert all(len(words) <= 70 and not words.endswith(".") for words in EVENTS.values())


def test_every_kind_of_actor_has_a_word() -> None:
    assert set(ACTORS) == set(ACTOR_KINDS)


@pytest.mark.parametrize(("code", "words"), [("person", "person"), ("grade_push", "gradebook message"), ("a_b", "a b")])
def test_objects_are_named(code: str, words: str) -> None:
    assert object_words(code) == words


def test_an_event_of_another_release_is_shown_by_its_code() -> None:
    assert event_words("future.event") == "future.event"
