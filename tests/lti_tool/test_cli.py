"""The command line: what an operator types, and what they read."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from lti_tool.cli import main

PLATFORM = [
    "--issuer=https://moodle.example",
    "--client-id=abc",
    "--deployment-id=1",
    "--auth-url=https://moodle.example/auth",
    "--token-url=https://moodle.example/token",
    "--jwks-url=https://moodle.example/jwks",
]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A runner in an installation of its own."""
    for name in ("DATABASE_URL", "REDIS_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BLINDMARK_DATA_DIR", str(tmp_path / "data"))
    return CliRunner()


def test_config_shows_every_setting_without_secrets(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hidden")
    shown = run.invoke(main, ["config"])
    assert shown.exit_code == 0
    assert "OPENAI_API_KEY=(set)" in shown.output
    assert "sk-hidden" not in shown.output


def test_a_wrong_setting_is_one_readable_error(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINDMARK_BASE_URL", "http://school.example")
    refused = run.invoke(main, ["migrate"])
    assert refused.exit_code == 1
    assert "BLINDMARK_BASE_URL: must begin with https://" in refused.output
    assert "Traceback" not in refused.output


def test_a_platform_is_added_listed_shown_and_disabled(run: CliRunner) -> None:
    assert "revision" in run.invoke(main, ["migrate"]).output
    added = run.invoke(main, ["platform", "add", *PLATFORM])
    assert added.exit_code == 0, added.output
    assert "/lti/login" in added.output
    identifier = run.invoke(main, ["platform", "list"]).stdout.split()[0]
    shown = run.invoke(main, ["platform", "show", identifier]).output
    assert "deployment: 1 (approved)" in shown
    assert "disabled" in run.invoke(main, ["platform", "disable", identifier]).output
    assert "state: disabled" in run.invoke(main, ["platform", "show", identifier]).output
    again = run.invoke(main, ["platform", "add", *PLATFORM])
    assert again.exit_code == 1
    assert "connected already" in again.output


def test_an_administrator_gets_a_one_time_password_once(run: CliRunner) -> None:
    made = run.invoke(main, ["admin", "create", "root"])
    assert "One-time password: " in made.output
    assert run.invoke(main, ["admin", "create", "root"]).exit_code == 1


def test_the_audit_log_is_verified(run: CliRunner) -> None:
    run.invoke(main, ["admin", "create", "root"])
    verified = run.invoke(main, ["audit", "verify"])
    assert "site: 1 entries, unbroken" in verified.output
    assert "The audit log is whole." in verified.output


@pytest.mark.parametrize("command", ["web", "worker"])
def test_grown_up_commands_say_that_they_need_a_broker(run: CliRunner, command: str) -> None:
    refused = run.invoke(main, [command])
    assert refused.exit_code == 1
    assert "REDIS_URL" in refused.output
