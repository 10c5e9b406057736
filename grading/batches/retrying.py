"""What a failed line leads to: another try, after a pause, or a person. Pure; the reference's decision table.

| failure | next |
|---|---|
| expired or cancelled before its turn | the queue at once, no try counted, at most `MOST_UNEXECUTED` times |
| provider busy, or no answer at all | the queue after a pause, `MOST_ATTEMPTS` tries in all |
| answer cut off | once more with twice the room |
| answer not as agreed | once more |
| refused, filtered, rejected, anything else | a person |
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from grading.backoff import pause_seconds

MOST_ATTEMPTS: Final = 3
MOST_UNEXECUTED: Final = 5
TRUNCATED: Final = "truncated"
UNEXECUTED: Final = frozenset({"expired", "cancelled"})
BUSY: Final = frozenset({"provider_busy", "missing"})
NOT_AS_AGREED: Final = frozenset({"schema", "criteria", "level", "unreadable_answer"})
PAUSE_FACTOR: Final = 150
"""A line that failed waits for its next batch on another scale than a call: minutes where that waits seconds."""


@dataclass(frozen=True, slots=True)
class Tries:
    """What was tried for an item before this failure."""

    attempts: int
    unexecuted: int
    last_code: str | None
    output_limit: int | None
    """What an earlier try had as its larger limit, if one had."""
    used_limit: int
    """Tokens that the answer had this time."""


@dataclass(frozen=True, slots=True)
class Next:
    """What follows from a failure. Values of the queue item, and whether it waits again."""

    again: bool
    attempts: int
    unexecuted: int
    output_limit: int | None
    not_before: datetime | None


def after(code: str, tries: Tries, now: datetime) -> Next:
    """What follows from a failure with this code."""
    if code in UNEXECUTED:
        count = tries.unexecuted + 1
        return Next(count < MOST_UNEXECUTED, tries.attempts, count, tries.output_limit, None)
    attempts = tries.attempts + 1
    again, limit, not_before = False, tries.output_limit, None
    if attempts < MOST_ATTEMPTS:
        if code in BUSY:
            again = True
            not_before = now + timedelta(seconds=PAUSE_FACTOR * pause_seconds(attempts))
        elif code == TRUNCATED and limit is None:
            again, limit = True, 2 * tries.used_limit
        elif code in NOT_AS_AGREED:
            again = tries.last_code not in NOT_AS_AGREED
    return Next(again, attempts, tries.unexecuted, limit, not_before)
