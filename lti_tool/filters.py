"""What templates use to write moments, codes and lists: one place for how things are worded on pages."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Flask
from markupsafe import Markup

from config.clock import Clock
from grading.budget.money import dollars, exact_dollars
from grading.queue import QueueFilter
from grading.results.words import BY_HAND_WORDS, words_for
from lti_tool.audit_words import actor_words, event_words, object_words
from lti_tool.lti.registration.tool import SCOPE_WORDS


def scope_words(scope: str) -> str | None:
    """What a scope lets us do, in words; None for one that is not ours."""
    return SCOPE_WORDS.get(scope)


def add_filters(app: Flask, zone: ZoneInfo, clock: Clock, provider_names: Mapping[str, str]) -> None:
    """Make the filters and helpers known to an application's templates."""

    def moment_text(value: datetime) -> str:
        local = value.astimezone(zone)
        return f"{local.day} {local:%b %Y, %H:%M}"

    def moment(value: datetime) -> Markup:
        """A moment in the pages' time zone, with the exact one for machines."""
        return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), moment_text(value))

    def exact_moment(value: datetime) -> Markup:
        """A moment to the second, where the order of things matters."""
        return Markup('<time datetime="{}">{}:{:%S}</time>').format(
            value.isoformat(), moment_text(value), value.astimezone(zone)
        )

    def clock_time(value: datetime) -> str:
        return f"{value.astimezone(zone):%H:%M}"

    def ago(value: datetime) -> str:
        return span((clock() - value).total_seconds())

    def provider_name(code: str) -> str:
        """What pages call a provider."""
        return provider_names.get(code, code)

    app.jinja_env.filters.update(
        provider_name=provider_name,
        moment=moment,
        exact_moment=exact_moment,
        scope_words=scope_words,
        moment_text=moment_text,
        clock_time=clock_time,
        ago=ago,
        words=words_for,
        by_hand_words=by_hand_words,
        quotes=as_found_quotes,
        event_words=event_words,
        actor_words=actor_words,
        object_words=object_words,
        short_id=short_id,
        dollars=dollars,
        exact_dollars=exact_dollars,
    )
    app.jinja_env.globals.update(filter_arguments=filter_arguments)


def short_id(identifier: UUID) -> str:
    """Enough of an opaque id to tell it from the others on a page."""
    return str(identifier)[:8]


def span(seconds: float) -> str:
    """A length of time as people say it: 40 s, 12 min, 3 h, 2 days."""
    if seconds < 60:
        return f"{int(seconds)} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 48 * 3600:
        return f"{int(seconds // 3600)} h"
    return f"{int(seconds // 86400)} days"


def by_hand_words(code: str | None) -> str:
    """Why a person grades something by hand."""
    return BY_HAND_WORDS.get(code or "", "There is no assessment for it.")


def as_found_quotes(quotes: Iterable[str]) -> list[dict[str, object]]:
    """Quotes for the evidence macro, on a page without the text they stand in."""
    return [{"quote": quote, "found": True, "mark": None} for quote in quotes]


def filter_arguments(chosen: QueueFilter, after: str | None = None, sought: str | None = None) -> Mapping[str, object]:
    """A queue filter as address arguments."""
    return {
        "state": [state.value for state in chosen.states],
        "course": str(chosen.context_id) if chosen.context_id else None,
        "priority": chosen.priority.value if chosen.priority else None,
        "after": after,
        "sought": sought,
    }
