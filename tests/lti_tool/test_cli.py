"""The command line: what an operator types, and what they read."""

import json
import os
import subprocess
import sys
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


def _paper(number: int) -> str:
    member = {
        "user_id": "u1",
        "role": "Learner",
        "name": "Jorunn Aakre",
        "given_name": "Jorunn",
        "family_name": "Aakre",
    }
    document = {"id": number, "text": f"Draft {number} – Jorunn Aakre", "author": "u1", "filename": "jorunn.txt"}
    return json.dumps(document | {"roster": [member]}, ensure_ascii=False)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_json_lines_are_anonymized_in_order_and_bad_ones_are_named(tmp_path: Path, jobs: str) -> None:
    lines = [_paper(number) for number in range(30)]
    lines[10] = '{"id": 10, "text":'
    source = tmp_path / "papers.jsonl"
    source.write_text("\n".join(lines), encoding="utf-8")
    # A process of its own, in a locale that knows no UTF-8.
    command = [sys.executable, "-m", "lti_tool.cli", "anonymize", str(source), "--jobs", jobs]
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(command, capture_output=True, env=environment, timeout=100, check=False)
    assert done.returncode == 1
    assert done.stderr.decode() == "Line 11 is not a JSON object.\n"
    answers = [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]
    assert [answer["id"] for answer in answers] == [number for number in range(30) if number != 10]
    assert answers[0]["text"] == "Draft 0 – [Student 1]"
    assert answers[0]["restored"] == "Draft 0 – Jorunn Aakre"


def test_json_lines_are_read_from_standard_input(run: CliRunner) -> None:
    done = run.invoke(main, ["anonymize"], input=_paper(3) + "\n")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["spans"] == [
        {"start": 10, "end": 22, "type": "Student", "replacement": "[Student 1]"}
    ]
