"""Words that a page was asked to search for. They travel hidden: addresses stand in logs and histories."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import request
from sqlalchemy import ColumnElement

from grading.search import SearchUnclear
from lti_tool.parts import parts

MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """The words as the address holds them and as they were typed, the condition that they make, and what is wrong."""

    hidden: str = ""
    words: str = ""
    condition: ColumnElement[bool] | None = None
    error: str = ""


def asked(condition_of: Callable[[str], ColumnElement[bool]]) -> Asked:
    """What the address asks for. Words that can't be searched for find everything, and the page says why."""
    hidden = request.args.get("sought", "")
    words = parts().blind_index.reveal(hidden) if hidden else ""
    if not words:
        return Asked()
    try:
        return Asked(hidden, words, condition_of(words))
    except SearchUnclear as unclear:
        return Asked(hidden, words, error=unclear.message)


def hidden_words() -> str | None:
    """The words of a search form as the address may hold them; None when there are none."""
    words = request.form.get("words", "").strip()[:MOST_CHARACTERS]
    return parts().blind_index.hide(words) if words else None
