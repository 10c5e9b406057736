"""The models that are served, and until when."""

from datetime import UTC, datetime
from typing import Final

SUFFIX: Final = "-demonstration"
_MODELS: Final[dict[str, str | None]] = {
    "gpt-4": "2026-10-23",
    "gpt-4-turbo": "2026-10-23",
    "gpt-3.5-turbo": "2026-10-23",
    "gpt-4.1-nano": "2026-10-23",
    "o4-mini": "2026-10-23",
    "gpt-5": "2026-12-11",
    "gpt-5-mini": "2026-12-11",
    "gpt-5-nano": "2026-12-11",
    "o3": "2026-12-11",
    "gpt-4o": "2027-01-14",
    "gpt-4o-mini": "2027-01-14",
    "gpt-4.1": "2027-01-14",
    "gpt-4.1-mini": "2027-01-14",
    "gpt-5.1": "2027-04-01",
    "gpt-5.4-nano": "2027-04-01",
    "gpt-5.4-mini": None,
    "gpt-5.6-luna": None,
    "gpt-5.6-terra": None,
    "gpt-6-luna": None,
    "gpt-6-sol": None,
    "gpt-6.1-terra": None,
    "gpt-6.1-sol": None,
}
_OLDER: Final = ("gpt-4", "gpt-3.5")


def available(now: float) -> list[str]:
    """Names of the models that are served at a moment."""
    today = datetime.fromtimestamp(now, UTC).date().isoformat()
    return [name for name, ends in _MODELS.items() if ends is None or today < ends]


def reasons(name: str) -> bool:
    """Whether a model is of the families that refuse `max_tokens` and `temperature`."""
    return not name.startswith(_OLDER)
