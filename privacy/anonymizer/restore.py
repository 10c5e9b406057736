"""Putting names back: exactly into the text that was sent, and readably into what was written about it."""

from __future__ import annotations

import re

from privacy.anonymizer.model import PseudonymMap
from privacy.anonymizer.pseudonyms import fingerprint


def restore(text: str, mapping: PseudonymMap) -> str:
    """Undo the replacements of `mapping`.

    The anonymized text itself comes back character for character. In any other text (feedback that quotes
    placeholders) each placeholder becomes the person's name as the roster writes it.
    """
    if mapping.replacements and fingerprint(text) == mapping.fingerprint:
        return _restore_exactly(text, mapping)
    if not mapping.names:
        return text
    by_spelling = {placeholder.casefold(): name for placeholder, name in mapping.names.items()}
    pattern = "|".join(re.escape(placeholder) for placeholder in mapping.names)
    return re.sub(pattern, lambda match: by_spelling[match.group().casefold()], text, flags=re.IGNORECASE)


def _restore_exactly(text: str, mapping: PseudonymMap) -> str:
    pieces, place = [], 0
    for item in mapping.replacements:
        pieces.append(text[place : item.start])
        pieces.append(item.surface)
        place = item.start + len(item.placeholder)
    pieces.append(text[place:])
    return "".join(pieces)
