"""Whole numbers as people type them into forms."""

LONGEST = 6


def whole_number(typed: str) -> int | None:
    """The number; None for anything but a few plain digits."""
    text = typed.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST else None
