"""The administrator's page of the queue at ten thousand and at a million items, under each kind of filter."""

import re
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine, event, insert, select, text

from config.clock import utc_now
from config.database import Database
from config.settings import load_settings
from grading.models import Assignment, ChangeKind, Context, Deployment, Person, QueueItem, Registration
from grading.models.tenancy import DeploymentState
from grading.queue import carrying, changes, expecting
from grading.queue.filters import QueueFilter
from grading.queue.searching import matching_with
from grading.states import Priority, QueueState
from lti_tool.admin_accounts import create_administrator
from lti_tool.parts import Parts
from lti_tool.wiring import open_application
from privacy.audit import Actor

COURSES, PEOPLE, ROUNDS = 200, 5_000, 20
BASE_URL = "http://127.0.0.1:8800"
PASSWORD = "a password for a benchmark"  # noqa: S105
SCAN = re.compile(r"SCAN queue_item(?! USING)|Seq Scan on queue_item")
WIDE = re.compile(r"(SEARCH|SCAN) queue_item .*\(state=\?( AND priority=\?)?\)")
"""What reads a state in its index: with a sort behind it, all of that state would be read for one page."""
# Item number i, in SQL of each database: ids, moments and chances are made by the database itself.
DIALECTS = {
    "sqlite": {
        "series": "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})",
        "from": "n",
        "id": "lower(hex(randomblob(16)))",
        "moment": "strftime('%Y-%m-%d %H:%M:%S', 'now', '-' || (i * 5 % 5184000) || ' seconds') || '.000000'",
        "blob": "x'{blob}'",
        "chance": "abs(random() % 1000)",
        "yes": "1",
    },
    "postgresql": {
        "series": "WITH n AS (SELECT i FROM generate_series({first}, {last}) AS i)",
        "from": "n",
        "id": "gen_random_uuid()",
        "moment": "now() - (i::bigint * 5 % 5184000) * interval '1 second'",
        "blob": "decode('{blob}', 'hex')",
        "chance": "floor(random() * 1000)",
        "yes": "true",
    },
}
SUBMISSIONS = """
INSERT INTO submission (id, assignment_id, person_id, attempt, state, source, media_type, sealed_text, characters,
                        words, late, indexed, submitted_at, created_at, kept_from)
{series}
SELECT {id}, a.id, p.id, 1, 'waiting', 'text', 'text/plain', {blob}, 2000, 300, {yes} = {no}, {yes}, {moment}, {moment},
       {moment}
FROM {from} JOIN bench_assignment a ON a.number = i % {assignments} JOIN bench_person p ON p.number = i / {assignments}
"""
ITEMS = """
INSERT INTO queue_item (id, tenant_id, context_id, submission_id, state, priority, queued_at, estimated_microdollars,
                        model, text_tokens, most_text_tokens, prompt_tokens, most_prompt_tokens, most_answer_tokens,
                        note, attempts, created_at)
SELECT {id}, c.tenant_id, c.id, s.id,
       CASE WHEN s.dice < 600 THEN 'queued' WHEN s.dice < 602 THEN 'selected' WHEN s.dice < 605 THEN 'processing'
            WHEN s.dice < 955 THEN 'completed' WHEN s.dice < 960 THEN 'failed' ELSE 'skipped' END,
       CASE WHEN s.second < 30 THEN 'high' WHEN s.second < 930 THEN 'normal' ELSE 'low' END,
       s.submitted_at, 200 + s.dice,
       CASE WHEN s.second < 500 THEN 'gpt-6-luna' ELSE 'gpt-4o-mini' END, 400, 500, 900, 1100, 1500,
       '', 0, s.submitted_at
FROM (SELECT id, assignment_id, submitted_at, {chance} AS dice, {chance} AS second FROM submission) AS s
JOIN assignment a ON a.id = s.assignment_id JOIN context c ON c.id = a.context_id
WHERE s.id NOT IN (SELECT submission_id FROM queue_item)
"""
SUMS = """
INSERT INTO queue_tally (state, priority, model, items, microdollars, text_tokens, most_text_tokens, prompt_tokens,
                         most_prompt_tokens, most_answer_tokens)
SELECT state, priority, model, count(*), sum(estimated_microdollars), sum(text_tokens), sum(most_text_tokens),
       sum(prompt_tokens), sum(most_prompt_tokens), sum(most_answer_tokens)
FROM queue_item GROUP BY state, priority, model
"""
# What makes single writes right makes bulk ones slow: it is put aside while the tables are filled, and made again.
PUT_ASIDE = {
    "sqlite": (
        "SELECT 'DROP ' || type || ' ' || name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') "
        "AND tbl_name IN ('submission', 'queue_item') AND sql IS NOT NULL"
    ),
    "postgresql": (
        "SELECT 'DROP INDEX ' || indexname, indexdef FROM pg_indexes WHERE tablename IN ('submission', 'queue_item') "
        "AND indexname NOT IN (SELECT conname FROM pg_constraint) UNION ALL "
        "SELECT 'DROP TRIGGER ' || tgname || ' ON queue_item', pg_get_triggerdef(oid) FROM pg_trigger "
        "WHERE tgrelid = 'queue_item'::regclass AND NOT tgisinternal"
    ),
}


