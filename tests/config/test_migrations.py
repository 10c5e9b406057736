"""Migrations: up, down, and never apart from the models."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

import lti_tool.tables  # noqa: F401 - registers every table
from config.database import Base, make_engine
from config.migrate import downgrade, is_current, revisions, upgrade
from tests import services


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


def test_migrating_twice_changes_nothing(empty: Engine) -> None:
    upgrade(empty)
    upgrade(empty)
    assert is_current(empty)
