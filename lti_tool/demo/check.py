"""The demonstration walks its own main job over HTTP, as ten students, a teacher and an administrator would.

Nothing here reaches into the tool: pages are opened, forms filled in, and at the end the LMS's own gradebook is read.
Each step prints one line with what was verified; the first that fails is named, and the exit status says so.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import requests

from lti_tool.demo.course import Person, SampleWork, assignment_brief, people, sample_work
from lti_tool.demo.processes import DemoFailed
from lti_tool.demo.run import ADMIN, API_KEY, Demonstration, Started
from lti_tool.demo.visitor import Page, VisitFailed, Visitor

Seen = TypeVar("Seen")

STUDENTS: Final = 10
NEW_PASSWORD: Final = "demonstration check"  # noqa: S105 - of an installation that is thrown away
BATCH_SECONDS: Final = 60.0
CLEANING_SECONDS: Final = 30.0
GRADEBOOK_SECONDS: Final = 30.0
PAUSE_SECONDS: Final = 0.5
MEDIA: Final = {"docx": "application/octet-stream", "pdf": "application/pdf", "txt": "text/plain", "md": "text/plain"}


@dataclass
class _Walk:
    """What is known on the way."""

    started: Started
    persons: dict[str, Person] = field(default_factory=lambda: {person.key: person for person in people()})
    works: tuple[SampleWork, ...] = field(default_factory=lambda: sample_work()[:STUDENTS])
    browsers: dict[str, Visitor] = field(default_factory=dict)
    link_url: str = ""
    scores: dict[str, str] = field(default_factory=dict)
    overridden: str = ""

    @property
    def lms(self) -> str:
        return self.started.addresses.lms

    @property
    def tool(self) -> str:
        return self.started.addresses.tool

    def browser(self, key: str) -> Visitor:
        """The browser of a person who has signed in to the LMS."""
        if key not in self.browsers:
            self.browsers[key] = Visitor().sign_in(self.lms, key)
        return self.browsers[key]

    def open_assignment(self, key: str) -> Page:
        """The tool's page, as the frame in the LMS shows it to this person."""
        visitor = self.browser(key)
        return visitor.get(visitor.get(self.link_url).frame())

    def state(self) -> Any:
        """What the LMS says it holds."""
        return Visitor().json(f"{self.lms}/demo/state.json")


def run_check() -> None:
    """What `make demo-check` does.

    Raises:
        DemoFailed: names the step that failed.
    """
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="blindmark-check-") as folder:
        demonstration = Demonstration(Path(folder), sys.stdout, first_port=None)
        started = demonstration.start(provider_seconds=3.0)
        try:
            walk = _Walk(started)
            for number, (name, step) in enumerate(STEPS, start=1):
                _take(number, name, step, walk)
        finally:
            started.processes.stop()
    print(f"main job: ok ({time.monotonic() - begun:.1f} seconds)", flush=True)


def _take(number: int, name: str, step: Callable[[_Walk], str], walk: _Walk) -> None:
    begun = time.monotonic()
    try:
        verified = step(walk)
    except (VisitFailed, requests.RequestException, DemoFailed, AssertionError) as error:
        raise DemoFailed(f"step {number} failed ({name}): {error}") from error
    print(f"{number}. {name}: {verified} ({time.monotonic() - begun:.1f} s)", flush=True)


def _lms(walk: _Walk) -> str:
    state = walk.state()
    students = [person for person in state["people"] if person["role"] == "student"]
    _expect(len(students) == 24, f"24 students, not {len(students)}")
    walk.browser("ada-teachwell").get(f"{walk.lms}/course").expect("Introduction to Ethics")
    return "the course has 24 students, a teacher, a TA and an administrator; the teacher is signed in"


