"""The command line: what an operator types, and what they read."""

import csv
import io
import json
import os
import sqlite3
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
    assert "deployment: 1 (approved), last launch: never" in shown
    assert "disabled" in run.invoke(main, ["platform", "disable", identifier]).output
    assert "state: disabled" in run.invoke(main, ["platform", "show", identifier]).output
    again = run.invoke(main, ["platform", "add", *PLATFORM])
    assert again.exit_code == 1
    assert "connected already" in again.output


def test_a_connection_is_tried_and_what_is_missing_is_said_with_exit_code_1(run: CliRunner) -> None:
    run.invoke(main, ["migrate"])
    nobody = [one.replace("https://moodle.example", "http://127.0.0.1:9") for one in PLATFORM]
    run.invoke(main, ["platform", "add", *nobody])
    identifier = run.invoke(main, ["platform", "list"]).stdout.split()[0]
    tried = run.invoke(main, ["platform", "test", identifier])
    assert tried.exit_code == 1
    assert "MISSING      Key set: The LMS's keys could not be read" in tried.output
    assert "Traceback" not in tried.output


def test_an_invitation_is_an_address_and_a_deployment_is_approved_by_its_id(run: CliRunner) -> None:
    run.invoke(main, ["migrate"])
    run.invoke(main, ["platform", "add", *PLATFORM])
    identifier = run.invoke(main, ["platform", "list"]).stdout.split()[0]
    assert "/lti/register?invitation=" in run.invoke(main, ["platform", "invite", "--note", "Law"]).output
    assert "is approved" in run.invoke(main, ["platform", "approve", identifier, "1"]).output
    unknown = run.invoke(main, ["platform", "approve", identifier, "2"])
    assert (unknown.exit_code, "no such deployment" in unknown.output) == (1, True)


def test_keys_are_listed_and_rotated_and_a_second_rotation_waits(run: CliRunner) -> None:
    run.invoke(main, ["migrate"])
    (before,) = run.invoke(main, ["keys", "list"]).stdout.splitlines()
    assert before.endswith("signs now")
    assert "is published and signs from" in run.invoke(main, ["keys", "rotate"]).output
    old, new = run.invoke(main, ["keys", "list"]).stdout.splitlines()
    assert old.startswith(before.split()[0])
    assert ("signs now, published until" in old, "signs from" in new) == (True, True)
    assert run.invoke(main, ["keys", "rotate"]).exit_code == 1


def test_an_administrator_gets_a_one_time_password_once(run: CliRunner) -> None:
    made = run.invoke(main, ["admin", "create", "root"])
    assert "One-time password: " in made.output
    assert run.invoke(main, ["admin", "create", "root"]).exit_code == 1


def test_the_audit_log_is_verified(run: CliRunner) -> None:
    run.invoke(main, ["admin", "create", "root"])
    verified = run.invoke(main, ["audit", "verify"])
    assert "site: 1 entries, unbroken" in verified.output
    assert "The audit log is whole." in verified.output


def test_the_audit_log_is_listed_in_words_for_people_and_in_json_for_programs(run: CliRunner) -> None:
    run.invoke(main, ["admin", "create", "root"])
    run.invoke(main, ["platform", "add", *PLATFORM])
    shown = run.invoke(main, ["audit", "list"]).stdout.splitlines()
    assert [line.split()[2] for line in shown] == ["platform.connected", "administrator.created"]
    chosen = run.invoke(main, ["audit", "list", "--json", "--event", "administrator.created", "--actor-kind=system"])
    (entry,) = [json.loads(line) for line in chosen.stdout.splitlines()]
    assert (entry["event"], entry["sequence"], entry["details"]) == ("administrator.created", 1, {})
    assert run.invoke(main, ["audit", "list", "--since", "2100-01-01"]).stdout == ""
    assert run.invoke(main, ["audit", "list", "--event", "made.up"]).exit_code == 2


def test_the_audit_log_is_exported_and_that_is_noted(run: CliRunner, tmp_path: Path) -> None:
    run.invoke(main, ["admin", "create", "root"])
    target = tmp_path / "log.csv"
    done = run.invoke(main, ["audit", "export", "--output", str(target), "--since=2000-01-01"])
    assert done.exit_code == 0, done.output
    header, line = csv.reader(io.StringIO(target.read_text()))
    assert dict(zip(header, line, strict=True))["event"] == "administrator.created"
    noted = json.loads(run.invoke(main, ["audit", "list", "--json", "--limit=1"]).stdout)
    assert noted["event"] == "audit.exported"
    assert noted["details"] == {
        "format": "csv",
        "since": "2000-01-01 00:00:00+00:00",
        "until": noted["details"]["until"],
    }
    lines = run.invoke(main, ["audit", "export", "--format=jsonl"]).stdout.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["audit.exported", "administrator.created"]


def test_heads_kept_elsewhere_prove_that_nothing_was_cut_off(run: CliRunner, tmp_path: Path) -> None:
    run.invoke(main, ["admin", "create", "root"])
    run.invoke(main, ["admin", "create", "other"])
    heads = tmp_path / "heads.jsonl"
    heads.write_text(run.invoke(main, ["audit", "head"]).stdout)
    whole = run.invoke(main, ["audit", "verify", "--heads", str(heads)])
    assert "All 1 heads put down earlier are still links of their chains." in whole.output
    database = sqlite3.connect(tmp_path / "data" / "blindmark.db")
    database.executescript(
        "DROP TRIGGER audit_event_no_delete;"
        "UPDATE audit_chain SET sequence = 1, head = (SELECT hash FROM audit_event WHERE sequence = 1);"
        "DELETE FROM audit_event WHERE sequence = 2;"
    )
    database.close()
    assert run.invoke(main, ["audit", "verify"]).exit_code == 0
    broken = run.invoke(main, ["audit", "verify", "--heads", str(heads)])
    assert broken.exit_code == 1
    assert "was cut off: it had 2 entries" in broken.output
    answer = run.invoke(main, ["audit", "verify", "--json", "--heads", str(heads)])
    assert answer.exit_code == 1
    assert json.loads(answer.stdout)["whole"] is False


def test_a_broken_link_is_named_with_exit_code_1(run: CliRunner, tmp_path: Path) -> None:
    run.invoke(main, ["admin", "create", "root"])
    whole = run.invoke(main, ["audit", "verify", "--json"])
    assert json.loads(whole.stdout) == {"whole": True, "entries": {"site": 1}, "heads_checked": 0}
    database = sqlite3.connect(tmp_path / "data" / "blindmark.db")
    database.executescript("DROP TRIGGER audit_event_no_update; UPDATE audit_event SET event = 'other';")
    database.close()
    broken = run.invoke(main, ["audit", "verify"])
    assert broken.exit_code == 1
    assert "The audit chain site breaks at entry 1." in broken.output


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
