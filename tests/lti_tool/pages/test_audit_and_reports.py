"""The administrator's pages of the audit log and the reports: filters, histories, exports, agreements."""

import csv
import io
import json
import uuid

import pytest
from lxml import html
from sqlalchemy import event, select

from grading.models import Context, Deployment, ProviderAgreement, Submission
from lti_tool.pages.admin import audit as audit_page
from privacy.models import AuditEvent
from tests.lti_tool.conftest import Browser, Tool, text_of
from tests.lti_tool.pages.test_main_job import Story, story

__all__ = ["story"]
AGREEMENT = {
    "provider": "openai",
    "name": "OpenAI Ireland Ltd",
    "reference": "DPA 2026-03",
    "region": "EU",
    "retention_days": "30",
    "endpoint": "https://eu.api.openai.com/v1",
    "in_force_from": "2020-01-01",
    "in_force_until": "",
}


def rows(admin: Browser, query: str = "") -> list[str]:
    """The events shown under a filter."""
    page = admin.get(f"/admin/audit?{query}")
    assert page.status_code == 200, text_of(page)
    found = html.document_fromstring(page.get_data(as_text=True))
    return [str(one.text_content()) for one in found.xpath("//tbody//th/span")]


def test_events_are_told_in_words(story: Story) -> None:
    story.hand_in()
    words = text_of(story.admin().get("/admin/audit"))
    assert "Work was handed in" in words
    assert "An administrator signed in" in words
    assert "late no" in words


def test_the_log_is_narrowed_by_each_filter(story: Story) -> None:
    story.hand_in()
    admin = story.admin()
    with story.tool.parts.database.transaction() as session:
        submission = session.execute(select(Submission)).scalar_one()
        course = session.execute(select(Context.id)).scalar_one()
        tenant = session.execute(select(Deployment.id)).scalar_one()
        person = submission.person_id
    assert rows(admin, "event=submission.handed_in") == ["submission.handed_in"]
    assert set(rows(admin, "actor_kind=administrator")) == {
        "administrator.signed_in",
        "administrator.password_changed",
    }
    assert "submission.handed_in" in rows(admin, f"actor={person}")
    assert rows(admin, f"object={submission.id}") == ["submission.handed_in"]
    assert {"submission.handed_in", "consent.given", "assignment.created"} <= set(rows(admin, f"course={course}"))
    assert not any(name.startswith("administrator") for name in rows(admin, f"course={course}"))
    assert not any(name.startswith("administrator") for name in rows(admin, f"tenant={tenant}"))
    assert rows(admin, f"course={uuid.uuid4()}") == []
    assert rows(admin, "since=2100-01-01T00:00") == []
    assert rows(admin, "until=2000-01-01T00:00") == []
    assert "No entry fits this filter." in text_of(admin.get("/admin/audit?event=keys.rotated"))


def test_an_entry_leads_to_the_history_of_its_object(story: Story) -> None:
    story.hand_in()
    admin = story.admin()
    page = html.document_fromstring(admin.get("/admin/audit?event=submission.handed_in").get_data(as_text=True))
    actor, thing = page.xpath("//tbody//a/@href")
    assert "submission.handed_in" in rows(admin, str(actor).partition("?")[2])
    assert rows(admin, str(thing).partition("?")[2]) == ["submission.handed_in"]


@pytest.mark.parametrize(
    "query", ["event=made.up", "actor_kind=x", "actor=x", "object=x", "course=x", "tenant=x", "since=x", "after=x"]
)
def test_an_unreadable_filter_is_an_error_page(story: Story, query: str) -> None:
    assert story.admin().get(f"/admin/audit?{query}").status_code == 400