@dataclass
class Asked:
    """Statements of one request, to be explained afterwards."""

    engine: Engine
    found: list[tuple[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        event.listen(self.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, statement: str, given: Any, *_rest: object) -> None:
        self.found.append((statement, given))

    def scans(self) -> list[str]:
        """Plans that read the whole queue or sort it."""
        prefix = "EXPLAIN QUERY PLAN " if self.engine.dialect.name == "sqlite" else "EXPLAIN "
        bad: list[str] = []
        for statement, given in list(self.found):
            if "queue_item" not in statement or not statement.lstrip().startswith(("SELECT", "WITH")):
                continue
            with self.engine.connect() as connection:
                plan = connection.exec_driver_sql(prefix + statement, given).all()
            bad += [str(row[-1]).strip() for row in plan if SCAN.search(str(row[-1]))]
            wide = {row[1] for row in plan if len(row) > 1 and WIDE.search(row[-1])}
            bad += ["sorts a state" for row in plan if len(row) > 1 and "FOR ORDER BY" in row[-1] and row[1] in wide]
        return bad


@dataclass(frozen=True, slots=True)
class Taken:
    """What one page takes: milliseconds at the median and at the 95th percentile, by the clock and by the processor of
    this process (on SQLite, that is all the work there is), statements, and plans that scan."""

    clock: tuple[float, float]
    processor: tuple[float, float]
    statements: int
    scans: list[str]


def main(arguments: list[str]) -> None:
    """Fill, measure, fill up, measure again, print both and their ratio."""
    most = int(arguments[0]) if arguments else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        values = {"BLINDMARK_DATA_DIR": folder, "BLINDMARK_LOG_LEVEL": "ERROR"}
        if len(arguments) > 1:
            values["DATABASE_URL"] = arguments[1]
        application = open_application(load_settings(values), migrate=True)
        parts = application.parts
        _ground(parts.database)
        with parts.database.transaction() as session:
            create_administrator(session, "bench", PASSWORD)
        application_web = application.web()
        application_web.testing = True
        client = _signed_in(application_web.test_client())
        few, many = most // 100, most
        measured: dict[int, dict[str, Taken]] = {}
        filled = 0
        for size in (few, many):
            start = time.perf_counter()
            _fill(parts.database, filled, size)
            filled = size
            sys.stdout.write(f"{size:,} items ({time.perf_counter() - start:.0f} s to fill)\n")
            measured[size] = _measure(parts, client)
        _print(measured[few], measured[many], few, many)
        _whole_filter(parts)
        parts.database.dispose()
    if any(taken.scans for taken in measured[many].values()):
        sys.exit("A plan reads the whole queue.")


def _measure(parts: Parts, client: FlaskClient) -> dict[str, Taken]:
    """What each page takes."""
    asked = Asked(parts.database.engine)
    with parts.database.transaction() as session:
        course = session.execute(select(Context.id).limit(1)).scalar_one()
        tenant = session.execute(select(Deployment.id).limit(1)).scalar_one()
        waiting = (
            session.execute(select(QueueItem.submission_id).where(QueueItem.state == QueueState.QUEUED).limit(ROUNDS))
            .scalars()
            .all()
        )
    pages: dict[str, str] = {
        "waiting": "/admin?state=waiting",
        "all states": "/admin?state=all",
        "one course": f"/admin?state=waiting&course={course}",
        "one LMS": f"/admin?state=waiting&lms={tenant}",
        "low priority": "/admin?state=waiting&priority=low",
        "failed": "/admin?state=failed",
        "one day": f"/admin?state=waiting&since=2020-01-01T00:00&until={utc_now():%Y-%m-%dT%H:%M}",
        "task type": "/admin?state=waiting&task=generate_rubric",
        "dearest first": "/admin?state=waiting&sort=-cost",
        "newest first": "/admin?state=waiting&sort=-age",
        "course, low, dearest": f"/admin?state=all&course={course}&priority=low&sort=-cost",
        "figures alone": "/admin/queue/figures",
        "costs": "/admin/costs",
        "models compared": "/admin/costs/models",
    }
    found = {name: _timed(asked, lambda path=path: _open(client, path)) for name, path in pages.items()}  # type: ignore[misc]
    deep = _after(_open(client, "/admin?state=waiting"), client, 30)
    found["page 30"] = _timed(asked, lambda: _open(client, deep))
    places = iter(list(waiting) * 2)

    def place() -> object:
        with parts.database.transaction() as session:
            return expecting.expectation(session, next(places), utc_now())

    found["a student's place"] = _timed(asked, place)
    event.remove(parts.database.engine, "before_cursor_execute", asked._note)
    return found


def _timed(asked: Asked, act: Callable[[], object]) -> Taken:
    act()
    asked.found.clear()
    act()
    count, scans = len(asked.found), asked.scans()
    by_clock, by_processor = [], []
    for _ in range(ROUNDS):
        start, worked = time.perf_counter(), time.process_time()
        act()
        by_processor.append((time.process_time() - worked) * 1000)
        by_clock.append((time.perf_counter() - start) * 1000)
    return Taken(_middle_and_high(by_clock), _middle_and_high(by_processor), count, scans)


def _middle_and_high(taken: list[float]) -> tuple[float, float]:
    return statistics.median(taken), sorted(taken)[int(ROUNDS * 0.95) - 1]


def _whole_filter(parts: Parts) -> None:
    """Change the priority of everything that waits in one course, then of everything that waits with low priority."""
    database = parts.database
    with database.transaction() as session:
        course = session.execute(select(Context.id).limit(1)).scalar_one()
    of_course, of_low = QueueFilter(context_id=course), QueueFilter(priority=Priority.LOW)
    for name, chosen, wanted in (("one course", of_course, Priority.LOW), ("all low ones", of_low, Priority.NORMAL)):
        start, began = time.perf_counter(), time.process_time()
        with database.transaction() as session:
            forecast = changes.forecast(session, ChangeKind.PRIORITY, chosen)
            counted = time.perf_counter() - start
            made = changes.change_matching(
                session, ChangeKind.PRIORITY, wanted.value, chosen, Actor.system(), expected=forecast.acts_on
            )
        made = carrying.carry_on(database.transaction, made.id, matching_with(parts.blind_index), parts.provider)
        took, worked = time.perf_counter() - start - counted, time.process_time() - began
        sys.stdout.write(
            f"{wanted.value} priority for {name}: counted in {counted * 1000:.0f} ms, {made.changed:,} changed in "
            f"{took:.1f} s ({made.changed / took:,.0f} a second), {worked:.1f} s of this processor\n"
        )


def _print(few: dict[str, Taken], many: dict[str, Taken], few_items: int, many_items: int) -> None:
    sys.stdout.write(
        f"{'':<22}{few_items:>17,} items    {many_items:>17,} items     growth of p95, clock and processor\n"
    )
    for name, taken in many.items():
        before = few[name]
        growth = [
            after[1] / now[1] for after, now in ((taken.clock, before.clock), (taken.processor, before.processor))
        ]
        plans = "SCANS " + "; ".join(taken.scans) if taken.scans else "indexed"
        sys.stdout.write(
            f"{name:<22}{_shown(before)}   {_shown(taken)} ms   {growth[0]:5.2f} {growth[1]:5.2f} x   "
            f"{taken.statements} statements  {plans}\n"
        )


def _shown(taken: Taken) -> str:
    return " ".join(f"{middle:5.1f}/{high:5.1f}" for middle, high in (taken.clock, taken.processor))


def _open(client: FlaskClient, path: str) -> str:
    response = client.get(path, base_url=BASE_URL)
    assert response.status_code == 200, response.status_code  # noqa: S101
    return response.get_data(as_text=True)


def _after(page: str, client: FlaskClient, pages: int) -> str:
    path = ""
    for _ in range(pages):
        found = re.search(r'href="([^"]*after=[^"]*)"', page)
        if found is None:
            break
        path = found.group(1).replace("&amp;", "&")
        page = _open(client, path)
    return path or "/admin?state=waiting"


def _signed_in(client: FlaskClient) -> FlaskClient:
    page = client.get("/admin/sign-in", base_url=BASE_URL).get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    data = {"username": "bench", "password": PASSWORD, "csrf_token": token}
    client.post("/admin/sign-in", base_url=BASE_URL, data=data)
    return client


def _ground(database: Database) -> None:
    """LMSs, courses, an assignment each, and people; numbered in tables that the filling joins."""
    with database.transaction() as session:
        registrations = [
            {"id": uuid.uuid4(), "issuer": f"https://lms-{n}.example", "client_id": "c", "name": f"LMS {n}",
             "authorization_url": "https://lms.example/a", "token_url": "https://lms.example/t",
             "jwks_url": "https://lms.example/j"}
            for n in range(4)
        ]  # fmt: skip
        session.execute(insert(Registration), registrations)
        tenants = [
            {
                "id": uuid.uuid4(),
                "registration_id": one["id"],
                "lms_deployment_id": "1",
                "state": DeploymentState.APPROVED,
            }
            for one in registrations
        ]
        session.execute(insert(Deployment), tenants)
        courses = [
            {"id": uuid.uuid4(), "tenant_id": tenants[n % 4]["id"], "lms_context_id": f"c{n}", "title": f"Course {n}",
             "label": f"C {n}"}
            for n in range(COURSES)
        ]  # fmt: skip
        session.execute(insert(Context), courses)
        people = [
            {"id": uuid.uuid4(), "registration_id": registrations[0]["id"], "subject": str(n)} for n in range(PEOPLE)
        ]
        session.execute(insert(Person), people)
        given = [
            {
                "id": uuid.uuid4(),
                "context_id": one["id"],
                "title": f"Essay {n}",
                "points_hundredths": 2000,
                "created_by": people[0]["id"],
            }
            for n, one in enumerate(courses)
        ]
        session.execute(insert(Assignment), given)
        for name, rows in (("assignment", given), ("person", people)):
            kind = "CHAR(32)" if session.get_bind().dialect.name == "sqlite" else "uuid"
            session.execute(text(f"CREATE TABLE bench_{name} (number INTEGER PRIMARY KEY, id {kind})"))
            identifier = "hex" if kind == "CHAR(32)" else None
            session.execute(
                text(f"INSERT INTO bench_{name} (number, id) VALUES (:number, :id)"),  # noqa: S608
                [{"number": n, "id": row["id"].hex if identifier else row["id"]} for n, row in enumerate(rows)],
            )


def _fill(database: Database, filled: int, size: int) -> None:
    dialect = DIALECTS[database.engine.dialect.name]
    blob = "01" + "00" * 80
    values = {"assignments": COURSES, "no": "0" if database.engine.dialect.name == "sqlite" else "false", **dialect}
    values["blob"] = dialect["blob"].format(blob=blob)
    values["series"] = dialect["series"].format(first=filled, last=size - 1)
    with database.engine.begin() as connection:
        if database.engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA cache_size = -1500000")
        aside = connection.exec_driver_sql(PUT_ASIDE[database.engine.dialect.name]).all()
        for drop, _ in aside:
            connection.exec_driver_sql(drop)
        connection.exec_driver_sql(SUBMISSIONS.format(**values))
        connection.exec_driver_sql(ITEMS.format(**values))
        for _, make in aside:
            connection.exec_driver_sql(make)
        connection.exec_driver_sql("DELETE FROM queue_tally")
        connection.exec_driver_sql(SUMS)
    if database.engine.dialect.name == "postgresql":
        with database.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")


if __name__ == "__main__":
    main(sys.argv[1:])
