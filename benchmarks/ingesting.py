"""Result lines into assessments: rows a second and peak memory, beside a bare bulk insert of the same rows.

The reading runs in a process of its own, so that its peak memory is its own. It reads a file as the provider hands one
out, line by line, through everything that a line goes through in production.
"""

import json
import random
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, insert, select, text
from sqlalchemy.orm import Session

import lti_tool.tables  # noqa: F401 - registers every table
from benchmarks.composing import SENTENCES, make_tenant
from config.clock import utc_now
from config.database import Base, Database, open_database
from config.migrate import upgrade
from grading.assignments import AssignmentDraft, create
from grading.batches.ingest import CHUNK, Ingest
from grading.batches.lease import Lease
from grading.models import (
    Administrator,
    AnonymizedText,
    Assessment,
    Batch,
    BatchRequest,
    Context,
    Deployment,
    Person,
    PromptVersion,
    RubricVersion,
    Submission,
)
from grading.models.queue import QueueItem
from grading.models.submissions import SubmissionSource
from grading.providers.base import ResultLine
from grading.providers.catalogue import find_model
from grading.providers.openai_results import parse_line
from grading.rubrics import Rubric, criterion_key, level_key
from grading.states import BatchState, BatchStep, QueueState, SubmissionState
from grading.submissions import text_place
from privacy.audit import AuditLog
from privacy.keyring import create_keyring, load_keyring
from privacy.models import AuditEvent
from privacy.sealing import Owner, Place, Vault

MODEL = "gpt-6-luna"
PART = 1_000
BODY_BYTES = 6_000
QUOTE = "a doctor may stay silent for an hour"
REMARKS = (
    "Your example of the doctor fits, and you say where its limits are.",
    "Say next time what somebody who disagrees would answer.",
    "The order of your paragraphs helps the reader to follow you.",
    "You name an author and explain in your own words what he means.",
    "The end comes suddenly: a sentence that sums up would round it off.",
    "Your second reason is stronger than the first, so begin with it.",
    "Explain what you mean by a good end, because much hangs on it.",
    "You are careful with words such as never and always, and rightly so.",
    "One more source would show that this is not only your own view.",
    "The question you ask yourself in the middle is the best part of the work.",
    "Mark clearly where the quotation ends and your thought begins.",
    "You compare two duties and choose between them with a reason.",
)


@dataclass(frozen=True, slots=True)
class Read:
    """What the reading process says of itself."""

    seconds: float
    cpu_seconds: float
    peak_megabytes: float
    before_megabytes: float


def main(arguments: list[str]) -> None:
    """Measure and print; the reading process is this module again."""
    if arguments[:1] == ["read"]:
        _read(*arguments[1:])
        return
    count = int(arguments[0]) if arguments else 50_000
    with tempfile.TemporaryDirectory() as folder:
        url = arguments[1] if len(arguments) > 1 else f"sqlite:///{folder}/bench.db"
        keyring, results = Path(folder) / "keyring.json", Path(folder) / "results.jsonl"
        start = time.perf_counter()
        prepare(url, keyring, results, count)
        _say(f"{url.split(':', 1)[0]}: {count} lines made ready in {time.perf_counter() - start:.0f} s")
        read = _in_a_process(url, keyring, results)
        _say(
            f"read in {read.seconds:.1f} s, {count / read.seconds:.0f} a second, and {count / read.cpu_seconds:.0f} a "
            f"second of processor time\n"
            f"peak {read.peak_megabytes:.0f} MB, {read.before_megabytes:.0f} MB of it before the first line"
        )
        bare = _bare(url)
    _say(
        f"the same rows in a bare bulk insert: {bare:.1f} s, {count / bare:.0f} lines a second; "
        f"ratio {read.seconds / bare:.1f}"
    )


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def prepare(url: str, keyring: Path, results: Path, count: int) -> None:
    """A batch at its provider's end: its lines were sent, and the file with their answers is there."""
    create_keyring(keyring)
    database, vault = open_database(url), Vault(load_keyring(keyring))
    upgrade(database.engine)
    with database.transaction() as session:
        tenant = make_tenant(session)
        administrator = Administrator(id=uuid.uuid4(), username="bench", password_hash="x")  # noqa: S106
        session.add(administrator)
        session.flush()
        batch = Batch(
            id=uuid.uuid4(),
            number=1,
            state=BatchState.PROCESSING,
            step=BatchStep.INGEST,
            provider="openai",
            model=MODEL,
            price=find_model(MODEL, utc_now()).batch_price.to_json(),
            created_by=administrator.id,
            submitted_at=utc_now(),
            next_check_at=utc_now(),
            items=count,
        )
        session.add(batch)
    dice = random.Random(7)  # noqa: S311
    custom_ids: list[str] = []
    for number, start in enumerate(range(0, count, PART)):
        with database.transaction() as session:
            custom_ids += _course(session, vault, tenant, batch.id, number, min(PART, count - start), dice)
    dice.shuffle(custom_ids)
    with database.transaction() as session:
        rubric = Rubric.model_validate(session.execute(select(RubricVersion.content).limit(1)).scalar_one())
    with results.open("w") as file:
        file.writelines(f"{_line(custom_id, _answer(rubric, dice))}\n" for custom_id in custom_ids)
    database.dispose()


