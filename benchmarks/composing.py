"""Ten thousand submissions from the queue to the lines that would be sent."""

import json
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import event, insert
from sqlalchemy.orm import Session

import lti_tool.tables  # noqa: F401 - registers every table
from config.clock import utc_now
from config.database import Database, open_database
from config.migrate import upgrade
from grading import people
from grading.assignments import AssignmentDraft, create
from grading.batches import compose, lifecycle, seal
from grading.batches.lease import Lease
from grading.batches.seal import seal_requests, sealed_lines
from grading.batches.sizes import Limits
from grading.models import Administrator, Context, Deployment, Enrolment, Person, Registration, Submission
from grading.models.people import CourseRole
from grading.models.queue import QueueItem
from grading.models.submissions import SubmissionSource
from grading.models.tenancy import DeploymentState
from grading.outgoing import anonymized
from grading.people import profile_place
from grading.providers.openai import OpenAIProvider
from grading.queue import QueueFilter
from grading.states import SubmissionState
from grading.submissions import text_place
from privacy.anonymizer import compile_roster
from privacy.audit import AuditLog
from privacy.consent import give_consent
from privacy.keyring import create_keyring, load_keyring
from privacy.sealing import Owner, Vault

CLASS = 100
"""Students of a course; each hands in for one assignment."""
GIVEN = ("Mira", "Jonas", "Aylin", "Tomasz", "Linh", "Priya", "Emeka", "Sofia", "Haruto", "Noor")
FAMILY = ("Okafor", "Lindqvist", "Yilmaz", "Kowalski", "Nguyen", "Sharma", "Eze", "Rossi", "Tanaka", "Haddad")
SENTENCES = (
    "My name is {name} and I think that a promise may be broken for a good end.",
    "Kant says that we must never lie, because a lie treats the other person as a mere means.",
    "However, the murderer at the door shows that this rule can ask too much of us.",
    "As {friend} said in our seminar, consequences matter when somebody's life depends on them.",
    "For example, a doctor may stay silent for an hour before she tells a family what happened.",
    "Therefore honesty is a duty, but it is not the only one, and duties can stand against each other.",
    "Mill would answer that rules earn their place by what they do for everybody in the long run.",
    "I wrote to my tutor about this and she asked which principle I would give up first.",
)


@dataclass
class Made:
    """What the benchmark starts from."""

    database: Database
    vault: Vault
    administrator_id: uuid.UUID


def main(arguments: list[str]) -> None:
    """Measure and print."""
    count = int(arguments[0]) if arguments else 10_000
    with tempfile.TemporaryDirectory() as folder:
        url = arguments[1] if len(arguments) > 1 else f"sqlite:///{folder}/bench.db"
        made = prepare(url, Path(folder) / "keyring.json", count)
        run(made, count)
        made.database.dispose()


def run(made: Made, count: int) -> None:
    """Carry everything that waits to the lines that would be sent, a phase at a time."""
    database, provider = made.database, OpenAIProvider("no key is needed", "http://127.0.0.1:9/v1")
    statements = [0]
    event.listen(database.engine, "before_cursor_execute", lambda *_: statements.__setitem__(0, statements[0] + 1))
    limits = Limits(10, 50_000, enqueued_tokens=10**9)
    total = 0.0

    @contextmanager
    def phase(name: str) -> Iterator[None]:
        nonlocal total
        statements[0], start, cpu = 0, time.perf_counter(), time.process_time()
        yield
        took, worked = time.perf_counter() - start, time.process_time() - cpu
        total += took
        sys.stdout.write(
            f"{name:<28} {took:8.2f} s  {count / took:8.0f} items/s  {worked:8.2f} s of processor time  "
            f"{statements[0]:6d} statements\n"
        )

    with phase("preview"), database.transaction() as session:
        plan = compose.preview_matching(session, QueueFilter(), count, provider="openai", limits=limits)
    assert len(plan.candidates) == count, plan.left_behind  # noqa: S101
    with phase("compose"), database.transaction() as session:
        plan = compose.preview_matching(session, QueueFilter(), count, provider="openai", limits=limits)
        batches = compose.create_all(
            session, plan, provider="openai", limits=limits, note="", administrator_id=made.administrator_id
        )
    with phase("submit"), database.transaction() as session:
        for batch in batches:
            lifecycle.submit(session, batch.id, administrator_id=made.administrator_id)
    with phase("anonymize, prompt, seal"), _taken_apart(count):
        for batch in batches:
            lease = Lease.take(database, utc_now, batch.id)
            assert lease is not None  # noqa: S101
            seal_requests(lease, made.vault, provider, batch.id, utc_now)
    with phase("JSONL"):
        sent = sum(1 for batch in batches for _ in sealed_lines(database, made.vault, batch))
    sys.stdout.write(f"{sent} lines, {count / total:.0f} items/s from end to end (the preview counted too)\n")


