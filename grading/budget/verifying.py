"""Everything added up again: the record against its sums, and against what the lines of batches cost."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Subquery, and_, case, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from grading.budget.errors import BudgetBroken
from grading.budget.money import exact_dollars
from grading.models import Batch, BatchRequest, BudgetAccount, BudgetEntry, BudgetTransfer
from grading.models.budget import SITE, EntryKind, Purpose
from grading.states import BatchState

_ENDED = (BatchState.COMPLETED, BatchState.FAILED, BatchState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Verified:
    """What was compared."""

    entries: int
    accounts: int
    batches: int


def verify(session: Session) -> Verified:
    """Compare all sums.

    Raises:
        BudgetBroken: names what does not agree.
    """
    broken = [*_accounts(session), *_things(session), *_batches(session)]
    if broken:
        more = f" And {len(broken) - 5} more." if len(broken) > 5 else ""
        raise BudgetBroken(f"{len(broken)} sums don't agree. {' '.join(broken[:5])}{more}")
    return Verified(
        entries=session.execute(select(func.count()).select_from(BudgetEntry)).scalar_one(),
        accounts=session.execute(select(func.count()).select_from(BudgetAccount)).scalar_one(),
        batches=session.execute(
            select(func.count(BudgetEntry.reference_id.distinct())).where(BudgetEntry.purpose == Purpose.BATCH)
        ).scalar_one(),
    )


def _amount(kind: EntryKind) -> ColumnElement[int]:
    return case((BudgetEntry.kind == kind, BudgetEntry.microdollars), else_=0)


def _sum(kind: EntryKind) -> ColumnElement[int]:
    return func.coalesce(func.sum(_amount(kind)), 0)


def _accounts(session: Session) -> Iterator[str]:
    rows = session.execute(
        select(
            BudgetEntry.month,
            BudgetEntry.course_id,
            _sum(EntryKind.RESERVED) - _sum(EntryKind.RELEASED),
            _sum(EntryKind.SETTLED),
        ).group_by(BudgetEntry.month, BudgetEntry.course_id)
    ).all()
    recorded: dict[tuple[str, object], tuple[int, int]] = {}
    for month, course_id, reserved, spent in rows:
        if course_id != SITE:
            recorded[month, course_id] = (int(reserved), int(spent))
        whole = recorded.get((month, SITE), (0, 0))
        recorded[month, SITE] = (whole[0] + int(reserved), whole[1] + int(spent))
    for account in session.execute(select(BudgetAccount)).scalars():
        expected = recorded.pop((account.month, account.scope_id), (0, 0))
        found = (account.reserved_microdollars, account.spent_microdollars)
        if found != expected:
            yield (
                f"The account of {account.scope_id} in {account.month} says ${exact_dollars(found[0])} set aside and "
                f"${exact_dollars(found[1])} spent; its entries say ${exact_dollars(expected[0])} and "
                f"${exact_dollars(expected[1])}."
            )
    for month, scope in recorded:
        yield f"There are entries of {scope} in {month}, and no account."


def _sums() -> Subquery:
    """Of each thing that money was set aside for: reserved, with what it took over and without what went with its
    parts; given back; settled; and how many settlements there are."""
    nothing = literal(0)
    settlement = case((BudgetEntry.kind == EntryKind.SETTLED, 1), else_=0)
    entries = select(
        BudgetEntry.reference_id.label("reference_id"),
        _amount(EntryKind.RESERVED).label("reserved"),
        _amount(EntryKind.RELEASED).label("released"),
        _amount(EntryKind.SETTLED).label("settled"),
        settlement.label("settlements"),
    )
    amount = BudgetTransfer.microdollars
    taken_over = select(BudgetTransfer.to_reference_id, amount, nothing, nothing, nothing)
    passed_on = select(BudgetTransfer.from_reference_id, -amount, nothing, nothing, nothing)
    every = union_all(entries, taken_over, passed_on).subquery()
    names = ("reserved", "released", "settled", "settlements")
    totals = [func.sum(every.c[name]).label(name) for name in names]
    return select(every.c.reference_id, *totals).group_by(every.c.reference_id).subquery()


def _things(session: Session) -> Iterator[str]:
    """Of each thing money was set aside for: all of it is given back when it is settled, none before."""
    sums = _sums().c
    rows = session.execute(
        select(sums.reference_id, sums.reserved, sums.released).where(
            or_(
                and_(sums.settlements > 0, sums.reserved != sums.released),
                and_(sums.settlements == 0, sums.released != 0),
                sums.reserved < 0,
            )
        )
    )
    for reference_id, reserved, released in rows:
        yield (
            f"For {reference_id} ${exact_dollars(int(reserved))} were set aside and ${exact_dollars(int(released))} "
            "given back."
        )


def _batches(session: Session) -> Iterator[str]:
    """Of each batch: the record says what it cost, its lines say so too, and nothing stays set aside once it has ended.

    Lines go when their student is erased; the lines that are left then cost less than the batch did.
    """
    lines = (
        select(
            BatchRequest.batch_id,
            func.sum(BatchRequest.actual_microdollars).label("cost"),
            func.count().label("lines"),
        )
        .group_by(BatchRequest.batch_id)
        .subquery()
    )
    of_things = _sums()
    sums = of_things.c
    rows = session.execute(
        select(
            *(Batch, lines.c.cost, lines.c.lines),
            *(sums.settled, sums.reserved - sums.released, sums.settlements),
        )
        .join(of_things, of_things.c.reference_id == Batch.id)
        .outerjoin(lines, lines.c.batch_id == Batch.id)
    )
    for batch, cost, count, settled, open_, settlements in rows:
        of_lines, whole = int(cost or 0), (count or 0) >= batch.items
        if settlements and (of_lines > int(settled) or (whole and of_lines != int(settled))):
            yield (
                f"The lines of batch {batch.number} cost ${exact_dollars(of_lines)}, and "
                f"${exact_dollars(int(settled))} were settled."
            )
        if batch.state in _ENDED and int(open_) != 0:
            yield f"Batch {batch.number} has ended, and ${exact_dollars(int(open_))} are still set aside for it."
