"""How long to wait before trying again: exponential with full jitter, bounded."""

import random

FIRST_SECONDS = 2.0
MOST_SECONDS = 900.0


def pause_seconds(attempt: int, *, at_least: float | None = None, chance: random.Random | None = None) -> float:
    """Seconds to wait after the given attempt (1, 2, 3 …) failed.

    Args:
        at_least: what the other side asked for (`Retry-After`).
        chance: source of the jitter; the system's by default.
    """
    ceiling = min(MOST_SECONDS, FIRST_SECONDS * 2 ** min(attempt - 1, 20))
    pause = (chance or random.SystemRandom()).uniform(ceiling / 2, ceiling)
    return max(pause, at_least or 0.0)