@contextmanager
def _taken_apart(count: int) -> Iterator[None]:
    """Say how much of the processor time the anonymizer takes, and how many items a second the rest would be."""
    spent = {"texts": 0.0, "rosters": 0.0}

    def timed(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any) -> Any:
            start = time.process_time()
            try:
                return function(*given)
            finally:
                spent[part] += time.process_time() - start

        return run

    start = time.process_time()
    with (
        patch.object(seal, "anonymized", timed("texts", anonymized)),
        patch.object(people, "compile_roster", timed("rosters", compile_roster)),
    ):
        yield
    rest = time.process_time() - start - sum(spent.values())
    sys.stdout.write(
        f"  of its processor time: names out of texts {spent['texts']:.2f} s, rosters {spent['rosters']:.2f} s, "
        f"everything else {rest:.2f} s ({count / rest:.0f} items/s)\n"
    )


def prepare(url: str, keyring: Path, count: int) -> Made:
    """Courses of a hundred students, each of whom has handed in about 300 words and agreed."""
    create_keyring(keyring)
    ring = load_keyring(keyring)
    database, vault = open_database(url), Vault(load_keyring(keyring))
    upgrade(database.engine)
    AuditLog(ring).attach(database.sessions)
    with database.transaction() as session:
        tenant = make_tenant(session)
        administrator = Administrator(id=uuid.uuid4(), username="bench", password_hash="x")  # noqa: S106
        session.add(administrator)
        session.flush()
        administrator_id = administrator.id
    dice = random.Random(7)  # noqa: S311
    for number in range(-(-count // CLASS)):
        with database.transaction() as session:
            _course(session, vault, tenant, number, min(CLASS, count - number * CLASS), dice)
    return Made(database, vault, administrator_id)


def make_tenant(session: Session) -> Deployment:
    lms = Registration(
        id=uuid.uuid4(),
        issuer="https://lms.example",
        client_id="client",
        name="Example LMS",
        authorization_url="https://lms.example/auth",
        token_url="https://lms.example/token",  # noqa: S106
        jwks_url="https://lms.example/jwks",
    )
    session.add(lms)
    session.flush()
    tenant = Deployment(id=uuid.uuid4(), registration_id=lms.id, lms_deployment_id="1", state=DeploymentState.APPROVED)
    session.add(tenant)
    session.flush()
    return tenant


def _course(
    session: Session, vault: Vault, tenant: Deployment, number: int, students: int, dice: random.Random
) -> None:
    course = Context(
        id=uuid.uuid4(),
        tenant_id=tenant.id,
        lms_context_id=f"c{number}",
        title=f"Ethics {number}",
        label=f"PHIL {number}",
        allow_llm_assessment=True,
        approved_providers=["openai"],
    )
    people = [
        Person(id=uuid.uuid4(), registration_id=tenant.registration_id, subject=f"{number}-{n}")
        for n in range(students + 1)
    ]
    session.add_all([course, *people])
    session.flush()
    vault.prepare_keys(session, [Owner.person(tenant.id, one.id) for one in people], new=True)
    names = [f"{GIVEN[n % 10]} {FAMILY[(n // 10 + number) % 10]}{'' if n < 100 else n}" for n in range(students + 1)]
    _enrol(session, vault, tenant, course, people, names)
    made = create(
        session,
        context=course,
        author_id=people[0].id,
        draft=AssignmentDraft(
            title="May a promise be broken?",
            description="Argue for a position. Use at least one author from the reading list.",
            points_hundredths=2000,
            model="gpt-6-luna",
        ),
        offered_models=("gpt-6-luna",),
    )
    session.flush()
    submissions, items = [], []
    for person, name in list(zip(people, names, strict=True))[1:]:
        words = " ".join(dice.choice(SENTENCES).format(name=name, friend=dice.choice(names)) for _ in range(18))
        row = {
            "id": uuid.uuid4(),
            "assignment_id": made.id,
            "person_id": person.id,
            "attempt": 1,
            "state": SubmissionState.WAITING,
            "source": SubmissionSource.TEXT,
            "characters": len(words),
            "words": len(words.split()),
            "submitted_at": utc_now() - timedelta(seconds=dice.randrange(86_400)),
        }
        place = text_place(row["id"])  # type: ignore[arg-type]
        row["sealed_text"] = vault.seal_text(session, Owner.person(tenant.id, person.id), place, words)
        submissions.append(row)
        items.append(
            {
                "tenant_id": tenant.id,
                "context_id": course.id,
                "submission_id": row["id"],
                "queued_at": row["submitted_at"],
                "estimated_microdollars": 400,
            }
        )
        give_consent(session, tenant_id=tenant.id, person_id=person.id, context_id=course.id)
    session.execute(insert(Submission), submissions)
    session.execute(insert(QueueItem), items)


def _enrol(
    session: Session, vault: Vault, tenant: Deployment, course: Context, people: list[Person], names: list[str]
) -> None:
    for person, name in zip(people, names, strict=True):
        given, _, family = name.partition(" ")
        row = Enrolment(
            id=uuid.uuid4(),
            context_id=course.id,
            person_id=person.id,
            role=CourseRole.INSTRUCTOR if person is people[0] else CourseRole.LEARNER,
        )
        profile = json.dumps({"name": name, "given_name": given, "family_name": family}).encode()
        row.sealed_profile = vault.seal(session, Owner.person(tenant.id, person.id), profile_place(row.id), profile)
        session.add(row)
    session.flush()