def _course(
    session: Session,
    vault: Vault,
    tenant: Deployment,
    batch_id: uuid.UUID,
    number: int,
    count: int,
    dice: random.Random,
) -> list[str]:
    course = Context(id=uuid.uuid4(), tenant_id=tenant.id, lms_context_id=f"c{number}", title=f"Ethics {number}")
    people = [
        Person(id=uuid.uuid4(), registration_id=tenant.registration_id, subject=f"{number}-{n}") for n in range(count)
    ]
    session.add_all([course, *people])
    session.flush()
    draft = AssignmentDraft(
        title="May a promise be broken?",
        description="Argue for a position. Use at least one author from the reading list.",
        points_hundredths=2000,
        model=MODEL,
    )
    assignment = create(session, context=course, author_id=people[0].id, draft=draft, offered_models=(MODEL,))
    session.flush()
    prompt_id = session.execute(
        select(PromptVersion.id).where(PromptVersion.assignment_id == assignment.id)
    ).scalar_one()
    rubric_id = session.execute(
        select(RubricVersion.id).where(RubricVersion.assignment_id == assignment.id)
    ).scalar_one()
    vault.prepare_keys(session, [Owner.person(tenant.id, one.id) for one in people], new=True)
    rows: dict[type[Base], list[dict[str, Any]]] = {Submission: [], AnonymizedText: [], QueueItem: [], BatchRequest: []}
    for at in range(count):
        person, submission_id, item_id, text_id, line_id = people[at], *(uuid.uuid4() for _ in range(4))
        owner = Owner.person(tenant.id, person.id)
        words = " ".join(dice.choice(SENTENCES) for _ in range(17)) + f" {QUOTE}."
        rows[Submission].append(
            {
                "id": submission_id,
                "assignment_id": assignment.id,
                "person_id": person.id,
                "attempt": 1,
                "state": SubmissionState.GRADING,
                "source": SubmissionSource.TEXT,
                "characters": len(words),
                "words": len(words.split()),
                "submitted_at": utc_now(),
                "sealed_text": vault.seal_text(session, owner, text_place(submission_id), words),
            }
        )
        rows[AnonymizedText].append(
            {
                "id": text_id,
                "submission_id": submission_id,
                "sealed_text": vault.seal_text(session, owner, Place("anonymized_text", "text", text_id), words),
                "sealed_map": vault.seal_text(session, owner, Place("anonymized_text", "map", text_id), "{}"),
            }
        )
        rows[QueueItem].append(
            {
                "id": item_id,
                "tenant_id": tenant.id,
                "context_id": course.id,
                "submission_id": submission_id,
                "state": QueueState.PROCESSING,
                "queued_at": utc_now(),
                "estimated_microdollars": 400,
            }
        )
        rows[BatchRequest].append(
            {
                "id": line_id,
                "batch_id": batch_id,
                "queue_item_id": item_id,
                "custom_id": f"r_{uuid.uuid4().hex}",
                "prompt_version_id": prompt_id,
                "rubric_version_id": rubric_id,
                "sealed_body": vault.seal(
                    session, owner, Place("batch_request", "body", line_id), dice.randbytes(BODY_BYTES)
                ),
                "body_bytes": BODY_BYTES,
            }
        )
    for model, made in rows.items():
        session.connection().execute(insert(model).returning(model.__table__.c.id), made)
    return [row["custom_id"] for row in rows[BatchRequest]]


