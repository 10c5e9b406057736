"""Money in words and from what people type; whole micro-dollars everywhere else."""

import re
from typing import Final

DOLLAR: Final = 1_000_000
CENT: Final = 10_000
MOST_DOLLARS: Final = 100_000_000
_TYPED: Final = re.compile(r"\$?\s*(\d{1,9}|\d{1,3}(?:,\d{3}){1,2})(?:\.(\d{1,6}))?\s*\$?", re.ASCII)


def dollars(microdollars: int) -> str:
    """An amount for a sentence: whole cents from a dollar on, four places below."""
    minus, amount = ("−" if microdollars < 0 else ""), abs(microdollars)
    if amount >= DOLLAR - CENT // 2 or amount == 0:
        cents = (amount + CENT // 2) // CENT
        return f"{minus}${cents // 100:,}.{cents % 100:02d}"
    parts = (amount + 50) // 100
    return f"{minus}${parts // 10_000}.{parts % 10_000:04d}" if parts else f"{minus}less than $0.0001"


def exact_dollars(microdollars: int) -> str:
    """An amount to be typed again or read by a spreadsheet: as many places as it takes, at least two."""
    whole, rest = divmod(abs(microdollars), DOLLAR)
    places = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if microdollars < 0 else ''}{whole}.{places}"


def read_dollars(typed: str) -> int | None:
    """Micro-dollars from "12", "$12.50" or "1,200.00"; None for anything else, and for more than $100 million."""
    found = _TYPED.fullmatch(typed.strip())
    if found is None:
        return None
    whole = int(found[1].replace(",", ""))
    amount = whole * DOLLAR + int((found[2] or "").ljust(6, "0"))
    return amount if amount <= MOST_DOLLARS * DOLLAR else None
