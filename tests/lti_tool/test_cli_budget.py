"""`blindmark budget`: what an operator sees and decides without a browser."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from config.settings import load_settings
from grading.budget import charges
from grading.budget.charges import Charge
from grading.models import BudgetAccount
from grading.models.budget import SITE, Purpose
from lti_tool.cli import main
from lti_tool.wiring import open_parts

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_template: Path) -> Run:
    """Runs `blindmark budget …` on an installation of its own."""
    for name in ("DATABASE_URL", "REDIS_URL", "OPENAI_API_KEY", "BLINDMARK_KEYRING", "VAULT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "blindmark.db").write_bytes(sqlite_template.read_bytes())
    monkeypatch.setenv("BLINDMARK_DATA_DIR", str(data))
    return lambda *arguments: CliRunner().invoke(main, ["budget", *arguments])


def said(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def answered(result: Result) -> Any:
    return json.loads(said(result))


def test_a_limit_is_set_shown_and_taken_away(run: Run) -> None:
    assert said(run("set", "12.50", "--rollover")) == "Whole site may cost $12.50 a month.\n"
    site = answered(run("show", "--json"))["budgets"][0]
    assert (site["limit_usd"], site["left_usd"], site["rollover"], site["percent"]) == ("12.50", "12.50", True, 0)
    assert "$0.00 spent, $0.00 set aside, of $12.50 (0 %)" in said(run("show"))
    kept = answered(run("set", "20", "--json"))
    assert (kept["limit_usd"], kept["rollover"]) == ("20.00", True)
    assert answered(run("set", "none", "--json"))["limit_usd"] is None


def test_a_freeze_is_set_and_lifted_with_reasons(run: Run) -> None:
    assert answered(run("freeze", "--reason", "Odd bill", "--cancel-running", "--json")) == {
        "frozen": True,
        "cancelled": 0,
        "not_cancelled": 0,
    }
    assert said(run("show")).startswith("FROZEN: Odd bill\n")
    again = run("freeze", "--reason", "x")
    assert (again.exit_code, "frozen already" in again.output) == (1, True)
    assert answered(run("unfreeze", "--reason", "Explained", "--json")) == {"frozen": False}
    assert run("unfreeze", "--reason", "x").exit_code == 1


def test_an_override_and_what_is_typed_wrong(run: Run) -> None:
    run("set", "1")
    granted = answered(run("override", "5", "--reason", "Exams", "--hours", "1", "--json"))
    assert granted["usd"] == "5.00"
    assert answered(run("show", "--json"))["budgets"][0]["override_usd"] == "5.00"
    for arguments in (("set", "ten"), ("override", "x", "--reason", "r", "--hours", "2")):
        wrong = run(*arguments)
        assert (wrong.exit_code, "is not an amount in dollars" in wrong.output) == (1, True)
    missing = run("set", "1", "--course", str(uuid.uuid4()))
    assert (missing.exit_code, "no such course" in missing.output) == (1, True)


def test_the_sums_are_verified_and_a_wrong_one_is_named(run: Run) -> None:
    parts = open_parts(load_settings())
    with parts.database.transaction() as session:
        charges.reserve(session, Charge(uuid.uuid4(), Purpose.TASK, "m", {uuid.uuid4(): 7}), parts.clock())
    assert answered(run("verify", "--json")) == {"whole": True, "entries": 1, "accounts": 2, "batches": 0}
    with parts.database.transaction() as session:
        session.execute(update(BudgetAccount).where(BudgetAccount.scope_id == SITE).values(reserved_microdollars=8))
    broken = run("verify", "--json")
    assert (broken.exit_code, json.loads(broken.stdout)["whole"]) == (1, False)
    plain = run("verify")
    assert (plain.exit_code, "$0.000008 set aside" in plain.output) == (1, True)
    parts.database.dispose()
