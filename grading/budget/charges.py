"""Setting money aside and settling what things really cost: the one way to a budget, for batches and all others.

Whoever is about to spend reserves first, in the transaction that decides to spend, and settles in the transaction that
stores what came back. Between the two a crash leaves money set aside, never spent unseen. Both can be repeated: an id
is reserved once and settled once, by the unique constraint of the record.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from grading.budget import accounts
from grading.budget.errors import BudgetRefused
from grading.budget.freezing import refuse_while_frozen
from grading.budget.money import dollars
from grading.budget.months import Month
from grading.models import BudgetAccount, BudgetEntry, BudgetTransfer, Context
from grading.models.budget import SITE, EntryKind, Purpose


@dataclass(frozen=True, slots=True)
class Charge:
    """What money is for."""

    reference_id: uuid.UUID
    """Of the batch, the test run or whatever else it is; chosen by the caller, so that a repeat is recognised."""
    purpose: Purpose
    model: str
    shares: Mapping[uuid.UUID, int]
    """Micro-dollars for each course; `SITE` for what belongs to none."""

    @property
    def total(self) -> int:
        """All shares together."""
        return sum(self.shares.values())


def reserve(session: Session, charge: Charge, now: datetime) -> None:
    """Set the most that something can cost aside, or refuse. Repeating it changes nothing.

    Raises:
        BudgetRefused: there is not enough left this month, or everything is frozen.
    """
    month = accounts.this_month(session, now)
    locked = accounts.lock(session, month, charge.shares, now)
    if _entries(session, charge.reference_id, EntryKind.RESERVED):
        return
    refuse_while_frozen(session)
    needed = {SITE: charge.total} | {scope: share for scope, share in charge.shares.items() if scope != SITE}
    for scope in sorted(needed):
        _refuse_overdraft(session, locked[scope], needed[scope])
    for scope, amount in needed.items():
        locked[scope].reserved_microdollars += amount
    session.add_all(
        _entry(charge, month, scope, EntryKind.RESERVED, share, now) for scope, share in charge.shares.items()
    )
    session.flush()
    accounts.note_warnings(session, locked.values(), now)


def transfer(session: Session, origin_id: uuid.UUID, part: Charge, now: datetime) -> None:
    """Let what was set aside for one thing go with a part of it that becomes a thing of its own. Never refused.

    No account changes, so none is locked: of each course's share no more goes than is set aside for it. Repeating it
    changes nothing.
    """
    if _transfers(session, BudgetTransfer.to_reference_id == part.reference_id):
        return
    held = _held(session, origin_id)
    moved = {scope: min(share, held[scope].microdollars) for scope, share in part.shares.items() if scope in held}
    session.add_all(
        BudgetTransfer(
            id=uuid.uuid4(),
            happened_at=now,
            month=held[scope].month,
            course_id=scope,
            from_reference_id=origin_id,
            to_reference_id=part.reference_id,
            microdollars=amount,
        )
        for scope, amount in moved.items()
        if amount > 0
    )
    session.flush()


def settle(session: Session, actual: Charge, now: datetime) -> bool:
    """Note what something really cost, for each course, and give back what was set aside for it.

    What came out higher than estimated is noted in full: it has been spent. So is what was never reserved, as a batch
    that was under way before budgets were kept. Returns whether this call did it: a second one changes nothing.
    """
    reserved = _held(session, actual.reference_id)
    if not reserved and not actual.total:
        return False
    month = Month.parse(next(iter(reserved.values())).month) if reserved else accounts.this_month(session, now)
    scopes = {*reserved, *actual.shares}
    locked = accounts.lock(session, month, scopes, now)
    if _entries(session, actual.reference_id, EntryKind.SETTLED):
        return False
    given_back = {scope: share.microdollars for scope, share in reserved.items()}
    _move(locked[SITE], actual.total, sum(given_back.values()))
    for scope in scopes - {SITE}:
        _move(locked[scope], actual.shares.get(scope, 0), given_back.get(scope, 0))
    for scope in scopes:
        session.add(_entry(actual, month, scope, EntryKind.SETTLED, actual.shares.get(scope, 0), now))
        if scope in given_back:
            session.add(_entry(actual, month, scope, EntryKind.RELEASED, given_back[scope], now))
    session.flush()
    accounts.note_warnings(session, locked.values(), now)
    return True


def _move(account: BudgetAccount, spent: int, released: int) -> None:
    account.spent_microdollars += spent
    account.reserved_microdollars -= released
    accounts.settle_overrun(account)


def _refuse_overdraft(session: Session, account: BudgetAccount, amount: int) -> None:
    left = accounts.room(account)
    if left is None or amount <= left:
        return
    whose = "this month's budget" if account.scope_id == SITE else f"the budget of {_course(session, account.scope_id)}"
    most = accounts.allowed(account) or 0
    raise BudgetRefused(
        f"This costs {dollars(amount)} at most, and of {whose} ({dollars(most)}) only {dollars(left)} are left. Send "
        "less, raise the limit under Costs, or grant an emergency override there."
    )


def _course(session: Session, course_id: uuid.UUID) -> str:
    row = session.execute(select(Context.label, Context.title).where(Context.id == course_id)).one_or_none()
    return (row and (row.label or row.title)) or "a course"


@dataclass(frozen=True, slots=True)
class _Share:
    """What is set aside for one course, and in which month."""

    month: str
    microdollars: int


def _held(session: Session, reference_id: uuid.UUID) -> dict[uuid.UUID, _Share]:
    """What was set aside for something, with what it took over and without what went with parts of it."""
    reserved = _entries(session, reference_id, EntryKind.RESERVED).values()
    parts = [(entry.course_id, entry.month, entry.microdollars) for entry in reserved]
    for row in _transfers(session, BudgetTransfer.to_reference_id == reference_id):
        parts.append((row.course_id, row.month, row.microdollars))
    for row in _transfers(session, BudgetTransfer.from_reference_id == reference_id):
        parts.append((row.course_id, row.month, -row.microdollars))
    held: dict[uuid.UUID, _Share] = {}
    for scope, month, amount in parts:
        held[scope] = _Share(month, amount + (held[scope].microdollars if scope in held else 0))
    return held


def _transfers(session: Session, which: ColumnElement[bool]) -> list[BudgetTransfer]:
    return list(session.execute(select(BudgetTransfer).where(which)).scalars())


def _entries(session: Session, reference_id: uuid.UUID, kind: EntryKind) -> dict[uuid.UUID, BudgetEntry]:
    rows = session.execute(
        select(BudgetEntry).where(BudgetEntry.reference_id == reference_id, BudgetEntry.kind == kind)
    ).scalars()
    return {row.course_id: row for row in rows}


def _entry(charge: Charge, month: Month, scope: uuid.UUID, kind: EntryKind, amount: int, now: datetime) -> BudgetEntry:
    return BudgetEntry(
        id=uuid.uuid4(),
        happened_at=now,
        month=str(month),
        course_id=scope,
        kind=kind,
        purpose=charge.purpose,
        reference_id=charge.reference_id,
        model=charge.model,
        microdollars=amount,
    )
