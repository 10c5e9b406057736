"""Prices and retirement dates that administrators enter, because they know before the built-in lists do (K1)."""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.errors import EntryRefused, NotFound
from grading.models import PriceOverride, RetirementOverride
from grading.providers.catalogue import EnteredPrices, PriceBook
from privacy.audit import Actor, record

OPENAI = "openai"
_BOOK = "blindmark_price_book"
_MODEL = re.compile(r"[A-Za-z0-9._:/-]{1,100}")
MOST_PRICE = 10_000_000_000
"""Micro-dollars per million tokens: far above any price, far below what a product of it overflows."""


class PriceInvalid(EntryRefused):
    """What was entered for a price or a retirement can't be saved. `field` names the entry."""

    code = "price_invalid"


@dataclass(frozen=True, slots=True)
class PriceDraft:
    """A price as it was entered, in micro-dollars per million tokens."""

    model: str
    input: int
    cached: int
    output: int
    batch_input: int
    batch_cached: int
    batch_output: int
    valid_from: date
    source: str
    note: str = ""


def price_book(session: Session, now: datetime, provider: str = OPENAI) -> PriceBook:
    """What has been entered and holds now. Read once in a session."""
    kept = session.info.get((_BOOK, provider))
    if isinstance(kept, PriceBook):
        return kept
    today = now.astimezone(UTC).date()
    prices = session.execute(
        select(PriceOverride)
        .where(
            PriceOverride.provider == provider,
            PriceOverride.valid_from <= today,
            or_(PriceOverride.withdrawn_at.is_(None), PriceOverride.withdrawn_at > now),
        )
        .order_by(PriceOverride.valid_from, PriceOverride.created_at, PriceOverride.id)
    ).scalars()
    retirements = session.execute(
        select(RetirementOverride.model, RetirementOverride.retires_on).where(RetirementOverride.provider == provider)
    )
    # Of several prices for a model the last one read is the newest that holds.
    book = PriceBook({one.model: _entered(one) for one in prices}, {row[0]: row[1] for row in retirements})
    session.info[(_BOOK, provider)] = book
    return book


def entered_prices(session: Session, provider: str = OPENAI) -> list[PriceOverride]:
    """All entered prices that were not withdrawn, the newest first."""
    return list(
        session.execute(
            select(PriceOverride)
            .where(PriceOverride.provider == provider, PriceOverride.withdrawn_at.is_(None))
            .order_by(PriceOverride.valid_from.desc(), PriceOverride.created_at.desc(), PriceOverride.id)
        ).scalars()
    )


def enter_price(session: Session, draft: PriceDraft, actor: Actor, clock: Clock = utc_now) -> PriceOverride:
    """Enter a price.

    Raises:
        PriceInvalid: names the entry that is wrong.
    """
    _check(draft)
    made = PriceOverride(
        id=uuid.uuid4(),
        provider=OPENAI,
        model=draft.model,
        input_price=draft.input,
        cached_price=draft.cached,
        output_price=draft.output,
        batch_input_price=draft.batch_input,
        batch_cached_price=draft.batch_cached,
        batch_output_price=draft.batch_output,
        valid_from=draft.valid_from,
        source=_words(draft.source)[:500],
        note=_words(draft.note)[:2000],
        created_by=actor.id,
        created_at=clock(),
    )
    session.add(made)
    session.flush()
    _forget(session)
    _note(session, "price.entered", actor, made.id, {"model": draft.model, "valid_from": str(draft.valid_from)})
    return made


def withdraw_price(session: Session, price_id: uuid.UUID, actor: Actor, clock: Clock = utc_now) -> PriceOverride:
    """Take an entered price back: an earlier one, or the built-in list, holds again.

    Raises:
        NotFound: there is no such price, or it was withdrawn before.
    """
    found = session.get(PriceOverride, price_id, with_for_update=True)
    if found is None or found.withdrawn_at is not None:
        raise NotFound("There is no such price any more. Reload the page.")
    found.withdrawn_at = clock()
    session.flush()
    _forget(session)
    _note(session, "price.withdrawn", actor, found.id, {"model": found.model})
    return found


def set_retirement(
    session: Session, model: str, retires_on: date | None, source: str, actor: Actor, clock: Clock = utc_now
) -> None:
    """Say when a model is switched off; None says that it is not going to be.

    Raises:
        PriceInvalid: no model or no source was named.
    """
    name = model.strip()
    if not _MODEL.fullmatch(name):
        raise PriceInvalid("Name the model, as gpt-6-luna.", field="retiring_model")
    if not _words(source):
        raise PriceInvalid("Say where this date comes from, as the address of the announcement.", field="retire_source")
    found = session.get(RetirementOverride, (OPENAI, name))
    if found is None:
        found = RetirementOverride(provider=OPENAI, model=name)
        session.add(found)
    found.retires_on, found.source = retires_on, _words(source)[:500]
    found.changed_by, found.changed_at = actor.id, clock()
    session.flush()
    _forget(session)
    _note(session, "price.retirement_set", actor, None, {"model": name, "retires_on": str(retires_on or "never")})


def _check(draft: PriceDraft) -> None:
    if not _MODEL.fullmatch(draft.model):
        raise PriceInvalid("Name the model, as gpt-6-luna.", field="model")
    for name in ("input", "cached", "output", "batch_input", "batch_cached", "batch_output"):
        if not 0 <= getattr(draft, name) <= MOST_PRICE:
            raise PriceInvalid("A price is between $0 and $10,000 per million tokens.", field=name)
    if not _words(draft.source):
        raise PriceInvalid("Say where this price comes from, as the address of the price list.", field="source")


def _entered(row: PriceOverride) -> EnteredPrices:
    return EnteredPrices(
        input=row.input_price,
        cached=row.cached_price,
        output=row.output_price,
        batch_input=row.batch_input_price,
        batch_cached=row.batch_cached_price,
        batch_output=row.batch_output_price,
        source=row.source,
        valid_from=row.valid_from,
    )


def _words(text: str) -> str:
    return text.replace("\x00", "").strip()


def _forget(session: Session) -> None:
    session.info.pop((_BOOK, OPENAI), None)


def _note(session: Session, event: str, actor: Actor, price_id: uuid.UUID | None, details: dict[str, str]) -> None:
    record(
        session,
        event=event,
        actor=actor,
        tenant_id=None,
        object_type="price",
        object_id=price_id,
        details={**details},
    )
