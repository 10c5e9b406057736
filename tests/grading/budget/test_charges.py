"""Setting aside, settling, limits and warnings, on both databases; and what the databases themselves refuse."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from config.database import Database
from grading.budget import charges, freezing, limits, reading
from grading.budget.allowance import COURSE_BUDGET, FROZEN, SITE_BUDGET, allowance
from grading.budget.charges import Charge
from grading.budget.errors import BudgetBroken, BudgetInvalid, BudgetRefused
from grading.budget.money import DOLLAR
from grading.budget.months import Month
from grading.budget.verifying import verify
from grading.models import BudgetAccount, BudgetEntry, BudgetFreeze, BudgetLimit, BudgetTransfer, BudgetWarning
from grading.models.budget import SITE, EntryKind, Purpose
from privacy.audit import Actor
from tests.conftest import START, StillClock

ONE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
WHO = Actor.system()


def charge(amount: int, course: uuid.UUID = ONE, reference: uuid.UUID | None = None) -> Charge:
    return Charge(reference or uuid.uuid4(), Purpose.TEST_RUN, "gpt-6-luna", {course: amount})


def reserve(database: Database, wanted: Charge, now: datetime = START) -> None:
    with database.transaction() as session:
        charges.reserve(session, wanted, now)


def settle(database: Database, actual: Charge, now: datetime = START) -> bool:
    with database.transaction() as session:
        return charges.settle(session, actual, now)


def limit(database: Database, amount: int | None, clock: StillClock, *, rollover: bool = False) -> None:
    with database.transaction() as session:
        limits.set_limit(session, SITE, amount, WHO, rollover=rollover, clock=clock)


def limit_course(session: Session, course: uuid.UUID, amount: int) -> None:
    session.add(BudgetLimit(scope_id=course, monthly_microdollars=amount, rollover=False, changed_at=START))


def standing(database: Database, now: datetime = START, scope: uuid.UUID = SITE) -> reading.Standing:
    with database.transaction() as session:
        return reading.standings(session, [scope], now)[0]


def whole(database: Database) -> None:
    with database.transaction() as session:
        verify(session)


def test_money_is_set_aside_then_spent_and_the_rest_given_back(database: Database) -> None:
    wanted = Charge(uuid.uuid4(), Purpose.BATCH, "gpt-6-luna", {ONE: 700, OTHER: 300})
    reserve(database, wanted)
    assert (standing(database).reserved, standing(database).spent) == (1000, 0)
    assert settle(database, Charge(wanted.reference_id, Purpose.BATCH, "gpt-6-luna", {ONE: 200, OTHER: 0}))
    assert (standing(database).reserved, standing(database).spent) == (0, 200)
    assert standing(database, scope=ONE).spent == 200
    assert standing(database, scope=OTHER).committed == 0
    whole(database)


def test_reserving_or_settling_twice_changes_nothing(database: Database) -> None:
    wanted = charge(500)
    reserve(database, wanted)
    reserve(database, wanted)
    assert standing(database).reserved == 500
    assert settle(database, charge(120, reference=wanted.reference_id))
    assert not settle(database, charge(450, reference=wanted.reference_id))
    assert (standing(database).reserved, standing(database).spent) == (0, 120)
    whole(database)


def test_what_was_spent_without_being_set_aside_is_still_on_record(database: Database) -> None:
    assert settle(database, charge(90))
    assert not settle(database, charge(0))
    assert standing(database).spent == 90
    whole(database)


def test_more_than_is_left_is_refused_in_words_and_leaves_no_trace(database: Database, clock: StillClock) -> None:
    limit(database, 10 * DOLLAR, clock)
    reserve(database, charge(8 * DOLLAR))
    with pytest.raises(BudgetRefused) as refused:
        reserve(database, charge(2 * DOLLAR + 10_000))
    assert refused.value.message.startswith("This costs $2.01 at most, and of this month's budget ($10.00) only $2.00")
    assert "raise the limit under Costs" in refused.value.message
    reserve(database, charge(2 * DOLLAR))
    assert standing(database).left == 0
    whole(database)


def test_a_course_has_a_budget_of_its_own(database: Database, clock: StillClock) -> None:
    with database.transaction() as session:
        limit_course(session, ONE, DOLLAR)
    with pytest.raises(BudgetRefused, match="budget of a course"):
        reserve(database, charge(DOLLAR + 1))
    reserve(database, charge(DOLLAR + 1, OTHER))


def test_costs_above_the_estimate_are_noted_in_full_and_stop_what_follows(
    database: Database, clock: StillClock
) -> None:
    limit(database, DOLLAR, clock)
    wanted = charge(DOLLAR)
    reserve(database, wanted)
    settle(database, charge(DOLLAR + 5, reference=wanted.reference_id))
    assert (standing(database).spent, standing(database).left) == (DOLLAR + 5, 0)
    with pytest.raises(BudgetRefused):
        reserve(database, charge(1))
    whole(database)


def test_a_lower_limit_stops_new_spending_and_keeps_what_was_set_aside(database: Database, clock: StillClock) -> None:
    limit(database, 10 * DOLLAR, clock)
    wanted = charge(8 * DOLLAR)
    reserve(database, wanted)
    limit(database, 5 * DOLLAR, clock)
    with pytest.raises(BudgetRefused):
        reserve(database, charge(1))
    settle(database, charge(3 * DOLLAR, reference=wanted.reference_id))
    reserve(database, charge(2 * DOLLAR))
    with pytest.raises(BudgetRefused):
        reserve(database, charge(1))


def test_each_part_of_a_limit_is_warned_about_once(database: Database, clock: StillClock) -> None:
    limit(database, 1000, clock)
    for amount in (740, 160, 10, 50, 40):
        reserve(database, charge(amount))
        clock.forward(minutes=1)
    with database.transaction() as session:
        rows = session.execute(select(BudgetWarning).order_by(BudgetWarning.percent)).scalars().all()
    assert [(row.percent, row.committed_microdollars) for row in rows] == [(75, 900), (90, 900), (95, 960), (100, 1000)]


def test_an_override_allows_more_until_it_ends(database: Database, clock: StillClock) -> None:
    limit(database, 1000, clock)
    reserve(database, charge(1000))
    with database.transaction() as session:
        limits.grant_override(session, SITE, 500, "Exam week", clock() + timedelta(hours=2), WHO, clock)
    reserve(database, charge(400), clock())
    clock.forward(hours=3)
    with pytest.raises(BudgetRefused):
        reserve(database, charge(50), clock())
    assert standing(database, clock()).extra == 0
    whole(database)


def test_an_override_can_be_ended_at_once(database: Database, clock: StillClock) -> None:
    limit(database, 1000, clock)
    with database.transaction() as session:
        made = limits.grant_override(session, SITE, 500, "Exam", clock() + timedelta(hours=2), WHO, clock)
    with database.transaction() as session:
        limits.withdraw_override(session, made.id, WHO, clock)
    with pytest.raises(BudgetRefused):
        reserve(database, charge(1001), clock())


@pytest.mark.parametrize(
    ("amount", "reason", "hours", "field"), [(0, "r", 1, "amount"), (1, " ", 1, "reason"), (1, "r", 0, "until")]
)
def test_an_override_needs_amount_reason_and_end(
    sqlite_database: Database, clock: StillClock, amount: int, reason: str, hours: int, field: str
) -> None:
    with pytest.raises(BudgetInvalid) as refused, sqlite_database.transaction() as session:
        limits.grant_override(session, SITE, amount, reason, clock() + timedelta(hours=hours), WHO, clock)
    assert refused.value.field == field


def test_what_is_left_comes_over_and_what_is_late_stays_in_its_month(database: Database, clock: StillClock) -> None:
    limit(database, 1000, clock, rollover=True)
    late = charge(300)
    reserve(database, late, clock())
    december = datetime(2026, 12, 5, tzinfo=UTC)
    reserve(database, charge(100), december)
    assert (standing(database, december).carried, standing(database, december).allowed) == (700, 1700)
    settle(database, charge(250, reference=late.reference_id), december)
    with database.transaction() as session:
        accounts = session.execute(select(BudgetAccount).where(BudgetAccount.scope_id == SITE)).scalars()
        spent = {account.month: account.spent_microdollars for account in accounts}
    assert spent == {"2026-11": 250, "2026-12": 0}
    whole(database)


def test_a_month_without_any_charge_leaves_one_whole_limit(sqlite_database: Database, clock: StillClock) -> None:
    limit(sqlite_database, 1000, clock, rollover=True)
    assert standing(sqlite_database, datetime(2027, 2, 1, tzinfo=UTC)).carried == 1000


def test_the_month_begins_where_the_site_is(sqlite_database: Database) -> None:
    elsewhere = Database(sqlite_database.engine, ZoneInfo("Pacific/Auckland"))
    with elsewhere.transaction() as session:
        charges.reserve(session, charge(5), datetime(2026, 11, 30, 12, tzinfo=UTC))
        assert session.execute(select(BudgetEntry.month)).scalar_one() == str(Month(2026, 12))


def test_a_freeze_lets_nothing_be_set_aside_and_says_why(database: Database, clock: StillClock) -> None:
    with database.transaction() as session:
        freezing.freeze(session, "Bills look wrong", WHO, clock=clock)
    with pytest.raises(BudgetRefused, match="Bills look wrong"):
        reserve(database, charge(1))
    with pytest.raises(BudgetRefused, match="frozen already"), database.transaction() as session:
        freezing.freeze(session, "Again", WHO, clock=clock)
    with database.transaction() as session:
        assert allowance(session, [ONE], START).take(ONE, 1) == FROZEN
        freezing.unfreeze(session, "They are right", WHO, clock)
    reserve(database, charge(1))
    with pytest.raises(BudgetInvalid), database.transaction() as session:
        freezing.freeze(session, "  ", WHO, clock=clock)


def test_what_fits_is_taken_in_order_and_the_rest_stays_behind(database: Database, clock: StillClock) -> None:
    limit(database, 100, clock)
    with database.transaction() as session:
        limit_course(session, ONE, 60)
    reserve(database, charge(20, OTHER))
    with database.transaction() as session:
        left = allowance(session, [ONE, OTHER], START)
    assert [left.take(ONE, 50), left.take(ONE, 20), left.take(OTHER, 40), left.take(OTHER, 30)] == [
        None,
        COURSE_BUDGET,
        SITE_BUDGET,
        None,
    ]


BREAKS: list[Callable[[Session], object]] = [
    lambda session: session.execute(update(BudgetAccount).values(reserved_microdollars=-1)),
    lambda session: session.execute(update(BudgetAccount).values(spent_microdollars=-1)),
    lambda session: session.execute(update(BudgetAccount).values(reserved_microdollars=1001)),
    lambda session: session.execute(update(BudgetAccount).values(overrun_microdollars=-1)),
    lambda session: session.execute(update(BudgetEntry).values(microdollars=1)),
    lambda session: session.execute(delete(BudgetEntry)),
    lambda session: session.execute(
        text("INSERT INTO budget_warning VALUES (:scope, '2026-11', 42, 0, 0, '2026-11-01')"), {"scope": SITE.hex}
    ),
]


@pytest.mark.parametrize("broken", range(len(BREAKS)))
def test_the_database_itself_refuses_what_must_not_be(database: Database, clock: StillClock, broken: int) -> None:
    limit(database, 1000, clock)
    reserve(database, charge(400))
    with pytest.raises(DatabaseError), database.transaction() as session:
        BREAKS[broken](session)


def test_the_same_thing_is_noted_once_and_one_freeze_holds_at_a_time(database: Database) -> None:
    wanted = charge(5)
    reserve(database, wanted)
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(
            BudgetEntry(
                happened_at=START,
                month="2026-12",
                course_id=ONE,
                kind=EntryKind.RESERVED,
                purpose=Purpose.BATCH,
                reference_id=wanted.reference_id,
                model="m",
                microdollars=7,
            )
        )
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add_all([BudgetFreeze(reason="one"), BudgetFreeze(reason="two")])


def test_sums_that_were_tampered_with_are_found(database: Database) -> None:
    reserve(database, charge(400))
    with database.transaction() as session:
        session.execute(update(BudgetAccount).where(BudgetAccount.scope_id == SITE).values(spent_microdollars=3))
    with pytest.raises(BudgetBroken, match=r"says \$0.0004 set aside and \$0.000003 spent; its entries say \$0.0004"):
        whole(database)


def test_what_is_set_aside_can_go_with_a_part_and_with_a_part_of_that(database: Database, clock: StillClock) -> None:
    limit(database, 100, clock)
    first, second, third = (uuid.uuid4() for _ in range(3))
    reserve(database, charge(100, reference=first))
    for _ in range(2):
        with database.transaction() as session:
            charges.transfer(session, first, charge(60, reference=second), START)
            charges.transfer(session, second, charge(999, reference=third), START)
    whole(database)
    assert standing(database).reserved == 100
    assert settle(database, charge(30, reference=first))
    assert (standing(database).reserved, standing(database).spent) == (60, 30)
    assert settle(database, charge(10, reference=second))
    assert (standing(database).reserved, standing(database).spent) == (60, 40)
    assert settle(database, charge(0, reference=third))
    assert (standing(database).reserved, standing(database).spent) == (0, 40)
    whole(database)


def test_a_transfer_stays_as_it_was_noted(database: Database) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    reserve(database, charge(100, reference=first))
    with database.transaction() as session:
        charges.transfer(session, first, charge(60, reference=second), START)
    with pytest.raises(DatabaseError, match="append-only"), database.transaction() as session:
        session.execute(update(BudgetTransfer).values(microdollars=1))