def _answer(rubric: Rubric, dice: random.Random) -> str:
    """An answer that fits, with comments of its own, but for the few that chance makes alike."""
    criteria = {
        criterion_key(number): {
            "evidence": [QUOTE],
            "reasoning": "You support this point with an example that fits, and you say where its limits are. " * 2,
            "level": level_key(1),
        }
        for number in range(1, len(rubric.criteria) + 1)
    }
    return json.dumps(
        {
            "criteria": criteria,
            "strengths": ["A clear position."],
            "improvements": ["Answer one objection."],
            "comments": "You take a position and support it. " + " ".join(dice.sample(REMARKS, 4)),
            "confidence_reasoning": "The work is clear.",
            "confidence": 80,
            "language": "en",
            "injection_suspected": False,
        }
    )


def _line(custom_id: str, answer: str) -> str:
    message = {"role": "assistant", "content": answer, "refusal": None}
    body = {
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1400, "completion_tokens": 450, "prompt_tokens_details": {"cached_tokens": 0}},
    }
    return json.dumps({"custom_id": custom_id, "response": {"status_code": 200, "body": body}, "error": None})


def _in_a_process(url: str, keyring: Path, results: Path) -> Read:
    command = [sys.executable, "-m", "benchmarks.batches", "ingest", "read", url, str(keyring), str(results)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    return Read(**json.loads(done.stdout.splitlines()[-1]))


def _read(url: str, keyring: str, results: str) -> None:
    ring = load_keyring(Path(keyring))
    database, vault = open_database(url), Vault(ring)
    AuditLog(ring).attach(database.sessions)
    with database.transaction() as session:
        batch = session.execute(select(Batch)).scalar_one()
    lease = Lease.take(database, utc_now, batch.id)
    assert lease is not None  # noqa: S101
    before, start, cpu = _peak(), time.perf_counter(), time.process_time()
    ingest = Ingest(lease, vault, batch, utc_now)
    ingest.take_all(_lines(Path(results)))
    ingest.settle_missing()
    took, worked = time.perf_counter() - start, time.process_time() - cpu
    with database.transaction() as session:
        stored = session.execute(text("SELECT count(*) FROM assessment")).scalar_one()
    assert stored == batch.items, f"{stored} assessments of {batch.items} lines"  # noqa: S101
    read = Read(took, worked, _peak(), before)
    sys.stdout.write(json.dumps(asdict(read)) + "\n")


def _lines(results: Path) -> Iterator[ResultLine]:
    with results.open() as file:
        for line in file:
            yield parse_line(line)


def _peak() -> float:
    """Megabytes that this program has held at most; the process it was started from does not count."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _bare(url: str) -> float:
    """Seconds to insert what the reading wrote (assessments, answered lines, audit entries) into empty tables without
    any index, key or check, as many rows at a time and in as many transactions.

    SQLite runs a prepared statement for each row (`executemany`). The driver of PostgreSQL would go there and back for
    each, which takes longer than everything that reading does; there, SQLAlchemy puts the rows into one statement.
    """
    database = open_database(url)
    took = 0.0
    for model in (Assessment, BatchRequest, AuditEvent):
        table = Base.metadata.tables[model.__tablename__]
        with database.engine.begin() as connection:
            connection.execute(text(f"CREATE TABLE bare_{table.name} AS SELECT * FROM {table.name} WHERE 1 = 0"))  # noqa: S608
        took += _copied(database, table)
    database.dispose()
    return took


def _copied(database: Database, table: Table) -> float:
    bare = table.to_metadata(MetaData(), name=f"bare_{table.name}")
    many = database.engine.dialect.name == "postgresql"
    statement = insert(bare).returning(bare.c.id) if many else insert(bare)
    took = 0.0
    with database.engine.connect() as reading:
        rows = (dict(row._mapping) for row in _paged(reading, table))
        while part := list(islice(rows, CHUNK)):
            start = time.perf_counter()
            with database.engine.begin() as writing:
                writing.execute(statement, part)
            took += time.perf_counter() - start
    return took


def _paged(reading: Connection, table: Table) -> Iterator[Any]:
    """All rows, a thousand at a time and in transactions of their own: nothing stays locked in between."""
    key: Any = table.c.id
    last: Any = None
    while True:
        query = select(table).order_by(key).limit(PART)
        found: Sequence[Any] = reading.execute(query if last is None else query.where(key > last)).all()
        reading.rollback()
        if not found:
            return
        last = found[-1]._mapping["id"]
        yield from found
