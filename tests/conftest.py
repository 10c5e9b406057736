"""Fixtures that every room's tests share: databases of both kinds, a vault, a clock that stands still."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, Playwright, sync_playwright
from sqlalchemy import delete, text

import lti_tool.tables  # noqa: F401 - registers every table
from config.database import Base, Database, open_database
from config.migrate import upgrade
from lti_tool import admin_accounts
from privacy.audit import AuditLog
from privacy.keyring import LocalKeyRing, create_keyring, load_keyring
from privacy.sealing import Vault
from tests import services
from tests.made_once import share_compiled_forms
from tests.privacy.vault_process import VaultServer, running_vault
from tests.services import alone

# Without these, Chromium looks for its maker's services at every start.
QUIET = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Frames of other sites stay in the process of their page: the driver of tests now and then loses sight of a frame
    # that lives in a process of its own. What a site may read or keep is not changed by it.
    "--disable-site-isolation-trials",
    "--disable-features=IsolateOrigins,site-per-process",
)


share_compiled_forms()

# Passwords are hashed as slowly as anywhere in real life; here that would be the slowest part of most tests of pages.
admin_accounts._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class StillClock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> StillClock:
    """A clock that stands still."""
    return StillClock()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run see."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def sqlite_template(shared_folder: Path) -> Path:
    """A migrated SQLite database to copy from."""
    path = shared_folder / "template.db"
    with alone(shared_folder / "template.lock"):
        if not path.exists():
            unfinished = path.with_suffix(".unfinished")
            database = open_database(f"sqlite:///{unfinished}")
            upgrade(database.engine)
            with database.engine.connect() as connection:
                connection.execute(text("COMMIT"))
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            database.dispose()
            unfinished.rename(path)
    return path


@pytest.fixture(scope="session")
def postgresql_url(shared_folder: Path) -> Iterator[str]:
    """A migrated PostgreSQL database, emptied before each test that uses it."""
    if not services.postgresql_found():
        services.missing("PostgreSQL")
    # The first process migrates a database, and keeps it until it ends; those that begin meanwhile copy it.
    known, made = shared_folder / "postgresql-template", ""
    with alone(shared_folder / "postgresql-template.lock"):
        if not known.exists():
            made = services.create_postgresql_database()
            database = open_database(made)
            upgrade(database.engine)
            with database.engine.begin() as connection:
                connection.exec_driver_sql(_emptying())
            database.dispose()
            known.write_text(made)
        url = services.create_postgresql_database(template=known.read_text())
    yield url
    services.drop_postgresql_database(url)
    if made:
        with alone(shared_folder / "postgresql-template.lock"):
            known.unlink()
            services.drop_postgresql_database(made)


def _emptying() -> str:
    # Most tables are empty already: looking whether one is takes less than making it new, and one call to the server
    # less than one for each. The audit table refuses to be emptied; a superuser may pass over its trigger in tests.
    deletions = " ".join(f"{delete(table)};" for table in Base.metadata.tables.values())
    return (
        "CREATE FUNCTION emptied_for_a_test() RETURNS void LANGUAGE plpgsql SET session_replication_role = replica "
        f"AS $$ BEGIN {deletions} END $$"
    )


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path, keyring: LocalKeyRing) -> Iterator[Database]:
    """An empty, migrated SQLite database."""
    path = tmp_path / "blindmark.db"
    path.write_bytes(sqlite_template.read_bytes())
    yield from _opened(f"sqlite:///{path}", keyring)


@pytest.fixture
def postgresql_database(postgresql_url: str, keyring: LocalKeyRing) -> Iterator[Database]:
    """An empty, migrated PostgreSQL database."""
    database = open_database(postgresql_url)
    with database.engine.begin() as connection:
        connection.execute(text("SELECT emptied_for_a_test()"))
    database.dispose()
    yield from _opened(postgresql_url, keyring)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """An empty, migrated database of either kind."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found


def _opened(url: str, keyring: LocalKeyRing) -> Iterator[Database]:
    database = open_database(url)
    AuditLog(keyring).attach(database.sessions)
    yield database
    database.dispose()


@pytest.fixture
def keyring(tmp_path: Path) -> LocalKeyRing:
    """A fresh key ring."""
    path = tmp_path / "keyring.json"
    create_keyring(path)
    return load_keyring(path)


@pytest.fixture
def vault(keyring: LocalKeyRing) -> Vault:
    """A vault on the fresh key ring."""
    return Vault(keyring)


@pytest.fixture
def vault_http() -> Iterator[VaultServer]:
    """A stand-in for HashiCorp Vault."""
    with running_vault() as server:
        yield server


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives browsers: one per process."""
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is."""
    found = services.chromium()
    if found is None:
        services.missing("Chromium")
    return found


@pytest.fixture(scope="session")
def chromium(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    """Debian's Chromium, which blocks third-party cookies as Safari and Firefox do."""
    arguments = ["--no-sandbox", "--disable-gpu", *QUIET]
    browser = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
    yield browser
    browser.close()
