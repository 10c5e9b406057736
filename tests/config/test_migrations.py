"""Migrations: up, down, and never apart from the models."""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, MetaData, inspect, select

import lti_tool.tables  # noqa: F401 - registers every table
from config.database import Base, make_engine
from config.migrate import downgrade, is_current, revisions, upgrade
from grading.models import tallies
from lti_tool import spent_logins as visits
from tests import services

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        engine = make_engine(f"sqlite:///{tmp_path / 'empty.db'}")
        yield engine
        engine.dispose()
        return
    if not services.postgresql_found():
        services.missing("PostgreSQL")
    url = services.create_postgresql_database()
    engine = make_engine(url)
    yield engine
    engine.dispose()
    services.drop_postgresql_database(url)


def test_migrations_lead_to_the_models(empty: Engine) -> None:
    upgrade(empty)
    assert is_current(empty)
    with empty.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_every_migration_can_be_taken_back(empty: Engine) -> None:
    upgrade(empty)
    for revision in [*revisions()[1:], "base"]:
        downgrade(empty, revision)
    assert set(inspect(empty).get_table_names()) <= {"alembic_version"}
    upgrade(empty)
    assert is_current(empty)


def test_logins_that_were_used_up_stay_used_up(empty: Engine) -> None:
    upgrade(empty, "0008")
    with empty.begin() as connection:
        plant = _planter(connection)
        registration, deployment, enrolment = _plant_enrolment(plant)
        plant("launch_session", enrolment_id=enrolment, tenant_id=deployment, handle="visit")
        led = plant("login_state", registration_id=registration, state_hash="1", consumed_at=NOW, visit_handle="visit")
        plant("login_state", registration_id=registration, state_hash="2", consumed_at=NOW)
        still_open = plant("login_state", registration_id=registration, state_hash="3")
    upgrade(empty, "0009")
    with empty.begin() as connection:
        logins, visits = (_reflected(connection).tables[name].c for name in ("login_state", "launch_session"))
        assert set(connection.execute(select(logins.id)).scalars()) == {
            _written(connection, one) for one in (led, still_open)
        }
        assert connection.execute(select(visits.login_id)).scalars().all() == [_written(connection, led)]
    downgrade(empty, "0008")
    with empty.begin() as connection:
        logins = _reflected(connection).tables["login_state"].c
        rows = connection.execute(select(logins.visit_handle, logins.consumed_at.is_not(None)).order_by("visit_handle"))
        assert sorted(rows.all(), key=str) == [("visit", True), (None, False)]


def test_a_visit_keeps_which_state_led_to_it_and_whether_a_cookie_came_along(empty: Engine) -> None:
    before = revisions()[revisions().index("0015") + 1]
    upgrade(empty, before)
    with empty.begin() as connection:
        plant = _planter(connection)
        registration, deployment, enrolment = _plant_enrolment(plant)
        for name, browser in (("cookie", "same"), ("storage", "another")):
            login = plant("login_state", registration_id=registration, state_hash=name, browser_hash="same")
            visit = {"enrolment_id": enrolment, "tenant_id": deployment, "login_id": login, "handle": name}
            plant("launch_session", **visit, browser_hash=browser)
        plant("launch_session", enrolment_id=enrolment, tenant_id=deployment, handle="old")
    upgrade(empty)
    visits = Base.metadata.tables["launch_session"].c
    with empty.begin() as connection:
        rows = connection.execute(select(visits.handle, visits.state_hash, visits.cookieless).order_by("handle")).all()
    assert rows == [("cookie", "cookie", False), ("old", None, False), ("storage", "storage", True)]
    downgrade(empty, before)
    with empty.begin() as connection:
        tables = _reflected(connection).tables
        assert connection.execute(select(tables["login_state"])).all() == []
        assert connection.execute(select(tables["launch_session"].c.login_id)).scalars().all() == [None] * 3