def _deep_linking(walk: _Walk) -> str:
    teacher, brief = walk.browser("ada-teachwell"), assignment_brief()
    add = teacher.get(teacher.get(f"{walk.lms}/course").link("Add Blindmark assignment"))
    page = teacher.get(add.frame()).expect("Add an assignment", "Demonstration grader")
    values = {
        "title": brief.title,
        "description": brief.description,
        "points": str(brief.points),
        "allow_assessment": "yes",
    }
    teacher.submit(page, page.form("Save and add to the course"), values, button="Save and add to the course")
    course = teacher.get(f"{walk.lms}/course").expect(brief.title)
    walk.link_url = course.link(brief.title)
    link = walk.state()["links"][0]
    _expect(float(link["maximum"]) == brief.points, "the gradebook column is worth the points that were typed")
    return f"the LMS verified our signed answer and made the column “{brief.title}” of {brief.points} points"


def _hand_in(walk: _Walk) -> str:
    kinds: dict[str, int] = {}
    for place, work in enumerate(walk.works, start=1):
        visitor = walk.browser(work.person_key)
        page = walk.open_assignment(work.person_key)
        page = visitor.submit(page, page.form("/consent"), {"choice": "agree"})
        if work.kind == "pasted":
            page = visitor.submit(page, page.form("/hand-in"), {"text": work.text}, button="Hand in")
        else:
            upload = {"file": (work.file_name, work.content, MEDIA[work.kind])}
            page = visitor.submit(page, page.form("/file"), files=upload)
            page.expect(f"This is what was read from {work.file_name}", " ".join(work.text.split()[-6:]))
            page = visitor.submit(page, page.form("/hand-in"))
        page.expect("Handed in", f"number {place} in the queue")
        kinds[work.kind] = kinds.get(work.kind, 0) + 1
    shown = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return f"{len(walk.works)} students agreed and handed in ({shown}); the last one is number {len(walk.works)}"


def _second_attempt(walk: _Walk) -> str:
    work = walk.works[0]
    visitor, page = walk.browser(work.person_key), walk.open_assignment(work.person_key)
    text = f"{work.text}\n\nFinally, I have added this paragraph, because honesty also needs courage."
    page = visitor.submit(page, page.form("/hand-in"), {"text": text}, button="Hand in")
    page.expect("Attempt 2", f"number {len(walk.works)} in the queue")
    return "a second attempt took the place of the first"


def _batch(walk: _Walk) -> str:
    admin = Visitor()
    page = admin.get(f"{walk.tool}/admin").expect("Blindmark administration", "Demonstration grader")
    page = admin.submit(
        page, page.form("Sign in"), {"username": ADMIN, "password": walk.started.password or ""}
    ).expect("Choose a password")
    page = admin.submit(page, page.form("Save"), {"password": NEW_PASSWORD, "again": NEW_PASSWORD})
    page.expect("Queue")
    form = page.form("Make a batch")
    items = [box.get("value") for box in form.xpath(".//input[@name='item']")]
    _expect(len(items) == len(walk.works), f"{len(walk.works)} submissions wait, not {len(items)}")
    page = admin.submit(page, form, {"item": items}, button="Make a batch")
    page.expect("Costs at most", "gpt-6-luna")
    page = admin.submit(page, page.form("/batches/create"), {"note": "The whole class"}, button="Make the batch")
    page.expect("Nothing has been sent yet", "The whole class")
    page = admin.submit(page, page.form("/submit")).expect("Submitted")
    progress = page.url.rstrip("/") + "/progress"
    page = _awaited(
        walk,
        lambda: admin.get(progress),
        lambda page: "nothing left to do" in page.text,
        lambda page: f"The batch did not end in time: {page.text[:300]}",
        BATCH_SECONDS,
    )
    page.expect("Completed", f"{len(walk.works)} of {len(walk.works)}")
    return f"{len(items)} submissions in one batch, estimated, submitted, completed and read in"


def _cleaned_up(walk: _Walk) -> str:
    files, key = f"{walk.started.addresses.provider}/v1/files", {"Authorization": f"Bearer {API_KEY}"}
    _awaited(
        walk,
        lambda: requests.get(files, headers=key, timeout=10).json()["data"],
        lambda left: left == [],
        lambda left: f"{len(left)} files are still at the provider",
        CLEANING_SECONDS,
    )
    return "every file at the provider was deleted after reading"


