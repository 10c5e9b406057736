"""The pages of costs: budgets in words and numbers, decisions with their reasons, prices, comparison, report."""

import uuid
from datetime import timedelta

import pytest
from lxml import html
from sqlalchemy import event, select

from grading.budget import charges, limits, reading
from grading.budget.charges import Charge
from grading.budget.forecast import DailySpend, foresee
from grading.budget.money import DOLLAR
from grading.budget.months import Month
from grading.estimates import Estimate
from grading.models import BudgetFreeze, BudgetLimit, BudgetOverride, Context, PriceOverride, ReturnAssumption
from grading.models.budget import SITE, Purpose
from lti_tool.pages.admin.cost_plot import plot_month
from privacy.audit import Actor
from privacy.models import AuditEvent
from tests.conftest import START
from tests.lti_tool.conftest import Browser, text_of
from tests.lti_tool.pages.test_main_job import Story, story

__all__ = ["story"]
PAGES = ("", "/limits", "/models", "/prices", "/record", "/report", "/freeze", "/override")
WHO = Actor.system()


def spend(story: Story, amount: int, count: int = 1, *, settled: bool = True) -> None:
    with story.tool.parts.database.transaction() as session:
        course = session.execute(select(Context.id).where(Context.title != "Another course")).scalars().first() or SITE
        for _ in range(count):
            charge = Charge(uuid.uuid4(), Purpose.TEST_RUN, "gpt-6-luna", {course: amount})
            charges.reserve(session, charge, story.tool.parts.clock())
            if settled:
                charges.settle(session, charge, story.tool.parts.clock())


def limit(story: Story, amount: int) -> None:
    with story.tool.parts.database.transaction() as session:
        limits.set_limit(session, SITE, amount, WHO, rollover=False, clock=story.tool.parts.clock)


def limited_courses(story: Story, count: int) -> None:
    """Courses with a limit that carries over, and without any charge yet."""
    with story.tool.parts.database.transaction() as session:
        tenant_id = session.execute(select(Context.tenant_id)).scalars().first()
        for _ in range(count):
            made = Context(
                id=uuid.uuid4(), tenant_id=tenant_id, lms_context_id=uuid.uuid4().hex, title="Another course"
            )
            set_before = START - timedelta(days=60)
            session.add(made)
            session.add(
                BudgetLimit(scope_id=made.id, monthly_microdollars=DOLLAR, rollover=True, changed_at=set_before)
            )


def page(admin: Browser, path: str = "") -> str:
    response = admin.get(f"/admin/costs{path}")
    assert response.status_code == 200, text_of(response)
    return text_of(response)


def events(story: Story) -> set[str]:
    with story.tool.parts.database.transaction() as session:
        return set(session.execute(select(AuditEvent.event)).scalars())


def test_an_untouched_site_shows_every_page_with_a_way_on(story: Story) -> None:
    admin = story.admin()
    assert "Nothing stops spending. Set a monthly limit" in page(admin)
    assert "Nothing has been spent in" in page(admin)
    assert "No course has a limit of its own" in page(admin, "/limits")
    assert "Nothing waits" in page(admin, "/models")
    assert "Nothing is on record" in page(admin, "/record")
    assert "No assessment came back" in page(admin, "/report")
    assert "Submitted batches held back" in page(admin, "/freeze")


def test_the_main_job_ends_on_the_record_and_in_the_report(story: Story) -> None:
    story.hand_in()
    story.run_batch()
    admin = story.tool.browser()
    admin.submit("/admin/sign-in", "/sign-in", {"username": "root", "password": "a longer password"})
    record = page(admin, "/record")
    assert all(word in record for word in ("Set aside", "Spent", "Given back", "Batch 1"))
    assert "1 assessment for" in page(admin, "/report")
    exported = admin.submit("/admin/costs/report", "/report/export", {})
    lines = exported.get_data(as_text=True).splitlines()
    assert lines[0].startswith("month,course_id,course,assessments,cost_usd")
    assert ",1,0.000125,0.000125,12," in lines[1]
    assert "budget.report_exported" in events(story)


