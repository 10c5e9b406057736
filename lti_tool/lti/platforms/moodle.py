"""Moodle (measured on 4.5.6)."""

from typing import ClassVar

from lti_tool.lti.platforms.base import Platform


class Moodle(Platform):
    """Takes whole points from 1 to 100 in deep linking; keeps only the deep linking message of a registration."""

    families: ClassVar[tuple[str, ...]] = ("moodle",)
    name: ClassVar[str] = "Moodle"
    largest_points: ClassVar[int | None] = 100
    whole_points: ClassVar[bool] = True
