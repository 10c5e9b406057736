"""`blindmark keyring`: a rotation as an operator does it, and what start-up says about a ring that is not right."""

import json
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from config.settings import Settings, load_settings
from lti_tool.cli import main
from lti_tool.wiring import open_application, open_parts
from privacy.audit import Actor, record
from privacy.errors import KeyRingError
from privacy.keyring import create_keyring
from privacy.sealing import Owner, Place
from tests.privacy.vault_process import VaultServer
from tests.privacy.vault_server import NAMESPACE, OPERATOR_TOKEN

Run = Callable[..., Result]
PLACE = Place("submission", "text", uuid.UUID(int=1))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data directory of an installation of its own."""
    for name in ("DATABASE_URL", "REDIS_URL", "OPENAI_API_KEY", "BLINDMARK_KEYRING", "VAULT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BLINDMARK_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def run(data: Path) -> Run:
    """Runs `blindmark keyring …`."""
    return lambda *arguments, **options: CliRunner().invoke(main, ["keyring", *arguments], **options)


def said(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def status(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(run("status", "--json")))
    return found


def seal_something(people: int = 1) -> bytes:
    parts = open_parts(load_settings())
    with parts.database.transaction() as session:
        owners = [Owner.person(uuid.uuid4(), uuid.uuid4()) for _ in range(people)]
        return [parts.vault.seal(session, owner, PLACE, b"words") for owner in owners][-1]


def test_each_step_says_the_next_one_until_there_is_nothing_to_do(run: Run) -> None:
    assert "begins with: blindmark keyring add" in said(run("status"))
    blob = seal_something(people=3)
    old = status(run)["master_keys"][0]["id"]

    new = re.search(r"Next: blindmark keyring activate (k-\w+)", said(run("add")))
    assert new
    assert f"{new[1]} is not put to use yet" in said(run("status"))
    assert "Next: blindmark keyring rewrap" in said(run("activate", new[1]))
    assert "3 data keys are not under the active master key" in status(run)["next"]

    refused = run("retire", "--yes", old)
    assert refused.exit_code == 1
    assert "needed by 3 data keys. Move them with: blindmark keyring rewrap" in refused.stderr

    moved = run("rewrap")
    assert f"3 data keys moved to master key {new[1]}" in said(moved)
    assert f"Next: blindmark keyring retire {old}" in moved.stdout
    assert moved.stderr.splitlines()[-1] == "3 of 3 data keys"

    assert run("retire", old, input="n\n").exit_code == 1
    assert f"Master key {old} is gone" in said(run("retire", old, input="y\n"))
    assert status(run)["master_keys"] == [{"id": new[1], "state": "active", "data_keys": 3}]
    assert "begins with: blindmark keyring add" in said(run("status"))

    parts = open_parts(load_settings())
    with parts.database.transaction() as session:
        assert parts.vault.open(session, PLACE, blob) == b"words"
    assert parts.audit.verify(parts.database.transaction)["site"] == 8


def test_no_key_is_ever_printed(run: Run, data: Path) -> None:
    seal_something()
    outputs = [run("add"), run("status"), run("status", "--json"), run("rewrap")]
    ring = json.loads((data / "keyring.json").read_text())
    for secret in [*ring["keys"].values(), ring["derivation"]]:
        assert not [result for result in outputs if secret in result.output]


def test_a_mistyped_master_key_is_named(run: Run) -> None:
    for command in (["activate", "k-typo"], ["retire", "--yes", "k-typo"]):
        refused = run(*command)
        assert refused.exit_code == 1
        assert "k-typo" in refused.stderr
        assert "Traceback" not in refused.output


def settings(data: Path, **more: str) -> Settings:
    return load_settings({"BLINDMARK_DATA_DIR": str(data), **more})


def test_a_lost_ring_is_not_replaced_by_a_new_one(data: Path) -> None:
    seal_something()
    (data / "keyring.json").unlink()
    with pytest.raises(KeyRingError, match="what only the lost one opens"):
        open_parts(settings(data))
    assert not (data / "keyring.json").exists()


def test_an_audit_log_needs_its_ring_too(data: Path) -> None:
    with open_parts(settings(data)).database.transaction() as session:
        record(session, event="x.y", actor=Actor.system(), tenant_id=None, object_type="x", object_id=None)
    (data / "keyring.json").unlink()
    with pytest.raises(KeyRingError, match="what only the lost one opens"):
        open_parts(settings(data))


def test_the_ring_of_another_database_is_refused(data: Path) -> None:
    seal_something()
    (data / "keyring.json").unlink()
    create_keyring(data / "keyring.json")
    with pytest.raises(KeyRingError, match="does not open this database"):
        open_parts(settings(data))


def test_processes_that_only_serve_make_no_ring(data: Path) -> None:
    open_parts(settings(data))
    (data / "keyring.json").unlink()
    with pytest.raises(KeyRingError, match="There is no key ring"):
        open_application(settings(data))


def test_vault_takes_the_place_of_the_file(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch, vault_http: VaultServer
) -> None:
    monkeypatch.setenv("BLINDMARK_KEYRING", f"vault+{vault_http.url}/transit/blindmark")
    monkeypatch.setenv("VAULT_NAMESPACE", NAMESPACE)
    token = data.parent / "token"
    token.write_text(f"{OPERATOR_TOKEN}\n")
    monkeypatch.setenv("BLINDMARK_VAULT_TOKEN_FILE", str(token))
    blob = seal_something(people=2)
    assert "wraps new data keys from now on. Next: blindmark keyring rewrap" in said(run("add"))
    assert "2 data keys moved to master key blindmark:v2" in said(run("rewrap"))
    assert "blindmark:v1 is gone" in said(run("retire", "--yes", "blindmark:v1"))
    assert status(run)["master_keys"] == [{"id": "blindmark:v2", "state": "active", "data_keys": 2}]
    assert not (data / "keyring.json").exists()
    parts = open_parts(load_settings())
    with parts.database.transaction() as session:
        assert parts.vault.open(session, PLACE, blob) == b"words"
    parts.audit.verify(parts.database.transaction)
    token.write_text("s.taken-away")
    refused = run("status")
    assert refused.exit_code == 1
    assert "the token has run out" in refused.stderr
    assert "s.taken-away" not in refused.output
    token.unlink()
    assert "can't be read" in run("status").stderr