def test_a_limit_is_set_and_its_bar_says_how_full_it_is(story: Story) -> None:
    admin = story.admin()
    saved = admin.submit(
        "/admin/costs/limits", "/limits", {"amount": "10", "rollover": "yes", "scope": ""}, follow_redirects=True
    )
    assert "Saved. It holds at once." in text_of(saved)
    spend(story, 9 * DOLLAR)
    spend(story, DOLLAR // 2, settled=False)
    shown = page(admin)
    assert "Almost nothing left" in shown
    assert "$9.50 of $10.00 · 95 %" in shown
    assert "$9.00 spent, 50 ¢ set aside for what is under way, 50 ¢ left." in shown
    assert shown.count("Whole site") >= 4  # the bar, and one warning each at 75, 90 and 95 %
    with story.tool.parts.database.transaction() as session:
        assert session.get_one(BudgetLimit, SITE).rollover
    wrong = admin.submit("/admin/costs/limits", "/limits", {"amount": "ten", "scope": ""})
    assert wrong.status_code == 400
    assert "Write an amount in dollars" in text_of(wrong)
    assert 'value="ten"' in wrong.get_data(as_text=True)


def test_a_freeze_is_explained_done_and_lifted(story: Story) -> None:
    story.hand_in()
    admin = story.admin()
    refused = admin.submit("/admin/costs/freeze", "/freeze", {"reason": ""})
    assert (refused.status_code, "Say why" in text_of(refused)) == (400, True)
    done = admin.submit("/admin/costs/freeze", "/freeze", {"reason": "Odd bill"}, follow_redirects=True)
    assert "Everything is frozen: nothing is sent" in text_of(done)
    assert "By root on" in text_of(done)
    assert "Odd bill" in text_of(done)
    lifted = admin.submit("/admin/costs", "/unfreeze", {"reason": "Explained"}, follow_redirects=True)
    assert "The freeze is lifted." in text_of(lifted)
    with story.tool.parts.database.transaction() as session:
        row = session.execute(select(BudgetFreeze)).scalar_one()
    assert (row.reason, row.lift_reason, row.frozen_by, row.lifted_at is not None) == (
        "Odd bill",
        "Explained",
        row.lifted_by,
        True,
    )
    assert {"budget.frozen", "budget.unfrozen"} <= events(story)


def test_an_override_is_granted_with_reason_and_end_and_taken_back(story: Story) -> None:
    limit(story, DOLLAR)
    admin = story.admin()
    until = (story.tool.parts.clock() + timedelta(minutes=90)).strftime("%Y-%m-%dT%H:%M")
    values = {"scope": "", "amount": "5", "until": until, "reason": "Exam week"}
    for name, words in (("amount", "Write an amount"), ("until", "Say until when"), ("reason", "Say why")):
        wrong = admin.submit("/admin/costs/override", "/override", values | {name: ""})
        assert (wrong.status_code, words in text_of(wrong)) == (400, True)
    granted = admin.submit("/admin/costs/override", "/override", values, follow_redirects=True)
    assert "Emergency override: $5.00 more for Whole site" in text_of(granted)
    with story.tool.parts.database.transaction() as session:
        identifier = session.execute(select(BudgetOverride.id)).scalar_one()
        assert reading.site_standing(session, story.tool.parts.clock()).allowed == 6 * DOLLAR
    ended = admin.submit("/admin/costs", f"/{identifier}/withdraw", {}, follow_redirects=True)
    assert "The override has ended." in text_of(ended)
    assert "Emergency override:" not in page(admin)


def test_how_the_money_stands_is_said_where_it_is_spent_and_where_administrators_land(story: Story) -> None:
    story.hand_in()
    admin = story.admin()
    item = admin.get("/admin?state=waiting").get_data(as_text=True).split('name="item" value="')[1].split('"')[0]
    composed = admin.submit("/admin", "/batches/new", {"item": [item]})
    form = next(
        one
        for one in html.document_fromstring(composed.get_data(as_text=True)).forms
        if (one.get("action") or "").endswith("/batches/create")
    )
    batch = admin.post("/admin/batches/create", data=dict(form.form_values())).headers["Location"]
    statements: list[str] = []
    event.listen(story.tool.parts.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))

    def said() -> tuple[str, int]:
        """What the queue, the composer and a batch that can be submitted say about money, all of them the same."""
        composer = admin.submit("/admin", "/batches/new", {"item": [item]})
        statements.clear()
        shown = [admin.get("/admin?state=waiting"), composer, admin.get(batch)]
        counted = len(statements)
        words = {
            text_of(one).split("See costs")[0].split("Reports")[-1] for one in shown if "See costs" in text_of(one)
        }
        assert len(words) <= 1
        assert all(("See costs" in text_of(one)) == bool(words) for one in shown)
        return words.pop() if words else "", counted

    assert said()[0] == ""
    limit(story, 10 * DOLLAR)
    spend(story, 8 * DOLLAR)
    at_75, _ = said()
    assert "Three quarters of a limit are used" in at_75
    assert "Whole site: $8.00 of $10.00 this month are spent or set aside (80 %)." in at_75
    limited_courses(story, 5)
    spend(story, DOLLAR, settled=False)
    with story.tool.parts.database.transaction() as session:
        course = session.execute(select(Context.id).where(Context.title != "Another course")).scalar_one()
        now = story.tool.parts.clock()
        limits.set_limit(session, course, 9 * DOLLAR, WHO, rollover=False, clock=story.tool.parts.clock)
        limits.grant_override(session, SITE, DOLLAR // 2, "Exams", now + timedelta(hours=1), WHO)
    reached, counted = said()
    assert "A limit is reached" in reached
    assert "Nothing more can be submitted." in reached
    assert "Emergency override: 50 ¢ more for Whole site until" in reached
    with story.tool.parts.database.transaction() as session:
        limits.grant_override(session, SITE, DOLLAR // 4, "Exams", now + timedelta(hours=2), WHO)
    assert said()[1] == counted
    admin.submit("/admin/costs/freeze", "/freeze", {"reason": "Odd bill"})
    frozen = said()[0]
    assert "Everything is frozen: nothing is sent" in frozen
    assert "Odd bill" in frozen


def test_models_are_compared_and_prices_entered(story: Story) -> None:
    story.hand_in()
    admin = story.admin()
    compared = page(admin, "/models")
    assert "What the one submission that waits now would cost" in compared
    assert compared.index("gpt-6-luna") < compared.index("gpt-6-sol")
    amounts = dict.fromkeys(("input", "cached", "output", "batch_input", "batch_cached", "batch_output"), "9.5")
    values = {"model": "gpt-6-luna", "valid_from": "2026-01-01", "source": "letter", **amounts}
    wrong = admin.submit("/admin/costs/prices", "/prices/enter", values | {"output": "cheap"})
    assert (wrong.status_code, "Write dollars per million tokens" in text_of(wrong)) == (400, True)
    entered = admin.submit("/admin/costs/prices", "/prices/enter", values, follow_redirects=True)
    assert "entered, since 2026-01-01" in text_of(entered)
    assert page(admin, "/models").index("gpt-5.4-mini") < page(admin, "/models").index("gpt-6-luna")
    with story.tool.parts.database.transaction() as session:
        identifier = session.execute(select(PriceOverride.id)).scalar_one()
    admin.submit("/admin/costs/prices", f"/{identifier}/withdraw", {})
    values = {"retiring_model": "gpt-6-luna", "retires_on": "2026-01-01", "retire_source": "blog"}
    retired = admin.submit("/admin/costs/prices", "/prices/retirement", values, follow_redirects=True)
    assert "since 2026-01-01, can’t be chosen" in text_of(retired)
    assert "gpt-6-luna" not in page(admin, "/models")
    assert {"price.entered", "price.withdrawn", "price.retirement_set"} <= events(story)


def test_what_the_return_assumes_can_be_changed(story: Story) -> None:
    admin = story.admin()
    wrong = admin.submit("/admin/costs/report", "/report", {"minutes": "many", "rate": "40"})
    assert (wrong.status_code, "whole number of minutes" in text_of(wrong)) == (400, True)
    admin.submit("/admin/costs/report", "/report", {"minutes": "20", "rate": "55.50"})
    with story.tool.parts.database.transaction() as session:
        row = session.get_one(ReturnAssumption, 1)
        assert (row.minutes_per_assessment, row.hourly_microdollars) == (20, 55_500_000)
    assert "Assumes 20 minutes of marking saved by an assessment and $55.50 an hour" in page(admin, "/report")


@pytest.mark.parametrize("path", ["/record?course=x", "/record?after=x", "/report?month=2026-13"])
def test_an_unreadable_address_is_an_error_page(story: Story, path: str) -> None:
    assert story.admin().get(f"/admin/costs{path}").status_code == 400


def test_pages_take_as_many_statements_however_much_is_on_record(story: Story) -> None:
    limit(story, 1000 * DOLLAR)
    limited_courses(story, 1)
    spend(story, DOLLAR)
    admin = story.admin()
    for path in PAGES:
        page(admin, path)
    statements: list[str] = []
    event.listen(story.tool.parts.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))

    def counted() -> dict[str, int]:
        found = {}
        for path in PAGES:
            statements.clear()
            page(admin, path)
            found[path] = sum(one.lstrip().upper().startswith(("SELECT", "WITH")) for one in statements)
        return found

    few = counted()
    spend(story, DOLLAR, count=60)
    limited_courses(story, 5)
    many = counted()
    assert many == few
    assert max(few.values()) <= 25
    record = admin.get("/admin/costs/record").get_data(as_text=True)
    assert "50 shown" in record
    assert "after=" in record


def test_the_plot_says_what_it_shows() -> None:
    month = Month(2026, 11)
    days = tuple((START.date().replace(day=number), DOLLAR) for number in range(1, 22))
    spent = DailySpend(days, tuple(DOLLAR for _ in range(14)))
    forecast = foresee(21 * DOLLAR, 0, Estimate(0, DOLLAR), spent.trend, 9)
    assert plot_month(month, spent, forecast, None).title == "November will have cost about $31.00; there is no limit"
    assert plot_month(month, spent, forecast, 40 * DOLLAR).title.endswith("$9.00 below the limit")
    assert plot_month(month, spent, forecast, 26 * DOLLAR).title.endswith("is reached around 25 November")
    assert "is used up" in plot_month(month, spent, forecast, 20 * DOLLAR).title
    drawn = plot_month(month, spent, forecast, 40 * DOLLAR)
    assert drawn.limit_y is not None
    assert drawn.rows[-1] == (START.date(), DOLLAR, 21 * DOLLAR)
    points = [tuple(map(int, point.split(","))) for point in f"{drawn.spent} {drawn.range} {drawn.expected}".split()]
    assert all(drawn.left <= x <= drawn.right and drawn.top <= y <= drawn.bottom for x, y in points)
