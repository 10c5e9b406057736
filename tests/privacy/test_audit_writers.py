"""Many processes write to one chain at once, and it is whole afterwards."""

import subprocess
import sys
from pathlib import Path

import pytest

from config.database import Database
from privacy.audit import AuditLog
from privacy.keyring import LocalKeyRing
from tests.privacy.writers import TENANT

ROOT = Path(__file__).resolve().parents[2]
PROCESSES, EACH = 8, 30


@pytest.mark.proof
@pytest.mark.timeout(240)
def test_eight_processes_keep_one_chain(database: Database, keyring: LocalKeyRing, tmp_path: Path) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.privacy.writers", url, str(tmp_path / "keyring.json"), str(EACH)]
    writers = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=200)
    assert [writer.returncode for writer in writers] == [0] * PROCESSES
    counts = AuditLog(keyring).verify(database.transaction)
    assert counts == {str(TENANT): PROCESSES * EACH, "site": PROCESSES * EACH // 3}
