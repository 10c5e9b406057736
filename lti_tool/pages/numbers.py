"""Whole numbers as people type them into forms."""

from flask import request

LONGEST = 6


def whole_number(typed: str) -> int | None:
    """The number; None for anything but a few plain digits."""
    text = typed.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST else None


def shorter_and_unconfirmed(days: int, before: int) -> bool:
    """Whether a time is shorter than before, and the form does not say that its effect was shown for this very time."""
    return 1 <= days < before and request.form.get("confirmed_days") != str(days)
