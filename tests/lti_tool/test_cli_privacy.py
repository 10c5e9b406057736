"""`blindmark privacy`: what an operator types to take along, to erase, and to see what goes by time."""

import json
import stat
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select, update

from config.clock import utc_now
from config.settings import load_settings
from grading.models import Context, Deployment, Person, Submission
from lti_tool.cli import main
from lti_tool.parts import Parts
from lti_tool.wiring import open_parts
from tests import factories

Run = Callable[..., Result]


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parts:
    """An installation with one course in which two students have handed in."""
    for name in ("DATABASE_URL", "REDIS_URL", "OPENAI_API_KEY", "BLINDMARK_KEYRING", "VAULT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BLINDMARK_DATA_DIR", str(tmp_path / "data"))
    opened = open_parts(load_settings())
    with opened.database.transaction() as session:
        course = factories.course(session, opened.vault)
        shown = factories.assignment(session, course, utc_now)
        for name in ("Okafor", "Ito"):
            person = factories.student(session, opened.vault, course, family_name=name)
            factories.submission(session, opened.vault, shown, person, utc_now)
    return opened


@pytest.fixture
def run() -> Run:
    """Runs `blindmark privacy …`."""
    return lambda *arguments, **options: CliRunner().invoke(main, ["privacy", *map(str, arguments)], **options)


def submissions(parts: Parts) -> int:
    with parts.database.transaction() as session:
        return session.execute(select(func.count(Submission.id))).scalar_one()


def test_a_persons_data_are_exported_to_a_private_file_and_then_erased(parts: Parts, run: Run, tmp_path: Path) -> None:
    with parts.database.transaction() as session:
        person = session.execute(select(Person).where(Person.subject.startswith("sub-"))).scalars().first()
    assert person is not None
    who = ("--registration", person.registration_id, "--subject", person.subject)
    target = tmp_path / "copy.zip"
    wrote = run("export", *who, "--output", target, "--json")
    assert json.loads(wrote.stdout)["bytes"] == target.stat().st_size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert "data.json" in zipfile.ZipFile(target).namelist()
    dry = run("erase", "person", *who, "--dry-run", "--json")
    assert json.loads(dry.stdout)["rows"]["submission"] == 1
    assert submissions(parts) == 2
    assert run("erase", "person", *who, input="n\n").exit_code == 1
    assert submissions(parts) == 2
    done = run("erase", "person", *who, "--yes")
    assert "Erased." in done.output
    assert submissions(parts) == 1
    again = run("erase", "person", *who, "--yes")
    assert (again.exit_code, "they were erased" in again.output) == (1, True)
    unknown = run("export", *who, "--deployment", person.id, "--output", target)
    assert unknown.exit_code == 1


def test_a_submission_a_course_and_a_deployment_are_erased(parts: Parts, run: Run) -> None:
    with parts.database.transaction() as session:
        submission_id = session.execute(select(Submission.id)).scalars().first()
        context_id = session.execute(select(Context.id)).scalar_one()
        deployment_id = session.execute(select(Deployment.id)).scalar_one()
    assert json.loads(run("erase", "submission", submission_id, "--yes", "--json").stdout)["erased"]
    assert submissions(parts) == 1
    assert "Submissions: 1" in run("erase", "course", context_id, "--dry-run").output
    assert "Erased." in run("erase", "course", context_id, input="y\n").output
    assert submissions(parts) == 0
    assert "Erased." in run("erase", "deployment", deployment_id, "--yes").output
    gone = run("erase", "deployment", deployment_id, "--yes")
    assert (gone.exit_code, "may have been erased already" in gone.output) == (1, True)


def test_what_goes_by_time_is_shown_and_deleted(parts: Parts, run: Run) -> None:
    assert json.loads(run("retention", "--dry-run", "--json").stdout)["due"] == 0
    with parts.database.transaction() as session:
        session.execute(update(Submission).values(kept_from=utc_now() - timedelta(days=400)))
    dry = json.loads(run("retention", "--dry-run", "--json").stdout)
    assert (dry["due"], dry["deleted"], dry["courses"][0]["kept"]) == (2, 0, 2)
    assert "2 texts and drafts have outlived their time" in run("retention", "--dry-run").output
    assert "Deleted 2." in run("retention", "--yes").output
    assert "0 texts and drafts" in run("retention", "--dry-run").output
