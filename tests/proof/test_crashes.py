"""The worker is killed at each of its boundaries and at random times, on both databases; nothing is lost or doubled."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import requests
from sqlalchemy import text

from config.database import Base, open_database
from lti_tool.demo.processes import clean_environment, free_ports
from privacy.audit import AuditLog
from privacy.keyring import create_keyring, load_keyring
from privacy.sealing import Vault
from tests.grading.batches.ground import BATCH_SECONDS, KEY, GraderControl, Ground
from tests.grading.batches.killing import boundaries, kill_after, kill_at

SHARES = 6
"""Parts of the boundaries that run beside each other."""
RANDOM_KILLS = 200


@pytest.fixture(scope="module")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraderControl]:
    """A grader in a process of its own, so that this one has a single thread and may fork."""
    port = free_ports(1)[0]
    place = tmp_path_factory.mktemp("grader")
    options = [f"--port={port}", f"--data-dir={place}", f"--api-key={KEY}", f"--seconds={BATCH_SECONDS}", "--control"]
    process = subprocess.Popen([sys.executable, "-m", "lti_tool.demo.grader", *options], env=clean_environment())
    control = GraderControl(f"http://127.0.0.1:{port}")
    deadline = time.monotonic() + 60
    while True:
        try:
            control.account()
            break
        except requests.RequestException:
            assert time.monotonic() < deadline, "the grader answers in time"
            time.sleep(0.05)
    yield control
    process.terminate()
    process.wait(10)


def emptied(url: str) -> None:
    """Remove what earlier tests of this process left in the database."""
    database = open_database(url)
    with database.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in Base.metadata.tables.values():
            connection.execute(table.delete())
    database.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ground(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, grader: GraderControl
) -> Iterator[Ground]:
    """A submitted batch on either database, warmed up by a run that nobody disturbs."""
    place = tmp_path_factory.mktemp("ground")
    if request.param == "sqlite":
        (place / "blindmark.db").write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        url = f"sqlite:///{place / 'blindmark.db'}"
    else:
        url = request.getfixturevalue("postgresql_url")
        emptied(url)
    create_keyring(place / "keyring.json")
    keyring = load_keyring(place / "keyring.json")
    database = open_database(url)
    AuditLog(keyring).attach(database.sessions)
    made = Ground(database, Vault(keyring), grader, grader.provider())
    made.prepare()
    made.reset()
    made.carry()
    yield made
    database.dispose()


@pytest.mark.parametrize("ground", ["sqlite"], indirect=True)
def test_a_worker_killed_at_some_boundaries_loses_and_doubles_nothing(ground: Ground) -> None:
    """A glance at the proof, with every test run."""
    kinds = boundaries(ground)
    chosen = {kinds.index(f"after {call}") for call in ("POST files", "POST batches", "DELETE files")}
    chosen |= set(range(7, len(kinds), len(kinds) // 7))
    for boundary in sorted(chosen):
        assert kill_at(ground, boundary), f"{boundary}: {kinds[boundary]}"


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.parametrize("share", range(SHARES))
def test_a_worker_killed_at_any_boundary_loses_and_doubles_nothing(ground: Ground, share: int) -> None:
    kinds = boundaries(ground)
    assert len(kinds) > 100
    for boundary in range(share, len(kinds), SHARES):
        assert kill_at(ground, boundary), f"{boundary}: {kinds[boundary]}"


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.parametrize("share", range(SHARES))
def test_a_worker_killed_at_any_time_loses_and_doubles_nothing(ground: Ground, share: int) -> None:
    began = time.monotonic()
    boundaries(ground)
    whole = time.monotonic() - began
    chance = random.Random(share)
    for _ in range(share, RANDOM_KILLS, SHARES):
        kill_after(ground, chance.uniform(0, whole))