def test_what_waits_is_summed_up_by_the_model_of_its_newest_prompt(empty: Engine) -> None:
    before = revisions()[revisions().index("0019") + 1]
    upgrade(empty, before)
    with empty.begin() as connection:
        plant = _planter(connection)
        registration, deployment, _ = _plant_enrolment(plant)
        course = plant(
            "context", tenant_id=deployment, lms_context_id="c2", ags_scopes=[], origin_ids=[], approved_providers=[]
        )
        person = plant("person", registration_id=registration, subject="author")
        assignment = plant("assignment", context_id=course, created_by=person)
        for number, model in ((1, "old"), (2, "new")):
            plant("prompt_version", assignment_id=assignment, created_by=person, number=number, model=model)
        for attempt, state in enumerate(("queued", "queued", "failed", "completed"), start=1):
            work = {"assignment_id": assignment, "person_id": person, "attempt": attempt}
            submission = plant("submission", **work, state="replaced", source="text")
            queued = {"tenant_id": deployment, "context_id": course, "submission_id": submission}
            plant("queue_item", **queued, state=state, priority="normal", text_tokens=attempt)
    upgrade(empty)
    sums = Base.metadata.tables["queue_tally"].c
    asked = select(sums.state, sums.model, sums["items"], sums.microdollars, sums.text_tokens).order_by(sums.state)
    with empty.begin() as connection:
        rows = connection.execute(asked).all()
        assert rows == [("completed", "", 1, 30, 4), ("failed", "new", 1, 30, 3), ("queued", "new", 2, 60, 3)]
    downgrade(empty, before)
    with empty.begin() as connection:
        kept = _reflected(connection).tables["queue_tally"].c
        rows = connection.execute(select(kept.state, kept["items"], kept.microdollars).order_by(kept.state)).all()
    assert rows == [("completed", 1, 30), ("failed", 1, 30), ("queued", 2, 60)]


def _plant_enrolment(plant: Callable[..., UUID]) -> tuple[UUID, UUID, UUID]:
    """Somebody in a course, as far as early revisions know; returns registration, deployment and enrolment."""
    registration = plant("registration", state="active", granted_scopes=[])
    deployment = plant("deployment", registration_id=registration, state="approved", notice_types=[])
    course = plant("context", tenant_id=deployment, ags_scopes=[], origin_ids=[], approved_providers=[])
    person = plant("person", registration_id=registration)
    enrolment = plant("enrolment", context_id=course, person_id=person, role="learner", state="active")
    return registration, deployment, enrolment


def _reflected(connection: Connection) -> MetaData:
    found = MetaData()
    found.reflect(connection)
    return found


def _planter(connection: Connection) -> Callable[..., UUID]:
    """Plants rows in tables as they are by now: what is required and not given gets a plain value of its type."""
    tables = _reflected(connection).tables
    plain = {str: "x", bool: False, int: 30, datetime: NOW, bytes: b"\x01" + bytes(80)}

    def plant(name: str, **given: object) -> UUID:
        row_id = uuid4()
        values: dict[str, object] = {"id": row_id, **given}
        for column in tables[name].columns:
            if column.name not in values and not column.nullable and column.server_default is None:
                values[column.name] = plain[column.type.python_type]
        written = {key: _written(connection, value) for key, value in values.items()}
        connection.execute(tables[name].insert(), written)
        return row_id

    return plant


def _written(connection: Connection, value: object) -> object:
    """Ids as the database keeps them: SQLite's own columns tell nothing of ids."""
    return value.hex if isinstance(value, UUID) and connection.dialect.name == "sqlite" else value


def test_migrating_twice_changes_nothing(empty: Engine) -> None:
    upgrade(empty)
    upgrade(empty)
    assert is_current(empty)


@pytest.mark.parametrize(("table", "triggers"), [("queue_item", tallies.TRIGGERS), ("launch_session", visits.TRIGGERS)])
def test_a_table_still_has_its_triggers(empty: Engine, table: str, triggers: Collection[str]) -> None:
    """A later migration that makes the table anew on SQLite would drop them without a word."""
    upgrade(empty)
    names = {
        "sqlite": f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'",  # noqa: S608
        "postgresql": f"SELECT tgname FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND NOT tgisinternal",  # noqa: S608
    }
    with empty.connect() as connection:
        found = set(connection.exec_driver_sql(names[empty.dialect.name]).scalars())
    assert found == set(triggers)