def _review(walk: _Walk) -> str:
    teacher = walk.browser("ada-teachwell")
    page = walk.open_assignment("ada-teachwell").expect("Submissions", "Need you")
    page = teacher.get(page.link("Review the next one"))
    for number in range(len(walk.works)):
        page.expect("Proposed by gpt-6-luna-demonstration", "Confidence", "Strengths", "Next steps", "Comments")
        name = " ".join(page.root.find(".//h1").text_content().split())
        _expect(bool(page.root.findall(".//mark")), f"evidence is marked in the work of {name}")
        if number == 0:
            values = {"score": "17.5", "comments": "Carefully argued.", "reason": "Better than was proposed."}
            page = teacher.submit(page, page.form("/override"), values)
            walk.overridden = name
            walk.scores[name] = "17.5"
        else:
            score = page.root.find_class("score--large")[0].text_content()
            walk.scores[name] = score.split("/")[0].strip()
            page = teacher.submit(page, page.form("/approve"))
    names = {walk.persons[work.person_key].name for work in walk.works}
    _expect(set(walk.scores) == names, "every student was reviewed under their own name")
    spread = sorted({float(score) for score in walk.scores.values()})
    _expect(len(spread) >= 4, f"the scores spread: {spread}")
    return (
        f"9 approved, 1 overridden ({walk.overridden}); {len(spread)} different scores from {spread[0]} to {spread[-1]}"
    )


def _gradebook(walk: _Walk) -> str:
    by_id = {person.user_id: person for person in walk.persons.values()}

    def scored(state: Any) -> dict[str, Any]:
        return {by_id[grade["user_id"]].name: grade for grade in state["grades"] if grade["score"] is not None}

    state = _awaited(
        walk,
        walk.state,
        lambda state: len(scored(state)) == len(walk.works),
        lambda state: f"The gradebook has {len(scored(state))} of {len(walk.works)} scores.",
        GRADEBOOK_SECONDS,
    )
    grades = scored(state)
    for name, score in walk.scores.items():
        _expect(float(grades[name]["score"]) == float(score), f"the LMS has {score} for {name}")
        _expect("Your instructor read it and decided" in grades[name]["comment"], f"the comment of {name}")
    received = [one["body"] for one in state["received_scores"]]
    final = [one for one in received if one["gradingProgress"] == "FullyGraded"]
    _expect(len(final) == len(walk.works), "each final score was received exactly once")
    sample = final[-1]
    teacher = walk.browser("ada-teachwell").get(f"{walk.lms}/gradebook")
    teacher.expect("Carefully argued.")
    return (
        f"{len(final)} scores received through AGS, each once, for example "
        f"{sample['scoreGiven']} of {sample['scoreMaximum']}, {sample['activityProgress']}/{sample['gradingProgress']}"
    )


def _result(walk: _Walk) -> str:
    key = walk.works[1].person_key
    name = walk.persons[key].name
    page = walk.open_assignment(key).expect("Your result", walk.scores[name], "Released")
    page.expect("Your instructor read it and decided.")
    return f"{name} sees {walk.scores[name]} of 20 and the feedback"


def _awaited(
    walk: _Walk, look: Callable[[], Seen], done: Callable[[Seen], bool], words: Callable[[Seen], str], seconds: float
) -> Seen:
    """Look again and again until what is seen is as it must become, while everything that was started still runs."""
    deadline = time.monotonic() + seconds
    while not done(seen := look()):
        if time.monotonic() > deadline:
            raise VisitFailed(words(seen))
        walk.started.processes.check()
        time.sleep(PAUSE_SECONDS)
    return seen


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise VisitFailed(f"expected: {what}")


STEPS: Final[tuple[tuple[str, Callable[[_Walk], str]], ...]] = (
    ("demonstration LMS", _lms),
    ("deep linking", _deep_linking),
    ("handing in", _hand_in),
    ("second attempt", _second_attempt),
    ("batch", _batch),
    ("cleaning up at the provider", _cleaned_up),
    ("review", _review),
    ("gradebook", _gradebook),
    ("student's result", _result),
)
