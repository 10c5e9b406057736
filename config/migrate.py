"""Migrations: bring a database to the newest schema, step by step and the same on SQLite and PostgreSQL (O3)."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

# Two processes that start together must not migrate at once: PostgreSQL serializes them with this lock.
_LOCK = 4_207_114_901


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate up to a revision, in one transaction."""
    with _migrating(engine) as config:
        command.upgrade(config, revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate down to a revision (`base` for an empty database), in one transaction."""
    with _migrating(engine) as config:
        command.downgrade(config, revision)


@cache
def revisions() -> tuple[str, ...]:
    """All revisions, newest first."""
    return tuple(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def is_current(engine: Engine) -> bool:
    """Whether the database has the newest schema."""
    with engine.connect() as connection:
        return has_newest_schema(connection)


def has_newest_schema(connection: Connection) -> bool:
    """Whether the database behind a connection has the newest schema."""
    return MigrationContext.configure(connection).get_current_revision() == revisions()[0]


@contextmanager
def _migrating(engine: Engine) -> Iterator[Config]:
    """One transaction for all steps, taken back as a whole if one of them fails.

    SQLite changes a table by making it anew: were foreign keys in force, dropping the old one would delete or blank the
    rows of other tables that point to it (sqlite.org/lang_altertable.html, section 7). They are checked at the end.
    """
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        if connection.dialect.name == "postgresql":
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                yield config
            return
        driver = connection.connection.cursor()
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield config
                if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise RuntimeError(f"Table {broken[0]} points to rows of {broken[2]} that are not there.")
        finally:
            driver.execute("PRAGMA foreign_keys=ON")
