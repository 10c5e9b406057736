"""Retention: how long work is kept in a course, what goes afterwards, and what is shown before it goes (P5)."""

from grading.retention.forecast import (
    Forecast,
    courses,
    effect_of_days,
    effect_of_limit,
    forecast,
    forecast_of,
    pending,
)
from grading.retention.holds import Hold, HoldRefused, held, holds_of, lift, place, standing_hold
from grading.retention.rules import UNRELEASED_DAYS
from grading.retention.sweeping import sweep

__all__ = [
    "UNRELEASED_DAYS",
    "Forecast",
    "Hold",
    "HoldRefused",
    "courses",
    "effect_of_days",
    "effect_of_limit",
    "forecast",
    "forecast_of",
    "held",
    "holds_of",
    "lift",
    "pending",
    "place",
    "standing_hold",
    "sweep",
]