def test_pages_keep_the_filter_and_lead_through_all_entries(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = story.admin()
    for _ in range(4):
        admin.submit("/admin/platforms", "/platforms/invite", {"note": ""})
    whole = audit_page.page
    monkeypatch.setattr(audit_page, "page", lambda *given, **named: whole(*given, **named, size=3))
    first = html.document_fromstring(admin.get("/admin/audit?event=registration.invited").get_data(as_text=True))
    (following,) = first.xpath("//a[@rel='next']/@href")
    assert "event=registration.invited" in following
    assert rows(admin, str(following).partition("?")[2]) == ["registration.invited"]


def test_the_page_costs_the_same_however_long_the_log_is(story: Story) -> None:
    admin = story.admin()
    statements: list[str] = []
    event.listen(story.tool.parts.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    admin.get("/admin/audit")
    few = len(statements)
    for subject in ("student-1", "student-2"):
        story.hand_in(subject=subject)
    statements.clear()
    admin.get("/admin/audit")
    assert len(statements) == few <= 6


def test_the_log_is_exported_under_the_filter_and_that_is_noted(story: Story) -> None:
    story.hand_in()
    admin = story.admin()
    page = "/admin/audit?event=submission.handed_in"
    exported = admin.submit(page, "/audit/export", {"format": "csv"})
    assert exported.mimetype == "text/csv"
    assert ".csv" in exported.headers["Content-Disposition"]
    _, *lines = csv.reader(io.StringIO(exported.get_data(as_text=True)))
    assert len(lines) == 1
    exported = admin.submit(page, "/audit/export", {"format": "jsonl"})
    (entry,) = [json.loads(line) for line in exported.get_data(as_text=True).splitlines()]
    assert entry["event"] == "submission.handed_in"
    with story.tool.parts.database.transaction() as session:
        noted = session.execute(select(AuditEvent).where(AuditEvent.event == "audit.exported")).scalars().all()
    assert [row.details["event"] for row in noted] == ["submission.handed_in"] * 2
    assert all(row.actor_kind == "administrator" for row in noted)
    assert admin.submit(page, "/audit/export", {"format": "xls"}).status_code == 404


def test_the_report_says_what_left_under_which_agreement(story: Story) -> None:
    story.hand_in()
    story.run_batch()
    admin = story.tool.browser()
    admin.submit("/admin/sign-in", "/sign-in", {"username": "root", "password": "a longer password"})
    words = text_of(admin.get("/admin/reports"))
    assert "Agreements are missing" in words
    assert "none in the register" in words
    assert "openai, gpt-6-luna" in words
    saved = admin.submit("/admin/reports/agreements/add", "/agreements/add", AGREEMENT, follow_redirects=True)
    assert "The agreement is in the register." in text_of(saved)
    page = admin.get("/admin/reports")
    assert "DPA 2026-03" in text_of(page)
    assert "Agreements are missing" not in text_of(page)
    assert "Okafor" not in page.get_data(as_text=True)
    exported = admin.submit("/admin/reports", "/reports/export", {})
    header, line = csv.reader(io.StringIO(exported.get_data(as_text=True)))
    shown = dict(zip(header, line, strict=True))
    assert (shown["submissions"], shown["provider"], shown["agreements"]) == ("1", "openai", "DPA 2026-03")
    assert (shown["deleted_at_provider"], shown["agreement_on_every_day"]) == ("1", "yes")
    assert "report.exported" in rows(admin)
    assert "Nothing was sent" in text_of(admin.get("/admin/reports?from=2001-01&to=2001-02"))


@pytest.mark.parametrize("query", ["from=soon", "to=2026-13", "course=x"])
def test_an_unreadable_report_filter_is_an_error_page(story: Story, query: str) -> None:
    assert story.admin().get(f"/admin/reports?{query}").status_code == 400


def test_an_agreement_is_entered_with_mistakes_and_changed(story: Story) -> None:
    admin = story.admin()
    add = "/admin/reports/agreements/add"
    for wrong, words in (
        ({"retention_days": "many"}, "Enter a whole number of days."),
        ({"in_force_from": ""}, "Enter the first day"),
        ({"in_force_until": "soon"}, "Enter a day as 2026-11-21."),
        ({"region": ""}, "Enter where the provider processes"),
    ):
        refused = admin.submit(add, "/agreements/add", AGREEMENT | wrong)
        assert refused.status_code == 400
        assert words in text_of(refused)
        assert 'value="OpenAI Ireland Ltd"' in refused.get_data(as_text=True)
    admin.submit(add, "/agreements/add", AGREEMENT)
    with story.tool.parts.database.transaction() as session:
        agreement_id = session.execute(select(ProviderAgreement.id)).scalar_one()
    address = f"/admin/reports/agreements/{agreement_id}"
    assert 'value="DPA 2026-03"' in admin.get(address).get_data(as_text=True)
    assert admin.submit(address, address, {"in_force_until": "2019-01-01"}).status_code == 400
    changed = admin.submit(address, address, {"in_force_until": "2021-01-01"}, follow_redirects=True)
    assert "ended" in text_of(changed)
    assert rows(admin, f"object={agreement_id}") == ["agreement.changed", "agreement.added"]
    assert admin.get(f"/admin/reports/agreements/{uuid.uuid4()}").status_code == 404


def test_the_record_of_processing_follows_the_settings(story: Story) -> None:
    admin = story.admin()
    words = text_of(admin.get("/admin/reports/processing"))
    assert "Set BLINDMARK_ORGANISATION and BLINDMARK_PRIVACY_CONTACT" in words
    assert "In use without an agreement in force: openai." in words
    assert "30 days after the grade is released" in words
    assert "Test LMS" in words
    admin.submit("/admin/reports/agreements/add", "/agreements/add", AGREEMENT)
    words = text_of(admin.get("/admin/reports/processing"))
    assert "OpenAI Ireland Ltd (openai)" in words
    assert "In use without" not in words


@pytest.mark.parametrize(
    "path",
    ["/admin/reports", "/admin/reports/agreements", "/admin/reports/agreements/add", "/admin/reports/processing"],
)
def test_reports_are_for_administrators(tool: Tool, path: str) -> None:
    assert tool.browser().get(path).headers["Location"].endswith("/admin/sign-in")
